"""What the account's half of the helper can do, each verb a function from request to answer."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from sciportal.jobs import exits, order, outputs, script
from sciportal.jobs.accounts import sighting, wire
from sciportal.jobs.accounts.place import TASKS_SUFFIX, Place
from sciportal.jobs.strict import Table
from sciportal.service import names, processes
from sciportal.service.errors import (
    NotRunningError,
    ServiceError,
    UnknownError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sciportal.jobs.accounts.batch_system import BatchSystem
    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Sight
    from sciportal.jobs.script import Programs

MOST_JOBS = 10_000
MOST_SUBMITTED = 100
MOST_TAIL = 1 << 20
STREAMS = (script.OUT, script.ERR)
ACTIONS = ("status", "start", "stop", "restart", "logs")
_MOST_USAGE = 1 << 16
_SERVICE_SECONDS = 60.0
# Another job may take as long as two answers of Slurm; who asked waits for two minutes.
_SUBMIT_SECONDS = 20.0
_MOST_LINES = 1000

Answer = dict[str, Any]


class Session(NamedTuple):
    """What a verb works with."""

    home: str
    environment: Mapping[str, str]
    slurm: BatchSystem
    programs: Programs
    given: BinaryIO
    """What follows the request."""
    answer: BinaryIO

    def place(self, request: Table) -> Place:
        """The directory of the job that a request is about."""
        return Place(self.home, request.number("job"), request.number("attempt", least=1))


def submit(session: Session, request: Table) -> Answer:
    """Hand jobs over, each for itself; the same again gives the same jobs.

    Where that takes long, it answers for those that it came to.
    """
    orders = [order.from_json(each) for each in request.values("orders", most=MOST_SUBMITTED)]
    request.done()
    end = time.monotonic() + _SUBMIT_SECONDS
    said: list[Answer] = []
    for each in orders:
        if said and time.monotonic() > end:
            break
        files = wire.Part(session.given, sum(file.size for file in each.files))
        try:
            said.append({"batch": _submitted(session, each, files)})
        except ServiceError as error:
            said.append(wire.told(error))
        except OSError as error:
            said.append(wire.told(lost(error)))
        files.skip()
    return {"jobs": said}


def _submitted(session: Session, wanted: Order, files: wire.Part) -> str:
    place = Place(session.home, wanted.job, wanted.attempt)
    with place.lock():
        place.make(wanted, session.programs, files)
        if place.noted(script.CANCELLED):
            raise ServiceError("submit a job", "it is cancelled", "submit another one")
        return session.slurm.submit(place, wanted)


def lost(error: OSError) -> UnknownError:
    """What the portal is told where the system did not do what it was asked."""
    return UnknownError("serve the job portal", str(error), "see the host's log")


def look(session: Session, request: Table) -> Answer:
    """See what became of jobs, by one squeue for all."""
    places = []
    for each in request.tables("jobs", most=MOST_JOBS):
        places.append((each.number("job"), each.number("attempt", least=1)))
        each.done()
    request.done()
    queue = session.slurm.by_name()
    found = [sight(session.slurm, Place(session.home, *each), queue) for each in places]
    return {
        "jobs": [
            {
                "phase": each.phase.value,
                "exit": each.exit_code,
                "reason": each.reason,
                "node_died": each.node_died,
            }
            for each in found
        ]
    }


def sight(slurm: BatchSystem, place: Place, queue: Mapping[str, list[Any]]) -> Sight:
    """What became of a job.

    Args:
        slurm: asked again where the queue does not tell.
        place: the job's directory.
        queue: the account's jobs, by name.

    Raises:
        UnknownError: nobody knows.
    """
    exit_code = sighting.code(place.noted(script.EXIT))
    reason = place.noted(script.REASON)
    jobs = [*queue.get(place.job_name, []), *queue.get(place.job_name + TASKS_SUFFIX, [])]
    if exit_code is None:
        waits = sighting.in_queue(jobs)
        if waits:
            return waits
        states = [job.raw_state for job in queue.get(place.job_name, [])]
        if not states:
            states = [each.state for each in slurm.remembered([place.job_name])]
        # It may have come between the first look and the end of the job.
        exit_code = sighting.code(place.noted(script.EXIT))
    else:
        states = []
    if exit_code and not reason:
        reason = _explained(place, exit_code)
    # What its owner keeps from beginning is not to be begun anew.
    began = place.began or bool(place.noted(script.CANCELLED))
    return sighting.ended(states, exit_code, reason, began=began, attempt=place.attempt)


def _explained(place: Place, exit_code: int) -> str:
    try:
        with outputs.opened(place.directory, script.ORDER) as file:
            return exits.explain(exit_code, order.loads(file.read(wire.MOST_REQUEST)).limits)
    except (OSError, UsageError):
        return ""


def cancel(session: Session, request: Table) -> Answer:
    """End a job; one that comes up later does not begin."""
    place = session.place(request)
    request.done()
    if place.is_there:
        place.note(script.CANCELLED, "its owner cancelled it\n")
    session.slurm.cancel(place)
    return {}


def withdraw(session: Session, request: Table) -> Answer:
    """Keep a job that is to be sent anew from beginning; one that has begun goes on."""
    place = session.place(request)
    request.done()
    if place.is_there:
        session.slurm.withdraw(place)
    return {}


def collect(session: Session, request: Table) -> Answer:
    """Send what a job has made."""
    place = session.place(request)
    patterns = request.texts("outputs", fits=order.is_pattern)
    most = request.number("most", least=1)
    request.done()
    _check_there(place)
    found = outputs.find(place.directory, patterns, most)
    for each in found.files:
        with outputs.opened(place.directory, each.path) as file:
            session.answer.write(wire.line({"file": {"name": each.name, "size": each.size}}))
            wire.copy(file.read, session.answer.write, each.size)
    return {"usage": _usage(place), "left_out": list(found.left_out)}


def _usage(place: Place) -> dict[str, Any]:
    try:
        with outputs.opened(place.directory, script.USAGE) as file:
            said = wire.table(b'{"usage":%b}' % file.read(_MOST_USAGE), "read what a job used")
        return said.mapping("usage")
    except (OSError, UsageError):
        return {}


def tail(session: Session, request: Table) -> Answer:
    """Send a piece of what a job has written so far."""
    place = session.place(request)
    stream = request.text("stream", fits=STREAMS.__contains__)
    start = request.number("start", least=-MOST_TAIL)
    most = request.number("most", least=0, most=MOST_TAIL)
    request.done()
    _check_there(place)
    size, first, data = 0, 0, b""
    try:
        with outputs.opened(place.directory, stream) as file:
            size = os.fstat(file.fileno()).st_size
            first = max(size + start, 0) if start < 0 else min(start, size)
            file.seek(first)
            data = file.read(most)
    except FileNotFoundError:
        pass
    session.answer.write(wire.line({"file": {"name": stream, "size": len(data)}}) + data)
    return {"size": size, "start": first}


def clean(session: Session, request: Table) -> Answer:
    """Remove a job's directory."""
    place = session.place(request)
    request.done()
    with place.lock():
        place.remove()
    return {}


