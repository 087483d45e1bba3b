"""Which port a service has, and keeps."""

from __future__ import annotations

from sciportal.service import ports
from sciportal.service import settings as settings_file
from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import ServiceError
from sciportal.service.kinds import kind_of
from sciportal.service.layout import PORTS_LOCK, STATE, Layout
from sciportal.service.ledger import Ledger
from sciportal.service.lock import Lock
from sciportal.service.view import View


def reserve(view: View, refused: set[int]) -> Endpoint | None:
    """Choose the endpoint and note its port, before another service of the account chooses.

    Args:
        view: of the service, with the jobs of others.
        refused: ports that the scheduler did not let it have.

    Raises:
        ServiceError: the port of its settings is none for services, or another job has it; or
            none is left.
    """
    session = view.session
    path = session.home.path(f"{STATE}/{PORTS_LOCK}")
    lock = Lock(path, "the ports", session.options.lock_timeout, session.clock, session.sleep)
    try:
        endpoint = _endpoint(view, refused)
        view.ledger.port = endpoint.port if endpoint else 0
        view.ledger.save(session.home, view.layout)
    finally:
        lock.release()
    return endpoint


def foreseen(view: View) -> Endpoint | None:
    """The endpoint that the next start will announce, unless somebody takes the port meanwhile."""
    wanted = view.settings
    if wanted.port > 0:
        # Whether it may be had is the start's to say.
        return Endpoint(wanted.protocol, wanted.port, wanted.access)
    return reserve(view, set())


def _endpoint(view: View, refused: set[int]) -> Endpoint | None:
    """Where the job is to listen: the port that it keeps, unless somebody else has that."""
    session = view.session
    site = session.site
    wanted = view.settings
    if wanted.port == settings_file.NO_PORT:
        return None
    holders = {job.endpoint.port: job for job in view.others if job.endpoint and not job.is_over}
    if wanted.port != settings_file.AUTO:
        ports.check(wanted.port, site.port_min, site.port_max)
        if wanted.port in holders:
            holder = holders[wanted.port]
            raise ServiceError(
                f"port {wanted.port} of {view.service}",
                f"job {holder.id} ({holder.name} of {holder.user}) has it",
                "set another port in its settings, or 'auto'",
            )
        return Endpoint(wanted.protocol, wanted.port, wanted.access)
    taken = refused | set(holders)
    kept = view.ledger.port
    if not site.port_min <= kept <= site.port_max or kept in taken:
        base = kind_of(view.service).port_base
        taken |= _own_ports(view)
        kept = ports.choose(session.account.uid, base, site.port_min, site.port_max, taken)
    return Endpoint(wanted.protocol, kept, wanted.access)


def _own_ports(view: View) -> set[int]:
    """Ports that other services of this account keep."""
    home = view.session.home
    names = [name.removesuffix(".json") for name in home.names(STATE) if name.endswith(".json")]
    others = (Ledger.load(home, Layout(name)) for name in names if name != view.service)
    return {ledger.port for ledger in others if ledger.port}
