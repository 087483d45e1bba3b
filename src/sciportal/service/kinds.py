"""The pre-defined types and their defaults: one table, from which the documentation is made."""

from __future__ import annotations

from sciportal.light import NamedTuple


class Kind(NamedTuple):
    """Defaults of a service's endpoint."""

    protocol: str
    access: str
    port_base: int
    """First port of the range in which `uid % PORT_SPAN` gives an account its own (seed 000)."""
    restart: str
    """When its main process is started again, see restart.py."""
    version: str
    """Changes whenever stage `init` of the type has something new to do."""
    mistakes: tuple[int, ...] = ()
    """Exit statuses by which its program, as long as it has not served, says that something is
    wrong that no restart mends."""
    has_workers: bool = False
    """Whether its program listens before it can serve: it can when it has a child process."""
    farewell: int = 0
    """The signal at which its program accepts nobody any more, but serves whom it has."""


PORT_SPAN = 8192

CUSTOM = Kind(protocol="http", access="owner", port_base=24576, restart="never", version="custom/1")
TYPES = {
    "apache": Kind(
        protocol="http",
        access="public",
        port_base=16384,
        restart="on-failure",
        version="apache/2",
    ),
    "uwsgi": Kind(
        protocol="uwsgi",
        access="public",
        port_base=8192,
        restart="on-failure",
        version="uwsgi/1",
        # uwsgi's own: 1 for what it does not understand or cannot bind, 22 for an application
        # that cannot be loaded (uwsgi.h, UWSGI_FAILED_APP_CODE).
        mistakes=(1, 22),
        has_workers=True,
        farewell=15,
    ),
}


def kind_of(service: str) -> Kind:
    """The defaults of a service by its name."""
    return TYPES.get(service, CUSTOM)
