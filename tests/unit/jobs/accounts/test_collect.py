"""What a job says that it used, which is as hostile as the job and its host."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from jobs.samples import order
from sciportal.jobs.accounts import verbs, wire
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.batch_system import BatchSystem
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.jobs.script import Programs
from sciportal.service.slurm import Slurm

MALFORMED = (
    "",
    "junk",
    "[]",
    "null",
    "{",
    '{"files": "many"}',
    '{"files": null}',
    '{"files": true}',
    '{"files": NaN}',
    '{"files": 1e999}',
    '{"files": {"a": 1}}',
    '{"' + "x" * 65 + '": 1}',
    json.dumps({str(number): 1 for number in range(101)}),
    "[" * 60_000,
    '{"files": ' + "9" * 5000 + "}",
)


def usage_in(home: Path, text: str) -> object:
    """What the account's half of the helper sends of the usage of job 7."""
    directory = home / "sciportal-jobs" / "7.1"
    (directory / "work").mkdir(parents=True)
    (directory / "usage.json").write_text(text)
    environment = {"USER": "alice", "PATH": "/usr/bin:/bin"}
    programs = Programs.in_directory("/nowhere")
    slurm = BatchSystem(environment)
    session = verbs.Session(str(home), environment, slurm, programs, io.BytesIO(), io.BytesIO())
    request = {"job": 7, "attempt": 1, "outputs": ["*"], "most": 1000}
    return verbs.collect(session, wire.table(wire.line(request), "collect"))["usage"]


def test_what_was_used_is_sent(tmp_path: Path) -> None:
    assert usage_in(tmp_path, '{"files": 3, "user_seconds": 0.5}') == {
        "files": 3,
        "user_seconds": 0.5,
    }


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_usage_is_none(tmp_path: Path, text: str) -> None:
    assert usage_in(tmp_path, text) == {}


@pytest.mark.parametrize("usage", ["[]", '{"files": "many"}', '{"files": NaN}', "null"])
def test_a_host_that_sends_no_usage_is_not_asked_for_ever(tmp_path: Path, usage: str) -> None:
    accounts = AccountMap.parse(
        '[[account]]\nuser = "alice"\naccount = "alice"\nhome = "/home/a"\n'
    )
    sent = 'printf \'%s\\n\' \'{"file":{"name":"out","size":2}}\'; echo 1; '
    done = f'printf \'%s\\n\' \'{{"done":{{"usage":{usage},"left_out":[]}}}}\''
    helper = Helper(lambda: accounts, ["sh", "-c", f"cat > /dev/null; {sent}{done}"])
    collected = SlurmBackend(helper, Slurm()).collect(order(), tmp_path)
    assert collected.usage == {}
    assert "what the job used" in collected.left_out[0]
    assert (tmp_path / "out").read_text() == "1\n"
