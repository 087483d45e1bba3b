"""The command `sciportal-usage`: runs a job's program and writes down what it used.

`sciportal-usage --file FILE --directory DIR -- PROGRAM...` ends as the program does, and FILE,
written by rename, then has JSON:

    {"started_at": 1790000000.0, "ended_at": 1790000012.5,
     "user_seconds": 20.1, "system_seconds": 0.4,
     "peak_process_bytes": 81264640, "peak_memory_bytes": 120000512,
     "disk_bytes": 40960, "files": 3}

Processor time and the largest process are the kernel's own account (getrusage(2) of children); the
peak of all processes together is sampled once a second. Size and number of files are those of DIR
at the end. `sciportal-usage --file FILE --sum PART...` makes one file of those of an array's tasks.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sciportal import outcome
from sciportal.jobs import footprint
from sciportal.jobs.command_line import halves
from sciportal.service.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

Usage = dict[str, float]

_HANDED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
_SAMPLE_SECONDS = 1.0
# A short job is looked at sooner, too.
_FIRST_SECONDS = 0.05
_KILOBYTE = 1024
_SUMMED = ("user_seconds", "system_seconds")
_MOST_BYTES = 65536
_PR_SET_CHILD_SUBREAPER = 36
_ORPHANS_SECONDS = 2.0


def main(argv: list[str] | None = None) -> int:
    """Return the program's exit code, 128 and the number of the signal that ended it.

    Args:
        argv: the command's arguments without its name; the process's by default.
    """
    own, after = halves(argv)
    options = _parser().parse_args(own)

    def action() -> int:
        if options.sum:
            _write(options.file, total([_read(path) for path in options.sum]))
            return 0
        return _run(after, options.file, options.directory)

    return outcome.exit_code("sciportal-usage", action)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-usage",
        description="Runs a program, ends as it does, and writes down what it used.",
    )
    parser.add_argument("--file", required=True, help="where it is written, as JSON")
    parser.add_argument("--directory", help="whose files are counted when the program has ended")
    parser.add_argument("--sum", nargs="+", metavar="PART", help="make one file of several")
    return parser


def total(parts: Sequence[Usage]) -> Usage:
    """What the tasks of a job array used together.

    Processor time is summed; memory and files are those of the largest task, since tasks run on
    different nodes and in one directory.
    """
    if not parts:
        return {}
    whole = {
        name: sum(part[name] for part in parts)
        if name in _SUMMED
        else max(part[name] for part in parts)
        for name in parts[0]
    }
    whole["started_at"] = min(part["started_at"] for part in parts)
    return whole


def _run(words: list[str], path: str, directory: str | None) -> int:
    if not words or directory is None:
        found = "there is no --directory" if words else "there is no program after --"
        raise UsageError("measure a program", found, "see sciportal-usage --help")
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON | {signal.SIGCHLD})
    # bwrap does not wait for its first process inside, and what nobody waits for is not counted.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.time()
    # A process that is looked at while it runs; no output of it passes through here.
    child = os.posix_spawnp(
        words[0], words, os.environ, setsigmask=(), setsigdef=(signal.SIGPIPE, signal.SIGXFSZ)
    )
    code, peak = _follow(child)
    _reap_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    blocks, files = footprint.of_directory(directory)
    usage = {
        "started_at": started,
        "ended_at": time.time(),
        "user_seconds": used.ru_utime,
        "system_seconds": used.ru_stime,
        "peak_process_bytes": used.ru_maxrss * _KILOBYTE,
        "peak_memory_bytes": max(peak, used.ru_maxrss * _KILOBYTE),
        "disk_bytes": blocks,
        "files": files,
    }
    try:
        _write(path, usage)
    except OSError as error:
        # How the program ended is worth more than what it used.
        print(f"sciportal-usage: {path} was not written: {error.strerror}", file=sys.stderr)
    return code


def _follow(child: int) -> tuple[int, int]:
    """Wait for a process, handing signals on; its exit code, and the peak of its family's bytes."""
    peak = 0
    pause = _FIRST_SECONDS
    while True:
        got = signal.sigtimedwait(_HANDED_ON | {signal.SIGCHLD}, pause)
        if got is None:
            peak = max(peak, footprint.of_family(child))
            pause = min(_SAMPLE_SECONDS, pause * 2)
        elif got.si_signo != signal.SIGCHLD:
            os.kill(child, got.si_signo)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return (code if code >= 0 else 128 - code), peak


def _reap_orphans() -> None:
    """Wait for what the program left behind, as far as it ends now."""
    deadline = time.monotonic() + _ORPHANS_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(0.02)


def _read(path: str) -> Usage:
    try:
        with open(path, "rb") as file:
            part: Usage = json.loads(file.read(_MOST_BYTES))
    except ValueError as error:
        advice = "leave it out"
        raise ServiceError(f"add up {path}", f"it is no JSON ({error})", advice) from None
    return part


def _write(path: str, usage: Usage) -> None:
    draft = f"{path}.{os.getpid()}"
    try:
        with open(draft, "w") as file:
            json.dump({name: round(value, 3) for name, value in usage.items()}, file)
        os.replace(draft, path)
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
        raise


if __name__ == "__main__":
    sys.exit(main())
