"""The ledger: what was written is there, whole; one worker holds it."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from sciportal.jobs.exchange import Report
from sciportal.jobs.states import Cause
from sciportal.jobs.worker.entry import Entry, Step, Wish
from sciportal.jobs.worker.ledger import Ledger
from sciportal.service.errors import BusyError, ServiceError
from unit.jobs.worker.orders import PLAIN, order

ENDED = Report(1, Cause.FINISHED, 2, "a reason", {"user_seconds": 0.5})


def test_it_tells_the_next_worker_all(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    entries = [
        Entry(order(job=3), Step.CLAIMED),
        Entry(order(job=20, script="x\n" * 1000), Step.GRANTED, Wish.CANCEL),
        Entry(order(job=100), Step.ENDED, Wish.NOTHING, ENDED),
    ]
    for each in reversed(entries):
        first.put(each)
    first.put(Entry(order(job=4), Step.READY))
    first.drop("4.1")
    first.close()
    assert Ledger(tmp_path).entries() == entries


def test_a_question_is_the_same_until_it_is_answered(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    asked = first.request(3)
    first.close()
    second = Ledger(tmp_path)
    assert second.request(7) == asked
    second.answered()
    other = second.request(7)
    assert (other.room, other.name == asked.name) == (7, False)


def test_one_worker_holds_it(tmp_path: Path) -> None:
    held = Ledger(tmp_path)
    with pytest.raises(BusyError, match="another worker"):
        Ledger(tmp_path)
    held.close()
    Ledger(tmp_path).close()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"step": "claimed"}', "\0", '{"step": 1}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    ledger = Ledger(tmp_path)
    (ledger.directory / "17.1.json").write_text(text)
    with pytest.raises(ServiceError, match=r"17\.1\.json.*move it away"):
        ledger.entries()


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put(Entry(PLAIN, Step.CLAIMED))
    size = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, size[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            ledger.put(Entry(PLAIN, Step.READY))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, size)
    assert [each.step for each in ledger.entries()] == [Step.CLAIMED]
    assert [each.name for each in ledger.directory.iterdir()] == ["17.1.json"]
