"""Starting: which port the service gets."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sciportal.service.answers import Answer


def comment(port: int, access: str = "owner") -> str:
    return f"sbatch-service/1 http {port} {access}"


def taken(port: int) -> tuple[Answer, str]:
    return Answer.REFUSED, f"sbatch: error: sciportal: port {port} is taken, by another account"


@pytest.fixture
def first(world) -> int:
    """The port that the rule gives this account's custom services first."""
    return world.account.uid % 8192 + 24576


def ports(world) -> list[int]:
    return [int(what.options["comment"].split()[2]) for what in world.cluster.submitted]


def test_the_port_is_the_same_for_stage_job_comment_and_ledger(web, first):
    web.one("start")
    (what,) = web.cluster.submitted
    assert what.options["comment"] == comment(first)
    assert what.env["PORT"] == str(first)
    assert web.ledger()["port"] == first
    assert web.stages() == [f"web start {first}"]


def test_a_service_without_a_port_carries_the_mark_alone(web):
    web.write("web", settings='port = "none"')
    web.one("start")
    (what,) = web.cluster.submitted
    assert what.options["comment"] == "sbatch-service/1"
    assert "PORT" not in what.env
    assert web.stages() == ["web start none"]


def test_protocol_and_access_come_from_the_settings(web, first):
    web.write("web", settings='protocol = "tcp"\naccess = "users"')
    web.one("start")
    assert web.cluster.submitted[0].options["comment"] == f"sbatch-service/1 tcp {first} users"


def test_a_port_is_kept(web, first):
    web.cluster.add("other", user="bob", uid=99, comment=comment(first))
    web.one("start")
    web.cluster.table.clear()
    web.one("restart")
    assert ports(web) == [first + 1, first + 1]


def test_a_kept_port_that_somebody_else_has_now_is_given_up(web, first):
    web.one("start")
    web.one("stop")
    web.cluster.add("other", user="bob", uid=99, comment=comment(first))
    web.one("start")
    assert ports(web) == [first, first + 1]


def test_a_job_that_is_over_holds_no_port(web, first):
    web.cluster.add("other", "COMPLETED", user="bob", uid=99, comment=comment(first))
    web.one("start")
    assert ports(web) == [first]


def test_a_comment_that_is_no_endpoint_holds_no_port(web, first):
    web.cluster.add("other", user="bob", uid=99, comment=comment(first) + " x")
    web.one("start")
    assert ports(web) == [first]


def test_a_port_that_another_service_of_the_account_keeps_is_left_to_it(web, first):
    web.write("wiki")
    web.one("start", "wiki")
    web.one("stop", "wiki")
    web.one("start")
    assert ports(web) == [first, first + 1]


def test_two_services_that_are_started_together_get_two_ports(web, first):
    web.write("wiki")
    assert [each.exit_code for each in web.run("start", "wiki", "web")] == [0, 0]
    assert ports(web) == [first, first + 1]


def test_two_first_starts_at_the_same_time_get_two_ports(tmp_path, world):
    # Each stage waits for the other's, so that both calls have chosen before either submits.
    meet = f"touch {tmp_path}/$SERVICE; n=0\n"
    meet += f'until [ -e "{tmp_path}/$OTHER" ] || [ $n -gt 60 ]; do sleep 0.05; n=$((n+1)); done\n'
    for service, other in (("web", "wiki"), ("wiki", "web")):
        world.write(service, f"#!/bin/sh\nOTHER={other}\n{meet}")
    # A lock is waited for in the time of the threads, which is not the cluster's.
    world.cluster.sleep = time.sleep
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda service: world.one("start", service), ["web", "wiki"]))
    assert [each.exit_code for each in results] == [0, 0]
    assert len(set(ports(world))) == 2


@pytest.mark.parametrize("refusals", [1, 5, 19])
def test_a_refused_port_means_the_next_candidate(web, first, refusals):
    web.cluster.answers.extend(taken(first + n) for n in range(refusals))
    result = web.one("start")
    assert result.exit_code == 0
    assert ports(web) == [first + n for n in range(refusals + 1)]
    assert web.ledger()["port"] == first + refusals
    assert [line.split()[2] for line in web.stages()] == [str(port) for port in ports(web)]


def test_at_most_20_candidates_are_tried(web, first):
    web.cluster.answers.extend(taken(first + n) for n in range(100))
    result = web.one("start")
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "is taken" in result.message
    assert ports(web) == [first + n for n in range(20)]


def test_a_port_that_the_account_chose_is_used_or_nothing_is(web):
    web.write("web", settings="port = 9000")
    web.cluster.answers.append(taken(9000))
    result = web.one("start")
    assert result.exit_code == 1
    assert "port 9000 is taken" in result.message
    assert ports(web) == [9000]


def test_a_chosen_port_that_a_job_has_names_that_job_and_submits_nothing(web):
    web.write("web", settings="port = 9000")
    job = web.cluster.add("other", user="bob", uid=99, comment=comment(9000))
    result = web.one("start")
    assert result.exit_code == 1
    assert f"job {job.id} (other-service of bob) has it" in result.message
    assert web.cluster.calls["sbatch"] == 0


def test_a_chosen_port_outside_the_range_of_the_site_is_refused(web):
    web.write("web", settings="port = 80")
    result = web.one("start")
    assert result.exit_code == 1
    assert "use 8192 to 32767" in result.message
    assert web.cluster.calls["sbatch"] == 0


def test_a_ledger_whose_port_is_none_for_services_is_not_believed(web, first):
    web.one("start")
    web.one("stop")
    path = web.home / ".sbatch-service/.state/web.json"
    path.write_text(path.read_text().replace(f'"port": {first}', '"port": 22'))
    web.one("start")
    assert ports(web) == [first, first]
