"""Many services in one call: few commands, and each for itself."""

from __future__ import annotations

import pytest

from sciportal.service import lifecycle
from sciportal.service.answers import Answer
from sciportal.service.lock import Lock
from sciportal.service.plan import Action

FIFTY = [f"s{number:02}" for number in range(50)]


def test_fifty_starts_need_two_squeues_and_get_fifty_ports(world):
    for service in FIFTY:
        world.write(service)
    results = world.run("start", *FIFTY)
    assert {each.exit_code for each in results} == {0}
    assert world.cluster.calls["squeue"] <= 2
    assert world.cluster.calls["sbatch"] == 50
    assert len({each.endpoint.port for each in results}) == 50


def test_some_submissions_are_under_way_at_once_and_all_are_answered(world):
    for service in FIFTY:
        world.write(service)
    world.cluster.answers.extend([(Answer.REFUSED, "no"), "silent, carried out"])
    results = world.run("start", *FIFTY)
    assert 1 < world.cluster.most_away <= 4
    assert world.cluster.away == 0
    assert [each.exit_code for each in results] == [1] + 49 * [0]
    assert [len(world.cluster.of(each)) for each in FIFTY] == [0] + 49 * [1]


@pytest.mark.parametrize("action", ["status", "start"])
def test_fifty_services_that_run_need_one_squeue(world, action):
    for service in FIFTY:
        world.write(service)
        world.cluster.add(service)
    assert {each.exit_code for each in world.run(action, *FIFTY)} == {0}
    assert world.cluster.calls["squeue"] == 1


def test_fifty_services_stop_together(world):
    for service in FIFTY:
        world.write(service)
        world.cluster.add(service)
    world.cluster.end_seconds = 2.0
    begun = world.cluster.now()
    assert {each.exit_code for each in world.run("stop", *FIFTY)} == {0}
    assert world.cluster.now() - begun < 5
    assert not any(world.cluster.of(service) for service in FIFTY)


def test_results_come_in_the_order_of_the_call(world):
    for service in ("b", "a", "c"):
        world.write(service)
    assert [each.service for each in world.run("start", "c", "a", "b")] == ["c", "a", "b"]


def test_one_failure_does_not_stop_the_others(world):
    world.write("a")
    world.write("b", "#!/bin/sh\nexit 1\n")
    world.write("c")
    world.write("e", settings="port = ")
    results = world.run("start", "a", "b", "c", "d", "e")
    assert [each.exit_code for each in results] == [0, 1, 0, 1, 1]
    assert [each.action for each in results] == ["start"] * 5
    assert [len(world.cluster.of(service)) for service in "abcde"] == [1, 0, 1, 0, 0]


def test_a_lock_that_another_call_holds_is_busy_and_the_others_go_on(world):
    for service in ("a", "b"):
        world.write(service)
    world.run("start", "a", "b")
    held = Lock(str(world.home / ".sbatch-service/.state/a.lock"), "a", 0)
    busy, done = world.run("stop", "a", "b", lock_timeout=1)
    held.release()
    assert (busy.exit_code, done.exit_code) == (6, 0)
    assert (len(world.cluster.of("a")), len(world.cluster.of("b"))) == (1, 0)


def test_status_and_check_need_no_lock(world):
    world.write("a")
    world.run("start", "a")
    world.cluster.sleep(1)
    held = Lock(str(world.home / ".sbatch-service/.state/a.lock"), "a", 0)
    assert world.one("status", "a", lock_timeout=0).exit_code == 0
    assert world.one("stop", "a", lock_timeout=0, check=True).exit_code == 0
    held.release()


def test_after_a_call_no_lock_is_held(world):
    for service in ("a", "b"):
        world.write(service, "#!/bin/sh\nexit 1\n")
    world.run("start", "a", "b")
    for service in ("a", "b"):
        Lock(str(world.home / f".sbatch-service/.state/{service}.lock"), service, 0).release()


def test_the_known_services_are_those_with_files_and_those_that_run(world):
    world.write("custom")
    world.write("Bad-Name")
    (world.home / ".sbatch-service/notes.txt").touch()
    world.run("start", "custom")
    state = world.home / ".sbatch-service/.state"
    (state / "forgotten.json").write_text("{}")
    world.cluster.add("plain", comment="sbatch-service/1")
    world.cluster.add("ended", "COMPLETED", comment="sbatch-service/1")
    world.cluster.add("theirs", user="bob", comment="sbatch-service/1")
    names, _ = lifecycle.known(world.session(), Action.STATUS)
    assert names == ["custom", "forgotten", "plain"]


def test_the_status_of_all_known_services_needs_one_squeue(world):
    for service in FIFTY:
        world.write(service)
    session = world.session()
    names, queue = lifecycle.known(session, Action.STATUS)
    results = lifecycle.run(session, Action.STATUS, names, queue)
    assert [each.service for each in results] == FIFTY
    assert {each.state for each in results} == {"stopped"}
    assert world.cluster.calls["squeue"] == 1


def test_the_start_of_all_known_services_needs_two_squeues(world):
    for service in FIFTY:
        world.write(service)
    session = world.session()
    names, queue = lifecycle.known(session, Action.START)
    lifecycle.run(session, Action.START, names, queue)
    assert world.cluster.calls["squeue"] <= 2
    assert len(world.cluster.of(FIFTY[0])) == 1


def test_a_silent_slurm_leaves_the_services_that_files_tell(world):
    world.write("web")
    world.cluster.silent = True
    names, queue = lifecycle.known(world.session(), Action.STATUS)
    assert names == ["web"]
    assert lifecycle.run(world.session(), Action.STATUS, names, queue)[0].exit_code == 4


def test_who_is_no_member_of_the_group_starts_nothing_and_makes_no_files(world):
    world.site = world.site._replace(group="no-such-group-here")
    result = world.one("start")
    assert result.exit_code == 5
    assert "not a member of the group 'no-such-group-here'" in result.message
    assert "grant" in result.message
    assert world.files() == []


def test_who_lost_the_permission_may_still_stop_and_purge(world):
    world.write("web")
    world.one("start")
    world.site = world.site._replace(group="no-such-group-here")
    assert world.one("reload").exit_code == 0
    assert world.one("stop").exit_code == 0
    assert world.one("purge").exit_code == 0
    assert world.one("deploy").exit_code == 5
