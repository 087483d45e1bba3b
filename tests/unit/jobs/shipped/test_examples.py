"""What is offered of an example is its files."""

from __future__ import annotations

import compileall
import shutil
from pathlib import Path

import pytest

from sciportal.jobs.shipped import examples


def test_what_an_installation_compiles_is_no_part_of_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(examples.__file__).parent / "examples"
    shutil.copytree(source, tmp_path / "examples")
    assert compileall.compile_dir(tmp_path / "examples", quiet=1)
    assert (tmp_path / "examples/bumps/__pycache__").is_dir()
    monkeypatch.setattr(examples.resources, "files", lambda _package: tmp_path)
    assert sorted(examples.of("bumps")) == ["line.dat", "model.py"]
