"""~/.SERVICE-service/ports.ini: the port of a service that speaks uwsgi, where uwsgi reads it."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import ServiceError
from sciportal.service.layout import Layout

if TYPE_CHECKING:
    from sciportal.service.home import Home

PROTOCOL = "uwsgi"
"""Services of this protocol have such a file."""

_NAME = "ports.ini"
_LONGEST = 65535


class Recorded(NamedTuple):
    """What the file says."""

    port: int
    """0 where there is no file."""
    is_own: bool
    """Whether the account wrote or edited it, so that it is the account's to change."""


NOTHING = Recorded(0, is_own=False)


def path_of(layout: Layout) -> str:
    """Where the file is, relative to the home."""
    return f"{layout.own}/{_NAME}"


def text(port: int) -> str:
    """What we write."""
    return (
        "; The port of this service, written by sbatch-service. Another one in its place is kept\n"
        "; as it is, as long as it is in the site's range and nobody else has it.\n" + lines(port)
    )


def lines(port: int) -> str:
    """What uwsgi reads of it."""
    return f"[uwsgi]\nsocket = :{port}\n"


def is_ours(found: str) -> bool:
    """Whether a text of the file is as we write it for a port that we chose."""
    return found == text(_port_in(found))


def load(home: Home, layout: Layout, kept: int) -> Recorded:
    """What the file of a service says.

    Args:
        home: of its account.
        layout: of the service.
        kept: the port that its ledger has; 0 for none.

    Raises:
        ServiceError: it cannot be read, or names no port.
    """
    found = home.read(path_of(layout))
    if found is None:
        return NOTHING
    port = _port_in(found)
    if not port:
        raise ServiceError(
            f"the port in {home.path(path_of(layout))}",
            "no line says socket = :PORT",
            "write one, or remove the file and run 'sbatch-service init' for this service",
        )
    return Recorded(port, is_own=found != text(port) or kept not in (0, port))


def _port_in(found: str) -> int:
    """The port of the first line that names a socket; 0 where there is none."""
    for line in found.splitlines():
        key, _equals, value = line.partition("=")
        digits = value.rpartition(":")[2].strip()
        if key.strip() == "socket" and digits.isascii() and digits.isdigit() and len(digits) <= 5:
            return int(digits) if int(digits) <= _LONGEST else 0
    return 0
