"""The root helper, as root, on a real Slurm with accounts of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from batch.sent import send
from sciportal.jobs.accounts import wire
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.order import InputFile, Limits, Order, to_json
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.service.errors import (
    NotPermittedError,
    NotRunningError,
    ServiceError,
    UnknownError,
    UsageError,
)
from sciportal.service.slurm import Slurm

DATA = b"1 2 3\n"
NUMBERS = iter(range(1000, 100_000))


def entry(user: str, account: str, home: Path) -> str:
    """An account of the map."""
    return f'[[account]]\nuser = "{user}"\naccount = "{account}"\nhome = "{home}"\n'


@pytest.fixture
def cluster(own_slurm: OwnSlurm) -> Iterator[OwnSlurm]:
    """The cluster, with accounts in the map, good and bad ones."""
    homes = [("alice", "alice"), ("bob", "bob")]
    bad = [("evil", "root"), ("demon", "daemon"), ("porter", "portal"), ("ghost", "nosuch")]
    nobody = entry("none", "nobody", Path("/nonexistent"))
    own_slurm.set_accounts(
        "".join(entry(user, name, own_slurm.home(name)) for user, name in [*homes, *bad]) + nobody
    )
    yield own_slurm
    own_slurm.run("scancel", "-u", "alice,bob")


@pytest.fixture
def helper(cluster: OwnSlurm) -> Helper:
    """The portal's side of it."""
    accounts = cluster.accounts
    return Helper(lambda: AccountMap.read(str(accounts)), cluster.words(["sciportal-submit"]))


@pytest.fixture
def slurm(cluster: OwnSlurm, helper: Helper) -> SlurmBackend:
    """The backend of the keeper."""
    return SlurmBackend(helper, Slurm(environ={"SLURM_CONF": str(cluster.conf)}))


def order(script: str, **more: Any) -> Order:
    """A job of alice's, with a number of its own."""
    given = {"application": "shell", "name": "a job", "account": "alice", "host": ""}
    given = {**given, "user": "alice", "job": next(NUMBERS), "outputs": ("*",), **more}
    return Order(attempt=1, script=script, **given)


def with_input(made: Order, inputs: Path) -> Order:
    """The same with a file."""
    (inputs / "data").write_bytes(DATA)
    digest = hashlib.sha256(DATA).hexdigest()
    return replace(made, files=(InputFile("data", len(DATA), digest),))


def ended(slurm: SlurmBackend, made: Order) -> Sight:
    """The job, when it has ended."""
    seen: list[Sight] = []

    def is_over() -> bool:
        sight = slurm.look([made])[Attempt.of(made)]
        if isinstance(sight, Exception):
            raise sight
        seen.append(sight)
        return sight.phase in (Phase.ENDED, Phase.ABSENT)

    wait_for(is_over, 30)
    return seen[-1]


def raw(cluster: OwnSlurm, verb: str, text: str) -> tuple[int, Any]:
    """What the helper answers to anything."""
    said = cluster.run("sciportal-submit", verb, stdin=text)
    return said.returncode, json.loads(said.stdout.splitlines()[-1])


