"""Waiting until a service serves."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sciportal.service.home import Home
from sciportal.service.layout import Layout
from sciportal.service.record import ENDED, RUNNING, Record


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something that listens on this host."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def deaf_port() -> int:
    """A port of this host on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def web(world):
    world.cluster.node = "127.0.0.1"
    world.site = world.site._replace(port_min=1024, port_max=65535)
    return world


def write(world, port: int | str) -> None:
    world.write("web", settings=f"port = {port!r}")


def test_a_start_waits_for_a_connection(web, listener):
    write(web, listener.getsockname()[1])
    result = web.one("start", wait=30)
    assert (result.exit_code, result.state, result.node) == (0, "running", "127.0.0.1")
    assert listener.accept()


@pytest.mark.parametrize("action", ["restart", "deploy", "reload"])
def test_the_other_actions_wait_too(web, listener, action):
    write(web, listener.getsockname()[1])
    web.one("start")
    web.cluster.sleep(10)
    assert web.one(action, wait=30).exit_code == 0
    assert listener.accept()


def test_a_start_that_finds_its_job_waits_for_it_all_the_same(web, deaf_port):
    write(web, deaf_port)
    web.one("start")
    result = web.one("start", wait=5)
    assert (result.exit_code, web.cluster.calls["sbatch"]) == (1, 1)
    assert "nothing listens" in result.message


def test_a_service_that_listens_late_is_waited_for(web, deaf_port):
    servers = []

    def begin() -> None:
        if web.cluster.now() > 1_800_000_005 and not servers:
            servers.append(socket.create_server(("127.0.0.1", deaf_port)))

    write(web, deaf_port)
    web.cluster.before_squeue = begin
    result = web.one("start", wait=30)
    servers[0].close()
    assert (result.exit_code, result.state) == (0, "running")


def test_a_service_without_a_port_is_there_when_its_job_has_run_for_a_second(web):
    write(web, "none")
    web.cluster.start_seconds = 3.0
    assert web.one("start", wait=30).state == "running"
    assert 4 <= web.cluster.now() - 1_800_000_000 < 5


def test_a_service_without_a_port_that_ends_at_once_is_told(web):
    write(web, "none")

    def fails() -> None:
        for job in web.cluster.of("web"):
            if web.cluster.now() > 1_800_000_000.5:
                web.cluster.put(job._replace(raw_state="FAILED"))

    web.cluster.before_squeue = fails
    result = web.one("start", wait=30)
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "(FAILED)" in result.message


def test_a_port_that_nobody_opens_is_told_with_the_end_of_the_log(web, deaf_port):
    write(web, deaf_port)
    web.one("init")
    log = web.home / ".sbatch-service/log/web.log"
    log.write_text("old line\n")
    web.cluster.before_sbatch = lambda: log.write_text("old line\ncannot bind\n")
    begun = web.cluster.now()
    result = web.one("start", wait=5)
    assert (result.exit_code, result.state) == (1, "running")
    assert f"nothing listens on 127.0.0.1 port {deaf_port} after 5 s" in result.message
    assert "cannot bind" in result.message
    assert "old line" not in result.message
    assert 5 <= web.cluster.now() - begun < 7


def test_a_job_that_stays_pending_is_told_with_its_reason(web, deaf_port):
    write(web, deaf_port)
    web.cluster.start_seconds = None
    result = web.one("start", wait=5)
    assert (result.exit_code, result.state) == (1, "pending")
    assert "PENDING" in result.message


def test_a_job_that_ends_is_told_at_once_with_its_log(web, deaf_port):
    write(web, deaf_port)
    web.one("init")

    def fails() -> None:
        for job in web.cluster.of("web"):
            web.cluster.put(job._replace(raw_state="FAILED"))
            (web.home / ".sbatch-service/log/web.log").write_text("syntax error\n")

    web.cluster.before_squeue = fails
    begun = web.cluster.now()
    result = web.one("start", wait=60)
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "(FAILED)" in result.message
    assert "syntax error" in result.message
    assert web.cluster.now() - begun < 5


def says(world, **said: object) -> None:
    """What the runner of the job writes down, as soon as it runs."""

    def write_down() -> None:
        for job in world.cluster.of("web"):
            if job.raw_state == "RUNNING":
                Record(job.id, RUNNING, **said).save(Home(str(world.home)), Layout("web"))

    world.cluster.before_squeue = write_down


def test_a_job_that_says_it_listens_is_believed(web, deaf_port):
    write(web, deaf_port)
    says(web, listens=True)
    result = web.one("start", wait=30)
    assert (result.exit_code, result.state) == (0, "running")


