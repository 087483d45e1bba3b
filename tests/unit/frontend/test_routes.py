"""From jobs to routes, and to the map and back, whatever users write."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sciportal.frontend import routemap
from sciportal.frontend.routes import Route, is_host, routes
from sciportal.service.job import Job
from sciportal.service.site import Site
from unit.frontend.jobs import job

SITE = Site()
# What templates/apache/routing.conf.j2 takes for a target.
TARGET = re.compile(r"(public|users|owner),http,([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?:[1-9][0-9]{3,4})")


def found(*jobs: Job) -> list[str]:
    return routemap.routes_text(routes(jobs, SITE)).splitlines()


def test_a_running_service_is_routed() -> None:
    assert found(job()) == ["alice:web public,http,node1:24601 2001"]


def test_the_protocol_is_what_the_job_says() -> None:
    comment = "sbatch-service/1 uwsgi 8593 public"
    assert found(job(comment=comment)) == ["alice:web public,uwsgi,node1:8593 2001"]


def test_only_running_jobs_are_routed() -> None:
    for state in ("PENDING", "CONFIGURING", "COMPLETING", "CANCELLED", "SUSPENDED", "NEW_ONE"):
        assert found(job(raw_state=state)) == []


def test_only_endpoints_that_the_front_end_can_speak_to_are_routed() -> None:
    for comment in (
        "",
        "sbatch-service/1",
        "sbatch-service/1 tcp 24601 public",
        "sbatch-service/1 fcgi 24601 public",
        "sbatch-service/1 http 24601 all",
        "sbatch-service/1 http 8191 public",
        "sbatch-service/1 http 32768 public",
        "sbatch-service/1 http 24601 public ",
        "sbatch-service/1 http 24601 public\n",
        "sbatch-service/2 http 24601 public",
    ):
        assert found(job(comment=comment)) == [], comment


def test_jobs_of_other_partitions_and_names_are_not_routed() -> None:
    assert found(job(partition="general")) == []
    assert found(job(partition="service-pool,general")) == []
    for name in ("web", "-service", "Web-service", "../x-service", "log-service", "a--b-service"):
        assert found(job(name=name)) == [], name


def test_a_node_that_is_no_name_of_a_host_is_not_routed() -> None:
    for node in ("", "node1,node2", "node1/x", "node1:80", "user@node1", "-n", "n-", "a b", "ä"):
        assert found(job(node=node)) == [], node
    assert found(job(node="Node1.Example"))[0].split()[1] == "public,http,node1.example:24601"


def test_of_two_jobs_of_one_service_the_oldest_is_routed() -> None:
    younger = job(2, comment="sbatch-service/1 http 24602 public")
    assert found(job(1), younger) == found(job(1))


def test_a_younger_job_does_not_step_in_for_one_that_does_not_listen() -> None:
    assert found(job(1, comment="sbatch-service/1"), job(2)) == []


def test_of_two_services_on_one_port_of_a_node_the_oldest_is_routed() -> None:
    other = job(2, user="bob", uid=2002)
    assert found(job(1), other) == found(job(1))
    assert found(job(1), other._replace(node="NODE1")) == found(job(1))
    assert len(found(job(1), other._replace(node="node2"))) == 2


words = st.text(max_size=40) | st.sampled_from(
    [
        "alice",
        "web-service",
        "node1",
        "sbatch-service/1 http 24601 public",
        "service-pool",
        "RUNNING",
    ]
)
jobs = st.lists(
    st.builds(
        job,
        st.integers(1, 99),
        raw_state=words,
        user=words,
        partition=words,
        node=words,
        name=words,
        comment=words | st.builds("sbatch-service/1 {} {} {}".format, words, st.integers(), words),
    ),
    max_size=8,
)


@given(jobs)
def test_nothing_that_users_write_makes_another_line(queue: list[Job]) -> None:
    made = routes(queue, SITE)
    lines = routemap.routes_text(made).splitlines()
    assert len(lines) == len(made)
    for line, route in zip(lines, made, strict=True):
        key, value, started = line.split(" ")
        assert key == f"{route.account}:{route.service}"
        assert TARGET.fullmatch(value)
        assert started.isdigit()
        assert any(each.user == route.account for each in queue)
        assert SITE.port_min <= route.port <= SITE.port_max


@given(jobs)
def test_a_map_is_read_as_it_was_written(queue: list[Job]) -> None:
    made = routes(queue, SITE)
    assert routemap.parse_routes(routemap.routes_text(made)) == made


@given(
    st.text(
        alphabet=st.sampled_from('alice:web public,http,node1:24601 01\n\r\t"<>/@\\x'), max_size=200
    )
)
def test_a_map_that_says_anything_gives_whole_routes_or_none(text: str) -> None:
    for route in routemap.parse_routes(text):
        assert routemap.routes_text([route]).rstrip("\n") in text.split("\n")
        assert is_host(route.node)


def test_lines_that_are_not_of_the_form_are_left_out() -> None:
    good = "alice:web public,http,node1:24601 5"
    bad = [
        "alice:web public,http,node1:24601",
        " alice:web public,http,node1:24601 5",
        "alice:web public,http,node1:24601 5 ",
        "alice:web public,http,node1:99999 5",
        'alice:web public,http,node1"/>:24601 5',
        "alice:web public,http,node1/x:24601 5",
        "alice:web public,gopher,node1:24601 5",
        "alice:Web public,http,node1:24601 5",
        "al ice:web public,http,node1:24601 5",
        "alice:web public,http,node1:24601 5\r",
        "alice:web public,http,node1:\u0662\u0664\u0666\u0660\u0661 5",
    ]
    assert routemap.parse_routes("\n".join([*bad, good, *bad])) == [
        Route("alice", "web", "public", "http", "node1", 24601, 5)
    ]


def test_the_map_of_accounts_has_one_line_for_each() -> None:
    given = {"bob": 1, "A.B": 7, "alice": 2, "C_D": None, "no one": 3, "x\ny": 4, "-rf": 5, "": 6}
    assert routemap.accounts_text(given) == "A.B u7\nC_D _\nalice alice\nbob bob\n"
    assert routemap.labels_text(given) == "alice alice\nbob bob\nu7 A.B\n"
