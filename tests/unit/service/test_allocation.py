"""Ports that are given before anything is set up."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sciportal.service import allocation, portfile
from sciportal.service.errors import ServiceError, UnknownError, UsageError
from sciportal.service.site import Site


def wanted(service="uwsgi", state="present", port=0, lowest=0, highest=0):
    return allocation.Wanted(state, service, port, lowest, highest)


def give(world, check=False, **what):
    (found,) = allocation.run(world.session(check=check), wanted(**what))
    return found


def held(world, port, name="other"):
    return world.cluster.add(
        name, user="bob", uid=99, comment=f"sbatch-service/1 uwsgi {port} public"
    )


def file(world, service="uwsgi"):
    return world.home / f".{service}-service" / "ports.ini"


@pytest.fixture
def first(world) -> int:
    """The port that the seed's rule gives this account."""
    return world.account.uid % 8192 + 8192


def test_the_port_follows_the_seeds_rule_and_is_recorded(world, first):
    found = give(world)
    assert (found["port"], found["changed"]) == (first, True)
    assert (found["before"], found["after"]) == ({"port": None}, {"port": first})
    assert file(world).read_text() == portfile.text(first)
    # The service was not set up, and does not look as if it were.
    assert world.run("status") == []


def test_a_second_call_changes_nothing(world, first):
    give(world)
    found = give(world)
    assert (found["port"], found["changed"]) == (first, False)
    assert "before" not in found


def test_a_check_says_the_same_and_writes_nothing(world, first):
    found = give(world, check=True)
    assert (found["port"], found["changed"]) == (first, True)
    assert world.files() == []


def test_what_others_have_is_passed_over(world, first):
    held(world, first)
    world.write("wiki", settings=f'protocol = "uwsgi"\nport = {first + 1}')
    world.one("start", "wiki")
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", 0))
        assert give(world)["port"] == first + 2


def test_the_start_uses_what_was_given(world):
    world.write("wiki", settings='protocol = "uwsgi"')
    port = give(world, service="wiki", lowest=9000, highest=9010)["port"]
    assert 9000 <= port <= 9010
    world.one("start", "wiki")
    assert world.cluster.submitted[0].options["comment"] == f"sbatch-service/1 uwsgi {port} owner"


def test_a_port_that_a_job_has_names_the_job(world):
    job = held(world, 9000)
    with pytest.raises(ServiceError, match="other-service of bob") as raised:
        give(world, port=9000)
    assert f"job {job.id}" in str(raised.value)
    assert not file(world).exists()


def test_a_port_that_another_service_keeps_names_that_service(world):
    give(world, service="wiki", port=9000)
    with pytest.raises(ServiceError, match="your service wiki keeps it"):
        give(world, port=9000)


def test_a_port_on_which_somebody_listens_names_him(world, monkeypatch):
    monkeypatch.setattr(allocation.listening, "obstacle", lambda _port, _uid: "bob listens on it")
    with pytest.raises(ServiceError, match="bob listens on it"):
        give(world, port=9000)


def test_ports_on_which_strangers_listen_are_passed_over(world, monkeypatch, first):
    monkeypatch.setattr(allocation.listening, "strangers", lambda _uid: {first})
    assert give(world)["port"] == first + 1


def test_a_range_that_is_full_says_so(world):
    held(world, 9000)
    held(world, 9001, "another")
    with pytest.raises(ServiceError, match="all from 9000 to 9001 are taken"):
        give(world, lowest=9000, highest=9001)


@pytest.mark.parametrize(("lowest", "highest"), [(80, 90), (9001, 9000), (9000, 40000)])
def test_a_range_that_is_none_says_so(world, lowest, highest):
    with pytest.raises(ServiceError, match="no range of ports for services"):
        give(world, lowest=lowest, highest=highest)


def test_a_port_outside_the_range_is_refused(world):
    with pytest.raises(ServiceError, match="use 8192 to 32767"):
        give(world, port=80)


def test_another_port_replaces_what_we_wrote(world):
    give(world)
    found = give(world, port=9000)
    assert (found["changed"], found["after"]) == (True, {"port": 9000})
    assert file(world).read_text() == portfile.text(9000)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_file_of_the_accounts_own_is_never_touched(world, state):
    give(world)
    text = portfile.text(9000) + "; mine\n"
    file(world).write_text(text)
    assert give(world)["port"] == 9000
    with pytest.raises(ServiceError, match="you wrote or edited it"):
        give(world, state=state, port=9001)
    assert file(world).read_text() == text


@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_port_of_a_job_that_runs_is_not_touched(world, state):
    world.write("wiki", settings='protocol = "uwsgi"')
    give(world, service="wiki", port=9000)
    world.one("start", "wiki")
    with pytest.raises(ServiceError, match="runs with it; stop the service first"):
        give(world, service="wiki", state=state, port=9001)
    world.one("stop", "wiki")
    assert give(world, service="wiki", state=state, port=9001)["changed"]


def test_a_port_is_given_back_once(world):
    give(world)
    assert give(world, state="absent")["changed"]
    assert not file(world).exists()
    assert not give(world, state="absent")["changed"]


def test_where_slurm_does_not_answer_nothing_is_given(world):
    world.cluster.silent = True
    with pytest.raises(UnknownError):
        give(world)
    assert not file(world).exists()


def test_all_ports_of_the_account_are_shown(world, first):
    give(world)
    world.write("wiki")
    world.one("start", "wiki")
    found = allocation.run(world.session(), wanted(state="shown"))
    wiki = world.ledger("wiki")["port"]
    assert [(each["service"], each["port"]) for each in found] == [("uwsgi", first), ("wiki", wiki)]


def test_twenty_at_a_time_get_twenty_ports(world, first):
    # A lock is waited for in the time of the threads, which is not the cluster's.
    world.cluster.sleep = time.sleep
    names = [f"app{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda name: give(world, service=name)["port"], names))
    assert sorted(found) == list(range(first, first + 20))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"state": "x"}', '{"state": "present", "port": "9"}']
)
def test_input_that_makes_no_sense_is_a_usage_error(text):
    with pytest.raises(UsageError):
        allocation.read(text)


def test_input_names_what_is_wanted():
    text = json.dumps({"schema": 1, "state": "present", "port": None, "highest": 9000})
    assert allocation.read(text) == wanted(highest=9000)
    assert allocation.Wanted("absent", "wiki", 0, 0, 0) == wanted("wiki", "absent")
    assert Site().port_min == 8192
