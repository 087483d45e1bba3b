"""scancel and scontrol: what is done to one job."""

from __future__ import annotations

import pytest

from sciportal.service.errors import UnknownError
from unit.service.commands import squeue_job


@pytest.fixture
def job(programs, slurm):
    def of(state: str):
        programs.write_squeue([squeue_job(T=state)])
        programs.write("scancel", "")
        return slurm.jobs()[0]

    return of


OURS = ["-u", "alice", "-n", "web-service", "4711"]


def test_a_running_job_gets_the_signal_at_its_main_process(programs, slurm, job):
    slurm.signal(job("RUNNING"), 28, ["--hurry"])
    assert programs.argv("scancel") == ["--hurry", "--batch", "-s", "28", *OURS]


def test_a_pending_job_is_cancelled_only_while_it_is_pending(programs, slurm, job):
    slurm.signal(job("PENDING"), 15)
    assert programs.argv("scancel") == ["-t", "PENDING", *OURS]


@pytest.mark.parametrize("state", ["CONFIGURING", "SUSPENDED", "REQUEUED"])
def test_a_job_without_a_process_is_cancelled_as_a_whole(programs, slurm, job, state):
    slurm.signal(job(state), 15)
    assert programs.argv("scancel") == OURS


def test_a_cancellation_names_user_and_job_name_beside_the_id(programs, slurm, job):
    slurm.cancel(job("RUNNING"))
    assert programs.argv("scancel") == OURS


@pytest.mark.parametrize("code", [0, 1, 228])
def test_the_exit_code_of_scancel_proves_nothing(programs, slurm, job, code):
    there = job("RUNNING")
    programs.write("scancel", f"echo 'Invalid job id specified' >&2; exit {code}")
    slurm.cancel(there)
    slurm.signal(there, 15)


def test_the_note_on_a_job_is_read_from_scontrol(programs, slurm):
    programs.write(
        "scontrol",
        "printf 'JobId=4711 JobName=web-service\\n   AdminComment=sciportal: port 5 is taken \\n'",
    )
    assert slurm.admin_comment(4711) == "sciportal: port 5 is taken"
    assert programs.argv("scontrol") == ["show", "job", "4711"]


@pytest.mark.parametrize(
    "body", ["echo 'JobId=1 Comment=x'", "echo 'slurm_load_jobs error: Invalid job id' >&2; exit 1"]
)
def test_a_job_without_a_note_has_an_empty_one(programs, slurm, body):
    programs.write("scontrol", body)
    assert slurm.admin_comment(4711) == ""


def test_a_note_that_cannot_be_read_is_unknown(programs, slurm):
    programs.write("scontrol", "echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(UnknownError, match="contact"):
        slurm.admin_comment(4711)


def test_a_note_is_left_in_one_argument(programs, slurm, job):
    there = job("RUNNING")
    programs.write("scontrol", "")
    slurm.annotate(there, "sciportal: port 5 is taken")
    assert programs.argv("scontrol") == [
        *("update", "JobId=4711", "AdminComment=sciportal: port 5 is taken")
    ]
