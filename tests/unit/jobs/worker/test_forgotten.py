"""A job that a worker's Slurm forgot, and that may come up all the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sciportal.jobs import script
from sciportal.jobs.accounts.batch_system import BatchSystem, Remembered
from sciportal.jobs.accounts.place import Place
from sciportal.jobs.worker import slurm
from sciportal.jobs.worker.entry import Entry, Seen, Step
from sciportal.service.job import Job
from unit.jobs.worker.orders import PLAIN


class Forgetful(BatchSystem):
    """It knows no job.

    Args:
        knows_again: whether it knows the job by the time that it is withdrawn.
    """

    def __init__(self, knows_again: bool) -> None:
        super().__init__({"USER": "alice"})
        self._knows_again = knows_again

    def by_name(self) -> dict[str, list[Job]]:
        """Nothing."""
        return {}

    def remembered(self, names: Sequence[str]) -> list[Remembered]:  # noqa: ARG002
        """Nothing."""
        return []

    def _in_queue(self, place: Place) -> list[Job]:
        one = Job(5, "PENDING", "alice", 1000, "main", "", 0, 0, "", place.job_name, "")
        return [one] if self._knows_again else []


@pytest.mark.parametrize(
    ("knows_again", "seen"), [(False, [Seen.UNKNOWN, Seen.DIED]), (True, [Seen.UNKNOWN] * 2)]
)
def test_it_is_given_back_only_when_it_can_not_begin_any_more(
    tmp_path: Path, knows_again: bool, seen: list[Seen]
) -> None:
    entry = Entry(PLAIN, Step.GRANTED)
    place = Place(str(tmp_path), PLAIN.job, PLAIN.attempt)
    Path(place.directory).mkdir(parents=True)
    place.note("batch", "5")
    batch = slurm.Batch(tmp_path, Forgetful(knows_again), clock=lambda: 0.0, settle=0.0)
    assert [batch.look([entry])[entry.key] for _ in seen] == seen
    assert bool(place.noted(script.WITHDRAWN)) is not knows_again
