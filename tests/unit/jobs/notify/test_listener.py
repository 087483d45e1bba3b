"""The listener on its port: what it hears, from whom, and what it does not."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.notify import tokens
from sciportal.jobs.notify.listener import Listener, Server, is_among, serve
from sciportal.jobs.settings import Settings
from sciportal.jobs.states import State
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.service.errors import UsageError

SECRET = b"s" * 32
HERE = ipaddress.ip_network("127.0.0.1/32")
ELSEWHERE = ipaddress.ip_network("192.0.2.0/24")


class Port:
    """A server that runs in a thread of this process."""

    def __init__(self, store: Store, network: ipaddress.IPv4Network) -> None:
        self.server = Server(Listener(store, SECRET), "127.0.0.1", 0, [network])
        self.number = int(self.server.effective_port)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def stop(self) -> None:
        self.server.asyncore.close_all(self.server._map)
        self.server.task_dispatcher.shutdown()
        self.thread.join()

    def get(self, query: str, method: str = "GET", path: str = "/notify") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.number, timeout=60)
        try:
            connection.request(method, f"{path}?{query}")
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def port(store: Store) -> Iterator[Port]:
    """The listener, which hears this host."""
    port = Port(store, HERE)
    yield port
    port.stop()


@pytest.fixture
def job(store: Store) -> Job:
    """A job that the batch system has."""
    return store.apply(store.submit(new_job()).id, states.SENT)


def test_a_job_starts_and_ends(port: Port, store: Store, job: Job) -> None:
    token = tokens.make(SECRET, job.id, 1)
    assert port.get(f"token={token}&event=started") == 200
    assert store.apply(job.id, states.SENT).state is State.ACTIVE
    assert port.get(f"token={token}&event=started") == 200
    assert port.get(f"token={token}&event=finished&exit=3") == 200
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.exit_code) == (State.ERROR, 3)
    # The token is dead with its job: nothing changes any more.
    assert port.get(f"token={token}&event=finished&exit=0") == 410
    assert store.job(job.id) == after


def test_the_form_of_the_old_notifier(port: Port, store: Store, job: Job) -> None:
    token = tokens.make(SECRET, job.id, 1)
    assert port.get(f"token={token}&user=alice?job={job.id}&event=started") == 200
    assert port.get(f"token={token}&user=bob?job={job.id}&event=finished") == 403
    assert port.get(f"token={token}&user=alice?job={job.id + 1}&event=finished") == 403
    assert store.apply(job.id, states.SENT).state is State.ACTIVE


def test_tokens_are_of_one_job_and_attempt(port: Port, store: Store, job: Job) -> None:
    other = store.apply(store.submit(new_job("bob")).id, states.SENT)
    for token, status in (
        (tokens.make(b"t" * 32, job.id, 1), 403),
        (tokens.make(SECRET, other.id + 1, 1), 403),
        (tokens.make(SECRET, job.id, 2), 410),
        ("x" * tokens.LENGTH, 403),
        ("", 403),
    ):
        assert port.get(f"token={token}&event=finished&exit=0") == status
    assert store.job(job.id) == job
    assert store.job(other.id) == other


def test_bad_requests(port: Port) -> None:
    some = "token=x&event=started"
    for query, method, path, status in (
        ("", "GET", "/notify", 400),
        (some, "POST", "/notify", 405),
        (some, "HEAD", "/notify", 405),
        (some, "GET", "/", 404),
        (some, "GET", "/../notify", 404),
        (f"{some}&user=%00", "GET", "/notify", 400),
        ("token=" + "x" * 2000, "GET", "/notify", 414),
        ("token=" + "x" * 20000, "GET", "/notify", 431),
    ):
        assert port.get(query, method, path) == status


def test_strangers_are_not_heard(store: Store, job: Job) -> None:
    port = Port(store, ELSEWHERE)
    try:
        with pytest.raises((http.client.HTTPException, OSError)):
            port.get(f"token={tokens.make(SECRET, job.id, 1)}&event=started")
    finally:
        port.stop()
    assert store.job(job.id) == job


def test_who_dribbles_is_put_out_and_holds_up_nobody(port: Port, store: Store, job: Job) -> None:
    slow = [socket.create_connection(("127.0.0.1", port.number)) for _ in range(50)]
    try:
        assert port.get(f"token={tokens.make(SECRET, job.id, 1)}&event=started") == 200
        open_ones = [each for each in slow if not _is_put_out(each)]
        assert open_ones, "who asked had to wait for their end"
        deadline = time.monotonic() + 120
        while open_ones and time.monotonic() < deadline:
            time.sleep(0.5)
            open_ones = [each for each in open_ones if not _is_put_out(each)]
        assert open_ones == []
    finally:
        for each in slow:
            each.close()


def _is_put_out(dribbling: socket.socket) -> bool:
    try:
        dribbling.sendall(b"G")
        dribbling.settimeout(0.01)
        return dribbling.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_many_at_once_are_all_heard(port: Port, store: Store) -> None:
    jobs = [store.apply(store.submit(new_job()).id, states.SENT) for _ in range(60)]

    def say(job: Job) -> tuple[int, int]:
        token = tokens.make(SECRET, job.id, 1)
        return (
            port.get(f"token={token}&event=started"),
            port.get(f"token={token}&event=finished&exit=0"),
        )

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(say, jobs)) == {(200, 200)}
    for job in jobs:
        after = store.job(job.id)
        assert after is not None
        assert after.state is State.COMPLETE


@pytest.mark.parametrize(
    ("address", "heard"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("198.51.100.7", False),
        ("fe80::1%eth0", False),
    ],
)
def test_networks(address: str, heard: bool) -> None:
    assert is_among(address, [ELSEWHERE]) is heard


def test_a_site_without_back_ends_has_no_listener(settings: Settings, store: Store) -> None:
    with pytest.raises(UsageError, match="no back end is named"):
        serve(settings, Listener(store, SECRET))


def test_a_database_that_is_away_is_told(settings: Settings) -> None:
    token = tokens.make(SECRET, 1, 1)
    away = Store(engine.connect("postgresql://nobody@127.0.0.1:1/none"))
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/notify"}
    listener = Listener(away, SECRET)
    assert listener.reply({**asked, "QUERY_STRING": f"token={token}&event=started"}).status == 503
