"""job_submit.lua, run by the real Lua with a stand-in for slurmctld."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service.endpoint import ACCESS, MARK, PROTOCOLS, Endpoint, parse_comment
from sciportal.service.names import is_service, service_of

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / "slurm"
ALICE, BOB = 2001, 2002
PARTITIONS = {"service-pool": False, "general": True}

_times = count(1000, 100)


class Said(NamedTuple):
    """What came of a call."""

    accepted: bool
    message: str


class Slurmctld:
    """One process of the stand-in."""

    def __init__(self, script: Path) -> None:
        self._process = subprocess.Popen(
            ["lua5.3", str(HERE / "slurmctld.lua"), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.now = 0
        self.partitions: Mapping[str, bool] = PARTITIONS

    def later(self, seconds: int = 100) -> None:
        """Let time pass."""
        self.now += seconds

    def submit(self, uid: int = ALICE, *, by: int | None = None, **job: str) -> Said:
        """A submission; of job `web-service` to service-pool where `job` does not say otherwise."""
        whole = {"name": "web-service", "partition": "service-pool", **job}
        return self._call("submit", uid if by is None else by, job={**whole, "user_id": str(uid)})

    def modify(self, job: Mapping[str, str], uid: int = ALICE, **change: str) -> Said:
        """A change of a job."""
        return self._call("modify", uid, job=job, change=change)

    def _call(self, action: str, uid: int, **tables: Mapping[str, str]) -> Said:
        tables["call"] = {"action": action, "now": str(self.now), "uid": str(uid)}
        tables["partition"] = {name: str(int(value)) for name, value in self.partitions.items()}
        words = [
            f"{table}.{key}={value.encode().hex()}"
            for table, fields in tables.items()
            for key, value in fields.items()
        ]
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        code, said = self._process.stdout.readline().rstrip("\n").split("\t")
        return Said(code == "0", bytes.fromhex(said).decode())

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


@pytest.fixture(scope="module")
def process() -> Iterator[Slurmctld]:
    """The rules as they are by default."""
    slurmctld = Slurmctld(GOLDEN / "job_submit.lua-default")
    yield slurmctld
    slurmctld.end()


@pytest.fixture
def slurmctld(process: Slurmctld) -> Slurmctld:
    """The rules, remembering nothing of other tests."""
    process.now = next(_times)
    process.partitions = PARTITIONS
    return process


def test_other_partitions_are_left_alone(slurmctld: Slurmctld) -> None:
    assert slurmctld.submit(name="x", comment="mine", partition="general").accepted
    assert slurmctld.submit(name="x", comment="mine", partition="").accepted
    assert slurmctld.submit(name="x", partition="general,nosuch", array_inx="1-3").accepted


@pytest.mark.parametrize("asked", ["service-pool", "general,service-pool", "service-pool,general"])
def test_a_watched_partition_is_found_in_a_list(slurmctld: Slurmctld, asked: str) -> None:
    assert "named SERVICE-service" in slurmctld.submit(name="x", partition=asked).message


def test_a_watched_partition_is_found_as_the_default(slurmctld: Slurmctld) -> None:
    slurmctld.partitions = {"service-pool": True, "general": False}
    assert not slurmctld.submit(name="x", partition="").accepted
    assert slurmctld.submit(name="x", partition="general").accepted


def test_a_job_without_a_name_is_refused(slurmctld: Slurmctld) -> None:
    slurmctld.partitions = PARTITIONS
    said = slurmctld._call("submit", ALICE, job={"partition": "service-pool", "user_id": "2001"})
    assert not said.accepted


def test_arrays_are_refused(slurmctld: Slurmctld) -> None:
    assert "not an array" in slurmctld.submit(array_inx="1-3").message


def test_a_second_submission_of_the_moment_is_refused(slurmctld: Slurmctld) -> None:
    assert slurmctld.submit().accepted
    again = slurmctld.submit()
    assert not again.accepted
    assert again.message.startswith("sciportal: duplicate service web, ")
    assert slurmctld.submit(name="other-service").accepted
    assert slurmctld.submit(BOB).accepted
    slurmctld.later(2)
    assert not slurmctld.submit().accepted
    slurmctld.later(1)
    assert slurmctld.submit().accepted


def test_a_refused_submission_is_not_remembered(slurmctld: Slurmctld) -> None:
    assert not slurmctld.submit(comment="nonsense").accepted
    assert slurmctld.submit().accepted


def test_a_port_that_another_account_took_this_moment_is_refused(slurmctld: Slurmctld) -> None:
    comment = Endpoint("http", 24601, "owner").comment()
    assert slurmctld.submit(comment=comment).accepted
    assert slurmctld.submit(name="b-service", comment=comment).accepted
    theirs = slurmctld.submit(BOB, comment=comment)
    assert theirs.message.startswith("sciportal: port 24601 is taken, ")
    slurmctld.later(3)
    assert slurmctld.submit(BOB, comment=comment).accepted


def test_those_who_may_not_use_the_partition_take_nothing(slurmctld: Slurmctld) -> None:
    comment = Endpoint("http", 24601, "owner").comment()
    slurmctld.partitions = {"general": True}
    assert slurmctld.submit(BOB, comment=comment).accepted
    slurmctld.partitions = PARTITIONS
    assert slurmctld.submit(comment=comment).accepted


def test_a_clock_that_is_set_back_locks_nobody_out(slurmctld: Slurmctld) -> None:
    slurmctld.now += 50
    assert slurmctld.submit().accepted
    slurmctld.now -= 40
    assert slurmctld.submit().accepted


def test_root_submits_for_others_by_the_same_rules(slurmctld: Slurmctld) -> None:
    assert slurmctld.submit(by=0).accepted
    assert not slurmctld.submit().accepted


def test_a_message_shows_no_control_characters(slurmctld: Slurmctld) -> None:
    message = slurmctld.submit(name="\x1b[2J\n%s%n" + "x" * 300).message
    assert message.isprintable()
    assert len(message) < 250


# Users can write anything but NUL, which no argument can hold.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
LIKE_NAMES = st.from_regex(r"[a-z-]{0,3}(log|[a-z0-9-]{0,33})-?(service)?\n?", fullmatch=True)
LIKE_COMMENTS = st.builds(
    "{}{}{}{}{}{}{}{}".format,
    st.sampled_from([MARK, "sbatch-service/2", "", "x"]),
    st.sampled_from([" ", "  ", "\n", ""]),
    st.sampled_from([*PROTOCOLS, "ftp", "HTTP", ""]),
    st.sampled_from([" ", "\t"]),
    st.one_of(st.integers(-1, 70000), st.sampled_from([8191, 8192, 32767, 32768, "08192", "1e4"])),
    st.sampled_from([" ", "\n"]),
    st.sampled_from([*ACCESS, "all", ""]),
    st.sampled_from(["", "\n", " ", "\nsbatch-service/1"]),
)


@given(name=st.one_of(TEXTS, LIKE_NAMES, LIKE_NAMES.map(lambda name: f"{name}-service")))
def test_names_are_judged_as_the_command_does(process: Slurmctld, name: str) -> None:
    process.now = next(_times)
    process.partitions = PARTITIONS
    said = process.submit(name=name)
    assert said.accepted == (service_of(name) is not None)
    assert said.message.isprintable()


@pytest.mark.parametrize(
    "name", ["a", "a" * 32, "a" * 33, "log", "logs", "a--b", "a-", "-a", "A", "é"]
)
def test_names_at_the_edges(slurmctld: Slurmctld, name: str) -> None:
    assert slurmctld.submit(name=f"{name}-service").accepted == is_service(name)


@given(comment=st.one_of(TEXTS, LIKE_COMMENTS))
def test_comments_are_judged_as_the_command_does(process: Slurmctld, comment: str) -> None:
    process.now = next(_times)
    process.partitions = PARTITIONS
    endpoint = parse_comment(comment)
    good = comment in ("", MARK) or (endpoint is not None and 8192 <= endpoint.port <= 32767)
    said = process.submit(comment=comment)
    assert said.accepted == good
    assert said.message.isprintable()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("access", ACCESS)
def test_every_endpoint_is_accepted(slurmctld: Slurmctld, protocol: str, access: str) -> None:
    assert slurmctld.submit(comment=Endpoint(protocol, 9000, access).comment()).accepted


SERVICE = {"name": "web-service", "partition": "service-pool", "comment": MARK, "user_id": "2001"}
BATCH = {"name": "x", "partition": "general", "user_id": "2001"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other-service"},
        {"comment": Endpoint("http", 9000, "public").comment()},
        {"comment": ""},
        {"partition": "general"},
        {"partition": "service-pool,general"},
    ],
)
def test_the_owner_cannot_change_what_was_judged(
    slurmctld: Slurmctld, change: dict[str, str]
) -> None:
    assert "cannot be changed" in slurmctld.modify(SERVICE, **change).message
    assert slurmctld.modify(SERVICE, uid=0, **change).accepted
    # slurmctld runs as SlurmUser, which here is who runs this.
    assert slurmctld.modify(SERVICE, uid=os.getuid(), **change).accepted


def test_other_changes_are_the_owners(slurmctld: Slurmctld) -> None:
    assert slurmctld.modify(SERVICE, time_limit="10").accepted
    assert slurmctld.modify(SERVICE, name="web-service").accepted
    assert slurmctld.modify(BATCH, name="y", comment="z", partition="general").accepted


@pytest.mark.parametrize("partition", ["service-pool", "general,service-pool"])
def test_no_job_is_moved_to_a_watched_partition(slurmctld: Slurmctld, partition: str) -> None:
    assert "cannot be moved" in slurmctld.modify(BATCH, partition=partition).message
    assert slurmctld.modify(BATCH, uid=0, partition=partition).accepted


def test_the_sites_own_rules_come_first(tmp_path: Path) -> None:
    site = tmp_path / "site.lua"
    site.write_text(
        "function slurm_job_submit(job, partitions, uid)\n"
        "  if job.name:find('^bad') then\n"
        "    slurm.log_user('the site says no')\n"
        "    return slurm.ERROR\n"
        "  end\n"
        "  if job.name == 'moved' then job.partition = 'web' end\n"
        "  return slurm.SUCCESS\n"
        "end\n"
        "function slurm_job_modify(change, job, partitions, uid)\n"
        "  return change.name == 'bad' and slurm.ERROR or slurm.SUCCESS\n"
        "end\n"
        "return slurm.SUCCESS\n"
    )
    script = tmp_path / "job_submit.lua"
    ours = (GOLDEN / "job_submit.lua-site").read_text()
    script.write_text(ours.replace("/etc/slurm/job_submit_of_the_site.lua", str(site)))
    slurmctld = Slurmctld(script)
    try:
        slurmctld.partitions = {"service-pool": False, "web": False, "general": True}
        assert slurmctld.submit(name="bad-service").message == "the site says no"
        assert "named SERVICE-service" in slurmctld.submit(name="good").message
        assert "named SERVICE-service" in slurmctld.submit(name="moved", partition="").message
        assert slurmctld.submit(name="good-service").accepted
        assert slurmctld.submit(name="good", partition="general").accepted
        assert not slurmctld.modify(BATCH, name="bad").accepted
        assert not slurmctld.modify(BATCH, uid=0, name="bad").accepted
        assert not slurmctld.modify(SERVICE, name="other").accepted
    finally:
        slurmctld.end()
