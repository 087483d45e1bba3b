"""The command `sciportal-map`, which the script of a mapped job calls."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from sciportal import outcome
from sciportal.jobs.command_line import halves
from sciportal.jobs.mapper import tasks
from sciportal.jobs.mapper.function import FunctionFile
from sciportal.jobs.mapper.gather import POOL, Mapping, say
from sciportal.jobs.mapper.mapper import Mapper
from sciportal.jobs.mapper.outcome import PointError
from sciportal.jobs.mapper.points import MOST_BYTES, decode, in_range
from sciportal.service.errors import ServiceError, UsageError

_CHUNK = 50
_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
# Last on the path, so that nothing of ours takes the place of what the interpreter brings.
_START = (
    "import sys; sys.path.append({source!r}); from sciportal.jobs.mapper.cli import main;"
    " sys.exit(main())"
)


def main(argv: list[str] | None = None) -> int:
    """Evaluate what this task is to; 0, or 1 if a point failed, and 2 for a wrong call.

    Args:
        argv: the command's arguments without its name; the process's by default.
    """
    own, after = halves(argv)
    options = _parser().parse_args(own)

    def action() -> int:
        if options.python:
            _change_interpreter(options.python, own, after)
        return _run(options, after)

    return outcome.exit_code("sciportal-map", action)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-map",
        usage="sciportal-map --function FILE (--points FILE | --range START STOP NUMBER)"
        " [option]... [-- PROGRAM [argument]...]",
        description="Evaluates a function of a Python file for many points. As a task of a job"
        f" array ({tasks.VARIABLE}) it does that task's points; otherwise all of them, and gathers"
        " the results into results.json, results.npy and failures.json.",
    )
    parser.add_argument("--function", metavar="FILE", required=True, help="defines the function")
    parser.add_argument("--name", default="R", help="of the function (%(default)s)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--points", metavar="FILE", help="JSON's list, or numpy's array")
    source.add_argument("--range", nargs=3, metavar=("START", "STOP", "NUMBER"), help="of numbers")
    chunk = os.environ.get(tasks.CHUNK, str(_CHUNK))
    parser.add_argument("--chunk", type=int, default=chunk, help="points a task (%(default)s)")
    parser.add_argument("--workers", type=int, help="processes (as many as processors)")
    parser.add_argument("--seconds", type=float, help="that a point may take")
    parser.add_argument("--python", metavar="PATH", help="the interpreter to evaluate with")
    return parser


def _change_interpreter(path: str, own: list[str], after: list[str]) -> None:
    place = own.index("--python") if "--python" in own else -1
    rest = [word for word in own if not word.startswith("--python=")]
    if place >= 0:
        rest = own[:place] + own[place + 2 :]
    if after:
        rest += ["--", *after]
    start = _START.format(source=_SOURCE)
    try:
        os.execv(path, [path, "-P", "-c", start, *rest])  # noqa: S606  # no shell
    except OSError as error:
        advice = "name an interpreter that is on this host, and that the job may read"
        raise ServiceError(f"run {path}", error.strerror or "", advice) from error


def _run(options: argparse.Namespace, after: list[str]) -> int:
    points = _points(options)
    shared = tasks.share(len(points), options.chunk)
    function = FunctionFile(options.function, options.name)
    workers = options.workers or len(os.sched_getaffinity(0))
    if workers < 1 or (options.seconds is not None and not options.seconds > 0):
        found = "--workers or --seconds is less than it can be"
        raise UsageError("evaluate points", found, "give 1 worker or more, more than 0 seconds")
    _check(function, options)
    mapping = Mapping(function, points, shared, min(workers, len(points)), options.seconds)
    task = os.environ.get(tasks.VARIABLE, "")
    if task not in ("", tasks.GATHER):
        number = _number(task)
        mapping.evaluate(str(number), shared.span(number))
        return 0
    if not task:
        mapping.evaluate(POOL, range(len(points)))
    failed = mapping.gather()
    code = _finish(after) if after else 0
    return code or (1 if failed else 0)


def _points(options: argparse.Namespace) -> list[Any]:
    if options.range:
        wanted = f"make points of {' '.join(options.range)}"
        try:
            start, stop, number = (*map(float, options.range[:2]), int(options.range[2]))
        except ValueError as error:
            raise UsageError(wanted, str(error), "give two numbers and how many") from None
        points: list[Any] = list(in_range(start, stop, int(number)).points())
        return points
    with open(options.points, "rb") as file:
        return decode(file.read(MOST_BYTES + 1))


def _check(function: FunctionFile, options: argparse.Namespace) -> None:
    """Load the function once, so that what keeps all points from a result is said once."""
    try:
        next(Mapper(1, retries=0).map(function.check, [None]))
    except PointError as error:
        raise ServiceError(
            f"evaluate {options.name} of {options.function}",
            error.failure.error,
            f"give a Python file that defines {options.name}(point) and can be run by itself",
        ) from None


def _number(task: str) -> int:
    if task.isascii() and task.isdigit() and len(task) < 10:
        return int(task)
    advice = f"give {tasks.VARIABLE} the number of the task, or {tasks.GATHER!r}"
    raise UsageError(f"evaluate the points of task {task!r}", "it is no number", advice)


def _finish(words: list[str]) -> int:
    """Run a program on the results, which writes where we do; its exit code."""
    child = os.posix_spawnp(words[0], words, os.environ)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        say(f"{words[0]} ended with {code}")
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
