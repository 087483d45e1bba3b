"""What there is to know of the command; its help, man page and documentation are made of it.

Text between backquotes is typed or printed as it stands.
"""

from __future__ import annotations

from sciportal.light import NamedTuple

ALL_YOURS = "all your services"
REFUSED = "is refused"


class Verb(NamedTuple):
    """One action."""

    summary: str
    """In a few words, for a list."""
    nameless: str
    """What it acts on where no service is named."""
    text: str
    """What it does."""
    options: tuple[str, ...]
    """Those that mean something to it, beside --help and --account."""
    examples: tuple[tuple[str, str], ...]
    """Words of a call, and what it is good for."""


GENERAL = ("--account", "--help")
_TOLD = ("--json", "--all-accounts")
_CHANGES = ("--check", "--lock-timeout", *_TOLD)

VERBS = {
    "init": Verb(
        "set up a service, or renew its files",
        REFUSED,
        "stops the service if it runs and does not start it again; makes its files, then calls"
        " stage `init`. Run it as often as you like",
        _CHANGES,
        (
            ("init apache", "set up the web server of your account"),
            ("init --check apache", "see what that would do"),
        ),
    ),
    "deploy": Verb(
        "set up a service and start it",
        ALL_YOURS,
        "`init`, then `start`",
        ("--wait", *_CHANGES),
        (
            ("deploy --wait apache", "from nothing to a web server that serves"),
            ("deploy", "set up and start all your services anew"),
        ),
    ),
    "start": Verb(
        "start a service that does not run",
        ALL_YOURS,
        "submits a job, unless there is one already. When it returns, the job was"
        " seen in the queue",
        ("--wait", *_CHANGES),
        (
            ("start apache", "Slurm runs it when there is room"),
            ("start --wait apache", "the same, and wait until it serves"),
            ("start --wait=300 apache wiki", "the same for two, five minutes"),
        ),
    ),
    "stop": Verb(
        "stop a service",
        ALL_YOURS,
        "sends the signal and waits until the job is gone. When it returns, no job of that name is"
        " left, running or pending",
        _CHANGES,
        (
            ("stop apache", "stop one"),
            ("stop", "stop all of yours"),
        ),
    ),
    "restart": Verb(
        "stop a service, then start it",
        ALL_YOURS,
        "`stop`, then `start`",
        ("--wait", *_CHANGES),
        (("restart --wait apache", "stop it, start it, wait until it serves"),),
    ),
    "reload": Verb(
        "have a service read its configuration again",
        ALL_YOURS,
        "sends the signal for new configuration. A pending job needs none, it begins with the new"
        " files",
        ("--wait", *_CHANGES),
        (("reload apache", "after a change of `~/.apache-service/options.conf`"),),
    ),
    "status": Verb(
        "see how services are doing",
        ALL_YOURS,
        "one line a service, and with `-v` what else is known of it",
        ("--verbose", *_TOLD),
        (
            ("status", "see all your services"),
            ("status -v apache", "its restarts, how it ended last, where its log is"),
            ("status --json apache", "the same for a program"),
        ),
    ),
    "purge": Verb(
        "remove a service and its files",
        ALL_YOURS,
        "`stop`, then removes the service's files, and keeps them in an archive in"
        " `~/.sbatch-service-purged/`",
        ("--yes", "--no-archive", *_CHANGES),
        (
            ("purge apache", "remove it; an archive of its files is kept"),
            ("purge --yes apache", "the same in a script, where nobody can be asked"),
            ("purge --check", "see what a removal of everything would remove"),
        ),
    ),
    "logs": Verb(
        "show what services print",
        ALL_YOURS,
        "shows the last lines of the log (`-n 50` for 50), and with `-f` goes on as it grows",
        ("--follow", "--lines"),
        (
            ("logs apache", "its last ten lines"),
            ("logs -f apache", "what it says, as it says it"),
            ("logs -n 50 apache wiki", "the last 50 lines of both"),
        ),
    ),
    "list": Verb(
        "see the same, with exit code 0",
        ALL_YOURS,
        "as `status`, with exit code 0 whatever their states",
        ("--verbose", *_TOLD),
        (("list", "see all your services"),),
    ),
}

EXAMPLES = (
    ("init apache", "set up the web server of your account"),
    ("start --wait apache", "start it and wait until it serves"),
    ("status", "see all your services"),
    ("logs -f apache", "see what it says, as it says it"),
    ("purge apache", "remove it; an archive is kept"),
)

STATES = {
    "stopped": "there is no job",
    "pending": "there is a job, which waits for its turn, is requeued, or is suspended",
    "running": "the job runs",
    "stopping": "the job is ending",
    "unknown": "Slurm does not answer, so nobody can tell. Nothing is started or stopped until it"
    " does",
}

EXITS = {
    0: "done; of `status`, that all run",
    1: "failed",
    2: "usage: the words of the call, or the site's settings, are wrong",
    3: "not running; of `status`, also pending, ending, or waiting for its restart; of `reload`,"
    " that there is no job",
    4: "unknown: Slurm did not answer",
    5: "not permitted: you are not in the group, or the partition is refused",
    6: "busy: another call worked on the service for longer than `--lock-timeout`",
    130: "interrupted by Ctrl-C; run the same command again to finish",
}

FILES = {
    ".sbatch-service/SERVICE": "the executable: yours, or a link to a type of the site",
    ".sbatch-service/SERVICE.toml": "optional settings",
    ".sbatch-service/log/SERVICE.log": "what the job prints, appended",
    ".sbatch-service/.state/": "what the command remembers, its locks, the rotation of the log",
    ".logrotate.d/SERVICE-service": "a link to that rotation, for logrotate(8)",
    ".logrotate.d/SERVICE-service-own": "rotation of a type's own logs",
    ".SERVICE-service/": "a type's own files, for example `.apache-service/`",
    ".sbatch-service-purged/": "archives of what was purged",
}
