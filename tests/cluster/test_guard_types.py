"""The guard of ports beside alice's Apache and her application server, with visitors and bob."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from cluster import applications
from cluster.apache_site import Site
from cluster.applications import Application
from cluster.squat import Squatter, visit
from cluster.testbed import CTL, NODES, WEB, Cluster, Service, wait_for
from cluster.wrk import CONNECTIONS, Wrk, prepare

pytestmark = [pytest.mark.alone, pytest.mark.more]

BIG = 12_000_000
END = "the end"
WSGI = f"""\
PAGES = {{"/big": b"x" * {BIG - len(END)} + b"{END}", "/small": b"small"}}

def application(environ, start_response):
    page = PAGES[environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Length", str(len(page)))])
    return [page]
"""


class Running(NamedTuple):
    """A service of alice, and where its pages are."""

    base: str
    node: str
    port: int

    @property
    def other(self) -> str:
        """The node on which it does not run."""
        return next(each for each in NODES if each != self.node)


@pytest.fixture(scope="module", params=["apache", "uwsgi"])
def running(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Running]:
    """Both types, one after the other."""
    prepare(cluster)
    service = Service(cluster, request.param)
    if request.param == "apache":
        files = {"big": "x" * (BIG - len(END)) + END, "small": "small"}
        base = Site(cluster, "alice", "guarded", files).base
    else:
        base = "/~alice:uwsgi"
        applications.deploy(cluster, "alice", Application("python3", "app.py", {"app.py": WSGI}))
    wait_for(lambda: cluster.get(f"{base}/small").text == "small", 10)
    told = service.status()
    yield Running(base, told["node"], told["endpoint"]["port"])
    service("purge", "--yes", "--no-archive")
    cluster.run(CTL, ["rm", "-rf", "public_html/guarded", "app.py"], user="alice")


def download(cluster: Cluster, running: Running, pace: str) -> tuple[bool, str]:
    """Whether the big page came whole through the front end, and how it ended otherwise."""
    got = visit(cluster, CTL, "carol", WEB, 80, f"GET {running.base}/big HTTP/1.0", pace)
    return got.bytes > BIG and got.text.endswith(END), got.error


def test_under_load_answers_are_whole_and_a_squatter_gets_nobody(
    cluster: Cluster, running: Running
) -> None:
    web = (cluster, WEB, "www-data")
    with Squatter(cluster, running.other, running.port), ThreadPoolExecutor(8) as pool:
        load = Wrk(cluster, f"{running.base}/small", 5)
        downloads = [pool.submit(download, cluster, running, pace) for pace in ("slow", "fast") * 2]
        squat = [pool.submit(visit, *web, running.other, running.port) for _ in range(2)]
        closed = [pool.submit(visit, *web, running.node, running.port + 1) for _ in range(2)]
        assert [each.result() for each in downloads] == [(True, "")] * 4
        assert all(each.result().refused for each in (*squat, *closed))
        outcome = load.outcome()
    assert outcome.served > CONNECTIONS
    assert (outcome.failed, outcome.waits, outcome.broken, outcome.late) == (0, 0, 0, 0), outcome


def test_an_answer_on_its_way_outlives_the_right_to_answer(
    cluster: Cluster, running: Running
) -> None:
    element = ["element", "inet", "sciportal_guard", "owners", f"{{ {running.port} . 2001 }}"]
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(download, cluster, running, "slow")
        time.sleep(1)
        try:
            cluster.run(running.node, ["nft", "delete", *element])
            direct = visit(cluster, WEB, "www-data", running.node, running.port)
            was_over = slow.done()
            assert slow.result() == (True, "")
        finally:
            cluster.run(running.node, ["nft", "add", *element])
    assert direct.refused
    assert not was_over
    wait_for(lambda: cluster.get(f"{running.base}/small").text == "small", 10)
