"""Stand-ins for Slurm's programs: real executables in a directory of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from unit.service.running import script

# Prints the jobs of a file in the format that it is asked for, as squeue does: raw.
_SQUEUE = """\
#!{python} -IS
import json, sys
argv = sys.argv[1:]
json.dump(argv, open("{place}/squeue.argv", "w"))
form = argv[argv.index("-o") + 1]
for job in json.load(open("{place}/jobs.json")):
    line = form
    out = []
    while line:
        if line[0] == "%":
            out.append(job[line[1]])
            line = line[2:]
        else:
            out.append(line[0])
            line = line[1:]
    sys.stdout.write("".join(out) + "\\n")
"""

_NOTING = """\
#!/bin/sh
for each; do printf '%s\\0' "$each"; done >{place}/{name}.argv
env >{place}/{name}.env
cat >{place}/{name}.stdin
"""


class Programs:
    """A directory of programs; `Slurm(bindir=str(programs.place))` calls them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()

    def write(self, name: str, body: str) -> None:
        """A program that notes how it was called, and then does `body`."""
        script(self.place / name, _NOTING.format(place=self.place, name=name) + body + "\n")

    def write_raw(self, name: str, text: str) -> None:
        script(self.place / name, text)

    def write_squeue(self, jobs: list[dict[str, str]]) -> None:
        """A squeue that knows these jobs: a value for each letter of its formats."""
        self.set_jobs(jobs)
        text = _SQUEUE.format(python=sys.executable, place=self.place)
        script(self.place / "squeue", text)

    def set_jobs(self, jobs: list[dict[str, str]]) -> None:
        (self.place / "jobs.json").write_text(json.dumps(jobs))

    def argv(self, name: str) -> list[str]:
        if name == "squeue":
            return json.loads((self.place / "squeue.argv").read_text())
        return (self.place / f"{name}.argv").read_text().split("\0")[:-1]

    def env(self, name: str) -> list[str]:
        return sorted((self.place / f"{name}.env").read_text().splitlines())

    def stdin(self, name: str) -> str:
        return (self.place / f"{name}.stdin").read_text()


def squeue_job(**fields: str) -> dict[str, str]:
    """One job as squeue would print it, by the letters of its format."""
    job = {
        "A": "4711",
        "T": "RUNNING",
        "u": "alice",
        "U": "2001",
        "P": "service-pool",
        "B": "node1",
        "V": "1800000000",
        "S": "1800000005",
        "r": "None",
        "j": "web-service",
        "k": "sbatch-service/1 http 24601 owner",
    }
    return {**job, **fields}
