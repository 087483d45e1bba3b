"""Starting: somebody presses Ctrl-C."""

from __future__ import annotations

import pytest

from sciportal.service.answers import Answer, Submission


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


@pytest.mark.parametrize(
    ("answers", "nonce", "jobs"),
    [([], True, 1), ([(Answer.REFUSED, "no")], False, 0), (["silent"], True, 0)],
)
def test_of_an_interrupt_at_another_service_submissions_under_way_arrive(
    monkeypatch, world, answers, nonce, jobs
):
    for service in ("a", "b"):
        world.write(service)
    send = world.cluster.send

    def interrupted(options, *more):
        if "b-service" in options:
            assert world.cluster.away == 1
            raise KeyboardInterrupt
        return send(options, *more)

    with monkeypatch.context() as patched:
        patched.setattr(world.cluster, "send", interrupted)
        world.cluster.answers.extend(answers)
        with pytest.raises(KeyboardInterrupt):
            world.run("start", "a", "b")
    assert world.cluster.away == 0
    assert bool(world.ledger("a")["nonce"]) is nonce
    assert world.ledger("b")["nonce"] == ""
    assert len(world.cluster.of("a")) == jobs
    world.cluster.appear()
    world.cluster.sleep(60)
    world.run("start", "a", "b")
    assert [len(world.cluster.of(each)) for each in "ab"] == [1, 1]
