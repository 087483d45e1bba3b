"""The wheel that the role sbatch_service builds on the controller and installs on hosts."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CARRIED = ("build_backend", "src", "pyproject.toml")


def build(tree: Path, target: Path) -> Path:
    """Build a wheel of `tree` in `target` the way the role does."""
    target.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(tree / "build_backend" / "sciportal_build.py"), str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what an installed collection carries."""
    copy = tmp_path / "tree"
    copy.mkdir()
    for name in CARRIED:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


def test_the_collection_and_the_package_have_one_version() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == package


def test_the_same_source_gives_the_same_bytes_wherever_it_lies(tree: Path, tmp_path: Path) -> None:
    os.utime(tree / "pyproject.toml", (0, 0))
    here, there = build(ROOT, tmp_path / "here"), build(tree, tmp_path / "there")
    assert here.name == there.name
    assert here.read_bytes() == there.read_bytes()


def test_a_change_of_the_source_changes_the_version(tree: Path, tmp_path: Path) -> None:
    before = build(tree, tmp_path / "before")
    with (tree / "src" / "sciportal" / "__init__.py").open("a") as file:
        file.write("CHANGED = True\n")
    after = build(tree, tmp_path / "after")
    pattern = r"sciportal-[\d.]+\+g[0-9a-f]{8}-py3-none-any\.whl"
    assert re.fullmatch(pattern, before.name)
    assert re.fullmatch(pattern, after.name)
    assert before.name != after.name


def test_what_python_compiled_does_not_count(tree: Path, tmp_path: Path) -> None:
    before = build(tree, tmp_path / "before")
    compiled = tree / "src" / "sciportal" / "__pycache__"
    compiled.mkdir()
    (compiled / "x.pyc").write_bytes(b"x")
    assert build(tree, tmp_path / "after").name == before.name


def test_every_file_is_in_the_record_with_its_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(ROOT, tmp_path / "out")) as wheel:
        (record,) = (name for name in wheel.namelist() if name.endswith("/RECORD"))
        for line in wheel.read(record).decode().splitlines():
            name, digest, size = line.rsplit(",", 2)
            if name == record:
                assert (digest, size) == ("", "")
                continue
            data = wheel.read(name)
            plain = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={plain}"
            assert int(size) == len(data)
        recorded = {line.split(",")[0] for line in wheel.read(record).decode().splitlines()}
        assert recorded == set(wheel.namelist())


@pytest.mark.parametrize("options", [[], ["--editable"]], ids=["wheel", "editable"])
def test_pip_installs_it_with_no_network_and_the_commands_start(
    options: list[str], tree: Path, tmp_path: Path
) -> None:
    place = tmp_path / "venv"
    venv.create(place, with_pip=True, symlinks=True)
    argv = [str(place / "bin" / "pip"), "install", "--no-index", "--no-cache-dir", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    subprocess.run([*argv, *options, str(tree)], check=True, env=environment)
    for command in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]:
        assert os.access(place / "bin" / command, os.X_OK)
    subprocess.run([str(place / "bin" / "sbatch-service"), "--help"], check=True)
