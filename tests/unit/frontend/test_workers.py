"""Which addresses get a worker, and when that is worth a reload."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sciportal.frontend import workers
from sciportal.frontend.routes import Route
from sciportal.frontend.workers import Limits, choose

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


def test_what_is_written_is_read_again() -> None:
    declared = address(9001, 9002)
    assert workers.parse(workers.text(declared, 1)) == declared
    assert workers.parse("") == []


def test_a_declared_worker_takes_websockets_and_is_asked_at_once_after_a_failure() -> None:
    assert workers.text(address(9001), 2).splitlines()[1:] == [
        '<Proxy "http://node1:9001/">',
        "    ProxySet enablereuse=on ttl=2 retry=0 upgrade=websocket",
        "</Proxy>",
    ]


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
