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
}


def kind_of(service: str) -> Kind:
    """The defaults of a service by its name."""
    return TYPES.get(service, CUSTOM)
