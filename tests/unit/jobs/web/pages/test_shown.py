"""Jobs in the words of people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs import samples
from jobs.clock import Clock
from sciportal.jobs import states
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.pages import shown
from sciportal.jobs.web.pages.stuck import stuck

MINUTE = 60_000_000


@pytest.fixture
def job(store: Store) -> Job:
    """A job that was just submitted."""
    return store.submit(samples.new_job())


def test_every_state_and_cause_has_its_words() -> None:
    assert set(shown.BADGES) == set(State)
    assert len({badge.label for badge in shown.BADGES.values()}) == len(State)
    assert set(shown._LABELS) == set(Cause)


def test_a_story(store: Store, clock: Clock, job: Job) -> None:
    assert shown.explained(job) == "It is about to be handed to the batch system."
    job = store.apply(job.id, states.SENT)
    assert shown.explained(job) == "It waits in the queue of the batch system."
    clock.pass_by(5)
    job = store.apply(job.id, states.STARTED)
    assert shown.explained(job).startswith("It has been running since ")
    assert shown.every(job) == shown.LIVE_SECONDS
    clock.pass_by(65)
    job = store.apply(job.id, states.finished(0))
    assert shown.explained(job) == "It ended well after 1 min 5 s. Its results are being fetched."
    assert shown.every(job) == shown.LIVE_SECONDS
    store.set_collected(job.id, "sum")
    found = store.job(job.id)
    assert found
    assert shown.explained(found) == "It ended well after 1 min 5 s."
    assert shown.every(found) == 0
    assert [each.label for each in shown.timeline(store.events(job.id))] == [
        "Submitted",
        "Handed to the batch system",
        "Started",
        "Finished",
    ]


def test_ends_that_are_none_of_success(store: Store, job: Job) -> None:
    refused = store.apply(job.id, states.refused("no such partition"))
    assert shown.badge(refused).label == "Failed"
    assert shown.explained(refused) == "It did not come to its end."
    assert shown.every(refused) == 0
    failed = replace(refused, exit_code=3)
    assert shown.explained(failed) == "It ended with exit code 3."
    assert "wish" in shown.explained(replace(refused, state=State.CANCEL))
    assert "deleted" in shown.explained(replace(refused, state=State.DELETE))


def test_a_job_that_is_being_stopped(store: Store, job: Job) -> None:
    store.apply(job.id, states.SENT)
    stopping = store.want_cancel(job.id, State.CANCEL)
    assert shown.badge(stopping).label == "Stopping"
    assert shown.explained(stopping) == "It is being stopped."


def test_a_job_for_far_clusters(store: Store) -> None:
    job = store.submit(samples.new_job(backend="dispatch"))
    assert "cluster with room" in shown.explained(job)
    store.declare_worker("far", "0" * 64)
    (claimed,) = store.claim("far", "first", 1, 60)
    assert shown.explained(claimed) == "far has taken it and is about to start it."
    assert ("Runs on", "far", "") in shown.facts(claimed)


def test_what_a_job_used(job: Job) -> None:
    text = (
        '{"user_seconds": 100.5, "system_seconds": 1, "peak_memory_bytes": 921600000, "files": 3}'
    )
    used = {each.label: each for each in shown.usage(replace(job, usage_text=text))}
    assert used["Processor time"].text == "1 min 41 s of 1 h 0 min"
    assert used["Memory, at most"].share == 0.9
    assert used["Files"] == ("Files", "3", None)
    assert "Disk" not in used


@pytest.mark.parametrize("value", ['"<b>"', "-1", "true", "null", "[]", "1e400", "NaN", '{"a": 1}'])
def test_usage_that_is_no_number_is_not_shown(job: Job, value: str) -> None:
    names = ("user_seconds", "peak_memory_bytes", "disk_bytes", "files")
    text = "{" + ", ".join(f'"{name}": {value}' for name in names) + "}"
    assert shown.usage(replace(job, usage_text=text)) == []


@pytest.mark.parametrize(
    ("changes", "minutes", "why"),
    [
        ({}, 4, None),
        ({}, 6, "not handed to the batch system for 6 min 0 s; look at the keeper"),
        ({"backend": "dispatch"}, 59, None),
        ({"backend": "dispatch"}, 61, "no worker has taken it for 1 h 1 min"),
        ({"sent_at": 0}, 6, "no answer of the batch system for 6 min 0 s; look at the keeper"),
        ({"sent_at": 0, "batch_id": "17"}, 10_000, None),
        ({"sent_at": 0, "started_at": 0, "state": State.ACTIVE}, 69, None),
        (
            {"sent_at": 0, "started_at": 0, "state": State.ACTIVE},
            71,
            "it has run for 1 h 11 min, and asked for 1 h 0 min",
        ),
        ({"sent_at": 0, "ended_at": 0, "state": State.ERROR}, 9, None),
        (
            {"sent_at": 0, "ended_at": 0, "state": State.ERROR},
            11,
            "it ended 11 min 0 s ago, and its results have not come",
        ),
        ({"sent_at": 0, "ended_at": 0, "state": State.ERROR, "collected_at": 0}, 11, None),
        ({"ended_at": 0, "state": State.CANCEL}, 11, None),
    ],
)
def test_jobs_that_do_not_move(
    job: Job, changes: dict[str, Any], minutes: int, why: str | None
) -> None:
    moved = replace(job, submitted_at=0, **changes)
    assert [each.why for each in stuck([moved], minutes * MINUTE)] == ([why] if why else [])
