"""What a confined program sees: its own directory, what each program needs, what was named."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sciportal.service.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Programs and libraries; some are links into /usr, which stay links.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What the loader, the C library and programs read of /etc; no keys and no passwords.
SETTINGS = tuple(
    f"/etc/{name}"
    for name in (
        *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "os-release"),
        *("passwd", "group", "nsswitch.conf", "localtime", "timezone", "locale.alias"),
        *("hosts", "host.conf", "resolv.conf", "gai.conf", "services", "protocols"),
        *("ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust", "crypto-policies"),
        *("ca-certificates", "fonts", "mime.types", "magic", "matplotlibrc", "terminfo"),
    )
)
# How many processors there are, and how they share caches.
HARDWARE = ("/sys/devices/system/cpu", "/sys/devices/system/node")
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))

# Below these nothing is a job's; the program would see them in another form, or not at all.
_RESERVED = ("/usr", "/etc", "/proc", "/dev", "/sys", "/boot")
_DIRECTORIES = {
    "HOME": "",
    "TMPDIR": ".tmp",
    "XDG_CONFIG_HOME": ".config",
    "MPLCONFIGDIR": ".config/matplotlib",
    "XDG_CACHE_HOME": ".cache",
    "NUMBA_CACHE_DIR": ".cache/numba",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": ".run",
}


class View(NamedTuple):
    """The files of one program."""

    directory: str
    """Its own: absolute, without links."""
    read: tuple[str, ...]
    """What it may read beside, as it was named; absolute."""

    def places(self) -> dict[str, str]:
        """Variables that lead programs into the job's directory."""
        own = self.directory
        return {name: f"{own}/{part}" if part else own for name, part in _DIRECTORIES.items()}


def of(directory: str, read: Sequence[str]) -> View:
    """The view of a program, after a look at what was given.

    Raises:
        UsageError: a path is none, or would show what it must not.
    """
    own = _directory(directory)
    named = tuple(dict.fromkeys(_readable(each, own) for each in read))
    return View(own, named)


def _directory(given: str) -> str:
    wanted = f"run a program in {given!r}"
    advice = "give a directory of the job's own with --directory"
    if not os.path.isabs(given):
        raise UsageError(wanted, "the path is not absolute", advice)
    if not os.path.isdir(given):
        raise UsageError(wanted, "it is no directory", advice)
    own = os.path.realpath(given)
    if own == "/" or any(is_below(own, each) for each in _RESERVED):
        raise UsageError(wanted, f"{own} belongs to the system", advice)
    owner = os.stat(own).st_uid
    if owner != os.geteuid():
        raise UsageError(wanted, f"it belongs to uid {owner}, not to {os.geteuid()}", advice)
    return own


def _readable(given: str, own: str) -> str:
    wanted = f"let a program read {given!r}"
    if not os.path.isabs(given):
        raise UsageError(wanted, "the path is not absolute", "give an absolute one with --read")
    if not os.path.exists(given):
        raise UsageError(wanted, "it is not there", "give what is there with --read")
    path = os.path.normpath(given)
    for each in (path, os.path.realpath(path)):
        if is_below(own, each):
            found = f"the job's directory {own} is below it, and so are those of other jobs"
            raise UsageError(wanted, found, "name what the program needs, not more")
        if any(is_below(each, reserved) for reserved in ("/proc", "/dev", "/sys")):
            found = "it is the kernel's, of which a program gets its own"
            raise UsageError(wanted, found, "leave it out")
    return path


def is_below(path: str, above: str) -> bool:
    """Whether a path is another one, or below it; both are normal."""
    return path == above or path.startswith(above.rstrip("/") + "/")


def prepare(view: View) -> None:
    """Make the directories that variables lead to.

    An earlier program may have left anything there; no link is followed.

    Raises:
        ServiceError: something else is in the place of one.
        OSError: it cannot be made.
    """
    for part in _DIRECTORIES.values():
        here = os.open(view.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for name in part.split("/") if part else ():
                here = _inner(here, name, os.path.join(view.directory, part))
        finally:
            os.close(here)


def _inner(above: int, name: str, path: str) -> int:
    """Make and open a directory in another one, which is closed."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    try:
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    except OSError as error:
        found = f"{error.strerror}: something else is in its place"
        raise ServiceError(f"make {path}", found, "remove that") from None
    os.close(above)
    return inner
