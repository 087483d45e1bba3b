"""Who listens on a port of this host, as the kernel has it: proc(5), /proc/net/tcp.

Nobody but the owner and the web hosts may connect to a service, so that whether one serves can
only be told by the job itself. The kernel also says whose a socket is, which a connection does not.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple, suppress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = "0A"
# 127.0.0.0/8 and ::1, as the tables write addresses: words of four bytes, each in the host's order.
_LOOPBACK4 = "7F"
_LOOPBACK6 = "00000000000000000000000001000000"
_MAPPED_LOOPBACK = "0000000000000000FFFF0000"
_SOON_SECONDS = 0.05
_SELDOM_SECONDS = 10.0


class Socket(NamedTuple):
    """A socket that listens."""

    uid: int
    is_local: bool
    """Whether only this host can reach it."""
    waiting: int = 0
    """Connections that it has not accepted yet."""
    inode: int = 0
    """By which the kernel names it, also in /proc/PID/fd."""


def sockets(port: int, tables: Sequence[str] = TABLES) -> list[Socket]:
    """All that listen on a port.

    Args:
        port: which.
        tables: of the kernel; one that is not there has none.
    """
    return [each for table in tables for each in _listed(port, table)]


def serves(port: int, uid: int, tables: Sequence[str] = TABLES) -> bool:
    """Whether an account listens on a port so that other hosts can reach it."""
    return any(each.uid == uid and not each.is_local for each in sockets(port, tables))


def stranger(port: int, uid: int, tables: Sequence[str] = TABLES) -> str:
    """Who else listens on a port that is to be an account's; empty for nobody."""
    others = [each.uid for each in sockets(port, tables) if each.uid != uid]
    return f"{_name(others[0])} listens on port {port} there" if others else ""


def obstacle(port: int, uid: int, tables: Sequence[str] = TABLES) -> str:
    """Who keeps an account from listening on a port; empty for nobody, or itself.

    For a moment this takes the port, so it is to be asked before a program begins that wants it.
    """
    found = stranger(port, uid, tables)
    if not found and not sockets(port, tables) and _is_bound(port):
        found = f"another program keeps port {port} there, without listening on it"
    return found


def strangers(uid: int, tables: Sequence[str] = TABLES) -> set[int]:
    """The ports on which others than an account listen."""
    found: set[int] = set()
    for table in tables:
        with suppress(OSError), open(table, encoding="ascii", errors="replace") as file:
            for line in file:
                words = line.split(None, 8)
                if len(words) > 8 and words[3] == _LISTEN and int(words[7]) != uid:
                    found.add(int(words[1].rpartition(":")[2], 16))
    return found


class Lookout:
    """Looks whether a program has begun to listen: often at first, then ever more seldom.

    Args:
        port: that it is to listen on; 0 for none.
        uid: of its account.
        clock: in seconds.
    """

    def __init__(self, port: int, uid: int, clock: Callable[[], float]) -> None:
        self._port = port
        self._uid = uid
        self._clock = clock
        self._begun = clock()
        self._due = self._begun + _SOON_SECONDS if port else float("inf")

    def seconds(self) -> float:
        """Until the next look; infinite after the last."""
        return self._due - self._clock()

    def look(self, *, is_early: bool = False) -> tuple[bool, str] | None:
        """Whether it listens, and who else does instead; None where no look is due.

        Args:
            is_early: it cannot serve yet, even if it listens.
        """
        now = self._clock()
        if now < self._due:
            return None
        if not is_early and serves(self._port, self._uid):
            self._due = float("inf")
            return True, ""
        self._due = now + min(max(_SOON_SECONDS, (now - self._begun) / 10), _SELDOM_SECONDS)
        return False, stranger(self._port, self._uid)


def _listed(port: int, table: str) -> Iterator[Socket]:
    local = f":{port:04X}"
    with suppress(OSError), open(table, encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split(None, 10)
            if len(words) > 9 and words[3] == _LISTEN and words[1].endswith(local):
                waiting = int(words[4].rpartition(":")[2], 16)
                yield Socket(int(words[7]), _is_loopback(words[1][:-5]), waiting, int(words[9]))


def _is_loopback(address: str) -> bool:
    if len(address) == 32 and address != _LOOPBACK6:
        return address.startswith(_MAPPED_LOOPBACK) and address.endswith(_LOOPBACK4)
    return address == _LOOPBACK6 or address.endswith(_LOOPBACK4)


def _is_bound(port: int) -> bool:
    """Whether nobody else can bind a port: sockets that do not listen are in no table."""
    import errno
    import socket

    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # As servers do, so that connections that have ended keep nobody away.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
    return False


def _name(uid: int) -> str:
    import pwd

    with suppress(KeyError):
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    return f"uid {uid}"


def port_of(environ: Mapping[str, str]) -> int:
    """The port that a job was given; 0 for none."""
    text = environ.get("PORT", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
