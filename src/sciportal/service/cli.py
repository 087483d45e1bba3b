"""The command `sbatch-service`."""

from __future__ import annotations

import os
import sys

from sciportal.light import TYPE_CHECKING
from sciportal.service import account, result, site, words
from sciportal.service.account import Account
from sciportal.service.errors import ServiceError, UsageError
from sciportal.service.home import Home, explained
from sciportal.service.names import job_name
from sciportal.service.plan import PERMISSION, Action
from sciportal.service.session import Options, Session
from sciportal.service.site import Site
from sciportal.service.slurm import Slurm
from sciportal.service.terminal import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sciportal.service.job import Job
    from sciportal.service.lifecycle import Queue
    from sciportal.service.words import Call

INTERRUPTED = 130
_DOCUMENT_LIMIT = 1 << 26
# As tail(1) has it.
_LINES = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _main(words.parse(arguments))
    except ServiceError as error:
        return _complain(error, as_json="--json" in arguments)
    except KeyboardInterrupt:
        _ignore_interrupts()
        print(
            "\nsbatch-service: interrupted; run the same command again to finish",
            file=sys.stderr,
        )
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _ignore_interrupts() -> None:
    """A terminal may send more than one."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _main(call: Call) -> int:
    if call.check_site:
        site.load(call.check_site)
        return 0
    rules = site.load()
    if call.action == words.APPLY:
        return _apply(call, rules)
    if call.all_accounts:
        return _everyone(call, rules)
    if call.account is None or _is_me(call.account):
        return _act(call, rules, account.current(), login=False)
    who = account.named(call.account)
    return account.act_as(who, lambda: _guarded(call, rules, who))


def _is_me(name: str) -> bool:
    return os.geteuid() != 0 and account.current().name == name


def _guarded(call: Call, rules: Site, who: Account) -> int:
    try:
        return _act(call, rules, who, login=True)
    except ServiceError as error:
        return _complain(error, as_json=call.json)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _act(call: Call, rules: Site, who: Account, *, login: bool) -> int:
    session = _session(call, rules, who, login=login)
    if call.action == words.ROTATE:
        from sciportal.service import logs

        logs.rotate(session.home, who.environment())
        return 0
    if call.action == words.PORT:
        return _ports(session)
    action = _action(call)
    asked = _asked(session, call.services) if action is Action.STATUS else None
    # These take as long to load as squeue takes to answer.
    from sciportal.service import lifecycle, talk

    services, queue = call.services, asked and lifecycle.read(asked)
    if not services:
        services, queue = lifecycle.known(session, action, queue)
        if not services and action in PERMISSION:
            # Each service would say so, but there is none.
            who.check_member(rules.group)
    if call.action == words.LOGS:
        from sciportal.service import logs

        logs.show(session, services, _LINES if call.lines is None else call.lines, call.follow)
    if action is Action.PURGE and not (call.yes or call.check):
        _agree(call, ", ".join(services))
    if not talk.shows_progress(call):
        return _tell(call, _results(session, action, services, queue))
    from sciportal.service import progress

    with progress.watched(session, action) as watched:
        results = _results(watched, action, services, queue)
    return _tell(call, results)


def _asked(session: Session, services: Sequence[str]) -> Callable[[], Sequence[Job]]:
    names = sorted(map(job_name, services))
    return session.slurm.ask(user=session.account.name, names=names)


def _ports(session: Session) -> int:
    from sciportal.service import allocation

    text = sys.stdin.buffer.read(_DOCUMENT_LIMIT).decode(errors="replace")
    # Only modules ask.
    print(result.as_json(allocation.run(session, allocation.read(text))))
    return 0


def _results(
    session: Session, action: Action, services: Sequence[str], queue: Queue | None
) -> list[dict[str, Any]]:
    from sciportal.service import lifecycle

    return [each.as_json() for each in lifecycle.run(session, action, services, queue)]


def _everyone(call: Call, rules: Site) -> int:
    if call.action == words.ROTATE:
        return _rotate_all(rules)
    action = _action(call)
    if action is Action.PURGE and not (call.yes or call.check):
        _agree(call, f"{', '.join(call.services) or 'every service'} of every account")
    from sciportal.service import everyone, talk

    results = everyone.run(
        rules,
        action,
        call.services,
        lambda who: _session(call, rules, who, login=True),
        done=talk.progress("accounts"),
    )
    return _tell(call, results)


def _rotate_all(rules: Site) -> int:
    from sciportal.service import everyone

    code = 0
    for who, error in everyone.rotate(rules):
        print(f"sbatch-service: {who.name}: {clean(str(error))}", file=sys.stderr)
        code = error.exit_code
    return code


def _action(call: Call) -> Action:
    return Action.STATUS if call.action in (words.LIST, words.LOGS) else Action(call.action)


def _agree(call: Call, what: str) -> None:
    from sciportal.service import talk

    if call.json or not talk.confirm_purge(what):
        raise UsageError("purge", "nobody agreed to it", "give --yes")


def _tell(call: Call, results: Sequence[dict[str, Any]]) -> int:
    if call.json:
        print(result.as_json(results))
    else:
        from sciportal.service import talk

        talk.show(results, call)
    # A list says what there is, whatever state it is in.
    return 0 if call.action == words.LIST else result.exit_code(result.codes(results))


def _session(call: Call, rules: Site, who: Account, *, login: bool) -> Session:
    wait = call.wait
    home = Home(who.home)
    # Every stage and every job works in the home (seed 000).
    with explained(f"the home {home.root}"):
        os.chdir(home.root)
    options = Options(
        check=call.check,
        wait=None if wait is None else wait or rules.wait_timeout,
        lock_timeout=rules.lock_timeout if call.lock_timeout is None else call.lock_timeout,
        archive=not call.no_archive,
        login=login,
        quiet=call.json,
    )
    slurm = Slurm(rules.slurm_bin, rules.slurm_timeout)
    return Session(who, home, rules, slurm, options, dict(os.environ))


def _apply(call: Call, rules: Site) -> int:
    from sciportal.service import bulk

    # json reads any of its encodings, and says so where it is none of them.
    text = sys.stdin.buffer.read(_DOCUMENT_LIMIT).decode(errors="surrogateescape")
    answers = bulk.run(
        text, call.account, lambda who, archive: _apply_session(call, rules, who, archive=archive)
    )
    if call.json:
        print(result.as_json(answers))
    else:
        for each in answers:
            changed = "changed" if each["changed"] else "unchanged"
            print(f"{each['account']} {each['service']}: {clean(each['message']) or changed}")
            for warning in each.get("warnings", []):
                print(f"sbatch-service: {each['service']}: {clean(str(warning))}", file=sys.stderr)
    return result.exit_code(result.codes(answers))


def _apply_session(call: Call, rules: Site, who: Account, *, archive: bool) -> Session:
    call.no_archive = not archive
    return _session(call, rules, who, login=True)


def _complain(error: ServiceError, *, as_json: bool) -> int:
    print(f"sbatch-service: {clean(str(error))}", file=sys.stderr)
    if as_json:
        import json

        about = {"message": str(error), "exit_code": error.exit_code}
        print(json.dumps({"schema": result.SCHEMA, "results": [], "error": about}))
    return error.exit_code
