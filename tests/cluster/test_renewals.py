"""Ten minutes with a time limit of two, under load: nothing is cut, missed or doubled."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from cluster.load import Load, Request, gaps, is_served
from cluster.testbed import CTL, Cluster, Service, wait_for

SECONDS = 600
LIMIT = 120
# The runner begins to renew so long before the limit: stop_timeout and what it takes to requeue.
STOP_TIMEOUT = 5
MARGIN = STOP_TIMEOUT + 10
LONGEST_GAP = 10

SETTINGS = f'access = "public"\nsbatch = ["--time=2"]\nstop_timeout = {STOP_TIMEOUT}\n'
SIZE = 30_000
SLOW = 1.5

# A service that finishes what it was asked before its signal, and says which instance answers.
DRAINING = f"""\
#!/usr/bin/env python3
import os, select, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        whole = b"x" * {SIZE}
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.send_header("Instance", INSTANCE)
        self.end_headers()
        self.wfile.write(whole[:100])
        time.sleep({SLOW} if self.path.startswith("/slow") else 0)
        self.wfile.write(whole[100:])

    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

if sys.argv[1:] == ["main"]:
    INSTANCE = str(time.time())
    server = Server(("", int(os.environ["PORT"])), Handler)
    end = lambda *_: threading.Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, end)
    server.serve_forever(0.05)
    # Whoever the kernel has let in already is answered as well.
    while select.select([server], [], [], 0)[0]:
        server.handle_request()
    server.server_close()
"""

# 20 KiB a second make the page as slow as the other's.
THROTTLED = """\
<IfModule !ratelimit_module>
    LoadModule ratelimit_module /usr/lib/apache2/modules/mod_ratelimit.so
</IfModule>
"""
SLOWLY = '<Files "slow.txt">\nSetOutputFilter RATE_LIMIT\nSetEnv rate-limit 20\n</Files>\n'


@pytest.fixture
def draining(service: Service) -> Iterator[Service]:
    """A service of alice that drains on SIGTERM."""
    service.script(DRAINING)
    service.settings(SETTINGS)
    service("start", "--wait")
    wait_for(lambda: service.cluster.get(f"/~alice:{service.name}/").status == 200, 10)
    yield service


@pytest.fixture
def apache(cluster: Cluster) -> Iterator[Service]:
    """bob's web server, which ends by a graceful SIGWINCH."""
    made = Service(cluster, "apache", "bob")
    for name in ("index.html", "slow.txt"):
        cluster.write("bob", f"public_html/{name}", "x" * SIZE)
    cluster.write("bob", "public_html/.htaccess", SLOWLY)
    made.settings(SETTINGS)
    made("init")
    cluster.write("bob", ".apache-service/options.conf", THROTTLED)
    made("start", "--wait")
    wait_for(lambda: cluster.get("/~bob/").status == 200, 10)
    yield made
    made("purge", "--yes", "--no-archive")
    cluster.run(CTL, ["rm", "-r", "public_html"], user="bob")


class Watch:
    """Looks once a second at the jobs of services, and remembers when one had two of them."""

    def __init__(self, cluster: Cluster, services: Sequence[Service]) -> None:
        self.doubles: list[str] = []
        self.ids: set[str] = set()
        self.looks = 0
        self._cluster = cluster
        self._wanted = {(each.user, f"{each.name}-service") for each in services}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        argv = ["squeue", "-h", "-o", "%i %u %j"]
        while not self._over.wait(1):
            words = [line.split() for line in self._cluster.run(CTL, argv).out.splitlines()]
            # Others have services of these names, too.
            jobs = [(user, name, number) for number, user, name in words]
            ours = [each for each in jobs if each[:2] in self._wanted]
            owners = [each[:2] for each in ours]
            self.doubles += [str(each) for each in ours if owners.count(each[:2]) > 1]
            self.ids |= {number for _user, _name, number in ours}
            self.looks += 1


def check(name: str, requests: Sequence[Request], renewals: int, expected: range) -> None:
    """No answer is half one, no gap too long, and there are as many renewals as time allows."""
    cut = [each for each in requests if not is_whole(each)]
    found = gaps(requests, LONGEST_GAP)
    served = sum(map(is_served, requests))
    slow = sum(1 for each in requests if each.ended - each.begun > SLOW / 2)
    print(
        f"{name}: {len(requests)} requests, {served} served, {slow} of them slow, {len(cut)} cut; "
        f"{renewals} renewals, without the page for {[round(each, 1) for each in found]} s"
    )
    assert not cut, cut
    assert slow > SECONDS / SLOW / 2
    assert renewals in expected
    assert len(found) == renewals
    assert max(found) <= LONGEST_GAP


def runs(service: Service) -> bool:
    """Whether its job runs just now."""
    return bool(service.status()["state"] == "running")


def is_whole(request: Request) -> bool:
    """Whether somebody got the whole page, or was told when to come back."""
    page = request.page
    if page is None:
        return False
    if page.status == 503:
        return "Retry-After" in page.headers
    return page.status == 200 and page.text == "x" * SIZE


@pytest.mark.long
def test_every_renewal_is_short_and_cuts_nothing(
    cluster: Cluster, draining: Service, apache: Service
) -> None:
    services = {f"/~alice:{draining.name}/": draining, "/~bob/": apache}
    people = [
        (path, every)
        for address in services
        for path, every in [
            (address, 0.5),
            (address + "slow.txt", 0.3),
            (address + "slow.txt", 0.4),
        ]
    ]
    jobs = {address: each.status()["job_id"] for address, each in services.items()}
    load = Load(cluster, people)
    with Watch(cluster, list(services.values())) as watch, load.running():
        time.sleep(SECONDS)

    assert watch.doubles == []
    assert watch.ids == {str(each) for each in jobs.values()}
    assert watch.looks > SECONDS / 3
    # The first job began before the load did, by some seconds.
    expected = range(
        SECONDS // (LIMIT - MARGIN + LONGEST_GAP), (SECONDS + LONGEST_GAP) // (LIMIT - MARGIN) + 1
    )
    for address, each in services.items():
        seen = [request for request in load.answers() if request.path.startswith(address)]
        renewals = len(re.findall("the time limit of the job is near", each.log()))
        check(each.name, seen, renewals, expected)
        wait_for(partial(runs, each), LONGEST_GAP)
        assert each.status()["job_id"] == jobs[address]
    in_turn = [
        each.page.headers["Instance"]
        for each in sorted(load.requests, key=lambda each: each.ended)
        if each.page and "Instance" in each.page.headers
    ]
    assert in_turn == sorted(in_turn)
