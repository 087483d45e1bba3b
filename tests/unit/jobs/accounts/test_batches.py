"""Several jobs in one call of the helper, on a real Slurm: each is one, and stands for itself."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from batch import killing
from batch.own_slurm import OwnSlurm, wait_for
from batch.parcels import parcel
from sciportal.jobs.order import Resources, to_json
from sciportal.jobs.queue.backend import Attempt, Parcel, Phase, Sight
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.service.errors import ServiceError

KILLED = Path(__file__).with_name("killed_submit.py")


def names(cluster: OwnSlurm, parcels: Sequence[Parcel]) -> list[int]:
    """How often each is in the queue."""
    found = [line.split()[0] for line in cluster.queue()]
    return [found.count(f"sciportal-{each.order.job}-1") for each in parcels]


def shown(slurm: SlurmBackend, into: Path, parcel: Parcel) -> str:
    """What a job has shown in the end."""
    order = parcel.order

    def is_over() -> bool:
        seen = slurm.look([order])[Attempt.of(order)]
        return isinstance(seen, Sight) and seen.phase is Phase.ENDED

    wait_for(is_over)
    into.mkdir()
    slurm.collect(order, into)
    return (into / "stdout").read_text()


def test_each_has_its_own_number_and_files(
    own_slurm: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    parcels = [parcel(tmp_path, f"{number}\n".encode() * 10_000) for number in range(4)]
    parcels.insert(2, parcel(tmp_path))
    answers = slurm.send(parcels)
    assert len({str(each) for each in answers if isinstance(each, str)}) == len(parcels)
    # The files of those that are there by now are passed over, not given to the next.
    parcels.append(parcel(tmp_path, b"last\n"))
    again = slurm.send(parcels)
    assert again[:-1] == answers
    assert names(own_slurm, parcels) == [1] * len(parcels)
    assert shown(slurm, tmp_path / "first", parcels[0]) == "0\n" * 10_000
    assert shown(slurm, tmp_path / "last", parcels[-1]) == "last\n"


def test_one_that_is_refused_is_refused_alone(
    own_slurm: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    good, spoilt, nowhere = (parcel(tmp_path, b"good\n") for _each in range(3))
    (spoilt.inputs / "data").write_bytes(b"evil\n")
    none = replace(nowhere.order, resources=Resources(partition="nosuch"))
    last = parcel(tmp_path, b"last\n")
    answers = slurm.send([good, spoilt, Parcel(none, nowhere.inputs), last])
    assert [isinstance(each, ServiceError) for each in answers] == [False, True, True, False]
    assert "is not the file that was ordered" in str(answers[1])
    assert names(own_slurm, [good, spoilt, nowhere, last]) == [1, 0, 0, 1]
    assert shown(slurm, tmp_path / "out", last) == "last\n"


@pytest.mark.more
@pytest.mark.parametrize("remainder", range(4))
def test_killed_at_each_function_each_is_submitted_once(
    own_slurm: OwnSlurm, slurm: SlurmBackend, tmp_path: Path, remainder: int
) -> None:
    tools = own_slurm.root / f"killed{remainder}"
    tools.mkdir()
    for each in (KILLED, Path(killing.__file__)):
        shutil.copy(each, tools)
    number = remainder + 1
    while True:
        parcels = [parcel(tmp_path, b"data\n") for _each in range(3)]
        orders = json.dumps({"orders": [to_json(each.order) for each in parcels]})
        said = own_slurm.run(
            *(sys.executable, str(tools / KILLED.name), str(own_slurm.library)),
            *(str(own_slurm.home("alice")), str(number)),
            user="alice",
            stdin=orders + "\n" + "data\n" * 3,
        )
        assert said.returncode == 0, said.stderr
        killed = said.stdout == "killed\n"
        answers = slurm.send(parcels)
        assert all(isinstance(each, str) for each in answers), answers
        assert names(own_slurm, parcels) == [1] * 3, number
        if not killed:
            break
        number += 4
    assert number > 10
