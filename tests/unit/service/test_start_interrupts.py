"""Starting: somebody presses Ctrl-C."""

from __future__ import annotations

import pytest

from sciportal.service.slurm import Answer, Submission


def test_before_sbatch_began_nothing_is_left_that_the_next_call_waits_for(monkeypatch, web):
    def submit(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(web.cluster, "submit", submit)
        with pytest.raises(KeyboardInterrupt):
            web.one("start")
    assert web.ledger()["nonce"] == ""
    assert web.one("start").exit_code == 0
    assert len(web.live()) == 1


@pytest.mark.parametrize(
    ("answer", "is_sure"),
    [(Answer.REFUSED, True), (Answer.NOT_SENT, True), (Answer.SILENT, False)],
)
def test_the_answer_that_came_nonetheless_is_heeded(monkeypatch, web, answer, is_sure):
    def submit(*_):
        return Submission(answer, 0, "no", interrupted=True)

    monkeypatch.setattr(web.cluster, "submit", submit)
    with pytest.raises(KeyboardInterrupt):
        web.one("start")
    assert (web.ledger()["nonce"] == "") is is_sure
