"""What there is to say of a service after an action."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service import record as records
from sciportal.service.errors import ServiceError
from sciportal.service.job import State
from sciportal.service.plan import Action, Step
from sciportal.service.record import Record
from sciportal.service.restart import how_it_ended
from sciportal.service.result import NOT_SET_UP, Result, stamp
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG_LINES = 10
# squeue(1): a job whose process ended by itself.
_BY_ITSELF = frozenset({"COMPLETED", "FAILED"})


def report(view: View, action: Action, steps: Sequence[Step]) -> Result:
    """The result of an action.

    Args:
        view: of the service, as it is now.
        action: what was asked.
        steps: what was done.
    """
    job = view.job
    record = view.record
    if not job and record.phase not in (records.ENDED, records.GAVE_UP):
        # Its node went, or it was killed: nobody could write that down.
        record = record._replace(phase="")
    is_restarting = record.phase == records.RESTARTING and view.state is State.RUNNING
    code = 0
    if action is Action.STATUS:
        code = {State.RUNNING: 0, State.UNKNOWN: 4}.get(view.state, 3)
        code = 3 if is_restarting else code
    return Result(
        service=view.service,
        account=view.session.account.name,
        action=action.value,
        exit_code=code,
        changed=bool(steps),
        state=view.state.value,
        job_id=job.id if job else None,
        node=(job.node or None) if job else None,
        endpoint=view.endpoint,
        since=(job.started or job.submitted) if job else 0,
        steps=tuple(steps),
        message=_remark(view, record, now=action is Action.STATUS),
        phase=record.phase,
        restarts=record.restarts,
        last_exit=record.last_exit,
        is_shell=record.is_shell,
    )


def _remark(view: View, record: Record, *, now: bool) -> str:
    """Why it is as it is, where that is not plain.

    Args:
        view: of the service.
        record: of its job.
        now: somebody asked for nothing but that.
    """
    job = view.job
    if view.state is State.UNKNOWN:
        return view.present().why_unknown
    if job and job.state is State.PENDING:
        renewed = "its job is renewed" if record.phase == records.RENEWING else "waiting"
        return f"{renewed}: {job.reason}" if job.reason not in ("", "None") else ""
    if not now:
        return ""
    if job:
        return _of_running(view, record) if job.state is State.RUNNING else ""
    with suppress(ServiceError):
        if not view.executable.there:
            return NOT_SET_UP
    return _of_ended(view, record)


def _of_running(view: View, record: Record) -> str:
    if record.obstacle:
        return f"nobody reaches it: {record.obstacle}"
    if record.last_exit is None:
        return ""
    ended = how_it_ended(record.last_exit)
    if record.phase == records.RESTARTING:
        left = max(0, record.until - int(view.session.now()))
        return f"its main process {ended}; it starts again in {left} s{_times(record)}"
    return f"its main process {ended}{_times(record)}"


def _times(record: Record) -> str:
    times = {0: "", 1: " (restarted once)"}
    return times.get(record.restarts, f" (restarted {record.restarts} times)")


def _of_ended(view: View, record: Record) -> str:
    if view.ledger.wanted != "running":
        return ""
    last = view.mine[-1] if view.mine else None
    if last and last.raw_state not in _BY_ITSELF:
        return f"job {last.id} ended ({last.raw_state}){_log(view)}"
    if record.last_exit is None:
        return ""
    ended = f"its main process {how_it_ended(record.last_exit)} at {stamp(record.since)}"
    gave_up = f"; given up{_times(record)}" if record.phase == records.GAVE_UP else ""
    return ended + gave_up + _log(view)


def _log(view: View) -> str:
    tail = view.session.home.tail(view.layout.log, _LOG_LINES)
    return "; its log ends with:\n  " + "\n  ".join(tail.splitlines()) if tail else ""
