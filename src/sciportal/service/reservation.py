"""Which port a service has, and keeps."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service import ports
from sciportal.service import settings as settings_file
from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import ServiceError
from sciportal.service.kinds import kind_of
from sciportal.service.layout import PORTS_LOCK, STATE, Layout
from sciportal.service.ledger import Ledger
from sciportal.service.lock import Lock
from sciportal.service.names import is_service
from sciportal.service.portfile import NOTHING, PROTOCOL, Recorded, load
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sciportal.service.job import Job
    from sciportal.service.session import Session
    from sciportal.service.settings import Settings


def reserve(view: View, refused: set[int]) -> Endpoint | None:
    """Choose the endpoint and note its port, before another service of the account chooses.

    Args:
        view: of the service, with the jobs of others.
        refused: ports that the scheduler did not let it have.

    Raises:
        ServiceError: the port that the account wants is none for services, or another job has
            it; or none is left.
    """
    lock = ports_lock(view.session)
    try:
        endpoint = _endpoint(view, refused)
        # One that the account wrote into ports.ini is no port that we chose, ever.
        if not _recorded(view, view.settings).is_own:
            view.ledger.port = endpoint.port if endpoint else 0
            view.ledger.save(view.session.home, view.layout)
    finally:
        lock.release()
    return endpoint


def ports_lock(session: Session) -> Lock:
    """The lock of all ports of an account, held."""
    path = session.home.path(f"{STATE}/{PORTS_LOCK}")
    return Lock(path, "the ports", session.options.lock_timeout, session.clock, session.sleep)


def foreseen(view: View) -> Endpoint | None:
    """The endpoint that the next start will announce, unless somebody takes the port meanwhile."""
    wanted = view.settings
    port = _wanted(view, wanted)
    if port > 0:
        # Whether it may be had is the start's to say.
        return Endpoint(wanted.protocol, port, wanted.access)
    return reserve(view, set())


def is_chosen(view: View) -> bool:
    """Whether the port is chosen here, so that another one will do as well."""
    return _wanted(view, view.settings) == settings_file.AUTO


def _endpoint(view: View, refused: set[int]) -> Endpoint | None:
    """Where the job is to listen: the port that it keeps, unless somebody else has that."""
    session = view.session
    site = session.site
    wanted = view.settings
    port = _wanted(view, wanted)
    if port == settings_file.NO_PORT:
        return None
    if port != settings_file.AUTO:
        _check_free(view, port)
        return Endpoint(wanted.protocol, port, wanted.access)
    taken = refused | set(holders_of_ports(view.others))
    kept = view.ledger.port or _recorded(view, wanted).port
    if not site.port_min <= kept <= site.port_max or kept in taken:
        base = kind_of(view.service).port_base
        taken |= set(kept_ports(session, without=view.service))
        kept = ports.choose(session.account.uid, base, site.port_min, site.port_max, taken)
    return Endpoint(wanted.protocol, kept, wanted.access)


def check_recorded(view: View, port: int, settings: Settings) -> None:
    """Make sure that a port which ports.ini is to name could be had.

    Args:
        view: of the service, with the jobs of others.
        port: the one that is to stand there.
        settings: of the service.

    Raises:
        ServiceError: it is none for services, or another job has it; or the settings name another.
    """
    if settings.port not in (settings_file.AUTO, port):
        raise _two_ports(view, settings.port, port)
    _check_free(view, port)


def _check_free(view: View, port: int) -> None:
    site = view.session.site
    ports.check(port, site.port_min, site.port_max)
    holder = holders_of_ports(view.others).get(port)
    if holder:
        raise ServiceError(
            f"port {port} of {view.service}",
            f"job {holder.id} ({holder.name} of {holder.user}) has it",
            "set another port in its settings, or 'auto'",
        )


def _two_ports(view: View, of_settings: int, of_file: int) -> ServiceError:
    return ServiceError(
        f"the port of {view.service}",
        f"its settings say {of_settings}, its ports.ini says {of_file}",
        "have both say the same, or leave it out of the settings",
    )


def _wanted(view: View, wanted: Settings) -> int:
    """The port that the account wants, in the settings or in ports.ini; or AUTO, or NO_PORT.

    Raises:
        ServiceError: the two differ.
    """
    recorded = _recorded(view, wanted)
    if not recorded.is_own or wanted.port == recorded.port:
        return wanted.port
    if wanted.port != settings_file.AUTO:
        raise _two_ports(view, wanted.port, recorded.port)
    return recorded.port


def _recorded(view: View, wanted: Settings) -> Recorded:
    if wanted.protocol != PROTOCOL or wanted.port == settings_file.NO_PORT:
        return NOTHING
    return load(view.session.home, view.layout, view.ledger.port)


def holders_of_ports(jobs: Iterable[Job]) -> dict[int, Job]:
    """The jobs that have a port, by port."""
    return {job.endpoint.port: job for job in jobs if job.endpoint and not job.is_over}


def kept_ports(session: Session, without: str = "") -> dict[int, str]:
    """Ports that services of this account keep, and whose each is.

    Args:
        session: of this call.
        without: a service that does not count.
    """
    home = session.home
    found = {}
    for service in known_here(session):
        if service == without:
            continue
        layout = Layout(service)
        kept = Ledger.load(home, layout).port
        # One that cannot be read is its own service's problem.
        with suppress(ServiceError):
            found[load(home, layout, kept).port] = service
        found[kept] = service
    found.pop(0, None)
    return found


def known_here(session: Session) -> list[str]:
    """The services of which the home has a ledger or a directory."""
    names = [name.removesuffix(".json") for name in session.home.names(STATE)]
    names += [
        name[1:].removesuffix("-service")
        for name in session.home.names(".")
        if name.startswith(".") and name.endswith("-service")
    ]
    return sorted({name for name in names if is_service(name)})
