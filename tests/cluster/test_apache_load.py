"""Reload, deploy and stop while visitors are there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.apache_site import Site
from cluster.testbed import CTL, Cluster, wait_for
from cluster.wrk import CONNECTIONS, Wrk, prepare

# Each reload of the front end cuts idle connections, which wrk counts.
pytestmark = [pytest.mark.alone, pytest.mark.more]

SECONDS = [5, pytest.param(30, marks=pytest.mark.long)]
SETTINGS = ".sbatch-service/apache.toml"
FILES = {
    "page.html": "x" * 1000,
    "page.php": "<?php echo str_repeat('x', 1000);",
    "slow.php": "<?php sleep(4); echo 'whole';",
    "slower.php": "<?php sleep(60); echo 'whole';",
    "slow.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; sleep 4; printf whole\n",
}


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """bob's pages, whose connections the front end uses again."""
    prepare(cluster)
    made = Site(cluster, "bob", "load", FILES)
    made.set_options("EnablePHP", "EnableCGI")
    yield made
    made.remove()


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("page", ["page.html", "page.php"])
def test_reloads_under_load_fail_no_request(
    cluster: Cluster, site: Site, page: str, seconds: int
) -> None:
    load = Wrk(cluster, f"{site.base}/{page}", seconds)
    reloads = 0
    time.sleep(0.5)
    while load.is_running():
        cluster.service("bob", "reload", "apache")
        reloads += 1
        time.sleep(0.6)
    outcome = load.outcome()
    assert reloads >= 2
    assert outcome.served > CONNECTIONS
    assert (outcome.failed, outcome.waits, outcome.broken, outcome.late) == (0, 0, 0, 0), outcome


@pytest.mark.parametrize("seconds", SECONDS)
def test_a_deploy_under_load_answers_nothing_wrong(
    cluster: Cluster, site: Site, seconds: int
) -> None:
    """While no instance runs, visitors are told when to come back."""
    load = Wrk(cluster, f"{site.base}/page.html", seconds)
    time.sleep(1)
    cluster.service("bob", "deploy", "--wait", "apache")
    outcome = load.outcome()
    assert outcome.served > 10 * seconds
    assert (outcome.failed, outcome.broken, outcome.late) == (0, 0, 0), outcome
    wait_for(lambda: site.get("page.html").status == 200, 5)


@pytest.mark.parametrize("program", ["slow.php", "slow.cgi"])
@pytest.mark.parametrize("action", ["stop", "reload", "restart"])
def test_a_request_of_four_seconds_in_flight_is_finished(
    cluster: Cluster, site: Site, program: str, action: str
) -> None:
    pages: list[Any] = []
    visitor = threading.Thread(target=lambda: pages.append(site.get(program)))
    visitor.start()
    time.sleep(1)
    begun = time.monotonic()
    assert cluster.service("bob", action, "apache").code == 0
    took = time.monotonic() - begun
    visitor.join()
    assert (pages[0].status, pages[0].text) == (200, "whole")
    if action != "reload":
        assert 2 < took < 20
    cluster.service("bob", "start", "--wait", "apache")
    wait_for(lambda: site.get("page.html").status == 200, 5)


def test_a_request_that_takes_longer_than_the_stop_timeout_is_cut(
    cluster: Cluster, site: Site
) -> None:
    """After the graceful signal the job is cancelled, which is SIGTERM to Apache."""
    cluster.write("bob", SETTINGS, "stop_timeout = 3\n")
    try:
        visitor = threading.Thread(target=site.get, args=["slower.php"], daemon=True)
        visitor.start()
        time.sleep(1)
        begun = time.monotonic()
        assert cluster.service("bob", "stop", "apache").code == 0
        assert 3 <= time.monotonic() - begun < 12
        assert cluster.jobs("bob", "apache", "PD,R,CG") == []
    finally:
        cluster.run(CTL, ["rm", SETTINGS], user="bob")
        cluster.service("bob", "start", "--wait", "apache")
