"""The batch script of a job, which nodes and workers run as it is."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs.mapper import tasks

if TYPE_CHECKING:
    from sciportal.jobs.order import Order

WORK = "work"
"""Below a job's directory: what its program sees and writes."""
SCRIPT = f"{WORK}/.script"
ORDER = "order.json"
OUT, ERR = "stdout", "stderr"
EXIT = "exit"
"""The exit code in decimal; there from the moment on when the job has ended by itself."""
USAGE = "usage.json"
REASON = "reason"
"""Why the job was ended before its time, for people."""
CANCELLED = "cancelled"
"""Whose job finds it does not begin."""
WITHDRAWN = "withdrawn"
"""The same, of a job that is sent anew unless it has begun."""
BEGAN = "began"
"""What the names of directories begin with that tell of runs whose program may have begun."""

_WATCH_SECONDS = 5
_GRACE_SECONDS = 10
_KILOBYTE = 1024


class Programs(NamedTuple):
    """Where the programs are that a script calls, on the host that runs it."""

    confine: str
    usage: str
    notifier: str
    mapper: str

    @classmethod
    def in_directory(cls, directory: str) -> Programs:
        """All of them in one directory."""
        names = ("confine", "usage", "notify", "map")
        return cls(*(os.path.join(directory, f"sciportal-{name}") for name in names))


def batch(order: Order, directory: str, programs: Programs, layer: str = "auto") -> str:
    """The script, for sh(1).

    Run as a job of Slurm or by itself, in any directory. What it finds and leaves in the job's
    directory is named by this module. A second run by another job does nothing: a submission that
    got no answer may have been made twice. A requeued job is the same, and begins with its inputs
    anew. Of a mapped job the same script is each task of the array and what gathers.

    Args:
        order: the job.
        directory: the job's, absolute; `.script` and the inputs are in its work directory.
        programs: what it calls.
        layer: what confines it; see sciportal-confine.
    """
    parts = [_head(order, directory), _turn(order), _announce(order, programs), _RUN]
    main = " \\\n  ".join(
        [
            f'{shlex.quote(programs.usage)} --file "usage$part.json" --directory {WORK} --',
            *_confined(order, directory, programs, layer),
        ]
    )
    most = -(-order.limits.total_bytes // _KILOBYTE)
    follow = _FOLLOW.format(
        main=main,
        work=WORK,
        most=most,
        bytes=order.limits.total_bytes,
        reason=REASON,
        seconds=_WATCH_SECONDS,
        grace=_GRACE_SECONDS,
    )
    end = _GATHERED.format(usage=shlex.quote(programs.usage)) if order.map else ""
    return "\n".join([*parts, follow, end + _END.format(exit=EXIT)])


def _head(order: Order, directory: str) -> str:
    return f"""#!/bin/sh
# Job {order.job}, attempt {order.attempt}.
umask 077
cd {shlex.quote(directory)} || exit 1
id=${{SLURM_JOB_ID:-$$}}
"""


def _turn(order: Order) -> str:
    part = f"""part=
{tasks.VARIABLE}=
if [ "${{SLURM_JOB_ID:-}}" ]; then
  export {tasks.VARIABLE}="${{SLURM_ARRAY_TASK_ID:-{tasks.GATHER}}}"
  part=".${tasks.VARIABLE}"
else
  unset {tasks.VARIABLE}
fi
"""
    text = f"""# The first to come runs it, whoever else was submitted; NFS, too, makes a link once.
echo "$id" > "run$part.$id" || exit 1
ln "run$part.$id" "run$part" 2> /dev/null
[ "$(cat "run$part")" = "$id" ] || exit 0
[ ! -e {CANCELLED} ] || exit 0
# A slurmctld that was killed may start again what it has not noted that it started, or ended.
[ ! -e {EXIT} ] || exit 0
began="{BEGAN}$part.${{SLURM_RESTART_COUNT:-0}}"
mkdir "$began" 2> /dev/null || exit 0
# Said before it is asked: who withdraws a job sees that it has begun, or is seen here.
[ ! -e {WITHDRAWN} ] || {{ rmdir "$began"; exit 0; }}
"""
    # Tasks of an array share one directory, and begin where they were.
    inputs = f"""if [ -d inputs ]; then
  rm -rf {WORK} && cp -R inputs {WORK} || exit 1
else
  # Who was stopped here left a part.
  rm -rf inputs.new && cp -R {WORK} inputs.new && mv inputs.new inputs || exit 1
fi
"""
    return part + text if order.map else "part=\n" + text + inputs


def _announce(order: Order, programs: Programs) -> str:
    if not order.listener:
        return "announce() { :; }\n"
    variables = {"SCIPORTAL_LISTENER": order.listener, "SCIPORTAL_TOKEN": order.token}
    # In the environment, since everybody on a node reads command lines.
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    notifier = shlex.quote(programs.notifier)
    return f'announce() {{ {given} {notifier} "$@" < /dev/null > /dev/null 2>&1; }}\n'


def _confined(order: Order, directory: str, programs: Programs, layer: str) -> list[str]:
    words = [
        [programs.confine, "--layer", layer, "--directory", f"{directory}/{WORK}"],
        *(["--read", each] for each in order.read),
        ["--network", "host" if order.network else "none"],
        *([["--profile", order.profile]] if order.profile else []),
        ["--cpu", str(order.limits.cpu_seconds)],
        ["--file-size", str(order.limits.file_bytes)],
        *([list(tasks.options(programs.mapper, order.map.chunk))] if order.map else []),
        ["--", "/bin/sh", f"{directory}/{SCRIPT}"],
    ]
    return [shlex.join(each) for each in words]


_RUN = """# Slurm signals this shell, too; the program's end is still to be told.
trap : TERM
mkdir started 2> /dev/null && { announce started & }
"""
_FOLLOW = """{main} &
main=$!
{{
  while sleep {seconds}; do
    size=$(du -sk {work} | cut -f 1)
    if [ "${{size:-0}}" -gt {most} ]; then
      echo 'its files are larger than {bytes} bytes together' > {reason}
      kill -TERM "$main"
      sleep {grace}
      kill -KILL "$main"
      break
    fi
  done
}} < /dev/null > /dev/null 2>&1 &
watch=$!
while :; do
  wait "$main" 2> /dev/null
  code=$?
  kill -0 "$main" 2> /dev/null || break
done
kill "$watch" 2> /dev/null
"""
_GATHERED = """if [ "$part" ] && [ "$part" != .gather ]; then
  exit "$code"
fi
if [ "$part" ]; then
  {usage} --file usage.json --sum usage.*.json
fi
"""
_END = """echo "$code" > {exit}.new && mv {exit}.new {exit}
announce finished "$code"
exit "$code"
"""
