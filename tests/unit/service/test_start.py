"""Starting: a job is accepted, or refused."""

from __future__ import annotations

import shlex

import pytest

from sciportal.service.answers import Answer
from sciportal.service.order import parse

DUPLICATE = (Answer.REFUSED, "sbatch: error: sciportal: duplicate service web, wait a moment")


# Accepted


def test_a_start_ends_with_a_job_that_was_seen(web):
    result = web.one("start")
    (job,) = web.live()
    assert (result.exit_code, result.changed, result.job_id) == (0, True, job)
    assert result.state in ("pending", "running")
    assert web.ledger()["job_id"] == job
    assert web.ledger()["wanted"] == "running"
    assert web.ledger()["nonce"] == ""


def test_a_second_start_does_nothing(web):
    first = web.one("start")
    again = web.one("start")
    assert (again.exit_code, again.changed, again.job_id) == (0, False, first.job_id)
    assert web.cluster.calls["sbatch"] == 1
    assert [line.split()[1] for line in web.stages()] == ["start"]


def test_the_job_is_submitted_as_the_specification_has_it(web):
    web.write("web", "#!/bin/sh\necho '#SBATCH --mem=1G --gres=gpu:1'\n", 'sbatch = ["--mem=2G"]')
    web.one("start")
    (what,) = web.cluster.submitted
    log = str(web.home / ".sbatch-service/log/web.log")
    assert what.options == {
        "partition": "service-pool",
        "mem": "1G",
        "cpus-per-task": "1",
        "requeue": "",
        "gres": "gpu:1",
        "job-name": "web-service",
        "output": log,
        "error": log,
        "open-mode": "append",
        "export": "ALL",
        "comment": f"sbatch-service/1 http {web.ledger()['port']} owner",
        "chdir": str(web.home),
    }
    words = shlex.split(what.script.removeprefix("#!/bin/sh\nexec "))
    executable = f"{web.home}/.sbatch-service/web"
    assert parse(words[4:]) == ("web", executable, str(web.home), "never", 60)


def test_the_settings_tell_the_runner_when_to_restart_and_how_long_to_wait(web):
    web.write("web", settings='restart = "always"\nstop_timeout = 7')
    web.one("start")
    assert web.cluster.submitted[0].script.endswith(" always 7\n")


def test_the_environment_of_the_job_is_clean_and_names_service_port_and_submission(web):
    web.one("start")
    web.one("restart")
    first, second = (what.env for what in web.cluster.submitted)
    assert set(first) == {
        *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "PORT", "SERVICE"),
        "SCIPORTAL_SUBMISSION",
    }
    assert (first["HOME"], first["SERVICE"]) == (str(web.home), "web")
    assert first["PORT"] == str(web.ledger()["port"])
    assert first["SCIPORTAL_SUBMISSION"] != second["SCIPORTAL_SUBMISSION"]


def test_options_of_a_stage_that_are_ours_are_told_and_lose(web, capsys):
    web.write("web", "#!/bin/sh\necho '#SBATCH -J mine --comment=theirs'\n")
    assert web.one("start").exit_code == 0
    assert web.cluster.submitted[0].options["job-name"] == "web-service"
    assert web.cluster.submitted[0].options["comment"].startswith("sbatch-service/1 ")
    said = capsys.readouterr().err
    assert "-J: overridden" in said
    assert "--comment=theirs: overridden" in said


@pytest.mark.parametrize(
    "body", ["echo hello", "exit 1", "echo '#SBATCH evil.sh'", "echo '#SBATCH --array=1-9'"]
)
def test_nothing_is_submitted_when_stage_start_fails_or_says_something_else(web, body):
    web.write("web", f"#!/bin/sh\n{body}\n")
    result = web.one("start")
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "stage start" in result.message
    assert web.cluster.calls["sbatch"] == 0


def test_a_job_that_was_accepted_and_is_nowhere_is_an_error(web):
    web.cluster.before_squeue = web.cluster.table.clear
    result = web.one("start")
    assert result.exit_code == 1
    assert "accepted but is not in the queue" in result.message


