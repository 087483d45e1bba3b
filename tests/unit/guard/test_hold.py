"""Who holds a port, decided from what Slurm says of a job."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.guard.hold import (
    Hold,
    Rules,
    is_shared,
    merge,
    of_environment,
    of_queue,
    stranger,
)
from sciportal.service.job import Job

RULES = Rules(("service-pool", "web"), 8192, 32767)
COMMENT = "sbatch-service/1 http 24601 owner"


def environment(**changes: str) -> dict[str, str]:
    """What Slurm's Prolog finds in its environment."""
    found = {
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_UID": "2001",
        "SLURM_JOB_PARTITION": "service-pool",
        "SLURM_JOB_COMMENT": COMMENT,
    }
    return {**found, **{f"SLURM_JOB_{name.upper()}": value for name, value in changes.items()}}


def job(number: int, state: str = "RUNNING", **changes: object) -> Job:
    """A job on a node."""
    made = Job(
        id=number,
        raw_state=state,
        user="alice",
        uid=2001,
        partition="service-pool",
        node="node1",
        submitted=0,
        started=0,
        reason="",
        name="web-service",
        comment=COMMENT,
    )
    return made._replace(**changes)


def ids(jobs: list[Job], known: tuple[int, ...] = ()) -> list[int]:
    """Which of these jobs hold a port of node1."""
    return [hold.job_id for hold in of_queue(jobs, "node1", known, RULES)]


def test_the_port_of_a_services_job_is_its_accounts() -> None:
    assert of_environment(environment(), RULES) == Hold(7, 24601, 2001)
    assert of_environment(environment(partition="web"), RULES) == Hold(7, 24601, 2001)


@pytest.mark.parametrize("partition", ["", "general", "service", "service-pool,web"])
def test_in_another_partition_a_comment_means_nothing(partition: str) -> None:
    assert of_environment(environment(partition=partition), RULES) is None


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "(null)",
        "sbatch-service/1",
        f"{COMMENT}\n",
        f" {COMMENT}",
        f"x\n{COMMENT}",
        "sbatch-service/1 http 8191 owner",
        "sbatch-service/1 http 32768 owner",
        "sbatch-service/1 http 024601 owner",
        "sbatch-service/1 http 2460l owner",
        "sbatch-service/1 http ٢٤٦٠١ owner",
        "sbatch-service/1 http 24601 } ; flush ruleset",
        "sbatch-service/1 http 24601;reboot owner",
        "sbatch-service/1 http $(reboot) owner",
        "sbatch-service/2 http 24601 owner",
    ],
)
def test_anything_but_an_endpoint_in_the_range_holds_nothing(comment: str) -> None:
    assert of_environment(environment(comment=comment), RULES) is None


@given(st.text(max_size=60))
def test_no_comment_becomes_anything_but_a_number_in_the_range(comment: str) -> None:
    found = of_environment(environment(comment=comment), RULES)
    assert found is None or 8192 <= found.port <= 32767


@pytest.mark.parametrize("value", ["", "x", "-1", "+1", "1 2", "1\n", "99999999999", "4294967296"])
def test_numbers_that_slurm_does_not_write_hold_nothing(value: str) -> None:
    assert of_environment(environment(id=value), RULES) is None
    assert of_environment(environment(uid=value), RULES) is None
    assert of_environment({}, RULES) is None


def test_jobs_that_run_on_the_node_hold_their_ports() -> None:
    assert of_queue([job(7)], "node1", (), RULES) == [Hold(7, 24601, 2001)]
    assert of_queue([job(7, "SUSPENDED")], "node1", (), RULES) == [Hold(7, 24601, 2001)]


def test_other_nodes_partitions_and_comments_hold_nothing() -> None:
    others = [job(7, node="node2"), job(8, partition="general"), job(9, comment="mine")]
    assert ids(others) == []


@pytest.mark.parametrize("state", ["PENDING", "CONFIGURING", "REQUEUED", "COMPLETED", "FAILED"])
def test_a_job_that_has_not_begun_or_is_over_holds_nothing(state: str) -> None:
    assert ids([job(7, state)]) == []
    assert ids([job(7, state)], known=(7,)) == []


def test_an_ending_job_holds_its_port_until_its_epilog() -> None:
    assert ids([job(7, "COMPLETING")], known=(7,)) == [7]
    assert ids([job(7, "COMPLETING")]) == []


def test_of_two_accounts_on_one_port_the_older_job_holds_it() -> None:
    assert ids([job(9, uid=2002), job(7)]) == [7]
    assert ids([job(9), job(7)]) == [7, 9]


def test_what_began_and_ended_while_slurm_was_asked_counts() -> None:
    one, two, three = (Hold(number, 24600 + number, 2001) for number in (1, 2, 3))
    assert merge([one, two], [one, two], [one, two]) == [one, two]
    assert merge([one], [one], [one, two]) == [one, two]
    assert merge([one, two], [one, two], [one]) == [one]
    assert merge([one, two], [two], [one, two]) == [two]
    assert merge([], [three], []) == [three]


def test_a_port_is_shared_with_the_same_account_and_contested_with_others() -> None:
    mine = Hold(7, 24601, 2001)
    assert is_shared(mine, [mine, Hold(8, 24601, 2001)])
    assert not is_shared(mine, [mine, Hold(8, 24601, 2002), Hold(9, 24602, 2001)])
    assert stranger(mine, [Hold(8, 24601, 2002)]) == Hold(8, 24601, 2002)
    assert stranger(mine, [Hold(8, 24601, 2001), Hold(9, 24602, 2002)]) is None