def service(session: Session, request: Table) -> Answer:
    """Call sbatch-service; what it prints as JSON is the answer, of a log its text."""
    action = request.text("action", fits=ACTIONS.__contains__)
    name = request.text("name", "", fits=lambda text: not text or names.is_service(text))
    lines = request.number("lines", 100, least=1, most=_MOST_LINES)
    request.done()
    of_log = action == "logs"
    words = ["sbatch-service", action, *(["--lines", str(lines)] if of_log else ["--json"])]
    words += [name] if name else []
    program = shutil.which(words[0], path=session.environment["PATH"])
    if not program:
        found, advice = "sbatch-service is not installed", "ask the operators"
        raise NotRunningError("use a service", found, advice)
    ended = processes.run([program, *words[1:]], env=session.environment, timeout=_SERVICE_SECONDS)
    # A service that was never started has no log yet.
    if of_log and ended.code in (0, NotRunningError.exit_code) and not ended.problem:
        return {"code": ended.code, "said": ended.out}
    try:
        said = json.loads(ended.out)
    except (ValueError, RecursionError):
        found = ended.problem or ended.err.strip()[:500] or f"exit status {ended.code}"
        raise UnknownError("use a service", found, "try again") from None
    return {"code": ended.code, "said": said}


def _check_there(place: Place) -> None:
    if not place.is_there:
        found = f"{place.directory} is not there"
        raise NotRunningError("read what a job has made", found, "submit the job again")


VERBS: Mapping[str, Callable[[Session, Table], Answer]] = {
    each.__name__: each for each in (submit, look, cancel, withdraw, collect, tail, clean, service)
}
