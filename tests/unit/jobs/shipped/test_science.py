"""Real fits with Bumps and Refl1D: descriptor, helper, Slurm, confinement, results with plots."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

from batch.own_slurm import OwnSlurm
from jobs import serial
from jobs.submitted import Submitted
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.queue.backend import Phase
from sciportal.jobs.shipped import examples

pytestmark = pytest.mark.more
PICTURE = b"\x89PNG\r\n\x1a\n"


def fitted(text: str) -> dict[str, float]:
    """The values in a .par file of Bumps, by parameter."""
    pairs = [line.rsplit(maxsplit=1) for line in text.splitlines() if line.strip()]
    return {name: float(value) for name, value in pairs}


@pytest.mark.parametrize(
    ("application", "fit", "parameter", "value", "uncertainty"),
    [
        ("bumps", "lm", "m", 2.03, 0.05),
        ("bumps", "dream", "m", 2.03, 0.1),
        ("refl1d", "amoeba", "Ni thickness", 123, 1),
        ("refl1d", "dream", "Ni thickness", 123, 4),
    ],
)
def test_a_fit_finds_what_the_data_were_made_with(
    laboratory: OwnSlurm,
    shipped: dict[str, Descriptor],
    tmp_path: Path,
    application: str,
    fit: str,
    parameter: str,
    value: float,
    uncertainty: float,
) -> None:
    values = {"fit": fit, "samples": 1000, "burn": 50, "seed": 5}
    job = Submitted(laboratory, tmp_path, shipped[application], values, examples.of(application))
    sight = job.wait(900)
    assert (sight.phase, sight.exit_code) == (Phase.ENDED, 0), job.text("stderr")
    assert job.collected.left_out == ()
    assert fitted(job.text("results/model.par"))[parameter] == pytest.approx(value, abs=uncertainty)
    pictures = [each.name for each in job.results.glob("results/*.png")]
    assert "model-model0.png" in pictures
    assert ("model-corr.png" in pictures) == (fit == "dream")
    assert all((job.results / "results" / each).read_bytes()[:8] == PICTURE for each in pictures)
    used = job.collected.usage
    assert used["user_seconds"] > 0.5
    assert used["peak_memory_bytes"] > 50_000_000


def test_a_fit_uses_the_processors_that_were_asked_for(
    laboratory: OwnSlurm, shipped: dict[str, Descriptor], tmp_path: Path
) -> None:
    values = {"fit": "dream", "samples": 1000, "burn": 30, "cpus": 2}
    job = Submitted(laboratory, tmp_path, shipped["bumps"], values, examples.of("bumps"))
    assert job.wait(900).exit_code == 0, job.text("stderr")


def test_a_model_with_a_mistake_is_an_error_that_the_log_explains(
    laboratory: OwnSlurm, shipped: dict[str, Descriptor], tmp_path: Path
) -> None:
    files = {**examples.of("bumps"), "model.py": b"problem = absent\n"}
    job = Submitted(laboratory, tmp_path, shipped["bumps"], {"fit": "lm"}, files)
    assert job.wait(900).exit_code == 1
    assert "absent" in job.text("stdout") + job.text("stderr")


def test_a_scan_of_a_thousand_points_is_as_a_serial_one(
    laboratory: OwnSlurm, shipped: dict[str, Descriptor], tmp_path: Path
) -> None:
    values = {"start": 80, "stop": 160, "points": 1000, "chunk": 250}
    job = Submitted(laboratory, tmp_path, shipped["scan"], values, examples.of("scan"))
    assert job.wait(900).exit_code == 0, job.text("stderr")
    found = job.json("results.json")
    call = serial.call(str(job.directory / "work"), "function", 80, 160, 1000)
    told = laboratory.run(*call, timeout=900)
    assert found == json.loads(told.stdout), told
    array = numpy.load(job.results / "results.npy", allow_pickle=False)
    assert array.tolist() == found
    assert 80 + found.index(min(found)) * 80 / 999 == pytest.approx(123, abs=1)
    assert (job.results / "results.png").read_bytes()[:8] == PICTURE
    assert job.json("failures.json")["failed"] == []
