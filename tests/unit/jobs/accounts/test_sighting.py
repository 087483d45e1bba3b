"""What a job is taken for that Slurm does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.jobs.accounts import sighting
from sciportal.jobs.accounts.place import Place
from sciportal.jobs.queue.backend import Phase, Sight
from sciportal.jobs.worker import slurm
from sciportal.jobs.worker.entry import Seen


@pytest.mark.parametrize(
    ("left", "began"), [((), False), (("batch", "run.5"), False), (("run.5", "began.0"), True)]
)
def test_a_job_began_when_its_script_says_so(
    tmp_path: Path, left: tuple[str, ...], began: bool
) -> None:
    place = Place(str(tmp_path), 17, 1)
    Path(place.directory).mkdir(parents=True)
    for name in left:
        (Path(place.directory) / name).touch()
    assert place.began is began


def test_of_a_directory_that_is_gone_nobody_knows(tmp_path: Path) -> None:
    assert Place(str(tmp_path), 17, 1).began


def test_who_never_began_is_forgotten_and_not_absent() -> None:
    assert sighting.ended([], None, "", began=True) == Sight(Phase.ABSENT)
    assert sighting.ended([], None, "", began=False).phase is Phase.FORGOTTEN
    assert sighting.ended([], 3, "", began=False) == Sight(Phase.ENDED, 3)
    assert sighting.ended(["CANCELLED"], None, "", began=False).phase is Phase.ENDED


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED"])
def test_who_ended_and_never_began_was_taken_for_another(state: str) -> None:
    assert sighting.ended([state], None, "", began=False).phase is Phase.FORGOTTEN
    assert sighting.ended([state], None, "", began=True).phase is Phase.ENDED
    assert sighting.ended([state], 0, "", began=False) == Sight(Phase.ENDED, 0)


def test_who_always_fails_before_it_begins_is_not_sent_again_for_ever() -> None:
    seen = [
        sighting.ended(["FAILED"], None, "", began=False, attempt=number).phase
        for number in range(1, 6)
    ]
    assert seen == [*[Phase.FORGOTTEN] * 3, *[Phase.ENDED] * 2]


@pytest.mark.parametrize(
    ("phase", "left", "seen"),
    [
        (Phase.FORGOTTEN, (), Seen.ABSENT),
        (Phase.FORGOTTEN, ("batch",), Seen.DIED),
        (Phase.ABSENT, ("batch", "run"), Seen.GONE),
    ],
)
def test_a_worker_starts_once_more_what_its_slurm_forgot(
    tmp_path: Path, phase: Phase, left: tuple[str, ...], seen: Seen
) -> None:
    place = Place(str(tmp_path), 17, 1)
    Path(place.directory).mkdir(parents=True)
    for name in left:
        place.note(name, "5")
    assert slurm.seen_as(Sight(phase), place) is seen
