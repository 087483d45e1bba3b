"""The line that tells how long a wait has taken."""

from __future__ import annotations

import io
import re

import pytest

from sciportal.service import lifecycle, progress
from sciportal.service.errors import UnknownError
from sciportal.service.plan import Action
from sciportal.service.result import Result
from sciportal.service.session import Session
from unit.service.model import Cluster


class Terminal(io.StringIO):
    """What was shown, a line each time it was written anew."""

    def shown(self) -> list[str]:
        return [each for each in re.split(r"\r\x1b\[K", self.getvalue()) if each]


@pytest.fixture
def out() -> Terminal:
    return Terminal()


@pytest.fixture
def line(cluster, out) -> progress.Line:
    return made(cluster, out, Action.START)


def made(cluster: Cluster, out: Terminal, action: Action) -> progress.Line:
    return progress.Line(action, cluster.sleep, cluster.now, out)


def test_what_is_soon_over_is_not_shown(line, out):
    line.sleep(0.3)
    line.sleep(0.1)
    line.clear()
    assert out.getvalue() == ""


def test_each_second_the_line_is_written_anew_and_in_the_end_it_goes(cluster, line, out):
    job = cluster.add("web", "PENDING", reason="Resources")
    for _ in range(16):
        line.see(["web-service"], [job])
        line.sleep(0.2)
    line.clear()
    assert out.shown() == [f"web: pending (Resources) {each} s" for each in (1, 2, 3)]
    assert out.getvalue().endswith("\r\033[K")


@pytest.mark.parametrize(
    ("raw", "action", "said"),
    [
        ("RUNNING", Action.START, "running on node1"),
        ("RUNNING", Action.STOP, "stopping"),
        ("COMPLETING", Action.RESTART, "stopping"),
        ("CONFIGURING", Action.START, "pending"),
        ("HOVERING", Action.START, "unknown"),
        (None, Action.START, "no job"),
    ],
)
def test_the_state_is_told_in_words(cluster, out, raw, action, said):
    line = made(cluster, out, action)
    cluster.node = "node1"
    jobs = [cluster.add("web", raw)] if raw else []
    line.sleep(5)
    line.see(["web-service"], jobs)
    line.sleep(1)
    assert out.shown()[-1] == f"web: {said} 5 s"


def test_the_services_that_are_still_waited_for_stand_in_one_line(cluster, line, out):
    jobs = [cluster.add(each, "PENDING") for each in ("web", "wiki")]
    line.sleep(1)
    line.see(["web-service", "wiki-service"], jobs)
    line.sleep(1)
    line.see(["wiki-service"], jobs)
    line.sleep(1)
    assert out.shown() == ["web: pending; wiki: pending 1 s", "wiki: pending 2 s"]


def test_a_line_never_fills_the_terminal(line, out):
    line.sleep(1)
    line.see([f"service-{each}-service" for each in range(50)], [])
    line.sleep(1)
    assert len(out.shown()[0]) == 79
    assert out.shown()[0].endswith("... 1 s")


def test_another_call_that_holds_the_lock_is_told(line, out):
    line.sleep(1)
    line.sleep(0.05)
    assert out.shown() == ["waiting for another call of sbatch-service 1 s"]


def test_a_silent_slurm_is_told(line, out):
    line.sleep(1)
    line.silence()
    line.sleep(1)
    assert out.shown() == ["Slurm does not answer 1 s"]


def test_the_line_is_gone_before_something_else_may_be_said(cluster, line, out):
    line.see(["web-service"], [])
    line.sleep(1)
    line.sleep(1)
    shown = out.getvalue()
    line.see(["web-service"], [cluster.add("web")])
    assert out.getvalue() == shown + "\r\033[K"


def test_no_question_is_asked_for_it(world, monkeypatch, out):
    world.write("web", settings='port = "none"')
    monkeypatch.setattr(progress.sys, "stderr", out)
    world.cluster.start_seconds = 4
    session = world.session(wait=30)
    results = []
    for watch in (False, True):
        world.one("stop")
        before = world.cluster.calls["squeue"]
        if watch:
            with progress.watched(session, Action.START) as watched:
                results += start(watched)
        else:
            results += start(session)
        results.append(world.cluster.calls["squeue"] - before)
    assert results[1] == results[3]
    assert results[0].state == results[2].state == "running"
    assert any(each.startswith("web: running on") for each in out.shown())


def start(session: Session) -> list[Result]:
    return lifecycle.run(session, Action.START, ["web"])


def test_the_line_goes_when_the_wait_is_broken_off(world, monkeypatch, out):
    monkeypatch.setattr(progress.sys, "stderr", out)
    world.cluster.silent = True
    with (
        pytest.raises(KeyboardInterrupt),
        progress.watched(world.session(), Action.STOP) as session,
    ):
        with pytest.raises(UnknownError):
            session.slurm.ask(names=["web-service"])()
        session.sleep(1)
        session.sleep(1)
        raise KeyboardInterrupt
    assert out.shown() == ["Slurm does not answer 1 s"]
    assert out.getvalue().endswith("\r\033[K")
