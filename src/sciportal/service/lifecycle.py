"""Many services at once: their locks, and one squeue for all of them."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service.deed import MEANWHILE, perform
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.job import Job
from sciportal.service.layout import CENTRAL, LOGS, PORTS_LOCK, ROTATION_STATUS, STATE
from sciportal.service.lock import Lock
from sciportal.service.names import is_service, job_name, service_of
from sciportal.service.plan import PERMISSION, Action
from sciportal.service.result import Result
from sciportal.service.session import Session
from sciportal.service.setup import directories
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    Queue = Sequence[Job] | UnknownError
    """The jobs, or why nobody knows them."""
    Asked = Callable[[], Sequence[Job]]
    """Waits for the jobs; see `Slurm.ask`."""
    Deed = Callable[[View], Generator[float, Sequence[Job], Result]]
    """What is done to one service; see `deed`."""

_LOCK_TRIES = 5
# Commands of so many services are under way at once, each of which mostly waits for slurmctld.
_AWAY = 4


class _Piece:
    """The work on one service."""

    def __init__(self, view: View, deed: Deed, lock: Lock | None) -> None:
        self.view = view
        self.lock = lock
        self.work = deed(view)
        self.delay = 0.0
        self.result: Result | None = None

    def go_on(self, jobs: Queue | None) -> None:
        """Do what can be done now: begin, without jobs; else with what is known of them."""
        try:
            if jobs is None:
                self.delay = next(self.work)
            elif isinstance(jobs, UnknownError):
                self.delay = self.work.throw(jobs)
            else:
                self.delay = self.work.send(jobs)
        except StopIteration as stop:
            self.result = stop.value
        except ServiceError as error:
            view = self.view
            self.result = _failed(view.session, view.service, None, error, view)

    @property
    def is_away(self) -> bool:
        """Whether it waits for a command of its own."""
        return self.result is None and self.delay == MEANWHILE


def run(
    session: Session,
    action: Action,
    services: Sequence[str],
    queue: Queue | None = None,
) -> list[Result]:
    """Do one action on services of one account.

    Args:
        session: of this call.
        action: what to do.
        services: their names, each once.
        queue: the account's jobs, where the caller has just read them and no lock is needed.

    Returns:
        One result a service, in the order of `services`; one failure does not stop the others.
    """
    deeds = {each: (action, lambda view: perform(view, action)) for each in services}
    results = drive(session, deeds, queue)
    if action is Action.PURGE:
        remove_central(session)
    return results


def remove_central(session: Session) -> None:
    """Remove the central files after a purge, if no service is left that needs them."""
    home = session.home
    if session.options.check or known(session, Action.START)[0]:
        return
    _remove_locks(session)
    of_all = {PORTS_LOCK, ROTATION_STATUS}
    if of_all.issuperset(left := home.names(STATE)):
        for each in left:
            home.remove(f"{STATE}/{each}")
    for each in (LOGS, STATE, CENTRAL):
        home.remove_empty(each)


def _remove_locks(session: Session) -> None:
    """Remove the locks that purges left which were killed, unless somebody holds them."""
    home = session.home
    for name in home.names(STATE):
        service = name.removesuffix(".lock")
        if service != name and is_service(service):
            path = home.path(f"{STATE}/{name}")
            with suppress(ServiceError):
                Lock(path, service, 0, session.clock, session.sleep).release(remove=True)


def drive(
    session: Session, deeds: dict[str, tuple[Action, Deed]], queue: Queue | None = None
) -> list[Result]:
    """Do something to each of some services.

    Args:
        session: of this call.
        deeds: for each service the action it amounts to, and what is to be done.
        queue: see `run`.
    """
    results: dict[str, Result] = {}
    pieces: list[_Piece] = []
    try:
        # In one order everywhere, so that two calls never wait for each other.
        for service in sorted(deeds):
            action, deed = deeds[service]
            try:
                pieces.append(_begin(session, service, action, deed))
            except ServiceError as error:
                results[service] = _failed(session, service, action, error)
        wide = any(action in PERMISSION for action, _deed in deeds.values())
        _rounds(session, pieces, queue, wide=wide)
        for piece in pieces:
            action = deeds[piece.view.service][0]
            assert piece.result
            results[piece.view.service] = piece.result._replace(
                action=piece.result.action or action.value
            )
    finally:
        try:
            for piece in pieces:
                piece.work.close()
        finally:
            for piece in pieces:
                _end(session, piece)
    return [results[service] for service in deeds]


def known(
    session: Session, action: Action, queue: Queue | None = None
) -> tuple[list[str], Queue | None]:
    """The services of the account, and its jobs where they were asked for and may be used.

    Services are those with an executable or a ledger; and, for actions that need neither, those
    that run.

    Args:
        session: of this call.
        action: what is to be done.
        queue: the account's jobs, or why nobody knows them, where the caller has just asked.
    """
    home = session.home
    names = {name for name in home.names(CENTRAL) if is_service(name)}
    names |= {name.removesuffix(".json") for name in home.names(STATE) if name.endswith(".json")}
    if action in (Action.STATUS, Action.STOP, Action.PURGE):
        if queue is None:
            queue = read(session.slurm.ask(user=session.account.name))
        jobs = () if isinstance(queue, UnknownError) else queue
        running = (service_of(job.name) for job in jobs if not job.is_over and job.is_ours)
        names |= {name for name in running if name}
    # Who changes something reads the queue again, when it holds the locks.
    usable = queue if action is Action.STATUS else None
    return sorted(name for name in names if is_service(name)), usable


def _begin(session: Session, service: str, action: Action, deed: Deed) -> _Piece:
    if action in PERMISSION:
        session.account.check_member(session.site.group)
    changes = action is not Action.STATUS and not session.options.check
    lock = _lock(session, service, action) if changes else None
    try:
        return _Piece(View(session, service), deed, lock)
    except BaseException:
        if lock:
            lock.release()
        raise


def _lock(session: Session, service: str, action: Action) -> Lock | None:
    """The service's lock; None where no service was ever set up, and none is now."""
    path = session.home.path(f"{STATE}/{service}.lock")
    tries = _LOCK_TRIES
    while True:
        try:
            # A purge without the lock would remove what is set up while it asks what there is.
            if action in PERMISSION or action is Action.PURGE:
                directories(session.home)
            if not session.home.is_there(STATE):
                return None
            return Lock(path, service, session.options.lock_timeout, session.clock, session.sleep)
        except ServiceError as error:
            # The purge of the last service may just have removed the directories.
            tries -= 1
            if not tries or not isinstance(error.__cause__, FileNotFoundError):
                raise


