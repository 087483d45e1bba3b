"""What a look at a job means."""

from __future__ import annotations

import pytest

from sciportal.jobs import states
from sciportal.jobs.keeper.deciding import FORGOTTEN, event_of
from sciportal.jobs.queue.backend import Phase, Sight
from sciportal.jobs.states import Event
from sciportal.service.errors import NotPermittedError, UnknownError

SILENT = UnknownError("the queue", "no answer in time", "try again")
LEFT = NotPermittedError("the account", "'alice' has none", "ask")


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(
    ("seen", "event"),
    [
        (SILENT, None),
        (Sight(Phase.WAITING), None),
        (Sight(Phase.ENDED, 0), states.finished(0)),
        (Sight(Phase.ENDED, 3, "why"), states.finished(3, "why")),
        (Sight(Phase.ENDED, None, "time limit"), states.lost("time limit")),
        (
            Sight(Phase.ENDED, None, "its node died", node_died=True),
            states.requeued("its node died", node_died=True),
        ),
        (LEFT, states.lost("its owner has no account there any more: 'alice' has none")),
    ],
)
def test_what_was_seen_decides(
    seen: Sight | Exception, event: Event | None, started: bool, gone: bool
) -> None:
    assert event_of(seen, started=started, gone=gone) == event


def test_a_running_job_has_started_once() -> None:
    assert event_of(Sight(Phase.RUNNING), started=False, gone=False) == states.STARTED
    assert event_of(Sight(Phase.RUNNING), started=True, gone=False) is None


def test_who_is_absent_is_lost_only_when_gone() -> None:
    assert event_of(Sight(Phase.ABSENT), started=True, gone=False) is None
    assert event_of(Sight(Phase.ABSENT), started=True, gone=True) == states.lost(FORGOTTEN)


def test_what_slurm_forgot_before_it_began_is_sent_again_when_gone() -> None:
    seen = Sight(Phase.FORGOTTEN, reason="why")
    assert event_of(seen, started=False, gone=False) is None
    assert event_of(seen, started=False, gone=True) == states.requeued("why")
    assert event_of(seen, started=True, gone=True) == states.lost("why")
