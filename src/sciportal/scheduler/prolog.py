"""PrologSlurmctld: which service jobs may start.

Run by slurmctld as SlurmUser before a job gets its nodes. Of the jobs of one user and name only the
oldest runs, and of the jobs that announce one port only its rightful holder; any other is
cancelled, with the reason in its AdminComment for its owner to read.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sciportal.service.job import Job

# slurmctld has other threads to serve the answers with; one that takes longer than this is in
# trouble of its own.
_TIMEOUT_SECONDS = 8
# How long a job waits for one that is ending; the script around this gives it 25 seconds.
_WAIT_SECONDS = 12.0
_POLL_SECONDS = 0.3


class Verdict(NamedTuple):
    """Whether a job may start."""

    reason: str = ""
    """Why it may not; empty if it may."""
    waits: bool = False
    """Whether that passes: what stands in its way came after it, and is ending."""

    @property
    def starts(self) -> bool:
        """Whether the job may start."""
        return not self.reason


def judge(job: Job, jobs: Iterable[Job]) -> Verdict:
    """Whether `job` may start beside the others.

    Args:
        job: the one that is to start.
        jobs: all jobs of the watched partitions; `job` may be among them.
    """
    earlier = [other for other in jobs if other.id != job.id and _alive(other)]
    earlier = [other for other in earlier if _place(other) < _place(job)]
    same = [other for other in earlier if (other.uid, other.name) == (job.uid, job.name)]
    if same:
        return Verdict("sciportal: duplicate service", _all_pass(same, job))
    endpoint = job.endpoint
    on_port = [other for other in earlier if endpoint and _port(other) == endpoint.port]
    if endpoint and on_port:
        return Verdict(f"sciportal: port {endpoint.port} is taken", _all_pass(on_port, job))
    return Verdict()


def _all_pass(others: Iterable[Job], job: Job) -> bool:
    """Whether all of them came after `job` and are ending, as one that was cancelled here is."""
    from sciportal.service.job import State

    return all(other.id > job.id and other.state is State.STOPPING for other in others)


def _alive(job: Job) -> bool:
    # An ending job still has its processes and its port.
    from sciportal.service.job import State

    return job.state is not State.STOPPED


def _place(job: Job) -> tuple[bool, int]:
    """Order of rights: those that run, then by id.

    Not the time of submission: Slurm sets it anew when it requeues a job, which must not cost
    the job its place. That ids begin anew after MaxJobId is why those that run come first.
    """
    from sciportal.service.job import State

    return (job.state not in (State.RUNNING, State.STOPPING), job.id)


def _port(job: Job) -> int | None:
    return job.endpoint.port if job.endpoint else None


def main(argv: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Judge the job that slurmctld is about to start.

    Any status but 0 would make slurmctld requeue the job, and nothing here is worth that: what
    goes wrong is reported to syslog, and the job starts.

    Args:
        argv: `--partition NAME`, once for each watched partition.
        environ: the SLURM_JOB_* variables of PrologSlurmctld (slurm.conf(5)).
    """
    words = sys.argv[1:] if argv is None else argv
    environ = os.environ if environ is None else environ
    partitions = words[1::2]
    if environ.get("SLURM_JOB_PARTITION") not in partitions:
        return 0
    try:
        _act(partitions, int(environ["SLURM_JOB_ID"]))
    except Exception as error:
        _report(f"job {environ.get('SLURM_JOB_ID')} was not judged: {error!r}")
    return 0


def _act(partitions: list[str], number: int) -> None:
    from sciportal.service.slurm import Slurm

    slurm = Slurm(timeout=_TIMEOUT_SECONDS)
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        jobs = slurm.jobs(partitions=partitions)
        job = next((each for each in jobs if each.id == number), None)
        if job is None:
            _report(f"job {number} was not judged: it is not in the queue")
            return
        verdict = judge(job, jobs)
        if verdict.starts:
            return
        if not verdict.waits or time.monotonic() >= end:
            break
        time.sleep(_POLL_SECONDS)
    slurm.annotate(job, verdict.reason)
    slurm.cancel(job)
    _report(f"job {number} of {job.user} cancelled: {verdict.reason}")


def _report(text: str) -> None:
    import syslog

    syslog.openlog("sciportal", 0, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_NOTICE, text)