def test_what_an_earlier_job_said_does_not_count(web, deaf_port):
    write(web, deaf_port)
    web.one("init")
    Record(1, RUNNING, listens=True).save(Home(str(web.home)), Layout("web"))
    assert web.one("start", wait=5).exit_code == 1


def test_a_stranger_on_the_port_is_told_at_once(web, listener):
    write(web, listener.getsockname()[1])
    says(web, obstacle="bob (uid 2002) listens on port 24601 there")
    begun = web.cluster.now()
    result = web.one("start", wait=60)
    assert (result.exit_code, result.state) == (1, "running")
    assert "on 127.0.0.1, bob (uid 2002) listens on port 24601 there" in result.message
    assert web.cluster.now() - begun < 5


def test_a_stranger_on_the_port_of_a_job_that_ended_is_told_as_well(web, deaf_port):
    write(web, deaf_port)

    def ends() -> None:
        for job in web.cluster.of("web"):
            said = Record(job.id, ENDED, obstacle="bob (uid 2002) listens on port 24601 there")
            said.save(Home(str(web.home)), Layout("web"))
            web.cluster.put(job._replace(raw_state="FAILED"))

    web.cluster.before_squeue = ends
    result = web.one("start", wait=60)
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "ended (FAILED): on " in result.message
    assert "bob (uid 2002) listens on port 24601 there" in result.message


def test_a_squeue_that_fails_for_a_while_does_not_end_the_waiting(web, deaf_port):
    servers = []

    def falter() -> None:
        web.cluster.silent = 2 < web.cluster.calls["squeue"] < 6
        if web.cluster.calls["squeue"] == 6:
            servers.append(socket.create_server(("127.0.0.1", deaf_port)))

    write(web, deaf_port)
    web.cluster.before_squeue = falter
    result = web.one("start", wait=30)
    servers[0].close()
    assert result.exit_code == 0


def test_a_squeue_that_stays_silent_is_unknown(web, deaf_port):
    def silence() -> None:
        web.cluster.silent = web.cluster.calls["squeue"] > 2

    write(web, deaf_port)
    web.cluster.before_squeue = silence
    result = web.one("start", wait=5)
    assert (result.exit_code, result.state) == (4, "unknown")


def withdraw(world, ports: int) -> list[int]:
    """PrologSlurmctld does not let the job have one of its first `ports` ports."""
    seen: list[int] = []

    def prolog() -> None:
        for job in world.cluster.of("web"):
            if job.raw_state == "RUNNING" and job.endpoint.port not in seen and len(seen) < ports:
                seen.append(job.endpoint.port)
                world.cluster.notes[job.id] = f"sciportal: port {job.endpoint.port} is taken"
                world.cluster.put(job._replace(raw_state="CANCELLED"))

    world.cluster.before_squeue = prolog
    return seen


def test_a_port_that_the_prolog_withdrew_means_the_next_candidate(world, monkeypatch):
    world.write("web")
    seen = withdraw(world, 2)
    monkeypatch.setattr(socket, "create_connection", lambda *_: socket.socket())
    result = world.one("start", wait=30)
    assert (result.exit_code, result.state) == (0, "running")
    assert result.endpoint.port == seen[0] + 2
    assert seen == [seen[0], seen[0] + 1]
    assert len(world.cluster.of("web")) == 1


def test_the_prolog_is_not_asked_for_more_than_20_ports(world):
    world.write("web")
    withdraw(world, 100)
    result = world.one("start", wait=600)
    assert result.exit_code == 1
    assert world.cluster.calls["sbatch"] <= 21


def test_a_chosen_port_that_the_prolog_withdrew_is_an_error(web, deaf_port):
    write(web, deaf_port)

    def prolog() -> None:
        for job in web.cluster.of("web"):
            web.cluster.notes[job.id] = f"sciportal: port {deaf_port} is taken"
            web.cluster.put(job._replace(raw_state="CANCELLED"))

    web.cluster.before_squeue = prolog
    result = web.one("start", wait=30)
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "CANCELLED" in result.message


def test_a_job_that_its_owner_cancelled_is_not_started_again(web, deaf_port):
    write(web, deaf_port)

    def cancel() -> None:
        for job in web.cluster.of("web"):
            web.cluster.put(job._replace(raw_state="CANCELLED"))

    web.cluster.before_squeue = cancel
    assert web.one("start", wait=30).exit_code == 1
    assert web.cluster.calls["sbatch"] == 1


@pytest.mark.parametrize("action", ["stop", "init", "status", "purge"])
def test_nothing_is_waited_for_where_nothing_is_started(web, deaf_port, action):
    write(web, deaf_port)
    begun = web.cluster.now()
    web.one(action, wait=60)
    assert web.cluster.now() == begun
