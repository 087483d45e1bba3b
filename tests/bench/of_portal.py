"""The job portal on this machine: rates, the list of 10,000 jobs, announcements, open pages.

Needs no cluster: `PYTHONPATH=src:tests python -m bench.of_portal` prints a table. The portal is
served by waitress in a process of its own, with SQLite, and jobs that workers pull.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from jobs.samples import new_job
from sciportal.jobs import settings, states
from sciportal.jobs.notify import tokens
from sciportal.jobs.states import State
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store

GREETING = Path(__file__).resolve().parents[1] / "jobs" / "greeting.yml"
MANY = 10_000
CLIENTS = 8
PAGES = 200
PAGE_SECONDS = 3.0
SERVE = (
    "import sys; from waitress import serve; from sciportal.jobs.web.wsgi import application;"
    " serve(application, host='127.0.0.1', port=int(sys.argv[1]), threads=16, _quiet=True)"
)
GOOD = json.dumps({"application": "greeting", "parameters": {"whom": "world"}})


class Portal(NamedTuple):
    """A portal that runs."""

    port: int
    listener: int
    store: Store
    secret: bytes

    def ask(self, method: str, path: str, accept: str = "*/*") -> float:
        """Seconds that an answer took."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = GOOD if method == "POST" else None
        headers = {"Content-Type": "application/json", "Accept": accept}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return time.perf_counter() - began


def measure(seconds: float = 10.0, announced: float = 60.0) -> list[tuple[str, str, str]]:
    """What was done, what came out, what is wanted.

    Args:
        seconds: for each rate.
        announced: for which 100 announcements come each second.
    """
    with _portal() as portal:
        submissions = _rate(lambda: portal.ask("POST", "/jobs.json"), seconds)
        status = _rate(lambda: portal.ask("GET", "/jobs/1/status.json"), seconds)
        rows = [
            ("submissions, 8 clients", f"{submissions:.0f}/s", "at least slurmrestd's"),
            ("status, 8 clients", f"{status:.0f}/s", "at least slurmrestd's"),
        ]
        asked, lost, late = _announcements(portal, announced)
        said = f"{asked} asked, {lost} lost, the slowest {late * 1000:.0f} ms"
        rows.append((f"100 announcements/s for {announced:.0f} s", said, "none lost"))
        alone, beside = _beside_pages(portal, seconds)
        said = f"{alone * 1000:.1f} ms alone, {beside * 1000:.1f} ms: {beside / alone:.2f}"
        rows.append((f"median of a submission beside {PAGES} open pages", said, "at most 1.20"))
        _fill(portal.store)
        for path, accept in (("/jobs.html", "text/html"), ("/jobs.json?limit=100", "*/*")):
            median = statistics.median(portal.ask("GET", path, accept) for _ in range(21))
            said = f"{median * 1000:.0f} ms"
            rows.append((f"{path} with {MANY} jobs", said, "under 200 ms"))
    return rows


def _rate(action: Callable[[], object], seconds: float) -> float:
    end = time.monotonic() + seconds
    counts = [0] * CLIENTS

    def work(place: int) -> None:
        while time.monotonic() < end:
            action()
            counts[place] += 1

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    return sum(counts) / seconds


def _announcements(portal: Portal, seconds: float) -> tuple[int, int, float]:
    """How many were made, how many were not heard, and the longest that one took."""
    number = int(100 * seconds)
    jobs = [
        portal.store.apply(portal.store.submit(new_job()).id, states.SENT).id
        for _ in range(number // 2)
    ]
    times: list[float] = []
    start = time.monotonic() + 0.5

    def say(turn: int) -> None:
        job, ends = jobs[turn // 2], turn % 2
        time.sleep(max(start + turn / 100 - time.monotonic(), 0))
        event = "finished&exit=0" if ends else "started"
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", portal.listener, timeout=20)
        token = tokens.make(portal.secret, job, 1)
        connection.request("GET", f"/notify?token={token}&event={event}")
        connection.getresponse().read()
        connection.close()
        times.append(time.monotonic() - began)

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(say, range(number)))
    found = (portal.store.job(job) for job in jobs)
    unheard = sum(1 for job in found if job is None or job.state is not State.COMPLETE)
    return number, unheard, max(times)


def _beside_pages(portal: Portal, seconds: float) -> tuple[float, float]:
    """Medians of a submission without and with open pages, each of which asks every 3 seconds."""

    def median() -> float:
        end = time.monotonic() + seconds
        times = []
        while time.monotonic() < end:
            times.append(portal.ask("POST", "/jobs.json"))
            time.sleep(0.05)
        return statistics.median(times)

    alone = median()
    closed = threading.Event()

    def page(place: int) -> None:
        closed.wait(PAGE_SECONDS * place / PAGES)
        while not closed.is_set():
            portal.ask("GET", f"/jobs/{place + 1}/live.html", "text/html")
            closed.wait(PAGE_SECONDS)

    with ThreadPoolExecutor(PAGES) as pool:
        pages = [pool.submit(page, place) for place in range(PAGES)]
        beside = median()
        closed.set()
        for each in pages:
            each.result()
    return alone, beside


def _fill(store: Store) -> None:
    most = Listing(limit=MANY + 1)
    for _ in range(max(MANY - len(store.jobs(most)), 0)):
        store.submit(new_job("anonymous", origin="127.0.0.1"))


@contextmanager
def _portal() -> Iterator[Portal]:
    place = Path(tempfile.mkdtemp(prefix="portal-"))
    running: list[subprocess.Popen[bytes]] = []
    try:
        port, listener = _free(), _free()
        secret = b"s" * 64
        file = _settings(place, listener, secret)
        given = settings.read(file)
        database = engine.connect(given.database)
        migrations.migrate(database)
        variables = {**os.environ, settings.VARIABLE: str(file)}
        for argv in (["-c", SERVE, str(port)], ["-m", "sciportal.jobs.cli", "listen"]):
            running += [subprocess.Popen([sys.executable, *argv], env=variables)]
        for each in (port, listener):
            _wait(each)
        portal = Portal(port, listener, Store(database), secret)
        for _ in range(PAGES):
            portal.ask("POST", "/jobs.json")
        yield portal
        database.dispose()
    finally:
        for process in running:
            process.kill()
            process.wait()
        shutil.rmtree(place)


def _settings(place: Path, listener: int, secret: bytes) -> Path:
    (place / "applications").mkdir()
    shutil.copy(GREETING, place / "applications")
    (place / "secret").write_bytes(secret)
    (place / "secret").chmod(0o600)
    file = place / "portal.toml"
    file.write_text(
        f'database = "sqlite:///{place}/portal.sqlite"\nstate_dir = "{place}"\n'
        f'secret_file = "{place}/secret"\ndescriptors = ["{place}/applications"]\n'
        f'anonymous = true\ntrust = "none"\ndefault_backend = "dispatch"\n'
        f'backends = ["127.0.0.0/8"]\nlistener_port = {listener}\n'
        f"[limits]\nanonymous_jobs = 1000000\n"
    )
    return file


def _free() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")


def main() -> None:
    """Print the table."""
    # What was started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print("| work | result | wanted |\n|---|---|---|", flush=True)
    for row in measure():
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
