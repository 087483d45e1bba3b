"""The account's half of the helper, killed at a function while it hands jobs over.

`killed_submit.py LIBRARY HOME NUMBER`, with the request on standard input: says whether it was
killed before the function with that number. What noted that it asked is made older, as if the
portal had been patient, and nothing that it started runs any more.
"""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import killing

FILES = ("/jobs/accounts/", "/service/slurm.py", "/service/answers.py", "/service/processes.py")
_PATIENCE_SECONDS = 100


def main(library: str, home: str, number: str) -> None:
    """Do it."""
    sys.path.insert(0, library)
    from sciportal.jobs.accounts import verbs, wire
    from sciportal.jobs.accounts.batch_system import BatchSystem
    from sciportal.jobs.script import Programs

    given = io.BytesIO(sys.stdin.buffer.read())
    environment = {**os.environ, "USER": Path(home).name}
    programs = Programs.in_directory("/nowhere")

    def action() -> None:
        os.umask(0o077)
        request = wire.table(given.readline(), "submit")
        answer = io.BytesIO()
        slurm = BatchSystem(environment)
        session = verbs.Session(home, environment, slurm, programs, given, answer)
        said = verbs.submit(session, request)["jobs"]
        assert all("batch" in each for each in said), said

    killed = killing.run(action, FILES, killing.CALLS, int(number))
    while any(_is_sbatch(each) for each in Path("/proc").iterdir()):
        time.sleep(0.02)
    for asked in Path(home, "sciportal-jobs").glob("*/asked-*"):
        asked.write_text(str(int(time.time()) - _PATIENCE_SECONDS))
    print("killed" if killed else "whole")


def _is_sbatch(process: Path) -> bool:
    try:
        # One that has ended, and for which nobody waits, has no words any more.
        return (process / "cmdline").read_bytes().startswith(b"sbatch\0")
    except OSError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
