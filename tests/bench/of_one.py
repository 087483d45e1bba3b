"""What one account types: status, start, and many services at once."""

from __future__ import annotations

from bench.figures import Figure, compared
from bench.place import CANCEL, HELD, HELD_WITH_PORT, HOME, PARTITION, SLEEPER, USER, Place

ROUNDS = 15
MANY = 50
MANY_ROUNDS = 5
_SUBMIT = (
    f'sbatch --parsable -p {PARTITION} --mem=512M --cpus-per-task=1 --requeue --hold -J "$name"'
    f" -o {HOME}/bench.log -e {HOME}/bench.log --open-mode=append -D {HOME} --export=ALL"
    f" --comment sbatch-service/1 {HOME}/bench.sh"
)
# What tells as much as the command does: that there was no job before, and that there is one now.
_SHORTEST = (
    f'name=$1; squeue -h -u {USER} -n "$name" -o %A && {_SUBMIT} &&'
    f' squeue -h -u {USER} -n "$name" -o %A'
)
# A name is refused for two seconds after a submission, by whole seconds.
_AGAIN = ["sleep", "3"]


def measure(place: Place) -> list[Figure]:
    """All figures of one account."""
    place.cluster.write(USER, "bench.sh", "#!/bin/bash\nsleep 1000\n", "755")
    try:
        return [_status(place), _modules(place), _start(place), _many(place)]
    finally:
        place.clear()
        place.account("rm", "-f", "bench.sh", "bench.log")


def _status(place: Place) -> Figure:
    place.services(["benchone"], SLEEPER, HELD)
    argv = ["sbatch-service", "status", "benchone"]
    times = place.race(
        {"ours": {"argv": argv, "accepted": [3]}, "theirs": {"argv": ["squeue"]}}, 2 * ROUNDS
    )
    calls = place.squeues(argv)
    return compared(
        "`status` of one service",
        "one `squeue`",
        times,
        "4",
        16,
        note=_called(calls, 1),
    )


def _modules(place: Place) -> Figure:
    """How much of a call is Python and our modules, before anything is done."""
    times = place.race(
        {
            "ours": {"argv": ["sbatch-service", "status", "../x"], "accepted": [2]},
            "theirs": {"argv": ["/opt/sciportal/bin/python", "-c", "pass"]},
        },
        2 * ROUNDS,
    )
    return compared("of any call, Python with our modules", "Python that does nothing", times)


def _called(calls: int, most: int) -> str:
    if calls > most:
        raise AssertionError(f"{calls} calls of squeue, and {most} are enough")
    return f"{calls} squeue"


def _start(place: Place) -> Figure:
    names = [f"benchs{number}" for number in range(ROUNDS + 1)]
    # A service that listens, which is the usual kind: its port has to be chosen as well.
    place.services(names, SLEEPER, HELD_WITH_PORT)
    bare = ["sh", "-c", _SHORTEST, "sh", "benchb{round}-service"]
    times = place.race(
        {"ours": {"argv": ["sbatch-service", "start", "benchs{round}"]}, "theirs": {"argv": bare}},
        ROUNDS,
    )
    calls = place.squeues(["sbatch-service", "start", names[-1]])
    place.cancel()
    return compared(
        "`start` of a service",
        "`squeue`, `sbatch`, `squeue` in a shell",
        times,
        "1.5; aim 1.25",
        12,
        note=_called(calls, 2),
    )


def _many(place: Place) -> Figure:
    names = [f"benchm{number}" for number in range(MANY)]
    place.services(names, SLEEPER, HELD_WITH_PORT)
    bare = [f"benchc{number}-{{round}}-service" for number in range(MANY)]
    loop = f'for name in "$@"; do {_SUBMIT} || exit; done'

    after = [list(CANCEL), _AGAIN]
    argv = ["sbatch-service", "start", *names]
    times = place.race(
        {
            "ours": {"argv": argv, "after": after},
            "theirs": {"argv": ["sh", "-c", loop, "sh", *bare], "after": after},
        },
        MANY_ROUNDS,
    )
    calls = place.squeues(argv)
    return compared(
        f"`start` of {MANY} services until all are in the queue",
        f"{MANY} times `sbatch`",
        times,
        "2",
        8,
        note=_called(calls, 2),
    )
