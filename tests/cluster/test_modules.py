"""The Ansible modules on the cluster: what check mode foretells is what the run does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.plays import run_tasks
from cluster.testbed import CTL, ROOT, Cluster

MODULE = "sciportal.hosting.sbatch_service"
INFO = "sciportal.hosting.sbatch_service_info"
STATES = ("present", "deployed", "started", "stopped", "restarted", "reloaded", "absent")

# What there is before: nothing; set up; running; running with another program than is wanted.
STARTS = ("nothing", "stopped", "running", "outdated")
CASES = [(state, start) for state in STATES for start in STARTS]

SCRIPT = '#!/bin/sh\n[ "$1" = main ] || exit 0\ntrap "" HUP\nexec sleep 1000\n'
OLD_SCRIPT = SCRIPT + "# old\n"
SETTINGS = {"port": "none", "sbatch": ["--mem=16M"]}
WITH_FILES = ("present", "deployed")
ALWAYS_CHANGED = ("restarted", "reloaded")


def name_of(state: str, start: str) -> str:
    return f"m-{state}-{start}"


def wanted(state: str, start: str) -> dict[str, Any]:
    """The entry of the module for one case."""
    files = {"script": SCRIPT, "settings": SETTINGS} if state in WITH_FILES else {}
    return {"name": name_of(state, start), "state": state, "account": "alice", **files}


def before(state: str, start: str) -> dict[str, Any]:
    """The entry that brings a service into the state from which a case starts."""
    return {
        "name": name_of(state, start),
        "account": "alice",
        "state": "present" if start == "stopped" else "deployed",
        "script": OLD_SCRIPT if start == "outdated" else SCRIPT,
        "settings": SETTINGS,
    }


def module(register: str, services: list[dict[str, Any]], **task: Any) -> dict[str, Any]:
    # Some cases are failures, which this module reports together with what it did of the others.
    options = {"services": services}
    return {"name": register, MODULE: options, "register": register, "ignore_errors": True, **task}


# What is foretold of a job that waits for its turn need not be so when it runs.
SETTLED = {
    "name": "settled",
    "ansible.builtin.command": "squeue --noheader --user alice --states PENDING,CONFIGURING",
    "register": "settled",
    "changed_when": False,
    "until": "settled.stdout == ''",
    "retries": 60,
    "delay": 0.5,
}


@pytest.fixture(scope="module")
def matrix(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The answers to all cases: as foretold, as run, and as run again, by service."""
    every = [wanted(*case) for case in CASES]
    gone = [{"name": name_of(*case), "account": "alice", "state": "absent"} for case in CASES]
    tasks = [
        module("cleaned", gone),
        module("prepared", [before(*case) for case in CASES if case[1] != "nothing"]),
        SETTLED,
        module("foretold", every, check_mode=True, diff=True),
        module("run", every, diff=True),
        module("again", every, diff=True),
        {"name": "told", INFO: {"account": "alice"}, "register": "told"},
    ]
    answers = run_tasks(tasks, tmp_path_factory.mktemp("matrix"))
    yield {
        name: {each["service"]: each for each in answer["services"]} | {"": answer}
        for name, answer in answers.items()
        if name != SETTLED["register"]
    }
    end = [{"name": "end", MODULE: {"services": gone, "archive": False}}]
    run_tasks(end, tmp_path_factory.mktemp("end"))


@pytest.mark.parametrize(("state", "start"), CASES)
def test_check_mode_foretells_what_the_run_does(
    matrix: dict[str, Any], state: str, start: str
) -> None:
    foretold, run = (matrix[each][name_of(state, start)] for each in ("foretold", "run"))

    for key in ("changed", "steps", "exit_code"):
        assert foretold[key] == run[key], key
    if run["exit_code"]:
        assert foretold["message"] == run["message"]
    else:
        settled = {"pending": "running"}
        state_after = run["after"]["state"]
        run["after"]["state"] = settled.get(state_after, state_after)
        assert foretold["after"] == run["after"]


@pytest.mark.parametrize(("state", "start"), CASES)
def test_a_second_run_changes_nothing(matrix: dict[str, Any], state: str, start: str) -> None:
    run, again = (matrix[each][name_of(state, start)] for each in ("run", "again"))

    assert again["exit_code"] == run["exit_code"]
    if run["exit_code"] == 0 and state in ALWAYS_CHANGED:
        assert again["changed"]
    else:
        assert not again["changed"]
        assert again["job_id"] == run["job_id"]


