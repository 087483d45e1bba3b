"""The keeper, with a batch system of processes."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import Portal, turn
from batch.processes import ProcessBackend
from sciportal.jobs.mapper import failures
from sciportal.jobs.mapper.outcome import Failure
from sciportal.jobs.order import Map, Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.queue.dispatch import DispatchBackend
from sciportal.jobs.states import Cause, State
from sciportal.jobs.written import WrittenFiles
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError


class Broken(ProcessBackend):
    """One that answers with errors as long as a test wants."""

    send_error: ServiceError | None = None
    look_error: ServiceError | None = None

    def start(self, order: Order, inputs: Path) -> str:
        """Fail, or do it."""
        if self.send_error:
            raise self.send_error
        return super().start(order, inputs)

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """Fail, or look."""
        if self.look_error:
            return dict.fromkeys(map(Attempt.of, orders), self.look_error)
        return super().look(orders)


@pytest.fixture
def broken(backend: ProcessBackend) -> Broken:
    """It."""
    return Broken(backend._root, backend._programs)


SILENT = UnknownError("the queue", "no answer in time", "try again")


def until(is_so: Callable[[], bool], *steps: Callable[[], object]) -> None:
    """Do steps until something is so."""

    def done() -> bool:
        for each in steps:
            each()
        return is_so()

    wait_for(done, 20)


def test_a_job_goes_all_the_way(portal: Portal, backend: ProcessBackend) -> None:
    keeper = portal.keeper(backend)
    job = portal.submit("echo 1 > one; echo said; exit 3")
    turn(keeper)
    assert portal.job(job.id).batch_id.isdigit()
    until(
        lambda: portal.job(job.id).collected_at is not None, keeper.reconcile, partial(turn, keeper)
    )
    ended = portal.job(job.id)
    assert (ended.state, ended.exit_code) == (State.ERROR, 3)
    assert portal.results(job.id) == {"one": "1\n", "stdout": "said\n", "stderr": ""}
    assert len(ended.results_sum) == 64
    lines = portal.status(job.id)
    assert lines == [
        "attempt 1 submitted",
        "attempt 1 sent",
        f"Submitted batch job {ended.batch_id}",
        *(["attempt 1 started"] if ended.started_at else []),
        "attempt 1 finished exit code 3",
        "3 files copied back",
    ]
    assert not (portal.root / "spool" / f"{job.id}.1").exists()
    turn(keeper)
    assert portal.status(job.id) == lines


def test_cancelling_ends_the_process(portal: Portal, backend: ProcessBackend) -> None:
    keeper = portal.keeper(backend)
    job = portal.submit("exec sleep 60")
    turn(keeper)
    until(lambda: portal.job(job.id).state is State.ACTIVE, keeper.reconcile)
    portal.store.want_cancel(job.id, State.CANCEL)
    until(lambda: portal.job(job.id).final, partial(turn, keeper), keeper.reconcile)
    assert portal.job(job.id).state is State.CANCEL
    assert not any(map(_runs, backend.processes(Attempt.of(job.order))))


def test_deleting_ends_it_and_removes_all(portal: Portal, backend: ProcessBackend) -> None:
    keeper = portal.keeper(backend)
    job = portal.submit("exec sleep 60")
    turn(keeper)
    portal.store.want_cancel(job.id, State.DELETE)
    until(lambda: portal.job(job.id).purged_at is not None, partial(turn, keeper), keeper.reconcile)
    assert portal.job(job.id).state is State.DELETE
    assert not (portal.root / "jobs" / str(job.id)).exists()
    assert not (portal.root / "spool" / f"{job.id}.1").exists()


def test_a_refusal_is_an_error_with_its_reason(portal: Portal, broken: Broken) -> None:
    keeper = portal.keeper(broken)
    broken.send_error = ServiceError("submit a job", "Requested node is not available", "ask less")
    job = portal.submit("true")
    turn(keeper)
    refused = portal.job(job.id)
    assert refused.state is State.ERROR
    assert refused.reason == "Requested node is not available; ask less"
    assert "Requested node is not available; ask less" in portal.status(job.id)
    turn(keeper)
    assert portal.job(job.id).collected_at is not None


def test_a_silent_batch_system_is_unknown_never_lost(portal: Portal, broken: Broken) -> None:
    now = [0.0]
    keeper = portal.keeper(broken, clock=lambda: now[0])
    broken.send_error = SILENT
    job = portal.submit("true")
    turn(keeper)
    assert portal.job(job.id).state is State.PENDING
    assert "no answer in time" in portal.logged[0]
    waits = "not handed over yet: no answer in time; it is tried again by itself"
    assert portal.job(job.id).reason == waits
    broken.send_error = None
    turn(keeper)
    assert not portal.job(job.id).batch_id
    # From now on, or the same turn might see the end of a job so short.
    broken.look_error = SILENT
    now[0] = 60
    turn(keeper)
    assert portal.job(job.id).batch_id
    assert not portal.job(job.id).reason
    for _ in range(5):
        now[0] += 1000
        keeper.reconcile()
    assert not portal.job(job.id).final
    broken.look_error = None
    until(lambda: portal.job(job.id).state is State.COMPLETE, keeper.reconcile)


class Away(ProcessBackend):
    """One that has a host which does not answer."""

    def start(self, order: Order, inputs: Path) -> str:
        """Do it, but not there."""
        if order.host == "away":
            raise SILENT
        return super().start(order, inputs)


def test_a_host_that_is_away_holds_up_nobody_else(portal: Portal, backend: ProcessBackend) -> None:
    keeper = portal.keeper(Away(backend._root, backend._programs), clock=lambda: 0.0)
    # As many as the keeper looks at in a turn.
    for _ in range(100):
        portal.submit("true", host="away")
    here = portal.submit("true")
    turn(keeper)
    turn(keeper)
    assert portal.job(here.id).batch_id


def test_what_left_the_map_is_an_error_with_a_reason(portal: Portal, broken: Broken) -> None:
    keeper = portal.keeper(broken)
    waiting, sent = portal.submit("true"), portal.submit("sleep 1")
    portal.store.want_cancel(waiting.id, State.CANCEL)
    turn(keeper)
    error = NotPermittedError("the account of a job", "'alice' has none on this cluster", "ask")
    broken.look_error = broken.send_error = error
    unsent = portal.submit("true")
    turn(keeper)
    keeper.reconcile()
    for each in (unsent, sent):
        job = portal.job(each.id)
        assert job.state is State.ERROR
        assert "'alice' has none on this cluster" in job.reason


def test_a_missing_job_is_lost_after_a_second_look(portal: Portal, backend: ProcessBackend) -> None:
    now = [0.0]
    keeper = portal.keeper(backend, clock=lambda: now[0])
    job = portal.submit("touch ../began; exec sleep 60")
    turn(keeper)
    directory = backend.directory(Attempt.of(job.order))
    # Before, its script still writes there, and may be quicker than who takes it away.
    wait_for((directory / "began").exists)
    backend.clean(Attempt.of(job.order))
    keeper.reconcile()
    assert not portal.job(job.id).final
    now[0] = 10
    keeper.reconcile()
    assert portal.job(job.id).state is State.ERROR
    assert "no longer knows it" in portal.job(job.id).reason
    turn(keeper)
    assert "there are no results" in portal.status(job.id)[-1]


def test_a_dead_node_sends_the_job_again(
    portal: Portal, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = portal.keeper(broken)
    job = portal.submit("echo x >> ../../runs; sleep 1")
    turn(keeper)
    until(lambda: portal.job(job.id).state is State.ACTIVE, keeper.reconcile)
    died = Sight(Phase.ENDED, None, "its node died", node_died=True)
    with monkeypatch.context() as patch:
        # A node of this machine cannot die alone.
        patch.setattr(broken, "look", lambda orders: {Attempt.of(each): died for each in orders})
        keeper.reconcile()
    again = portal.job(job.id)
    assert (again.attempt, again.state, again.batch_id) == (2, State.PENDING, "")
    until(
        lambda: portal.job(job.id).collected_at is not None, partial(turn, keeper), keeper.reconcile
    )
    assert portal.job(job.id).state is State.COMPLETE
    causes = [each.cause for each in portal.store.events(job.id)]
    assert causes.count(Cause.FINISHED) == 1


def test_many_jobs_at_once(portal: Portal, backend: ProcessBackend) -> None:
    keeper = portal.keeper(backend)
    jobs = [portal.submit(f"exit {number % 2}") for number in range(20)]
    done = lambda: all(portal.job(job.id).collected_at for job in jobs)  # noqa: E731
    until(done, partial(turn, keeper), keeper.reconcile)
    ended = [portal.job(job.id).state for job in jobs]
    assert ended == [State.COMPLETE, State.ERROR] * 10


def test_what_workers_pull_is_left_to_them(portal: Portal) -> None:
    keeper = portal.keeper(DispatchBackend(WrittenFiles(portal.settings.state_dir)))
    job = portal.submit("true")
    turn(keeper)
    keeper.reconcile()
    assert portal.job(job.id).sent_at is None


def test_the_token_reaches_the_job_alone(
    portal: Portal, backend: ProcessBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Order] = []
    monkeypatch.setattr(backend, "start", lambda order, _inputs: sent.append(order) or "1")
    object.__setattr__(portal.settings, "listener_url", "http://web:8098/notify")
    job = portal.submit("true")
    turn(portal.keeper(backend))
    assert sent[0].listener == "http://web:8098/notify"
    assert len(sent[0].token) > 20
    assert sent[0].token not in portal.job(job.id).order_text


def _runs(pid: int) -> bool:
    deadline = time.monotonic() + 5
    path = Path(f"/proc/{pid}/stat")
    while path.exists() and ") Z" not in path.read_text():
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def test_points_that_failed_are_noted_with_the_job(portal: Portal, backend: ProcessBackend) -> None:
    # What gathers in place of the mapper, whose form the file has.
    said = failures.dumps(10, [Failure(3, 0.3, "ValueError: no layer", 2)])
    keeper = portal.keeper(backend)
    job = portal.submit(f"echo {shlex.quote(said)} > failures.json; exit 1", map=Map(10, 5))
    until(
        lambda: portal.job(job.id).collected_at is not None, keeper.reconcile, partial(turn, keeper)
    )
    assert portal.job(job.id).points_failed == failures.loads(said.encode())