def test_a_job_runs_as_its_account_and_comes_back(
    cluster: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    made = with_input(order("id -un > who; cat data > copy; echo said; exit 3"), tmp_path)
    batch = send(slurm, made, tmp_path)
    assert batch.isdigit()
    assert send(slurm, made, tmp_path) == batch
    assert ended(slurm, made) == Sight(Phase.ENDED, 3)
    into = tmp_path / "results"
    into.mkdir()
    collected = slurm.collect(made, into)
    assert {each.name: each.read_bytes() for each in into.iterdir() if each.name != "stderr"} == {
        "who": b"alice\n",
        "copy": DATA,
        "data": DATA,
        "stdout": b"said\n",
    }
    assert collected.usage["user_seconds"] >= 0
    home = cluster.home("alice") / "sciportal-jobs"
    assert (home / f"{made.job}.1").stat().st_mode & 0o77 == 0
    slurm.clean(Attempt.of(made))
    slurm.clean(Attempt.of(made))
    assert not (home / f"{made.job}.1").exists()
    with pytest.raises(NotRunningError):
        slurm.collect(made, into)
    names = [line.split()[0] for line in cluster.queue()]
    assert names.count(f"sciportal-{made.job}-1") == 1


def test_output_is_read_while_it_runs_and_cancelling_ends_it(
    slurm: SlurmBackend, tmp_path: Path
) -> None:
    made = order("echo abcdef; exec sleep 60")
    send(slurm, made, tmp_path)
    attempt = Attempt.of(made)
    wait_for(lambda: slurm.tail(attempt, "stdout", 0, 100).data == b"abcdef\n")
    assert slurm.tail(attempt, "stdout", -3, 2) == (7, 4, b"ef")
    assert slurm.tail(attempt, "stdout", 99, 9) == (7, 7, b"")
    seen = slurm.look([made])[attempt]
    assert isinstance(seen, Sight)
    assert seen.phase is Phase.RUNNING
    slurm.cancel(attempt)
    over = ended(slurm, made)
    assert over.exit_code == 143 or over.reason
    with pytest.raises(ServiceError, match="it is cancelled"):
        send(slurm, made, tmp_path)


@pytest.mark.more
def test_limits_are_told_in_a_sentence(slurm: SlurmBackend, tmp_path: Path) -> None:
    limits = Limits(file_bytes=1_000_000, cpu_seconds=1)
    big = order("exec head -c 2000000 /dev/zero > big", limits=limits)
    busy = order("while :; do :; done", limits=limits)
    for each in (big, busy):
        send(slurm, each, tmp_path)
    assert "larger than 1000000 bytes" in ended(slurm, big).reason
    assert "more than 1 s" in ended(slurm, busy).reason


@pytest.mark.parametrize("user", ["evil", "demon", "porter", "ghost", "none", "stranger", "root"])
def test_root_and_system_accounts_and_strangers_are_refused(cluster: OwnSlurm, user: str) -> None:
    request = json.dumps({"orders": [to_json(order("id"))]})
    code, said = raw(cluster, "submit", f'{{"user": "{user}"}}\n{request}\n')
    assert code == 5
    assert said["error"]["wanted"]
    assert not (cluster.home("portal") / "sciportal-jobs").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        '{"user": "alice"}',
        '{"user": "alice", "home": "/etc"}\n',
        '{"user": ["alice"]}\n',
        "[" * 500 + "\n",
        '{"user": "' + "a" * 600 + '"}\n',
        "\x00\n",
    ],
)
def test_what_is_no_request_changes_nothing(cluster: OwnSlurm, text: str) -> None:
    code, said = raw(cluster, "submit", text)
    assert code == 2
    assert said["error"]["advice"]


@pytest.mark.parametrize(
    ("verb", "request_"),
    [
        ("clean", {"job": 1, "attempt": "1/../../x"}),
        ("clean", {"job": "../..", "attempt": 1}),
        ("tail", {"job": 1, "attempt": 1, "stream": "../order.json", "start": 0, "most": 9}),
        ("collect", {"job": 1, "attempt": 1, "outputs": ["../../*"], "most": 9}),
        ("service", {"action": "purge", "name": "x"}),
        ("service", {"action": "start", "name": "--all"}),
        ("look", {"jobs": [{"job": 1}]}),
        ("cancel", {"job": 1, "attempt": 1, "more": 1}),
        ("main", {}),
    ],
)
def test_requests_are_checked(cluster: OwnSlurm, verb: str, request_: dict[str, Any]) -> None:
    code, said = raw(cluster, verb, '{"user": "alice"}\n' + json.dumps(request_) + "\n")
    assert (code, said["error"]["code"]) == (2, 2)


def test_it_is_not_for_others_than_root(cluster: OwnSlurm) -> None:
    said = cluster.run("sciportal-submit", "look", user="bob", stdin='{"user": "alice"}\n{}\n')
    assert said.returncode == 4
    assert "this is not root" in said.stdout


def test_the_map_must_be_roots(cluster: OwnSlurm) -> None:
    os.chown(cluster.accounts, 61001, -1)
    try:
        code, said = raw(cluster, "look", '{"user": "alice"}\n{}\n')
        assert (code, said["error"]["wanted"]) == (4, "the account map")
    finally:
        os.chown(cluster.accounts, 0, -1)


