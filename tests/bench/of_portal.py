"""The job portal beside slurmrestd on the same Slurm: `python -m bench.of_portal`, by tools/bench.

Needs no cluster, since it makes a Slurm of its own, and writes its section of docs/benchmarks.md.
"""

from __future__ import annotations

import signal
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from batch import own_slurm
from bench import announced, controller, rest, section
from bench.controller import Controller
from bench.wire import Load, Target, ended
from jobs.samples import new_job
from sciportal.jobs.store import engine, jobs
from sciportal.jobs.store.job import Listing
from sciportal.jobs.web.pages.shown import LIVE_SECONDS

CLIENTS = 8
ROUNDS = 5
SECONDS = 2.5
PAGES = 200
PAGE_SECONDS = 6.0
MANY = 10_000
ANNOUNCED_SECONDS = 60.0
MOST_SLOWER = 1.2
MOST_LISTED = 0.2
HTML = "text/html"
_GREETING = {"application": "greeting", "parameters": {"whom": "world"}}


class Race(NamedTuple):
    """Rates of both sides, round by round."""

    work: str
    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: each round has both sides in the same moments."""
        return statistics.median(
            ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)
        )


class Row(NamedTuple):
    """A line of the page."""

    work: str
    result: str
    wanted: str
    met: bool = True


def main() -> int:
    """Measure, write the section; 1 where something is not as it is to be."""
    # What was started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lacks = own_slurm.missing()
    if lacks:
        sys.exit(f"the portal's benchmark: {lacks}")
    facts = section.facts()
    with own_slurm.made() as cluster, ExitStack() as running:
        # Jobs wait there for ever: what is measured is the way into the queue.
        cluster.check("scontrol", "update", "PartitionName=main", "State=DOWN")
        theirs = running.enter_context(rest.served(cluster))
        portal = running.enter_context(controller.served(cluster))
        running.enter_context(portal.daemon("listen"))
        rows = measure(portal, theirs)
    section.write(_text(rows, facts))
    missed = [row for row in rows if not row.met]
    for row in missed:
        print(f"{row.work}: {row.result}, wanted {row.wanted}", file=sys.stderr)
    return 1 if missed else 0


def measure(portal: Controller, theirs: Target) -> list[Row]:
    """All lines."""
    rows: list[Row] = []
    for race in races(portal, theirs):
        rows.append(_raced(race))
        print(rows[-1], flush=True)
    for line in (_announced, _handed_over, _beside_pages, _listed):
        rows += line(portal)
        print(rows[-1], flush=True)
    return rows


def races(portal: Controller, theirs: Target) -> list[Race]:
    """Submissions and status, both sides in turns."""
    submit, submit_there = submission(portal), rest.submission(theirs)
    first = portal.target.load([submit]).json["id"]
    number = theirs.load([submit_there]).json["job_id"]
    status = portal.target.request("GET", f"/jobs/{first}/status.json")
    return [
        _race("submissions", portal.target, submit, theirs, submit_there),
        _race("status of a job", portal.target, status, theirs, rest.status(theirs, number)),
    ]


def _race(work: str, ours: Target, request: bytes, theirs: Target, beside: bytes) -> Race:
    race = Race(work, [], [])
    sides = [(ours, request, race.ours), (theirs, beside, race.theirs)]
    for target, sent, _rates in sides:
        # Warm.
        target.load([sent], 1, clients=CLIENTS)
    for turn in range(ROUNDS):
        for target, sent, rates in sides if turn % 2 else reversed(sides):
            rates.append(target.load([sent], SECONDS, clients=CLIENTS).a_second)
    return race


def submission(portal: Controller) -> bytes:
    """A request for a job."""
    return portal.target.request("POST", "/jobs.json", _GREETING)


def _raced(race: Race) -> Row:
    ours, theirs = statistics.median(race.ours), statistics.median(race.theirs)
    said = f"{ours:.0f}/s, slurmrestd {theirs:.0f}/s: {race.ratio:.2f}"
    wanted = "at least as many"
    return Row(f"{race.work}, {CLIENTS} clients", said, wanted, race.ratio >= 1)


def _announced(portal: Controller) -> list[Row]:
    heard = announced.measure(portal, ANNOUNCED_SECONDS)
    said = f"{heard.asked} made, {heard.lost} lost; median {heard.median * 1000:.0f} ms"
    work = f"{announced.A_SECOND} announcements of jobs a second for {ANNOUNCED_SECONDS:.0f} s"
    return [
        Row(work, f"{said}, the slowest {heard.slowest * 1000:.0f} ms", "none lost", not heard.lost)
    ]


def _handed_over(portal: Controller) -> list[Row]:
    """What submissions are while the keeper hands them over, and how many it does."""
    before = len(portal.target.cluster.queue())
    with portal.daemon("keeper"):
        begun = time.monotonic()
        load = portal.target.load([submission(portal)], 10, clients=CLIENTS)
        handed = len(portal.target.cluster.queue()) - before
        took = time.monotonic() - begun
    said = f"{load.a_second:.0f}/s, and {handed / took:.0f}/s are handed over"
    return [Row("submissions while the keeper hands them to Slurm", said, "")]


def _beside_pages(portal: Controller) -> list[Row]:
    """Medians of a submission, without and with open pages, in turns."""
    pages = [
        portal.target.request("GET", f"/jobs/{number}/live.html", accept=HTML, repeated=True)
        for number in range(1, PAGES + 1)
    ]
    ratios, alone, beside = [], [], []
    for _turn in range(ROUNDS):
        alone.append(_submitted(portal).median)
        opened = portal.target.begin(pages, PAGE_SECONDS + 4, clients=PAGES, waits=LIVE_SECONDS)
        # Until each has asked for the first time.
        time.sleep(LIVE_SECONDS)
        beside.append(_submitted(portal).median)
        ended(opened)
        ratios.append(beside[-1] / alone[-1])
    ratio = statistics.median(ratios)
    medians = [_ms(statistics.median(each)) for each in (alone, beside)]
    said = f"{medians[0]} alone, {medians[1]} beside them: {ratio:.2f}"
    work = f"median of a submission beside {PAGES} open pages of jobs"
    return [Row(work, said, f"at most {MOST_SLOWER:.2f}", ratio <= MOST_SLOWER)]


def _submitted(portal: Controller) -> Load:
    return portal.target.load([submission(portal)], PAGE_SECONDS, waits=0.02)


def _listed(portal: Controller) -> list[Row]:
    """Lists of an account with many jobs."""
    mine = Listing(owner=controller.USER, limit=MANY)
    lacking = MANY - len(portal.store.jobs(mine))
    now = int(time.time() * 1_000_000)
    new = jobs.columns(new_job(controller.USER))
    engine.write(
        portal.store.engine,
        lambda connection: [jobs.insert(connection, new, now, None) for _ in range(lacking)],
    )
    rows = []
    for path, accept in (("/jobs.html", HTML), ("/jobs.json?limit=100", "*/*")):
        load = portal.target.load([portal.target.request("GET", path, accept=accept)], 2)
        number = sum(portal.store.count(mine).values())
        met = load.median < MOST_LISTED
        work = f"{path} of somebody with {number} jobs"
        rows.append(Row(work, _ms(load.median), "below 200 ms", met))
    return rows


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _text(rows: Sequence[Row], facts: str) -> str:
    return (
        Path(__file__)
        .with_name("portal.md")
        .read_text()
        .format(
            title=section.TITLE,
            version=rest.VERSION,
            rounds=ROUNDS,
            seconds=SECONDS,
            facts=facts,
            table="".join(f"| {row.work} | {row.result} | {row.wanted} |\n" for row in rows),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
