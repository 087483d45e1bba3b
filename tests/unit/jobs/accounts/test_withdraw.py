"""A job that Slurm seems to have forgotten, and that is about to be sent anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from batch.parcels import parcel
from sciportal.jobs import script
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.queue.slurm import SlurmBackend


@pytest.fixture
def waiting(own_slurm: OwnSlurm) -> Iterator[OwnSlurm]:
    """A cluster that begins with nothing until `go`."""
    own_slurm.check("scontrol", "update", "PartitionName=main", "State=DOWN")
    yield own_slurm
    go(own_slurm)


def go(cluster: OwnSlurm) -> None:
    """Have it begin with what waits."""
    cluster.check("scontrol", "update", "PartitionName=main", "State=UP")


def sent(slurm: SlurmBackend, place: Path, text: str) -> tuple[Order, str]:
    """A job of alice's, and Slurm's number of it."""
    made = parcel(place, script=text)
    (number,) = slurm.send([made])
    assert isinstance(number, str), number
    return made.order, number


def rename(cluster: OwnSlurm, number: str) -> None:
    """Have Slurm know nothing of a job's name, as if it had forgotten it; a node may have it."""
    cluster.check("scontrol", "update", f"JobId={number}", "JobName=other")


def look(slurm: SlurmBackend, order: Order) -> Sight:
    """What is seen of it."""
    seen = slurm.look([order])[Attempt.of(order)]
    assert isinstance(seen, Sight), seen
    return seen


def state(cluster: OwnSlurm, number: str) -> str:
    """Slurm's word for what it does with a job."""
    return cluster.text("squeue", "-h", "-t", "all", "-o", "%T", "-j", number).strip()


def directory(cluster: OwnSlurm, order: Order) -> Path:
    """Where a job is."""
    return cluster.home("alice") / "sciportal-jobs" / f"{order.job}.1"


def test_one_that_slurm_knows_again_goes_on(
    waiting: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    order, _number = sent(slurm, tmp_path, "exit 0")
    slurm.withdraw(Attempt.of(order))
    assert look(slurm, order).phase is Phase.WAITING
    go(waiting)
    wait_for(lambda: look(slurm, order) == Sight(Phase.ENDED, 0))


def test_one_that_slurm_does_not_know_never_begins(
    waiting: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    order, number = sent(slurm, tmp_path, "exit 0")
    rename(waiting, number)
    slurm.withdraw(Attempt.of(order))
    assert look(slurm, order).phase is Phase.FORGOTTEN
    go(waiting)
    wait_for(lambda: state(waiting, number) == "COMPLETED")
    assert look(slurm, order).phase is Phase.FORGOTTEN
    assert not (directory(waiting, order) / script.EXIT).exists()


def test_one_that_has_begun_goes_on(
    own_slurm: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    order, number = sent(slurm, tmp_path, "until [ -e end ]; do sleep 0.1; done")
    place = directory(own_slurm, order)
    wait_for(lambda: (place / "work" / "data").exists() and bool(list(place.glob("began*"))))
    rename(own_slurm, number)
    slurm.withdraw(Attempt.of(order))
    assert look(slurm, order).phase is Phase.ABSENT
    (place / "work" / "end").touch()
    wait_for(lambda: look(slurm, order) == Sight(Phase.ENDED, 0))


def test_what_its_owner_cancelled_is_not_taken_for_forgotten(
    waiting: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    order, number = sent(slurm, tmp_path, "exit 0")
    rename(waiting, number)
    slurm.cancel(Attempt.of(order))
    assert look(slurm, order).phase is Phase.ABSENT
    go(waiting)
    wait_for(lambda: state(waiting, number) == "COMPLETED")
    assert not (directory(waiting, order) / script.EXIT).exists()
