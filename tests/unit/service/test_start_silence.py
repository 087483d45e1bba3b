"""Starting: sbatch or squeue gets no answer."""

from __future__ import annotations

import pytest

from sciportal.service.answers import Answer
from sciportal.service.processes import InsistedError

WINDOW = 20
"""Twice the MessageTimeout of the site's defaults."""


def test_a_silent_submission_that_became_a_job_is_adopted(web):
    web.cluster.answers.append("silent, carried out")
    result = web.one("start")
    (job,) = web.live()
    assert (result.exit_code, result.job_id) == (0, job)
    assert (web.ledger()["nonce"], web.ledger()["job_id"]) == ("", job)


def test_after_an_adoption_the_younger_of_two_jobs_is_cancelled(web):
    def rival() -> None:
        web.cluster.add("web", submitted=int(web.cluster.now()) - 1)

    web.cluster.before_sbatch = rival
    web.cluster.answers.append("silent, carried out")
    assert web.one("start").exit_code == 0
    assert len(web.live()) == 1
    assert web.live() == [min(web.cluster.table)]


def silent_start(web) -> None:
    """sbatch gets no answer, and neither does the squeue after it."""

    def silence() -> None:
        web.cluster.silent = web.cluster.calls["sbatch"] > 0

    web.cluster.answers.append("silent")
    web.cluster.before_squeue = silence
    result = web.one("start")
    web.cluster.before_squeue = lambda: None
    web.cluster.silent = False
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "may still be carried out" in result.message


def test_an_unanswered_submission_is_remembered_by_its_nonce(web):
    silent_start(web)
    nonce = web.cluster.submitted[0].env["SCIPORTAL_SUBMISSION"]
    assert nonce
    assert web.ledger()["nonce"] == nonce


@pytest.mark.parametrize("action", ["start", "stop", "restart", "reload", "deploy", "purge"])
def test_nothing_is_done_while_an_unanswered_submission_may_become_a_job(web, action):
    silent_start(web)
    before = (web.files(), dict(web.cluster.calls))
    web.cluster.sleep(WINDOW - 1)
    result = web.one(action)
    assert (result.exit_code, result.state) == (4, "unknown")
    del before[1]["squeue"]
    assert web.cluster.calls["sbatch"] == 1
    assert web.cluster.calls["scancel"] == 0
    assert web.files() == before[0]


def test_the_status_of_an_unanswered_submission_is_unknown(web):
    silent_start(web)
    result = web.one("status")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "no answer" in result.message


def test_an_unanswered_submission_is_given_up_after_twice_the_message_timeout(web):
    silent_start(web)
    web.cluster.sleep(WINDOW)
    assert web.one("status").state == "stopped"
    assert web.one("start").exit_code == 0
    assert web.cluster.calls["sbatch"] == 2
    assert web.ledger()["nonce"] == ""


def test_an_unanswered_submission_that_became_a_job_is_the_job(web):
    silent_start(web)
    web.cluster.appear()
    result = web.one("start")
    assert (result.exit_code, result.changed) == (0, False)
    assert web.live() == [result.job_id]
    assert web.one("stop").exit_code == 0
    assert web.live() == []


def test_an_unanswered_submission_that_comes_after_all_leaves_one_job(web):
    silent_start(web)
    web.cluster.sleep(WINDOW)
    web.cluster.before_sbatch = web.cluster.appear
    assert web.one("start").exit_code == 0
    assert len(web.live()) == 1


def test_a_job_that_ended_a_moment_before_is_not_the_unanswered_one(web):
    first = web.one("start")
    web.cluster.put(web.cluster.table[first.job_id]._replace(raw_state="FAILED"))
    web.cluster.calls.clear()
    silent_start(web)
    result = web.one("start")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert web.cluster.calls["sbatch"] == 1


def test_a_nonce_from_the_future_is_no_reason_to_wait_for_ever(web):
    silent_start(web)
    web.cluster.time -= 86400 / 2
    assert web.one("start").exit_code == 0


def test_an_accepted_job_that_cannot_be_read_back_stays_unconfirmed(web):
    def silence() -> None:
        web.cluster.silent = web.cluster.calls["sbatch"] > 0

    web.cluster.before_squeue = silence
    result = web.one("start")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert web.ledger()["nonce"]
    web.cluster.before_squeue = lambda: None
    web.cluster.silent = False
    assert web.one("start").changed is False
    assert len(web.live()) == 1


def test_an_interrupt_during_the_submission_is_remembered_and_frees_the_lock(web):
    def interrupt() -> None:
        # The second one: for the first, the answer is waited for.
        raise InsistedError

    web.cluster.before_sbatch = interrupt
    with pytest.raises(KeyboardInterrupt):
        web.one("start")
    web.cluster.before_sbatch = lambda: None
    assert web.one("start", lock_timeout=0).exit_code == 4
    web.cluster.sleep(WINDOW)
    assert web.one("start", lock_timeout=0).exit_code == 0


def test_a_silent_queue_at_the_beginning_stops_everything(web):
    web.cluster.silent = True
    result = web.one("start")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "no answer in time" in result.message
    assert (web.cluster.calls["sbatch"], web.stages()) == (0, [])


def test_a_submission_that_was_not_sent_may_be_made_again_at_once(web):
    web.cluster.answers.append((Answer.NOT_SENT, "connect failure"))
    result = web.one("start")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "nothing was submitted" in result.message
    assert web.one("start").exit_code == 0
