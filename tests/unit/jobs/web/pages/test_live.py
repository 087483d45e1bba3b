"""What pages ask for again and again costs little, and no helper where nothing can have come."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from jobs import samples
from sciportal.jobs import states
from sciportal.jobs.queue.backend import Attempt, Tail
from sciportal.jobs.settings import SLURM
from sciportal.jobs.states import Event
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import app as portal_app
from sciportal.jobs.web.portal import Portal


class Outputs:
    """Says what jobs wrote, and who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        self.asked.append((attempt.job, stream))
        return Tail(5, max(start, 0), b"words"[:most])


@pytest.fixture
def outputs() -> Outputs:
    return Outputs()


@pytest.fixture
def alice(portal: Portal, client: Callable[..., FlaskClient], outputs: Outputs) -> FlaskClient:
    """Alice's browser on a portal whose jobs run on Slurm."""
    return client(to=portal_app.make(portal._replace(backends={SLURM: outputs})))


def job(store: Store, *events: Event) -> Job:
    """A job to which this happened."""
    made = store.submit(samples.new_job())
    for event in events:
        made = store.apply(made.id, event)
    return made


NEVER_RAN = [
    (),
    (states.SENT,),
    (states.SENT, states.CANCELLED),
    (states.SENT, states.lost("its node died")),
    (states.refused("no room"),),
]


@pytest.mark.parametrize("events", NEVER_RAN)
def test_what_never_began_is_not_read(
    alice: FlaskClient, store: Store, outputs: Outputs, events: tuple[Event, ...]
) -> None:
    made = job(store, *events)
    for path in ("live.html", "log.json", "results.json"):
        assert alice.get(f"/jobs/{made.id}/{path}").status_code == 200
    assert alice.get(f"/jobs/{made.id}.html").status_code == 200
    assert outputs.asked == []


@pytest.mark.parametrize(
    "events",
    [(states.SENT, states.STARTED), (states.SENT, states.finished(0)), (states.finished(3),)],
)
def test_what_ran_is_read_until_its_results_are_here(
    alice: FlaskClient, store: Store, outputs: Outputs, events: tuple[Event, ...]
) -> None:
    made = job(store, *events)
    assert "words" in alice.get(f"/jobs/{made.id}/live.html").text
    assert outputs.asked == [(made.id, "stdout"), (made.id, "stderr")]
    assert alice.get(f"/jobs/{made.id}/log.json?from=2").json == {
        "id": made.id,
        "status": store.job(made.id).state.value,  # type: ignore[union-attr]
        "stream": "stdout",
        "size": 5,
        "from": 2,
        "next": 7,
        "text": "words",
    }
    outputs.asked.clear()
    assert store.set_collected(made.id, "0" * 64)
    assert alice.get(f"/jobs/{made.id}/live.html").status_code == 200
    assert outputs.asked == []


def test_who_has_the_page_is_told_so_until_it_changes(alice: FlaskClient, store: Store) -> None:
    made = job(store, states.SENT)
    path = f"/jobs/{made.id}/live.html"
    first = alice.get(path)
    tag = first.headers["ETag"]
    again = alice.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    store.apply(made.id, states.STARTED)
    changed = alice.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    assert "Running" in changed.text
