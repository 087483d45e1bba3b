#
# Ansible managed
#
# Role sciportal.hosting.sbatch_service: completion of the command in bash, for bash-completion or to be sourced.
#
# It reads the names of files and asks neither Slurm nor the command. Such names are compared with what a service may be
# called and never expanded, since anything may be in them.
# shellcheck shell=bash

# The options of an action; of all without one.
_sbatch_service_options() {
    # table: bash-options
    case $1 in
    init) REPLY='--help --json --check --lock-timeout --account --all-accounts' ;;
    deploy) REPLY='--help --json --check --wait --lock-timeout --account --all-accounts' ;;
    start) REPLY='--help --json --check --wait --lock-timeout --account --all-accounts' ;;
    stop) REPLY='--help --json --check --lock-timeout --account --all-accounts' ;;
    restart) REPLY='--help --json --check --wait --lock-timeout --account --all-accounts' ;;
    reload) REPLY='--help --json --check --wait --lock-timeout --account --all-accounts' ;;
    status) REPLY='--help --json --account --all-accounts --verbose' ;;
    purge) REPLY='--help --json --check --yes --no-archive --lock-timeout --account --all-accounts' ;;
    logs) REPLY='--help --account --follow --lines' ;;
    list) REPLY='--help --json --account --all-accounts --verbose' ;;
    *) REPLY='--help --json --check --wait --yes --no-archive --lock-timeout --account --all-accounts --verbose --follow --lines' ;;
    esac
    # end
}

# Adds to COMPREPLY the services that the files of a directory are named after.
# usage: _sbatch_service_names DIRECTORY SUFFIX
_sbatch_service_names() {
    local path name
    # Not a pattern of the shell: its meaning depends on settings such as failglob.
    while IFS= read -r path; do
        name=${path##*/}
        [[ $name == *"$2" ]] || continue
        name=${name%"$2"}
        [[ $name =~ ^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$ && $name != *--* && $name != log ]] || continue
        [[ $name == "$cur"* && $given != *" $name "* ]] || continue
        # Half of a name with a line break in it names nothing.
        [[ $path == "$1/"* && (-e $path || -L $path) ]] || continue
        COMPREPLY+=("$name")
        given+="$name "
    done < <(compgen -f -- "$1/")
}

# Adds to COMPREPLY those of some words that begin as the word at the cursor does.
_sbatch_service_words() {
    local word
    for word in "$@"; do
        if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
    done
}

_sbatch_service() {
    # Ranges such as a-z have other letters in them in some locales.
    local LC_ALL=C cur=${COMP_WORDS[COMP_CWORD]} REPLY='' verb='' account='' value='' before='' word at
    local given=' ' home=$HOME
    local -a words
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        # --account=NAME comes as three words, or as one, as COMP_WORDBREAKS has it.
        if [[ $word == = ]]; then
            value=$before
        elif [[ -n $value ]]; then
            if [[ $value == --account ]]; then account=$word; fi
            value=''
        else
            case $word in
            # table: bash-values
            --lock-timeout | --account | -n | --lines) value=$word ;;
            # end
            --account=*) account=${word#*=} ;;
            -*) ;;
            *) if [[ -z $verb ]]; then verb=$word; else given+="$word "; fi ;;
            esac
        fi
        before=$word
    done
    if [[ $cur == = ]]; then
        value=$before cur=''
    fi

    if [[ $value == --account ]]; then
        IFS=: read -r _ _ _ word < <(getent group service-pool)
        IFS=, read -ra words <<<"$word"
        _sbatch_service_words "${words[@]}"
    elif [[ -n $value ]]; then
        return
    elif [[ $cur == -* ]]; then
        _sbatch_service_options "$verb"
        read -ra words <<<"$REPLY"
        _sbatch_service_words "${words[@]}"
    elif [[ -z $verb ]]; then
        # table: bash-verbs
        _sbatch_service_words init deploy start stop restart reload status purge logs list
        # end
    else
        if [[ $account =~ ^[A-Za-z_][A-Za-z0-9_.-]{0,31}$ ]]; then
            IFS=: read -r _ _ _ _ _ home _ < <(getent passwd "$account")
        fi
        _sbatch_service_names "$home/.sbatch-service" ''
        # A service whose executable is gone is known by what the command remembers.
        _sbatch_service_names "$home/.sbatch-service/.state" .json
        case $verb in
        init | deploy) _sbatch_service_names /etc/sbatch-service '' ;;
        esac
    fi
}

complete -F _sbatch_service sbatch-service
