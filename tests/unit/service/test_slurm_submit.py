"""sbatch: what it is given, and what its answers mean."""

from __future__ import annotations

import pytest

from sciportal.service.answers import Answer, Submission
from sciportal.service.slurm import Slurm
from unit.service.running import noted_ends


def submit(slurm: Slurm) -> Submission:
    return slurm.submit(["-J", "web-service"], "#!/bin/bash -l\n", {"HOME": "/h"})


@pytest.mark.parametrize(("out", "number"), [("4711", 4711), ("4711;mycluster", 4711)])
def test_a_number_is_an_accepted_job(programs, slurm, out, number):
    programs.write("sbatch", f"echo '{out}'")
    assert submit(slurm) == Submission(Answer.ACCEPTED, number, "")


def test_sbatch_gets_script_options_and_exactly_the_environment(programs, slurm):
    programs.write("sbatch", "echo 1")
    submit(slurm)
    assert programs.argv("sbatch") == ["--parsable", "-J", "web-service"]
    assert programs.stdin("sbatch") == "#!/bin/bash -l\n"
    # PWD and the like are the shell's own.
    ours = [line for line in programs.env("sbatch") if line.partition("=")[0] not in ("PWD", "_")]
    assert [line for line in ours if not line.startswith(("SHLVL", "OLDPWD"))] == ["HOME=/h"]


def test_the_place_of_slurms_configuration_reaches_every_command(programs):
    slurm = Slurm(str(programs.place), 10, {"SLURM_CONF": "/etc/other.conf", "LD_PRELOAD": "x"})
    programs.write("sbatch", "echo 1")
    programs.write("squeue", "")
    submit(slurm)
    slurm.jobs()
    for name in ("sbatch", "squeue"):
        assert "SLURM_CONF=/etc/other.conf" in programs.env(name)
        assert not any(line.startswith("LD_PRELOAD") for line in programs.env(name))


@pytest.mark.parametrize("out", ["", "Submitted batch job 4711", "-1", "\uff14\uff17", "4711 4712"])
def test_success_without_a_number_may_have_become_a_job(programs, slurm, out):
    programs.write("sbatch", f"printf %s '{out}'")
    assert submit(slurm).answer is Answer.SILENT


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        ("Batch job submission failed: Socket timed out on send/recv operation", Answer.SILENT),
        ("Batch job submission failed: Zero Bytes were transmitted or received", Answer.SILENT),
        ("Batch job submission failed: Unable to contact slurm controller", Answer.SILENT),
        ("Batch job submission failed: Slurm backup controller in standby mode", Answer.SILENT),
        (
            "Unable to contact slurm controller (connect failure)",
            Answer.NOT_SENT,
        ),
        ("Munge encode failed: Failed to access /run/munge/munge.socket.2", Answer.NOT_SENT),
        ("Batch job submission failed: Invalid partition name specified", Answer.REFUSED),
        ("Batch job submission failed: Memory required by task is not available", Answer.REFUSED),
        ("sciportal: port 24601 is taken, by job 7 of bob", Answer.REFUSED),
        ("sciportal: duplicate service web, submitted a moment ago", Answer.REFUSED),
        ("sciportal: duplicate service munge, submitted a moment ago", Answer.REFUSED),
        ("sciportal: duplicate service communication, submitted a moment ago", Answer.REFUSED),
        ("unrecognized option '--foo'", Answer.REFUSED),
        ("", Answer.REFUSED),
    ],
)
def test_what_a_failed_sbatch_means(programs, slurm, error, answer):
    (programs.place / "error").write_text(f"sbatch: error: {error}\n" if error else "")
    programs.write("sbatch", f"cat {programs.place}/error >&2; exit 1")
    said = submit(slurm)
    assert said.answer is answer
    assert said.job_id == 0
    assert (error or "exit status 1") in said.message


@pytest.mark.parametrize("script", ["kill -KILL $$", "exit 137"])
def test_an_sbatch_that_is_killed_may_have_submitted(programs, slurm, script):
    programs.write("sbatch", script)
    said = submit(slurm)
    assert (said.answer, said.message) == (Answer.SILENT, "killed by signal 9")


@pytest.mark.parametrize("code", [127, 128, 255])
def test_a_high_exit_status_is_no_signal(programs, slurm, code):
    programs.write("sbatch", f"exit {code}")
    assert submit(slurm).answer is Answer.REFUSED


def test_a_refusal_of_ours_stands_whatever_kills_sbatch_afterwards(programs, slurm):
    programs.write("sbatch", "echo 'sciportal: duplicate service web' >&2; kill -KILL $$")
    assert submit(slurm).answer is Answer.REFUSED


def test_an_sbatch_that_does_not_answer_is_silent_in_time(programs):
    programs.write("sbatch", f"echo $$ >{programs.place}/pid; exec sleep 600")
    said = submit(Slurm(str(programs.place), timeout=0.3, environ={}))
    assert (said.answer, said.message) == (Answer.SILENT, "no answer in time")
    assert noted_ends(programs.place / "pid")


def test_a_message_of_many_lines_becomes_one(programs, slurm):
    programs.write("sbatch", "printf 'sbatch: error: one\\n\\n  two  \\n' >&2; exit 1")
    assert submit(slurm).message == "sbatch: error: one / two"
