"""Which addresses get a worker, and when that is worth a reload."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sciportal.frontend import workers
from sciportal.frontend.routes import Route
from sciportal.frontend.workers import Limits, choose, declarations

LIMITS = Limits(workers=3, spare=2, stable=10)
NOW = 1000.0


def route(port: int, started: int = 0, protocol: str = "http") -> Route:
    return Route("alice", f"s{port}", "public", protocol, "node1", port, started)


def address(*ports: int) -> list[str]:
    return [f"node1:{port}" for port in ports]


def test_a_new_service_is_declared_once_it_is_stable() -> None:
    assert choose([], [route(9001, 991)], NOW, LIMITS) == []
    assert choose([], [route(9001, 990)], NOW, LIMITS) == address(9001)


def test_a_service_whose_protocol_has_one_request_a_connection_is_not_declared() -> None:
    assert choose([], [route(9001, protocol="uwsgi"), route(9002)], NOW, LIMITS) == address(9002)


def test_a_service_that_goes_is_no_reason_for_a_reload() -> None:
    assert choose(address(9001, 9002), [route(9002)], NOW, LIMITS) == address(9001, 9002)


def test_a_service_that_comes_back_to_its_address_is_no_reason_either() -> None:
    assert choose(address(9001), [route(9001, 999)], NOW, LIMITS) == address(9001)


def test_gone_addresses_stay_for_a_while_and_the_last_to_go_stay_longest() -> None:
    declared = address(9001, 9002, 9003, 9004)
    assert choose(declared, [route(9005)], NOW, LIMITS) == address(9005, 9001, 9002)


def test_of_too_many_services_the_oldest_are_declared() -> None:
    many = [route(9000 + number, started=900 - number) for number in range(5)]
    assert choose([], many, NOW, LIMITS) == address(9004, 9003, 9002)


DIRECTORY = Path("/etc/workers")


def test_what_is_written_is_read_again() -> None:
    targets = address(9001, 9002)
    assert workers.parse(declarations(targets, 1, DIRECTORY, "_public").text) == targets
    assert workers.parse("") == []


def test_a_declared_worker_takes_websockets_and_is_asked_at_once_after_a_failure() -> None:
    made = declarations(address(9001), 2, DIRECTORY, "_public")
    ((target, name),) = (line.split() for line in made.map_text.splitlines())
    assert target == "public,http,node1:9001"
    assert made.text.splitlines()[1:] == [
        f'RewriteMap workers "txt:/etc/workers/{made.map_name}"',
        f'BalancerMember "balancer://{name}" "http://node1:9001" enablereuse=on ttl=2 retry=0'
        " status=+I upgrade=websocket",
    ]


def test_the_name_of_a_worker_means_one_address_for_ever_and_fits_apache() -> None:
    first, second = (
        declarations(address(*ports), 1, DIRECTORY, "_public") for ports in ((9001, 9002), (9002,))
    )
    one, two = (
        dict(line.split() for line in each.map_text.splitlines()) for each in (first, second)
    )
    key = "public,http,node1:900{}".format
    assert one[key(2)] == two[key(2)] != one[key(1)]
    # Apache keeps 63 characters, with the scheme.
    assert all(re.fullmatch("w[0-9a-f]{32}", name) for name in one.values())


def test_another_set_of_workers_has_another_map() -> None:
    names = {
        declarations(address(*ports), 1, DIRECTORY, "_public").map_name
        for ports in ((9001,), (9002,), (9001, 9002))
    }
    assert len(names) == 3


ports = st.integers(9000, 9012)


@given(st.lists(ports, unique=True), st.lists(st.builds(route, ports, st.integers(950, 1000))))
def test_workers_are_never_too_many_and_a_second_look_changes_nothing(
    declared: list[int], routes: list[Route]
) -> None:
    before = address(*declared)
    after = choose(before, routes, NOW, LIMITS)
    assert after == before or len(after) <= LIMITS.workers + LIMITS.spare
    assert len(after) == len(set(after))
    assert choose(after, routes, NOW, LIMITS) == after
