"""Measures on the running cluster and writes docs/benchmarks.md; called by tools/bench."""

from __future__ import annotations

import subprocess
import sys

from bench import of_all, of_apache, of_hub, of_job, of_one, of_routes, page, section
from bench.figures import Figure, table
from bench.place import Place
from cluster.testbed import Cluster


def main() -> int:
    """Measure everything; 1 where a ratio is far beyond what it may be."""
    cluster = Cluster()
    about = page.facts(cluster)
    place = Place(cluster)
    place.clear()
    try:
        one = _shown(of_one.measure(place))
        every = _shown(of_all.measure(place))
        job = of_job.measure(place)
        _shown([job.revival])
        routes = of_routes.measure(place)
        print(of_routes.tables(routes)["table"], flush=True)
        apache = of_apache.measure(place)
        _shown([apache.figure])
        hub, why = _hub(place)
    finally:
        place.remove()
    run = page.Run(about, one, every, job, routes, apache, _shown(hub), why)
    page.write(run, of_hub.VERSIONS)
    print(f"written: {section.PAGE}", file=sys.stderr)
    bounded = [*one, *every, apache.figure]
    missed = [each for each in bounded if each.bound and each.ratio > each.bound]
    for each in missed:
        print(f"{each.work}: {each.ratio:.2f}, beyond {each.bound:g}", file=sys.stderr)
    for said in routes.missed:
        print(said, file=sys.stderr)
    return 1 if missed or routes.missed else 0


def _hub(place: Place) -> tuple[list[Figure], str]:
    try:
        return of_hub.measure(place), ""
    except subprocess.CalledProcessError as error:
        return [], f"Not measured: {error.cmd[0]} could not fetch or install it.\n"


def _shown(figures: list[Figure]) -> list[Figure]:
    print(table(figures), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