@pytest.mark.parametrize("run", ["foretold", "run"])
def test_the_diff_shows_each_service_that_changes(matrix: dict[str, Any], run: str) -> None:
    shown = {each["after_header"].split()[0]: each for each in matrix[run][""]["diff"]}
    changed = {name for name, each in matrix[run].items() if name and each["changed"]}

    assert set(shown) == changed
    outdated = shown[name_of("deployed", "outdated")]
    assert "# old\n" in outdated["before"]
    assert "# old\n" not in outdated["after"]


def test_what_is_there_already_is_not_touched(matrix: dict[str, Any]) -> None:
    for state in ("present", "deployed", "started"):
        name = name_of(state, "running")
        assert not matrix["run"][name]["changed"]
        assert matrix["run"][name]["job_id"] == matrix["prepared"][name]["job_id"]


def test_what_cannot_be_done_fails_with_its_reason(matrix: dict[str, Any]) -> None:
    assert matrix["run"][""]["failed"]
    assert matrix["run"][name_of("reloaded", "stopped")]["exit_code"] == 3
    assert matrix["run"][name_of("started", "nothing")]["exit_code"] == 1
    assert "m-reloaded-stopped of alice: " in matrix["run"][""]["msg"]


def test_info_tells_what_the_runs_left(matrix: dict[str, Any]) -> None:
    assert not matrix["told"][""]["changed"]
    for (state, start), name in ((case, name_of(*case)) for case in CASES):
        if state == "absent" or (start == "nothing" and state not in WITH_FILES):
            assert name not in matrix["told"]
        elif state in ("stopped", "present"):
            kept = state == "present" and start == "running"
            assert matrix["told"][name]["state"] == ("running" if kept else "stopped")


def test_where_slurm_does_not_answer_both_modules_fail_and_change_nothing(
    cluster: Cluster, tmp_path: Path
) -> None:
    # A configuration that names a port where nobody listens: slurmctld itself stays up for others.
    dead = "/tmp/test-modules-slurm.conf"
    edit = r"s/^SlurmctldPort=.*//I; $a SlurmctldPort=1\nMessageTimeout=2"
    script = 'sed "$2" /etc/slurm/slurm.conf >"$1"'
    cluster.run(CTL, ["sh", "-c", script, "sh", dead, edit])
    silent = {"environment": {"SLURM_CONF": dead}, "ignore_errors": True}
    answers = run_tasks(
        [
            {
                "name": "Ask",
                INFO: {"account": "alice", "name": "apache"},
                "register": "info",
                **silent,
            },
            {
                "name": "Start",
                MODULE: {"account": "alice", "name": "apache"},
                "register": "start",
                **silent,
            },
        ],
        tmp_path,
    )
    cluster.run(CTL, ["rm", dead])

    for answer in answers.values():
        assert answer["failed"]
        assert (answer["reason"], answer["exit_code"]) == ("unknown", 4)
        assert not answer["changed"]
        assert "apache" in answer["msg"]


def examples(name: str) -> list[dict[str, Any]]:
    """The tasks in the documentation of a module."""
    path = ROOT / "plugins" / "modules" / f"{name}.py"
    text = path.read_text().split('EXAMPLES = r"""')[1].split('"""')[0]
    found: list[dict[str, Any]] = yaml.safe_load(text)
    return found


def test_the_documented_examples_run_as_written(tmp_path: Path) -> None:
    tasks = [*examples("sbatch_service"), *examples("sbatch_service_info")]

    answers = run_tasks(tasks, tmp_path)

    assert answers["notes"]["services"][0]["account"] == "bob"
    assert any(each["service"] == "apache" for each in answers["found"]["services"])


def test_the_file_of_src_is_read_on_this_machine(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "program.sh").write_text(SCRIPT)
    options = {"name": "m-src", "account": "alice", "settings": SETTINGS}
    answers = run_tasks(
        [
            {
                "name": "From a file",
                MODULE: {**options, "src": str(tmp_path / "program.sh"), "state": "present"},
                "register": "file",
            },
            {
                "name": "From its text",
                MODULE: {**options, "script": SCRIPT, "state": "present"},
                "register": "text",
            },
            {
                "name": "End",
                MODULE: {"name": "m-src", "account": "alice", "state": "absent", "archive": False},
            },
        ],
        tmp_path,
    )

    assert answers["file"]["changed"]
    assert not answers["text"]["changed"]
