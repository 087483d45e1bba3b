"""The batch script of a service, run by a real shell."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sciportal.service import processes, submission
from sciportal.service.endpoint import Endpoint
from sciportal.service.order import Order, command
from unit.service import sbatch_options
from unit.service.running import script

NAMES = ["plain", "with space", "it's $(touch x) `y`", 'quote"quote', "new\nline", "-dash", "é"]


def job_of(place: Path, executable: str, home: Path) -> str:
    """The batch script of a service, as a file."""
    order = Order("web", executable, str(home), "never", 5)
    return script(place / "job", submission.script(command(order)))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_script_runs_stage_main_in_the_home_whatever_its_name(tmp_path, name):
    home = tmp_path / name
    home.mkdir()
    path = script(home / "web", '#!/bin/sh\nprintf "%s %s\\n" "$1" "$PWD"\n')
    job = job_of(tmp_path, path, home)
    result = processes.run([job], env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, timeout=10)
    assert (result.code, result.err) == (0, "")
    assert f"main {home}\n" in result.out
    assert list(home.iterdir()) == [home / "web"]


def test_the_runner_is_the_process_that_gets_the_signals(tmp_path):
    path = script(tmp_path / "web", "#!/bin/sh\necho $PPID\n")
    job = job_of(tmp_path, path, tmp_path)
    outer = script(tmp_path / "outer", "#!/bin/sh\necho $$; exec " + shlex.quote(job) + "\n")
    result = processes.run([outer], env={"HOME": str(tmp_path)}, timeout=10)
    batch, parent = re.findall(r"^[0-9]+$", result.out, re.MULTILINE)
    assert batch == parent


def test_a_home_that_is_gone_runs_nothing(tmp_path):
    path = script(tmp_path / "web", "#!/bin/sh\necho ran\n")
    job = job_of(tmp_path, path, tmp_path / "gone")
    result = processes.run([job], env={"HOME": str(tmp_path)}, timeout=10)
    assert not result.ok
    assert "ran" not in result.out
    assert "is not there" in result.out


def options(**changed: object) -> list[str]:
    arguments: dict[str, object] = {
        "partition": "service-pool",
        "site": ["--mem=512M"],
        "own": ["--mem=1G"],
        "log": "/home/a/log",
        "home": "/home/a",
        "endpoint": Endpoint("http", 9000, "owner"),
    }
    return submission.options("web", **{**arguments, **changed})  # type: ignore[arg-type]


def test_the_options_come_from_the_site_then_the_service_then_us():
    found, positional = sbatch_options.read(options())
    names = [name for name, _ in found]
    assert positional == []
    assert names[:3] == ["partition", "mem", "mem"]
    assert names[3:] == ["job-name", "output", "error", "open-mode", "export", "comment", "chdir"]
    assert dict(found)["mem"] == "1G"
    assert dict(found)["comment"] == "sbatch-service/1 http 9000 owner"


def test_a_percent_sign_in_the_path_of_the_log_begins_no_replacement():
    found, _ = sbatch_options.read(options(log="/home/100%j/log"))
    assert dict(found)["output"] == "/home/100%%j/log"


def test_the_environment_names_the_submission_and_the_port():
    env = submission.environment({"HOME": "/h"}, "web", Endpoint("http", 9000, "owner"), "abc")
    assert env == {"HOME": "/h", "SERVICE": "web", "PORT": "9000", "SCIPORTAL_SUBMISSION": "abc"}


def test_without_an_endpoint_there_is_no_port():
    assert submission.stage_environment("web", None) == {"SERVICE": "web"}
