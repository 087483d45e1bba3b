"""Waiting until a service serves."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import refusal
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.job import Job, State
from sciportal.service.kinds import kind_of
from sciportal.service.submission import PORT_TRIES
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciportal.service.deed import Work

_POLL = 0.2
_CONNECT_SECONDS = 1.0
_LOG_LINES = 10
# A job that runs so long without an endpoint counts as started (supervisord's startsecs).
_STEADY_SECONDS = 1.0


def until_listening(
    view: View, begun: int, timeout: float, again: Callable[[View, tuple[int, ...]], Work]
) -> Work:
    """Wait until the service listens; without an endpoint, until the job runs and stays.

    Args:
        view: of the service.
        begun: size of its log before the start, in bytes.
        timeout: seconds.
        again: starts it anew, without some ports, where the scheduler withdrew its job because
            of the port.

    Raises:
        ServiceError: the job ended, does not serve in time, or cannot since somebody else has
            its port.
    """
    session = view.session
    end = session.clock() + timeout
    refused: tuple[int, ...] = ()
    silence = ""
    steady: float | None = None
    while True:
        if not silence:
            job = view.job
            if job is None:
                port = _port_taken(view)
                if not port or port in refused or len(refused) >= PORT_TRIES:
                    raise _ended(view, begun)
                refused += (port,)
                yield from again(view, refused)
                continue
            if job.state is State.RUNNING:
                steady = steady or session.clock() + _STEADY_SECONDS
                if _serves(view, job) if job.endpoint else session.clock() >= steady:
                    return
        if session.clock() >= end:
            raise _late(view, begun, timeout, silence)
        try:
            view.queue = yield _POLL
            silence = ""
        except UnknownError as error:
            silence = error.found


def _serves(view: View, job: Job) -> bool:
    """Whether the job says that its program listens, or its endpoint accepts a connection.

    Where ports are guarded, only the web hosts and the account on the node are let in.
    """
    import socket

    assert job.endpoint
    said = view.record
    if said.obstacle:
        raise ServiceError(
            f"start {view.service}",
            f"on {job.node}, {said.obstacle}",
            "stop that program, or let the service have another port",
        )
    if said.listens or kind_of(view.service).has_workers:
        return said.listens
    try:
        with socket.create_connection((job.node, job.endpoint.port), _CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _port_taken(view: View) -> int:
    """The port that PrologSlurmctld did not let the job have; 0 where that is not why it ended."""
    last = view.mine[-1] if view.mine else None
    if last is None or last.raw_state != "CANCELLED":
        return 0
    try:
        return refusal.port_taken(view.session.slurm.admin_comment(last.id))
    except UnknownError:
        return 0


def _ended(view: View, begun: int) -> ServiceError:
    last = view.mine[-1] if view.mine else None
    how = f"job {last.id} ended ({last.raw_state})" if last else "its job ended"
    obstacle = view.record.obstacle
    if last and obstacle:
        how += f": on {last.node or 'its node'}, {obstacle}"
    return ServiceError(f"start {view.service}", how + _log(view, begun), "mend that, start again")


def _late(view: View, begun: int, timeout: float, silence: str) -> ServiceError:
    if silence:
        return UnknownError(f"wait for {view.service}", silence, "try again when Slurm answers")
    job = view.job
    assert job
    if job.state is State.RUNNING and job.endpoint:
        found = f"nothing listens on {job.node} port {job.endpoint.port} after {timeout:g} s"
    else:
        found = f"job {job.id} is {job.raw_state} ({job.reason}) after {timeout:g} s"
    return ServiceError(
        f"wait for {view.service}", found + _log(view, begun), "it may still come: see its status"
    )


def _log(view: View, begun: int) -> str:
    tail = view.session.home.tail(view.layout.log, _LOG_LINES, begun)
    if not tail:
        return ""
    return "; its log ends with:\n  " + "\n  ".join(tail.splitlines()) + "\n"