def test_nothing_of_root_is_left_in_the_accounts_half(cluster: OwnSlurm) -> None:
    process = subprocess.Popen(
        cluster.words(["sciportal-submit", "look"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin
        process.stdin.write('{"user": "alice"}\n')
        process.stdin.flush()
        status: dict[str, str] = {}
        place = [Path("/proc/self")]

        def dropped() -> bool:
            # nsenter stays outside, and waits for what it runs.
            inside = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if not inside:
                return False
            place[0] = Path("/proc", inside[0])
            lines = (place[0] / "status").read_text().splitlines()
            status.update(line.split(":", 1) for line in lines if ":" in line)
            return status["Uid"].split() == ["61001"] * 4

        wait_for(dropped, 20)
        wait_for(lambda: dropped() and status["NoNewPrivs"].strip() == "1", 5)
        assert status["Gid"].split() == ["61001"] * 4
        assert status["Groups"].split() == ["61001"]
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        # Its memory came from root: not even its account may trace it.
        assert (place[0] / "mem").stat().st_uid == 0
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("trap", ["symlink", "hardlink", "fifo", "directory link", "escape"])
def test_hostile_outputs_are_left_out(
    cluster: OwnSlurm, slurm: SlurmBackend, tmp_path: Path, trap: str
) -> None:
    made = order("echo good > good")
    send(slurm, made, tmp_path)
    assert ended(slurm, made).exit_code == 0
    work = cluster.home("alice") / "sciportal-jobs" / f"{made.job}.1" / "work"
    secret = cluster.home("alice") / f"secret-{made.job}"
    secret.write_text("secret")
    if trap == "symlink":
        (work / "trap").symlink_to(secret)
    elif trap == "hardlink":
        os.link(secret, work / "trap")
    elif trap == "fifo":
        os.mkfifo(work / "trap")
    elif trap == "directory link":
        (work / "trap").symlink_to(cluster.home("alice"))
    else:
        (work / "..hidden").write_text("secret")
        (work / "a\nb").write_text("secret")
    into = tmp_path / "results"
    into.mkdir()
    collected = slurm.collect(made, into)
    found = {each.name for each in into.iterdir()}
    assert found == {"good", "stdout", "stderr"}
    assert "secret" not in "".join(each.read_text() for each in into.iterdir())
    if trap != "escape":
        assert any("trap" in each for each in collected.left_out)


@pytest.mark.more
def test_results_are_bounded(slurm: SlurmBackend, tmp_path: Path) -> None:
    text = "for each in 1 2 3; do head -c 400000 /dev/zero > big$each; done"
    made = order(text, limits=Limits(total_bytes=1_000_000))
    send(slurm, made, tmp_path)
    assert ended(slurm, made).exit_code is not None
    into = tmp_path / "results"
    into.mkdir()
    collected = slurm.collect(made, into)
    assert sum(each.stat().st_size for each in into.iterdir()) <= 1_000_000
    assert any("larger than 1000000 bytes" in each for each in collected.left_out)


def test_inputs_are_those_that_were_ordered(slurm: SlurmBackend, tmp_path: Path) -> None:
    made = with_input(order("cat data"), tmp_path)
    (tmp_path / "data").write_bytes(b"9 9 9\n")
    with pytest.raises(UsageError, match="not the file that was ordered"):
        send(slurm, made, tmp_path)
    assert isinstance(slurm.look([made])[Attempt.of(made)], Sight)


@pytest.mark.more
def test_the_directory_of_another_job_is_not_taken_over(
    slurm: SlurmBackend, tmp_path: Path
) -> None:
    made = order("echo first > who")
    send(slurm, made, tmp_path)
    ended(slurm, made)
    with pytest.raises(ServiceError, match="is that of another job"):
        send(slurm, replace(made, script="echo second > who"), tmp_path)
    assert send(slurm, made.announcing("http://web/notify", "t"), tmp_path)


def test_a_silent_slurmctld_is_unknown(
    cluster: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    made = order("true")
    send(slurm, made, tmp_path)
    cluster.kill("slurmctld")
    wait_for(lambda: cluster.run("scontrol", "ping").stdout.count("DOWN"))
    try:
        assert isinstance(slurm.look([made])[Attempt.of(made)], UnknownError)
        with pytest.raises(UnknownError):
            send(slurm, order("true"), tmp_path)
    finally:
        cluster.slurmctld()
        wait_for(lambda: cluster.run("squeue").returncode == 0)


@pytest.mark.more
def test_another_users_job_of_the_same_name_is_not_it(
    cluster: OwnSlurm, slurm: SlurmBackend, tmp_path: Path
) -> None:
    made = order("exit 4")
    name = f"--job-name=sciportal-{made.job}-1"
    words = ("sbatch", name, f"--chdir={cluster.home('bob')}", "--wrap=sleep 50")
    cluster.check(*words, user="bob")
    send(slurm, made, tmp_path)
    assert ended(slurm, made).exit_code == 4


def test_a_helper_that_says_nothing_whole_is_unknown(helper: Helper, cluster: OwnSlurm) -> None:
    accounts = AccountMap.read(str(cluster.accounts))
    lines = ["", "{}", "junk", '{"file": {"name": "x", "size": 9}}', '{"done": 1}', '{"error": {}}']
    for line in lines:
        broken = Helper(lambda: accounts, ["sh", "-c", f"cat > /dev/null; printf '%s\\n' '{line}'"])
        with pytest.raises(UnknownError):
            broken.ask("look", "alice", "", {"jobs": []}, take=lambda *_: None)
    with pytest.raises(NotPermittedError):
        helper.ask("look", "stranger", "", {"jobs": []})


def test_wire_lines_are_bounded() -> None:
    with pytest.raises(UsageError):
        wire.table(b"[" * 100_000, "x")
