"""Bad input ends with the message of the table, from wherever it comes, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cluster import preparations
from cluster.entries import by_ansible, by_command
from cluster.testbed import CTL, Cluster, Ended
from messages.table import ENTRIES, cases

pytestmark = [pytest.mark.alone, pytest.mark.more]

CASES = cases()
EVERY = [
    pytest.param(entry, n, id=f"{entry}-{each}")
    for n, each in enumerate(CASES)
    for entry in ENTRIES
    if entry in each.entries
]
# What was wanted: what was found; what to do.
THREE_PARTS = re.compile(r".+: .+; .+", re.DOTALL)

Answers = dict[tuple[str, int], Ended]


def of(entry: str) -> list[int]:
    """The numbers of the cases that come from an entry point."""
    return [n for n, each in enumerate(CASES) if entry in each.entries]


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Iterator[Cluster]:
    """Everything that the cases need is there."""
    try:
        preparations.prepare(cluster, CASES)
        yield cluster
    finally:
        preparations.clean(cluster, CASES)


@pytest.fixture(scope="module")
def before(prepared: Cluster) -> str:
    """What lies in the home of bob, about whom the wrong data of playbooks are."""
    return files_of_bob(prepared)


def files_of_bob(cluster: Cluster) -> str:
    """All files of bob with the times of their last change; what holds locks may be made anew."""
    argv = ["find", "/home/bob", "-not", "-type", "d", "-printf", "%p %T@\\n"]
    return cluster.run(CTL, argv).out


@pytest.fixture(scope="module")
def answers(before: str, prepared: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """How each case ends, from each entry point after the other, on the same services."""
    found: Answers = {}

    def keep(entry: str, ended: list[Ended]) -> None:
        found.update({(entry, n): each for n, each in zip(of(entry), ended, strict=True)})

    for entry in ("command", "account"):
        chosen = [CASES[n] for n in of(entry)]
        keep(entry, by_command(prepared, chosen, as_root=entry == "account"))
    module, role = ([CASES[n] for n in of(entry)] for entry in ("module", "role"))
    by_module, by_role = by_ansible(module, role, tmp_path_factory.mktemp("messages"))
    keep("module", by_module)
    keep("role", by_role)
    return found


@pytest.mark.parametrize(("entry", "number"), EVERY)
def test_the_message_is_the_tables(answers: Answers, entry: str, number: int) -> None:
    case, ended = CASES[number], answers[entry, number]
    for part in case.says:
        assert part in ended.err, ended
    assert ended.code == case.exit, ended
    assert "Traceback" not in ended.err, ended
    if entry in ("command", "account"):
        assert len(re.findall("^sbatch-service: ", ended.err, re.MULTILINE)) == 1, ended.err
    if case.variables is None and case.options is None:
        assert THREE_PARTS.match(ended.err), ended.err


def test_nothing_runs_but_what_ran_before(answers: Answers, prepared: Cluster) -> None:
    argv = ["squeue", "-h", "-u", "alice", "-t", "PD,CF,R,CG,S", "-o", "%j"]
    jobs = {line for line in prepared.run(CTL, argv).out.split() if re.match("e[0-9-]", line)}
    left = [each.service for each in CASES if each.prepared in preparations.LEFT_RUNNING]
    assert jobs == {f"{name}-service" for name in [*left, preparations.HOLDER]}


def test_nothing_was_written(answers: Answers, before: str, prepared: Cluster) -> None:
    assert files_of_bob(prepared) == before
    # carol may have no service.
    prepared.run(CTL, ["test", "!", "-e", "/home/carol/.sbatch-service/apache"])


def test_nothing_was_written_out_of_a_home(answers: Answers, prepared: Cluster) -> None:
    assert prepared.run(CTL, ["ls", "-A", "/srv/outside"]).out == ""


@pytest.mark.parametrize("user", ["dave", "erin"])
def test_a_home_that_takes_no_writing_has_a_status(
    answers: Answers, prepared: Cluster, user: str
) -> None:
    argv = ["sbatch-service", "status", "apache", "--account", user]
    assert prepared.run(CTL, argv, check=False).code == 3
