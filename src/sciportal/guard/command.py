"""`sciportal-port-guard`: keeps the kernel's set of owners as Slurm's jobs are.

Prolog and Epilog call `add` and `remove`, systemd `load` and `rebuild`. Whatever fails leaves a
port closed to visitors, and is told to syslog.
"""

from __future__ import annotations

import os
import sys

from sciportal.guard.hold import (
    Hold,
    Rules,
    is_shared,
    merge,
    number,
    of_environment,
    of_queue,
    stranger,
)
from sciportal.guard.nftables import Kernel, NftError
from sciportal.guard.register import Register
from sciportal.light import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# A job that starts waits no longer for others than slurmd lets a launch take (BatchStartTimeout).
_LOCK_SECONDS = 4.0
_QUEUE_SECONDS = 3.0
_USAGE = (
    "usage: sciportal-port-guard add|remove|load|rebuild --ports MIN-MAX --partition NAME..."
    " --node NAME --ruleset FILE --state DIRECTORY"
)


class Guard(NamedTuple):
    """The parts that the actions work with."""

    rules: Rules
    node: str
    """Slurm's name of this node; empty on a host that is none."""
    register: Register
    kernel: Kernel


class QueueError(Exception):
    """Slurm did not say which jobs run here."""


def main(argv: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run an action and return the exit code: 0 done, 1 failed, 2 usage.

    Args:
        argv: words of the command, by default the process's.
        environ: the SLURM_JOB_* variables for `add` and `remove`.
    """
    words = sys.argv[1:] if argv is None else argv
    environ = os.environ if environ is None else environ
    guard = _guard(words[1:])
    actions = {"load": load, "rebuild": rebuild}
    try:
        if guard and words[0] in actions:
            actions[words[0]](guard)
        elif guard and words[0] == "add":
            hold = of_environment(environ, guard.rules)
            if hold:
                add(guard, hold)
        elif guard and words[0] == "remove":
            job_id = number(environ.get("SLURM_JOB_ID"))
            if job_id is not None:
                remove(guard, job_id)
        else:
            print(_USAGE, file=sys.stderr)
            return 2
    except (NftError, QueueError, OSError) as error:
        _report(f"{words[0]} {environ.get('SLURM_JOB_ID', '')}: {error}")
        return 1
    return 0


def add(guard: Guard, hold: Hold) -> None:
    """Give a job's port to its account.

    Raises:
        NftError: the kernel did not take it.
        QueueError: whether the port's other holder is still there could not be asked.
    """
    with guard.register.locked(_LOCK_SECONDS):
        others = [each for each in guard.register.holds() if each.job_id != hold.job_id]
        if stranger(hold, others):
            # Its Epilog may never have run: Slurm knows.
            others = [each for each in _asked(guard, others) if each.job_id != hold.job_id]
            guard.register.replace(others)
            guard.kernel.load(others)
        other = stranger(hold, others)
        if other:
            _report(
                f"job {hold.job_id}: port {hold.port} is held by job {other.job_id} of uid"
                f" {other.uid}, and stays closed for uid {hold.uid}"
            )
            return
        guard.register.add(hold)
        try:
            guard.kernel.add(hold)
        except NftError:
            # Somebody flushed the rules of this host.
            guard.kernel.load([*others, hold])


def remove(guard: Guard, job_id: int) -> None:
    """Take the port back that a job held, unless another job of the account holds it.

    Raises:
        NftError: the kernel did not let go of it.
    """
    with guard.register.locked(_LOCK_SECONDS):
        holds = guard.register.holds()
        hold = next((each for each in holds if each.job_id == job_id), None)
        if hold is None:
            return
        guard.register.remove(job_id)
        if not is_shared(hold, holds):
            guard.kernel.remove(hold)


def load(guard: Guard) -> None:
    """Make the table, with the owners that are known without asking Slurm.

    Raises:
        NftError: the kernel did not take it.
    """
    with guard.register.locked(_LOCK_SECONDS):
        guard.kernel.load(guard.register.holds())


def rebuild(guard: Guard) -> None:
    """Make the owners those of the jobs that run here.

    Nobody waits while Slurm is asked: a Prolog holds up a job.

    Raises:
        QueueError: Slurm did not answer; nothing is changed.
        NftError: the kernel did not take it.
    """
    with guard.register.locked(_LOCK_SECONDS):
        before = guard.register.holds()
    asked = _asked(guard, before)
    with guard.register.locked(_LOCK_SECONDS):
        now = guard.register.holds()
        holds = merge(before, asked, now)
        if holds != now:
            guard.register.replace(holds)
        if not guard.kernel.has(holds):
            guard.kernel.load(holds)


def _asked(guard: Guard, known: Collection[Hold]) -> list[Hold]:
    from sciportal.service import site
    from sciportal.service.errors import ServiceError
    from sciportal.service.slurm import Slurm

    try:
        slurm = Slurm(site.load().slurm_bin, _QUEUE_SECONDS)
        jobs = slurm.jobs(partitions=guard.rules.partitions)
    except ServiceError as error:
        raise QueueError(f"the ports of node {guard.node}: {error}") from error
    return of_queue(jobs, guard.node, {each.job_id for each in known}, guard.rules)


def _guard(words: list[str]) -> Guard | None:
    """What the options say; None where they are not as a role writes them."""
    if len(words) % 2:
        return None
    given: dict[str, list[str]] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        given.setdefault(option, []).append(value)
    try:
        lowest, _rest, highest = given["--ports"][-1].partition("-")
        rules = Rules(tuple(given["--partition"]), int(lowest), int(highest))
        kernel = Kernel(given["--ruleset"][-1])
        return Guard(rules, given["--node"][-1], Register(given["--state"][-1]), kernel)
    except (KeyError, ValueError):
        return None


def _report(text: str) -> None:
    import syslog

    syslog.openlog("sciportal", 0, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_NOTICE, f"port guard: {text}")


if __name__ == "__main__":
    sys.exit(main())
