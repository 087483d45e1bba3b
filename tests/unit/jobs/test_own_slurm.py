"""The Slurm that tests bring along."""

from __future__ import annotations

from batch.own_slurm import OwnSlurm, wait_for


def test_it_runs_jobs_of_its_own_accounts(own_slurm: OwnSlurm) -> None:
    home = own_slurm.home("alice")
    words = ("sbatch", "--job-name=who", f"--chdir={home}", "--output=who", "--wrap=id -un")
    own_slurm.check(*words, user="alice")
    wait_for(lambda: "who alice COMPLETED" in own_slurm.queue())
    assert (home / "who").read_text() == "alice\n"
