"""The log of a day: a gigabyte in numbered lines, rotated 24 times, with the lost ones counted."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from cluster.testbed import CTL, Cluster, Service, wait_for

DAY = 1 << 30
HOURS = 24
# The site's settings of the test cluster, and what a log grows between two rotations.
LOG_SIZE = 1 << 20
KEPT = LOG_SIZE * (5 + 1)
GROWTH = DAY // HOURS
# Logs that are rotated as soon as they may be.
SMALL = 20
LINE = 200
LONGEST_WINDOW = 1.0

# Number, milliseconds, and text that compresses as a log does; a line is one write(2). Between two
# rotations the log grows at once, and while it waits for one at a megabyte a second, which is some
# eighty times as fast as a gigabyte a day.
WRITER = f"""\
#!/usr/bin/env python3
import os, sys, time
if sys.argv[1:] == ["main"]:
    n = rotations = before = 0
    while True:
        n += 1
        noise = n * 0x9E3779B97F4A7C15F39CC0605CEDC835 & (1 << 128) - 1
        line = f"{{n}} {{time.monotonic() * 1000:.3f}} {{noise:032x}} "
        os.write(1, line.encode().ljust({LINE - 1}, b".") + b"\\n")
        if n % 10 == 0:
            size = os.fstat(1).st_size
            rotations, before = rotations + (size < before), size
            if size > ({GROWTH} if rotations < {HOURS} else {LOG_SIZE}):
                time.sleep(10 * {LINE} / 1e6)
"""

# Waits until the log is so long, rotates as the timer does, and prints its size before, the most
# that all took while it rotated, and what all and the log alone take afterwards; then what the
# newest old log holds: how many lines, how many that are no whole line, how many that do not
# follow the one before, and the first and the last.
ROTATE = r"""
cd ~alice/.sbatch-service/log || exit
size() { stat -c %s "$1".log* 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'; }
until [ "$(stat -c %s "$1".log)" -gt "$2" ]; do sleep 0.1; done
before=$(stat -c %s "$1".log)
peak=$(mktemp)
while sleep 0.1; do size "$1"; done >"$peak" &
systemctl start sciportal-logrotate.service
status=$?
kill $!
echo "$before $({ size "$1"; cat "$peak"; } | sort -n | tail -n 1)"
echo "$(size "$1") $(stat -c %s "$1".log)"
rm "$peak"
zcat "$1".log.1.gz | awk -v length_of="$3" '
    length($0) != length_of || $1 !~ /^[0-9]+$/ { bad++; next }
    !count { first = $1 " " $2 }
    count && $1 != last + 1 { holes++ }
    { count++; last = $1; when = $2 }
    END { print count + 0, bad + 0, holes + 0, first, last, when }'
exit $status
"""


class Rotation(NamedTuple):
    """One rotation and what it put aside."""

    before: int
    """Bytes of the log when it began."""
    most: int
    """Bytes of the log and its old ones together while it went on."""
    after: int
    left: int
    """Bytes of the log afterwards."""
    lines: int
    broken: int
    holes: int
    first: int
    first_ms: float
    last: int
    last_ms: float


@pytest.fixture
def writer(service: Service) -> Iterator[Service]:
    """A service that writes all the time, whose log nobody else rotates."""
    cluster = service.cluster
    timer = "sciportal-logrotate.timer"
    cluster.run(CTL, ["systemctl", "stop", timer])
    service.script(WRITER)
    service.settings("")
    service("start", "--wait")
    wait_for(lambda: service.log()[:1], 10)
    yield service
    service("stop")
    cluster.run(CTL, ["rm", "-rf", f"/home/alice/.sbatch-service/log/{service.name}.log"])
    cluster.run(CTL, ["systemctl", "start", timer])


def rotated(cluster: Cluster, name: str, size: int) -> Rotation:
    """Rotate the log when it has grown to `size` bytes."""
    said = cluster.run(CTL, ["sh", "-c", ROTATE, "sh", name, str(size), str(LINE - 1)]).out.split()
    return Rotation(*(float(each) if "." in each else int(each) for each in said))  # type: ignore[arg-type]


def windows(rotations: list[Rotation]) -> list[tuple[int, float]]:
    """Between each two old logs, the lines that are in neither, and the seconds that they took."""
    return [
        (new.first - old.last - 1, (new.first_ms - old.last_ms) / 1000)
        for old, new in itertools.pairwise(rotations)
    ]


def show(what: str, rotations: list[Rotation]) -> None:
    """Say what was lost, as docs/operators/settings.md has it."""
    found = windows(rotations)
    seconds = sorted(1000 * each for _, each in found)
    length = statistics.median(each.before for each in rotations) / 1e6
    kept = max(each.after - each.left for each in rotations) / 1e6
    print(
        f"{what}: {len(rotations)} rotations of {length:.1f} MB; "
        f"lost {sum(lines for lines, _ in found)} lines of {rotations[-1].last}, within "
        f"{seconds[0]:.1f} to {seconds[-1]:.1f} ms, median {statistics.median(seconds):.1f} ms; "
        f"old logs up to {kept:.1f} MB, all up to {max(r.most for r in rotations) / 1e6:.1f} MB"
    )


@pytest.mark.long
def test_a_gigabyte_a_day_stays_small_and_loses_only_the_window(writer: Service) -> None:
    cluster = writer.cluster
    day = [rotated(cluster, writer.name, GROWTH) for _ in range(HOURS)]
    small = [rotated(cluster, writer.name, LOG_SIZE) for _ in range(SMALL)]
    show("hourly", day)
    show("small", small)

    assert sum(each.before for each in day) >= DAY
    for each in [*day, *small]:
        assert each.holes == 0, each
        # The copy may end within a line, whose rest is in the window.
        assert each.broken <= 1, each
        # Old logs; with them the log, which grows again at once here, and for a moment its copy.
        assert each.after - each.left <= KEPT + GROWTH, each
        assert each.most <= KEPT + 3 * GROWTH, each
    for lines, seconds in [*windows(day), *windows(small)]:
        assert lines >= 0
        assert seconds < LONGEST_WINDOW
