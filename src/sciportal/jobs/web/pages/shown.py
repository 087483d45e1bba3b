"""Jobs in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sciportal.jobs.settings import DISPATCH
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.job import Job, JobEvent, JobSummary
from sciportal.jobs.web.pages import figures

LIVE_SECONDS = 2
"""Between two looks of a page at the server: people see a state at most 3 seconds late."""


class Badge(NamedTuple):
    """A state: a class of the style sheet, and its word."""

    name: str
    label: str


BADGES = {
    State.PENDING: Badge("pending", "Waiting"),
    State.ACTIVE: Badge("active", "Running"),
    State.COMPLETE: Badge("complete", "Complete"),
    State.ERROR: Badge("error", "Failed"),
    State.CANCEL: Badge("cancel", "Cancelled"),
    State.DELETE: Badge("delete", "Deleted"),
}
_STOPPING = Badge("cancel", "Stopping")
_LABELS = {
    Cause.SUBMITTED: "Submitted",
    Cause.SENT: "Handed to the batch system",
    Cause.CLAIMED: "Taken by a worker",
    Cause.STARTED: "Started",
    Cause.FINISHED: "Finished",
    Cause.LOST: "Lost",
    Cause.REFUSED: "Refused",
    Cause.CANCELLED: "Cancelled",
    Cause.DELETED: "Deleted",
    Cause.REQUEUED: "Back in the queue",
}


class When(NamedTuple):
    """A time, for machines and for people."""

    machine: str
    text: str


def when(at: int) -> When:
    """A time of the store, in microseconds since 1970."""
    return When(figures.machine_time(at), figures.moment(at))


class Fact(NamedTuple):
    """Something about a thing, and what it is called."""

    label: str
    value: str
    link: str = ""


class Row(NamedTuple):
    """A job in a list."""

    id: int
    title: str
    application: str
    owner: str
    state: Badge
    submitted: When
    took: str
    link: str


def title(job: JobSummary) -> str:
    """What the job is called."""
    return job.name.strip() or f"Job {job.id}"


def badge(job: JobSummary) -> Badge:
    """The state of the job, as it is shown."""
    return _STOPPING if job.cancel_wanted and not job.final else BADGES[job.state]


def row(job: JobSummary, link: str) -> Row:
    """A job in a list.

    Args:
        job: the job.
        link: to its page.
    """
    took = figures.span(job.started_at, job.ended_at)
    submitted = when(job.submitted_at)
    return Row(job.id, title(job), job.application, job.owner, badge(job), submitted, took, link)


def every(job: Job) -> int:
    """Seconds after which a page of the job is to be renewed; 0 where nothing can change."""
    return 0 if job.final and not _awaited(job) else LIVE_SECONDS


def _awaited(job: Job) -> bool:
    """Whether results of a job that ended are still to come."""
    return job.collected_at is None and job.sent_at is not None and job.state is not State.DELETE


def explained(job: Job) -> str:
    """What the state means for this job, in a sentence that stays true while the state lasts."""
    if not job.final:
        return _on_its_way(job)
    took = figures.span(job.started_at, job.ended_at)
    after = f" after {took}" if took else ""
    words = {
        State.COMPLETE: f"It ended well{after}.",
        State.ERROR: f"It ended with exit code {job.exit_code}{after}.",
        State.CANCEL: f"It was stopped on its owner's wish{after}.",
        State.DELETE: f"Its owner deleted it{after}.",
    }[job.state]
    if job.state is State.ERROR and job.exit_code is None:
        words = f"It did not come to its end{after}."
    return f"{words} Its results are being fetched." if _awaited(job) else words


def _on_its_way(job: Job) -> str:
    if job.cancel_wanted:
        return "It is being stopped."
    if job.started_at is not None:
        return f"It has been running since {figures.moment(job.started_at)}."
    if job.state is State.ACTIVE:
        return f"{job.worker} has taken it and is about to start it."
    if job.backend == DISPATCH:
        return "It waits for a cluster with room for it."
    if job.sent_at is None:
        return "It is about to be handed to the batch system."
    return "It waits in the queue of the batch system."


def facts(job: Job) -> list[Fact]:
    """What else there is to know about the job."""
    place = job.worker or job.host or ("" if job.backend == DISPATCH else "this cluster")
    known = [
        ("Submitted", figures.moment(job.submitted_at)),
        ("Started", figures.moment(job.started_at)),
        ("Ended", figures.moment(job.ended_at)),
        ("Ran for", figures.span(job.started_at, job.ended_at)),
        ("Runs on" if not job.final else "Ran on", place),
        ("Account", job.account),
        ("Batch job", job.batch_id),
        ("Attempt", str(job.attempt) if job.attempt > 1 else ""),
    ]
    return [Fact(label, value) for label, value in known if value]


class Happening(NamedTuple):
    """An event in the timeline."""

    at: When
    label: str
    text: str


def timeline(events: list[JobEvent]) -> list[Happening]:
    """What happened, in order."""
    return [Happening(when(each.at), _LABELS[each.cause], each.text) for each in events]


class Used(NamedTuple):
    """A resource: how much of it was used, in words and as a part of what there was."""

    label: str
    text: str
    share: float | None


def usage(job: Job) -> list[Used]:
    """What the job used, as far as it was measured; nothing of it is trusted to be a number."""
    wanted, limits, used = job.order.resources, job.order.limits, job.usage
    processor = _sum(used, "user_seconds", "system_seconds")
    memory, disk, files = (
        _number(used, name) for name in ("peak_memory_bytes", "disk_bytes", "files")
    )
    shown = []
    if processor is not None:
        most = figures.duration(limits.cpu_seconds)
        text = f"{figures.duration(processor)} of {most}"
        shown.append(Used("Processor time", text, _share(processor, limits.cpu_seconds)))
    if memory is not None:
        text = f"{figures.size(memory)} of {figures.size(wanted.memory_mb * 10**6)}"
        shown.append(Used("Memory, at most", text, _share(memory, wanted.memory_mb * 10**6)))
    if disk is not None:
        text = f"{figures.size(disk)} of {figures.size(limits.total_bytes)}"
        shown.append(Used("Disk", text, _share(disk, limits.total_bytes)))
    if files is not None:
        shown.append(Used("Files", f"{files:.0f}", None))
    return shown


def _sum(used: Mapping[str, Any], *keys: str) -> float | None:
    numbers = [_number(used, key) for key in keys]
    return (
        sum(each for each in numbers if each is not None)
        if any(each is not None for each in numbers)
        else None
    )


def _number(used: Mapping[str, Any], key: str) -> float | None:
    value = used.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e18 else None


def _share(part: float, whole: float) -> float:
    return round(min(part / whole, 1.0), 3) if whole > 0 else 1.0