def test_a_job_that_shows_late_in_the_queue_is_waited_for(web):
    hidden = {}

    def hide_for_a_second() -> None:
        table = web.cluster.table
        if web.cluster.now() < 1_800_000_001:
            hidden.update(table)
            table.clear()
        else:
            table.update(hidden)

    web.cluster.before_squeue = hide_for_a_second
    assert web.one("start").exit_code == 0
    assert len(web.live()) == 1


def test_a_job_that_ended_at_once_was_seen_all_the_same(web):
    def ends() -> None:
        for job in web.cluster.of("web"):
            web.cluster.put(job._replace(raw_state="FAILED"))

    web.cluster.before_squeue = ends
    result = web.one("start")
    assert (result.exit_code, result.state) == (0, "stopped")


def test_of_two_jobs_of_the_name_the_younger_is_cancelled(web):
    rivals = []

    def somebody_was_faster() -> None:
        if web.cluster.calls["sbatch"] and not rivals:
            rivals.append(web.cluster.add("web", submitted=int(web.cluster.now()) - 1))

    web.cluster.before_squeue = somebody_was_faster
    result = web.one("start")
    assert (result.exit_code, result.job_id) == (0, rivals[0].id)
    assert web.live() == [rivals[0].id]


def test_another_accounts_job_of_the_same_name_is_not_ours(web):
    theirs = web.cluster.add("web", user="somebody-else", uid=4711)
    assert web.one("start").exit_code == 0
    assert len(web.live()) == 1
    assert web.one("stop").exit_code == 0
    assert not web.cluster.table[theirs.id].is_over


# Refused


@pytest.mark.parametrize(
    "message",
    [
        "Batch job submission failed: User's group not permitted to use this partition",
        "Batch job submission failed: Invalid account or account/partition combination specified",
        "Batch job submission failed: Access/permission denied",
    ],
)
def test_a_partition_that_refuses_the_account_is_not_permitted(web, message):
    web.cluster.answers.append((Answer.REFUSED, message))
    result = web.one("start")
    assert (result.exit_code, result.state) == (5, "stopped")
    assert message in result.message


def test_any_other_refusal_is_shown_and_forgotten(web):
    web.cluster.answers.append((Answer.REFUSED, "Requested node configuration is not available"))
    result = web.one("start")
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "Requested node configuration" in result.message
    assert web.cluster.calls["sbatch"] == 1
    assert web.one("start").exit_code == 0


def test_a_duplicate_whose_job_appears_is_a_start(web):
    def appears() -> None:
        if web.cluster.calls["sbatch"] and not web.cluster.of("web"):
            web.cluster.add("web")

    web.cluster.answers.append(DUPLICATE)
    web.cluster.before_squeue = appears
    result = web.one("start")
    assert (result.exit_code, result.job_id) == (0, web.live()[0])
    assert web.cluster.calls["sbatch"] == 1


def test_a_duplicate_whose_job_is_over_is_tried_again(web):
    web.cluster.answers.extend([DUPLICATE] * 3)
    assert web.one("start").exit_code == 0
    assert (web.cluster.calls["sbatch"], len(web.live())) == (4, 1)


def test_duplicates_without_end_are_an_error_in_time(web):
    web.cluster.answers.extend([DUPLICATE] * 1000)
    begun = web.cluster.now()
    result = web.one("start")
    assert result.exit_code == 1
    assert "duplicate service" in result.message
    assert 3 <= web.cluster.now() - begun <= 15


def test_a_silent_queue_after_a_duplicate_is_unknown(web):
    def silence() -> None:
        web.cluster.silent = web.cluster.calls["sbatch"] > 0

    web.cluster.answers.append(DUPLICATE)
    web.cluster.before_squeue = silence
    assert web.one("start").exit_code == 4
    assert web.cluster.calls["sbatch"] == 1
