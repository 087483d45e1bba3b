"""What the store keeps, on both databases."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields

import pytest

from jobs.clock import Clock
from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.errors import ConflictError, NoJobError, QuotaError
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.job import Job, JobEvent, JobSummary, Listing, Whose
from sciportal.jobs.store.store import Store


def causes(store: Store, job: Job) -> list[str]:
    """What happened to a job."""
    return [event.cause.value for event in store.events(job.id)]


def test_a_job_goes_its_way(store: Store) -> None:
    job = store.submit(new_job(parameters={"steps": 3}))
    assert (job.state, job.attempt, job.parameters) == (State.PENDING, 1, {"steps": 3})
    assert job.order.job == job.id
    assert [each.id for each in store.unsent("slurm")] == [job.id]
    store.apply(job.id, states.SENT)
    assert store.set_batch(job.id, "4711", at_attempt=1)
    assert store.unsent("slurm") == []
    assert [each.batch_id for each in store.active("slurm")] == ["4711"]
    assert store.apply(job.id, states.STARTED).state is State.ACTIVE
    ended = store.apply(job.id, states.finished(3, "out of memory"))
    assert (ended.state, ended.exit_code, ended.reason) == (State.ERROR, 3, "out of memory")
    assert ended.submitted_at < (ended.sent_at or 0) < (ended.started_at or 0)
    assert causes(store, job) == ["submitted", "sent", "started", "finished"]
    assert [each.id for each in store.uncollected("slurm")] == [job.id]
    assert store.set_collected(job.id, "aa", {"cpu_seconds": 1.5}, {"7": "no data"})
    assert not store.set_collected(job.id, "bb")
    again = store.job(job.id)
    assert again is not None
    assert (again.results_sum, again.usage) == ("aa", {"cpu_seconds": 1.5})
    assert again.points_failed == {"7": "no data"}
    assert store.uncollected("slurm") == []


def test_an_end_is_final(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    ended = store.apply(job.id, states.finished(0))
    for event in (states.finished(1), states.lost("gone"), states.CANCELLED, states.STARTED):
        assert store.apply(job.id, event) == ended
    assert causes(store, job) == ["submitted", "sent", "finished"]


def test_what_comes_of_an_earlier_attempt_changes_nothing(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    again = store.apply(job.id, states.requeued("the node died", node_died=True))
    assert (again.state, again.attempt, again.order.attempt) == (State.PENDING, 2, 2)
    assert store.apply(job.id, states.finished(0), at_attempt=1) == again
    assert not store.set_batch(job.id, "1", at_attempt=1)
    assert store.apply(job.id, states.finished(0), at_attempt=2).state is State.COMPLETE


def test_a_job_that_started_is_not_put_back_while_its_node_lives(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    started = store.apply(job.id, states.STARTED)
    assert store.apply(job.id, states.requeued("no answer")) == started


@pytest.mark.parametrize("kind", [State.CANCEL, State.DELETE])
def test_what_nobody_has_yet_ends_at_once(store: Store, kind: State) -> None:
    job = store.submit(new_job())
    ended = store.want_cancel(job.id, kind)
    assert ended.state is kind
    assert (ended.deleted_at is None) == (kind is State.CANCEL)
    assert store.unsent("slurm") == []


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (states.finished(143), State.CANCEL),
        (states.lost("gone"), State.CANCEL),
        (states.CANCELLED, State.CANCEL),
        (states.requeued("the node died", node_died=True), State.CANCEL),
        (states.finished(0), State.COMPLETE),
    ],
)
def test_a_job_that_was_to_be_cancelled_is(store: Store, event: states.Event, state: State) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    assert store.want_cancel(job.id, State.CANCEL).state is State.PENDING
    assert [each.cancel_wanted for each in store.active("slurm")] == [State.CANCEL]
    assert store.unsent("slurm") == []
    assert store.apply(job.id, event).state is state


def test_a_deleted_job_is_hidden_and_its_state_stays(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    store.apply(job.id, states.finished(0))
    deleted = store.want_cancel(job.id, State.DELETE)
    assert deleted.state is State.COMPLETE
    assert store.jobs(Listing()) == []
    assert store.uncollected("slurm") == []
    assert [each.id for each in store.unpurged()] == [job.id]
    assert store.set_purged(job.id)
    assert store.unpurged() == []


def test_a_job_that_ends_before_it_was_deleted_is_hidden_all_the_same(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)
    store.want_cancel(job.id, State.CANCEL)
    store.want_cancel(job.id, State.DELETE)
    assert store.want_cancel(job.id, State.CANCEL).cancel_wanted is State.DELETE
    ended = store.apply(job.id, states.finished(0))
    assert ended.state is State.COMPLETE
    assert ended.deleted_at is not None


def test_no_such_job(store: Store) -> None:
    assert store.job(7) is None
    with pytest.raises(NoJobError):
        store.apply(7, states.STARTED)
    with pytest.raises(NoJobError):
        store.want_cancel(7, State.CANCEL)


def test_the_list_is_of_whom_and_what_one_asks(store: Store) -> None:
    mine = [store.submit(new_job()).id for _ in range(3)]
    theirs = store.submit(new_job("bob")).id
    store.want_cancel(mine[1], State.CANCEL)
    listed = [each.id for each in store.jobs(Listing(owner="alice"))]
    assert listed == mine[::-1]
    assert [each.id for each in store.jobs(Listing())] == [theirs, *mine[::-1]]
    assert [each.id for each in store.jobs(Listing(limit=1, before=theirs))] == [mine[2]]
    pending = Listing(owner="alice", states=frozenset({State.PENDING}))
    assert [each.id for each in store.jobs(pending)] == [mine[2], mine[0]]
    assert store.count(Listing(owner="alice")) == {State.PENDING: 2, State.CANCEL: 1}
    assert store.jobs(Listing(origin="203.0.113.9")) == []


def test_a_list_leaves_scripts_where_they_are(store: Store) -> None:
    jobs = [store.submit(new_job(script="x" * 200_000)) for _each in range(20)]
    assert len(store.jobs(Listing(owner="alice"))) == 20
    tracemalloc.start()
    listed = store.jobs(Listing(owner="alice"))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 200_000
    said = {field.name: getattr(jobs[-1], field.name) for field in fields(JobSummary)}
    assert listed[0] == JobSummary(**said)


def test_the_same_request_is_one_job(store: Store) -> None:
    first = store.submit(new_job(), ("key", "digest"))
    assert store.submit(new_job(), ("key", "digest"), most=1) == first
    assert store.job_of("user alice", ("key", "digest")) == first
    assert store.job_of("user bob", ("key", "digest")) is None
    with pytest.raises(ConflictError):
        store.submit(new_job(), ("key", "another"))
    assert store.submit(new_job("bob"), ("key", "digest")).id != first.id


def test_a_key_is_forgotten_after_its_time_and_its_job_is_not(store: Store, clock: Clock) -> None:
    first = store.submit(new_job(), ("key", "digest"))
    clock.pass_by(100)
    store.submit(new_job(), ("younger", "digest"))
    assert store.forget_keys(101) == 0
    assert store.submit(new_job(), ("key", "digest")) == first
    assert store.forget_keys(99) == 1
    assert store.job_of("user alice", ("key", "digest")) is None
    assert store.job_of("user alice", ("younger", "digest"))
    assert store.job(first.id) == first
    assert store.submit(new_job(), ("key", "another")).id != first.id


def test_a_quota_counts_what_is_open(store: Store) -> None:
    jobs = [store.submit(new_job(), most=2) for _ in range(2)]
    with pytest.raises(QuotaError, match="2 jobs have not ended"):
        store.submit(new_job(), most=2)
    store.submit(new_job("bob"), most=2)
    store.want_cancel(jobs[0].id, State.CANCEL)
    store.submit(new_job(), most=2)


def test_without_its_files_there_is_no_job(store: Store) -> None:
    def place(_job: Job) -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        store.submit(new_job(), ("key", "digest"), place=place)
    assert store.jobs(Listing()) == []
    placed: list[int] = []
    job = store.submit(new_job(), ("key", "digest"), place=lambda new: placed.append(new.id))
    store.submit(new_job(), ("key", "digest"), place=lambda new: placed.append(new.id))
    assert placed == [job.id]


def test_who_had_many_jobs_stands_behind_who_had_few(store: Store, clock: Clock) -> None:
    many = [store.submit(new_job()).id for _ in range(5)]
    few = store.submit(new_job("bob")).id
    anonymous = [
        store.submit(new_job("anonymous", origin=origin)).id
        for origin in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
    ]
    first, second, other = anonymous
    assert [each.id for each in store.unsent("slurm")] == [
        many[0],
        few,
        first,
        other,
        many[1],
        second,
        *many[2:],
    ]
    clock.pass_by(31 * 86400)
    for each in (*many, few, *anonymous):
        store.want_cancel(each, State.CANCEL)
    late = [store.submit(new_job(owner)).id for owner in ("alice", "bob")]
    assert [each.id for each in store.unsent("slurm")] == late


def test_events_tell_the_story(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.refused("no such partition\0"))
    told: list[JobEvent] = store.events(job.id)
    assert [(each.cause, each.text, each.final) for each in told] == [
        (Cause.SUBMITTED, "", False),
        (Cause.REFUSED, "no such partition", True),
    ]


def test_why_a_job_waits_is_said_as_long_as_it_does(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.SENT)

    def why(say: str = "", attempt: int = 1) -> str:
        if say:
            store.say_why(job.id, attempt, say)
        found = store.job(job.id)
        assert found is not None
        return found.reason

    assert why("no answer\0") == "no answer"
    store.set_batch(job.id, "17", 1)
    assert why() == why("no answer") == ""
    store.apply(job.id, states.requeued("its node died", node_died=True))
    # That is said of the attempt before.
    assert why("no answer") == ""
    assert why("no answer", 2) == "no answer"
    store.apply(job.id, states.STARTED)
    assert why() == why("no answer", 2) == ""
    store.apply(job.id, states.finished(3, "too large"))
    assert why("no answer", 2) == "too large"


def test_lists_are_of_all_or_of_one(store: Store) -> None:
    everybody = [Whose("alice", ""), Whose("alice", "away"), Whose("bob", "away")]
    for owner, host in everybody:
        store.submit(new_job(owner, host=host))
        for kind in (None, State.DELETE):
            job = store.submit(new_job(owner, host=host))
            store.apply(job.id, states.SENT)
            store.apply(job.id, states.finished(0))
            if kind:
                store.want_cancel(job.id, kind)

    def whose(found: list[Job]) -> list[tuple[str, str]]:
        return sorted((job.owner, job.host) for job in found)

    assert whose(store.unsent("slurm")) == everybody
    assert whose(store.uncollected("slurm")) == everybody
    assert whose(store.unpurged("slurm")) == everybody
    for each in everybody:
        assert whose(store.unsent("slurm", whose=each)) == [each]
        assert whose(store.uncollected("slurm", whose=each)) == [each]
        assert whose(store.unpurged("slurm", whose=each)) == [each]
    assert store.unpurged("dispatch") == []


def test_it_is_known_whose_jobs_are_to_be_cared_for(store: Store) -> None:
    assert store.who_waits("slurm") == store.who_runs("slurm") == set()
    alice, bob = Whose("alice", ""), Whose("bob", "away")
    unsent = store.submit(new_job("alice"))
    store.submit(new_job("carol", backend="dispatch"))
    running = store.submit(new_job("bob", host="away"))
    assert store.who_waits("slurm") == {alice, bob}
    for each in (unsent, running):
        store.apply(each.id, states.SENT)
    # Cut short, they are to be sent again.
    assert store.who_waits("slurm") == {alice, bob}
    for each in (unsent, running):
        store.set_batch(each.id, "7", 1)
    assert store.who_waits("slurm") == set()
    assert store.who_runs("slurm") == {alice, bob}
    store.want_cancel(running.id, State.DELETE)
    assert store.who_waits("slurm") == {bob}
    store.apply(running.id, states.finished(1))
    store.apply(unsent.id, states.finished(0))
    assert store.who_runs("slurm") == set()
    # One has results, the other is to be removed.
    assert store.who_waits("slurm") == {alice, bob}
    store.set_collected(unsent.id, "")
    store.set_purged(running.id)
    assert store.who_waits("slurm") == set()
