"""What is promised of every job, whatever died, was cut off or got lost meanwhile."""

from __future__ import annotations

from pathlib import Path

from sciportal.jobs.files import JobFiles
from sciportal.jobs.settings import PortalLimits
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.store import Store

FILES = {"input.txt", "out.txt", "stderr", "stdout"}
"""The results of a job that copies its input, says `said`, and whose outputs are `*.txt`."""

# sh(1) adds it to the number of the signal that killed a program.
_SIGNALS = 128


def is_lost(store: Store, number: int) -> bool:
    """Whether a job ended once, because what it ran in had lost or killed it."""
    job, events = store.job(number), store.events(number)
    assert job
    assert [each.final for each in events].count(True) == 1, (number, events)
    untold = job.exit_code is None or job.exit_code >= _SIGNALS
    return job.state is State.ERROR and untold and bool(job.collected_at)


def judge(store: Store, state_dir: Path, number: int, text: str, code: int, runs: int = 1) -> None:
    """A job ended once, as it should, and its results are here, once and whole.

    Args:
        store: of the portal.
        state_dir: the portal's.
        number: of the job.
        text: that it read and wrote.
        code: with which it was to end.
        runs: how often it ran, if its node died; what it said before that is in its log, too.
    """
    job, events = store.job(number), store.events(number)
    assert job
    told = (number, job.state, job.reason, [(each.cause, each.text) for each in events])
    wanted = State.ERROR if code else State.COMPLETE
    assert (job.state, job.exit_code) == (wanted, code), told
    assert [each.final for each in events].count(True) == 1, told
    assert events[-1].final, told
    # Nothing announced itself twice within one attempt.
    attempts = [each.attempt for each in events if each.cause is Cause.STARTED]
    assert len(set(attempts)) == len(attempts), told
    assert job.collected_at, told
    files = JobFiles(state_dir, PortalLimits())
    found = {each.path for each in files.results(number)}
    assert found == FILES, (found, told)
    said = ["said\n" * times for times in range(1, runs + 1)]
    for name, texts in (("out.txt", [text]), ("stdout", said)):
        with files.open_result(number, name) as file:
            assert file.read().decode() in texts, told
