"""PrologSlurmctld: which of several jobs may start, and that slurmctld is never held up."""

from __future__ import annotations

import itertools
import syslog

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.scheduler import prolog
from sciportal.scheduler.prolog import judge
from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job
from sciportal.service.slurm import Slurm


def job(
    number: int,
    state: str = "CONFIGURING",
    uid: int = 2001,
    name: str = "web-service",
    port: int = 0,
    submitted: int = 1000,
) -> Job:
    """A job of the service partition."""
    return Job(
        id=number,
        raw_state=state,
        user=f"user{uid}",
        uid=uid,
        partition="service-pool",
        node="",
        submitted=submitted,
        started=0,
        reason="",
        name=name,
        comment=Endpoint("http", port, "owner").comment() if port else "",
    )


DUPLICATE = "sciportal: duplicate service"


def test_a_job_alone_starts() -> None:
    assert judge(job(7), []).starts
    assert judge(job(7), [job(7)]).starts


def test_the_oldest_of_a_name_starts_and_the_others_do_not() -> None:
    jobs = [job(7), job(8, "PENDING"), job(9)]
    assert [judge(each, jobs).reason for each in jobs] == ["", DUPLICATE, DUPLICATE]


def test_other_users_and_other_names_do_not_matter() -> None:
    others = [job(1, uid=2002), job(2, name="other-service")]
    assert judge(job(7), others).starts


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "COMPLETING", "SUSPENDED", "STRANGE"])
def test_an_older_job_that_is_not_gone_keeps_its_name(state: str) -> None:
    assert judge(job(7), [job(3, state)]).reason == DUPLICATE


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL"])
def test_an_ended_job_keeps_nothing(state: str) -> None:
    assert judge(job(7, port=9000), [job(3, state, port=9000)]).starts


def test_a_port_is_its_first_holders() -> None:
    jobs = [job(7, port=9000), job(8, uid=2002, port=9000), job(9, uid=2002, name="b", port=9001)]
    assert [judge(each, jobs).reason for each in jobs] == ["", "sciportal: port 9000 is taken", ""]


def test_a_requeued_job_keeps_its_place() -> None:
    requeued = job(7, port=9000, submitted=5000)
    assert judge(requeued, [job(8, "PENDING", submitted=2000)]).starts
    assert judge(requeued, [job(9, "PENDING", uid=2002, port=9000, submitted=2000)]).starts


def test_a_running_job_keeps_its_place_when_ids_begin_anew() -> None:
    assert judge(job(3), [job(67_000_000, "RUNNING")]).reason == DUPLICATE


@given(
    st.lists(
        st.tuples(st.sampled_from([2001, 2002, 2003]), st.sampled_from("ab"), st.integers(0, 2)),
        min_size=1,
        max_size=12,
    ),
    st.randoms(),
)
def test_whatever_starts_together_is_never_two_of_a_name_or_a_port(
    wanted: list[tuple[int, str, int]], random: object
) -> None:
    jobs = [
        job(number, uid=uid, name=name, port=9000 + port if port else 0)
        for number, (uid, name, port) in enumerate(wanted, 1)
    ]
    started = [each for each in jobs if judge(each, jobs).starts]
    assert jobs[0] in started
    for one, other in itertools.combinations(started, 2):
        assert (one.uid, one.name) != (other.uid, other.name)
        assert one.endpoint is None or one.endpoint != other.endpoint


class Queue(Slurm):
    """A queue that remembers what was done to it."""

    held: list[Job]
    done: list[tuple[str, int]]
    error: Exception | None = None

    def jobs(self, **which: object) -> list[Job]:  # type: ignore[override]
        if self.error:
            raise self.error
        assert which == {"partitions": ["service-pool", "web"]}
        return self.held

    def annotate(self, job: Job, text: str) -> None:
        self.done.append((text, job.id))

    def cancel(self, job: Job) -> None:
        self.done.append(("cancel", job.id))


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> type[Queue]:
    """The queue that the program sees, and a syslog that it cannot reach."""
    Queue.held, Queue.done, Queue.error = [], [], None
    monkeypatch.setattr("sciportal.service.slurm.Slurm", Queue)
    monkeypatch.setattr(syslog, "syslog", print)
    return Queue


WATCHED = ["--partition", "service-pool", "--partition", "web"]


def run(number: str = "7", partition: str = "service-pool") -> int:
    """Run the program as slurmctld does."""
    return prolog.main(WATCHED, {"SLURM_JOB_ID": number, "SLURM_JOB_PARTITION": partition})


def test_a_duplicate_is_cancelled_with_its_reason(queue: type[Queue]) -> None:
    queue.held = [job(3, "RUNNING"), job(7)]
    assert run() == 0
    assert queue.done == [(DUPLICATE, 7), ("cancel", 7)]


def test_the_rightful_job_is_left_alone(queue: type[Queue]) -> None:
    queue.held = [job(7), job(8)]
    assert run() == 0
    assert queue.done == []


def test_jobs_of_other_partitions_are_not_looked_at(queue: type[Queue]) -> None:
    queue.error = AssertionError("the queue was asked")
    assert run(partition="general") == 0
    assert prolog.main(WATCHED, {}) == 0


@pytest.mark.parametrize(
    "error",
    [UnknownError("the queue", "no answer", "try again"), OSError("no such file"), ValueError()],
)
def test_no_error_reaches_slurmctld(
    queue: type[Queue], error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.error = error
    assert run() == 0
    assert "job 7 was not judged" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["", "x", "8"])
def test_a_job_that_cannot_be_found_starts(queue: type[Queue], number: str) -> None:
    queue.held = [job(3), job(7)]
    assert run(number) == 0
    assert queue.done == []


def test_a_job_waits_for_a_later_one_that_is_ending(
    queue: type[Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Cancelled by its own prolog a moment before, it still counts for slurmctld.
    queue.held = [job(7), job(8, "COMPLETING")]

    def pass_time(_seconds: float) -> None:
        queue.held = [job(7), job(8, "CANCELLED")]

    monkeypatch.setattr(prolog.time, "sleep", pass_time)
    assert run() == 0
    assert queue.done == []


def test_a_later_job_that_does_not_end_is_waited_for_no_longer_than_slurmctld_allows(
    queue: type[Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.held = [job(7), job(8, "COMPLETING")]
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(prolog.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(prolog.time, "sleep", lambda _seconds: None)
    assert run() == 0
    assert queue.done == [(DUPLICATE, 7), ("cancel", 7)]


def test_an_earlier_job_that_is_ending_is_not_waited_for(queue: type[Queue]) -> None:
    queue.held = [job(3, "COMPLETING"), job(7)]
    assert run() == 0
    assert queue.done == [(DUPLICATE, 7), ("cancel", 7)]
