"""Times commands against each other; run on a host of the cluster, with the standard library only.

Standard input is a JSON object: `rounds`, and `sides`, for each contestant its `argv`, what runs
before and after it off the clock (`before`, `after`: lists of argv), and exit codes that are no
failure beside 0 (`accepted`). `{round}` in a word is the number of the round. Each round times
every side once, in turns, so that a busy moment of the machine is felt by all of them.
Standard output is for each side, round by round, the seconds it took, and the seconds of processor
in them: these say more where the machine has other work.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any


def main() -> int:
    """Time what standard input says."""
    order = json.load(sys.stdin)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in order["sides"]}
    for number in range(order["rounds"]):
        sides = list(order["sides"].items())
        # Who goes second finds warm caches.
        for name, side in sides if number % 2 else reversed(sides):
            for argv in side.get("before", []):
                _run(argv, number, (0,))
            times[name].append(_run(side["argv"], number, (0, *side.get("accepted", ()))))
            for argv in side.get("after", []):
                _run(argv, number, (0,))
    json.dump(times, sys.stdout)
    return 0


def _run(argv: list[str], number: int, accepted: tuple[int, ...]) -> tuple[float, float]:
    """Run a command; the seconds that it took, and those of processor."""
    words = [each.replace("{round}", str(number)) for each in argv]
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        streams: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": said,
        }
        process = subprocess.Popen(words, **streams)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - begun
        # Popen is not to wait for it as well.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            said.seek(0)
            sys.exit(f"{words} ended with {process.returncode}: {said.read()}")
    return took, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
