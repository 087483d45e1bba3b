"""What routing costs, with a hundred routes and with thousands."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.chp import Chp
from bench.crossing import FIRST_PORT, STATIC_PORT, Crossing, Held
from bench.place import Place
from cluster.testbed import CTL, WEB, wait_for
from cluster.wrk import prepare

PAIRS = 5
SECONDS = 2
CONNECTIONS = (16, 64)
# Requests a second by those of a pooled ProxyPass, for so many routes.
WANTED = {100: 0.9, 1000: 0.75, 5000: 0.7}
ALLOWANCE = 0.05
FASTER_THAN_CHP = 2.5
LIVE = 2.0
CHANGES = 3
# Requests go round these many services, which lie far apart in the map.
_SPREAD = 8
_SCRIPT = """\
local paths, number = {{{paths}}}, 0
function request()
    number = number % #paths + 1
    return wrk.format(nil, paths[number])
end
"""
_PLACE = "/tmp/bench-routes.lua"
_PROGRAMS = ("apache2", "service-routes", "shibd")


class Row(NamedTuple):
    """Medians of requests a second, and of the ratios of each pair."""

    routes: int
    connections: int
    ours: float
    static: float
    ratio: float
    chp: float
    """0 where it was not measured."""
    faster: float
    load: float
    """Of the machine, at the end."""

    @property
    def missed(self) -> str:
        """What is not as it should be."""
        bound = WANTED[self.routes] - ALLOWANCE
        said = f"{self.routes} routes, {self.connections} connections: "
        if self.ratio < bound:
            return f"{said}{self.ratio:.2f} of a pooled ProxyPass, below {bound:g}"
        if self.chp and self.faster < FASTER_THAN_CHP:
            return f"{said}{self.faster:.2f} of configurable-http-proxy, below {FASTER_THAN_CHP:g}"
        return ""


class Routes(NamedTuple):
    """All that was measured of routing."""

    rows: Sequence[Row]
    changes: Mapping[str, float]
    """Seconds until a change of a route was live, the longest of each kind."""
    held: Mapping[int, Mapping[str, Held]]
    """What the daemons of the web host hold, by the number of routes."""
    no_chp: str
    """Why there are no figures of configurable-http-proxy."""

    @property
    def missed(self) -> list[str]:
        """What is not as it should be."""
        late = [f"a route {each}: live after {took:.1f} s" for each, took in self.changes.items()]
        slow = [said for said, took in zip(late, self.changes.values(), strict=True) if took > LIVE]
        return [each.missed for each in self.rows if each.missed] + slow


def measure(place: Place) -> Routes:
    """All figures of routes."""
    prepare(place.cluster)
    crossing = Crossing(place.cluster, max(WANTED))
    chp, why = _chp(place)
    rows: list[Row] = []
    held: dict[int, dict[str, Held]] = {}
    try:
        for count in WANTED:
            crossing.have(count)
            if chp:
                chp.have(count)
            rows += [_row(place, crossing, chp, count, each) for each in CONNECTIONS]
            held[count] = {program: crossing.held(program) for program in _PROGRAMS}
        changes = _changes(place, crossing, max(WANTED))
    finally:
        if chp:
            chp.remove()
        crossing.remove()
        place.root("rm", "-f", _PLACE)
    return Routes(rows, changes, held, why)


def _chp(place: Place) -> tuple[Chp | None, str]:
    try:
        return Chp(place.cluster), ""
    except (subprocess.CalledProcessError, FileNotFoundError):
        return (
            None,
            "configurable-http-proxy was not measured: npm could not fetch or install it.\n",
        )


def _row(place: Place, crossing: Crossing, chp: Chp | None, count: int, connections: int) -> Row:
    services = [f"bench{number * count // _SPREAD}" for number in range(_SPREAD)]
    sides: dict[str, list[str]] = {
        "ours": [crossing.url(each) for each in services],
        "static": [f"http://{WEB}:{STATIC_PORT}/~bob:{each}/page" for each in services],
    }
    if chp:
        sides["chp"] = [chp.url(each) for each in services]
    # Connections to begin with, for none of them is this to be the first time.
    for urls in sides.values():
        _rate(place, urls, connections, 1)
    rates: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(PAIRS):
        for side in sides if number % 2 else reversed(sides):
            rates[side].append(_rate(place, sides[side], connections, SECONDS))
    medians = {side: statistics.median(each) for side, each in rates.items()}
    ratio, faster = (
        statistics.median(ours / theirs for ours, theirs in zip(rates["ours"], each, strict=True))
        for each in (rates["static"], rates.get("chp", rates["ours"]))
    )
    load = float(place.root("cut", "-d ", "-f1", "/proc/loadavg"))
    chps = medians.get("chp", 0)
    return Row(count, connections, medians["ours"], medians["static"], ratio, chps, faster, load)


def _rate(place: Place, urls: Sequence[str], connections: int, seconds: int) -> float:
    """Requests a second."""
    said = place.cluster.run(CTL, _wrk(place, urls, connections, seconds)).out
    # A connection may be cut by a reload; an answer may not be wrong.
    if "Non-2xx" in said:
        raise RuntimeError(f"{urls[0]}: {said}")
    found = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert found, said
    return float(found[1])


def _wrk(place: Place, urls: Sequence[str], connections: int, seconds: int) -> list[str]:
    paths = ", ".join(f'"/{each.split("/", 3)[3]}"' for each in urls)
    script = _SCRIPT.format(paths=paths)
    place.cluster.run(CTL, ["sh", "-c", f"cat >{_PLACE}"], stdin=script)
    argv = ["wrk", "-c", str(connections), "-t", "1", "-d", f"{seconds}s", "-s", _PLACE]
    return [*argv, "/".join(urls[0].split("/", 3)[:3])]


def _changes(place: Place, crossing: Crossing, count: int) -> dict[str, float]:
    """Seconds until changes are live while 64 connections ask for other services."""
    first, second = (str(FIRST_PORT + count + each) for each in range(2))
    longest: dict[str, float] = {}
    urls = [crossing.url("bench1")]
    for _ in range(CHANGES):
        load = place.cluster.start(CTL, _wrk(place, urls, max(CONNECTIONS), 4 * int(LIVE) + 7))
        time.sleep(1)
        for kind, port, wanted in (
            ("that is new", int(first), first),
            ("to another port", int(second), second),
            ("that has gone", None, ""),
        ):
            crossing.route("benchnew", port)
            took = _until(crossing, "benchnew", wanted)
            longest[kind] = max(took, longest.get(kind, 0))
        if load.poll() is not None:
            raise AssertionError("the load ended before the changes were live")
        load.communicate()
    return longest


def _until(crossing: Crossing, service: str, port: str) -> float:
    """Seconds until that port answers for a service."""
    begun = time.monotonic()
    wait_for(lambda: crossing.port_of(service) == port, 30, every=0.05)
    return time.monotonic() - begun


def tables(found: Routes) -> dict[str, str]:
    """The parts of the page."""
    rows = [
        "| routes | connections | requests/s | pooled ProxyPass | ratio | wanted"
        " | configurable-http-proxy | ratio | wanted | load |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found.rows:
        other = f"{row.chp:.0f} | {row.faster:.1f}" if row.chp else " | "
        rows.append(
            f"| {row.routes} | {row.connections} | {row.ours:.0f} | {row.static:.0f}"
            f" | {row.ratio:.2f} | {WANTED[row.routes]:g} | {other} | {FASTER_THAN_CHP:g}"
            f" | {row.load:.1f} |"
        )
    held = [f"| routes | {' | '.join(_PROGRAMS)} |", f"|---{'|---' * len(_PROGRAMS)}|"]
    for count, each in found.held.items():
        cells = (f"{one.pss / 1024:.0f} MiB, {one.processes}" for one in each.values())
        held.append(f"| {count} | {' | '.join(cells)} |")
    live = ", ".join(f"{each} {took:.1f} s" for each, took in found.changes.items())
    return {
        "table": "".join(f"{row}\n" for row in rows),
        "held": "".join(f"{row}\n" for row in held),
        "live": live,
        "no_chp": found.no_chp,
    }