def _rounds(session: Session, pieces: Sequence[_Piece], queue: Queue | None, *, wide: bool) -> None:
    """Show every piece of work the queue, again and again, until all are done."""
    waiting = pieces
    answer = _ask(session, pieces, wide=wide) if pieces and queue is None else None
    # Some have modules to load, which they do while squeue runs.
    for piece in pieces:
        piece.go_on(None)
    while waiting:
        if answer:
            queue = read(answer)
        assert queue is not None
        waiting = _round(waiting, queue, wide=wide)
        wide = False
        if waiting:
            delay = min(piece.delay for piece in waiting)
            if delay:
                session.sleep(delay)
            answer = _ask(session, waiting, wide=wide)


def _round(pieces: Sequence[_Piece], queue: Queue, *, wide: bool) -> list[_Piece]:
    """Show each the queue; those that want to see it again."""
    away: list[_Piece] = []
    for piece in pieces:
        if wide and not isinstance(queue, UnknownError):
            piece.view.others = [job for job in queue if not piece.view.owns(job)]
        piece.go_on(queue)
        if piece.is_away:
            away.append(piece)
        if len(away) == _AWAY:
            _come_back(away.pop(0))
    for piece in away:
        _come_back(piece)
    return [piece for piece in pieces if piece.result is None]


def _come_back(piece: _Piece) -> None:
    while piece.is_away:
        piece.go_on(())


def _ask(session: Session, waiting: Sequence[_Piece], *, wide: bool) -> Asked:
    if wide:
        # Who sets up or starts something also has to know which ports the others have.
        used = {piece.view.ledger.partition for piece in waiting if piece.view.ledger.partition}
        return session.slurm.ask(partitions=sorted(used | {session.site.partition}))
    names = sorted(job_name(piece.view.service) for piece in waiting)
    return session.slurm.ask(user=session.account.name, names=names)


def read(asked: Asked) -> Queue:
    """The answer of squeue, also where that is why there is none.

    Args:
        asked: see `Slurm.ask`.
    """
    try:
        return asked()
    except UnknownError as error:
        return error


def _failed(
    session: Session,
    service: str,
    action: Action | None,
    error: ServiceError,
    view: View | None = None,
) -> Result:
    job = view.job if view else None
    return Result(
        service=service,
        account=session.account.name,
        action=action.value if action else "",
        exit_code=error.exit_code,
        state=view.state.value if view and error.exit_code != UnknownError.exit_code else "unknown",
        job_id=job.id if job else None,
        node=(job.node or None) if job else None,
        endpoint=job.endpoint if job else None,
        message=str(error),
    )


def _end(session: Session, piece: _Piece) -> None:
    if piece.lock is None:
        return
    # A service of which nothing is left needs no lock any more.
    layout = piece.view.layout
    gone = not any(session.home.is_there(each) for each in layout.canonical())
    piece.lock.release(remove=gone)
