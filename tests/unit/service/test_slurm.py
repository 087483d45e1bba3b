"""squeue: what it is asked, and how its answer is read."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.job import State
from sciportal.service.slurm import Slurm
from unit.service.commands import Programs, squeue_job
from unit.service.running import noted_ends

# squeue(1) prints what users write as it is.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Programs:
    programs = Programs(tmp_path_factory.mktemp("slurm") / "bin")
    programs.write_squeue([])
    return programs


def test_a_job_is_read_field_by_field(programs, slurm):
    programs.write_squeue([squeue_job()])
    (job,) = slurm.jobs()
    assert (job.id, job.raw_state, job.state) == (4711, "RUNNING", State.RUNNING)
    assert (job.user, job.uid, job.partition, job.node) == ("alice", 2001, "service-pool", "node1")
    assert (job.submitted, job.started) == (1_800_000_000, 1_800_000_005)
    assert (job.reason, job.name) == ("None", "web-service")
    assert job.endpoint == Endpoint("http", 24601, "owner")
    assert job.is_ours
    assert not job.is_over


def test_an_empty_queue_is_an_answer(programs, slurm):
    programs.write_squeue([])
    assert slurm.jobs() == []


def test_what_squeue_does_not_know_is_empty(programs, slurm):
    programs.write_squeue([squeue_job(B="n/a", S="N/A", V="Unknown", k="(null)")])
    (job,) = slurm.jobs()
    assert (job.node, job.started, job.submitted, job.comment) == ("", 0, 0, "")
    assert not job.is_ours


def test_jobs_come_oldest_first_and_by_id_within_a_second(programs, slurm):
    ids = {"9": "1800000002", "11": "1800000001", "10": "1800000001"}
    programs.write_squeue([squeue_job(A=each, V=when) for each, when in ids.items()])
    assert [job.id for job in slurm.jobs()] == [10, 11, 9]


def test_squeue_is_asked_for_all_states_and_only_for_what_is_named(programs, slurm):
    programs.write_squeue([])
    slurm.jobs(user="alice", names=["web-service", "wiki-service"], partitions=["p", "q"])
    argv = programs.argv("squeue")
    assert {"-h", "-a"} <= set(argv)
    for option, value in {
        "-t": "all", "-u": "alice", "-n": "web-service,wiki-service", "-p": "p,q"
    }.items():  # fmt: skip
        assert argv[argv.index(option) + 1] == value
    slurm.jobs()
    assert not {"-u", "-n", "-p"} & set(programs.argv("squeue"))


@settings(max_examples=15)
@given(st.lists(st.tuples(texts, texts, texts), max_size=4))
@example([("web-service\n4712", "a\nb\n", "x"), ("|", "]\n[", "\n")])
def test_names_comments_and_reasons_cannot_forge_another_job(shared, fields):
    shared.set_jobs([squeue_job(A=str(n), j=j, k=k, r=r) for n, (j, k, r) in enumerate(fields)])
    jobs = Slurm(str(shared.place), 10, {}).jobs()
    assert [job.id for job in jobs] == list(range(len(fields)))
    for job, (name, comment, reason) in zip(jobs, fields, strict=True):
        assert (job.name, job.reason) == (name, reason)
        assert job.comment == ("" if comment == "(null)" else comment)
        assert job.user == "alice"


def test_the_separators_of_one_call_are_of_no_use_in_the_next(programs, slurm):
    programs.write_squeue([])
    seen = set()
    for _ in range(3):
        slurm.jobs()
        argv = programs.argv("squeue")
        seen.add(argv[argv.index("-o") + 1])
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        *((each, State.PENDING) for each in ("PENDING", "CONFIGURING", "REQUEUED", "SUSPENDED")),
        *((each, State.PENDING) for each in ("REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD")),
        *((each, State.RUNNING) for each in ("RUNNING", "RESIZING", "SIGNALING")),
        *((each, State.STOPPING) for each in ("COMPLETING", "STAGE_OUT")),
        *((each, State.STOPPED) for each in ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT")),
        *((each, State.STOPPED) for each in ("NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY")),
        *((each, State.UNKNOWN) for each in ("", "running", "NEW_IN_SLURM_42")),
    ],
)
def test_the_state_of_a_job(programs, slurm, raw, state):
    programs.write_squeue([squeue_job(T=raw)])
    (job,) = slurm.jobs()
    assert job.state is state
    assert job.is_over == (state is State.STOPPED)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1", "contact"),
        ("exit 3", "exit status 3"),
        ("kill -KILL $$", "killed by signal 9"),
        ("echo one line; exit 1", "exit status 1"),
    ],
)
def test_a_squeue_that_fails_is_unknown_and_never_an_empty_queue(programs, slurm, body, why):
    programs.write("squeue", body)
    with pytest.raises(UnknownError, match=why) as raised:
        slurm.jobs()
    assert raised.value.exit_code == 4


def test_a_squeue_that_does_not_answer_is_unknown_in_time(programs):
    programs.write("squeue", f"echo $$ >{programs.place}/pid; exec sleep 600")
    with pytest.raises(UnknownError, match="no answer in time"):
        Slurm(str(programs.place), timeout=0.3, environ={}).jobs()
    assert noted_ends(programs.place / "pid")


def test_an_answer_of_another_form_is_unknown(programs, slurm):
    programs.write_raw(
        "squeue", '#!/bin/sh\nfor each; do last=$each; done\necho "$last" | head -c 20\n'
    )
    with pytest.raises(UnknownError):
        slurm.jobs()


def test_a_host_without_slurm_is_told(tmp_path):
    with pytest.raises(ServiceError, match="squeue cannot be run") as raised:
        Slurm(str(tmp_path), environ={}).jobs()
    assert raised.value.exit_code == 1
