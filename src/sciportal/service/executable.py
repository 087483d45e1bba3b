"""The executable of a service, and whether it may be run."""

from __future__ import annotations

import os
import stat

from sciportal.light import NamedTuple
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout


class Executable(NamedTuple):
    """What stands at ~/.sbatch-service/SERVICE."""

    path: str
    """Absolute path in the home."""
    there: bool
    """Whether anything stands there."""
    type_path: str
    """The pre-defined type of that name; empty where there is none."""


def find(home: Home, layout: Layout, types_dir: str) -> Executable:
    """Look for the executable of a service and for the type of its name."""
    of_type = os.path.join(types_dir, layout.service)
    return Executable(
        path=home.path(layout.executable),
        there=home.is_there(layout.executable),
        type_path=of_type if os.path.isfile(of_type) else "",
    )


def check(path: str, uid: int) -> None:
    """Make sure that an executable may be run for an account.

    Args:
        path: the file, or a symbolic link to it.
        uid: of the account. Only its own files and root's are run for it.

    Raises:
        ServiceError: it is missing, no regular file, somebody else's, writable by everybody, or
            not executable.
    """
    wanted = f"the service file {path}"
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):
            raise ServiceError(
                wanted,
                f"it is a dangling link to {os.readlink(path)}",
                "remove it, then run 'sbatch-service init' for this service",
            ) from None
        raise ServiceError(wanted, "it is missing", "write it, or ask for a type") from None
    except OSError as error:
        raise ServiceError(wanted, error.strerror or "unreadable", "see its permissions") from None
    if not stat.S_ISREG(found.st_mode):
        raise ServiceError(wanted, "it is no regular file", "put a script or program there")
    if found.st_uid not in (uid, 0):
        raise ServiceError(wanted, f"it belongs to uid {found.st_uid}", "use a copy of your own")
    if found.st_mode & stat.S_IWOTH:
        raise ServiceError(
            wanted, "everybody may write to it", f"look what it holds, then: chmod o-w {path}"
        )
    if not os.access(path, os.X_OK):
        raise ServiceError(wanted, "it is not executable", f"chmod u+x {path}")


def digest(path: str, settings: str | None, version: str) -> str:
    """A digest of all that stage `init` depends on.

    Args:
        path: the executable.
        settings: the text of SERVICE.toml.
        version: of the service's type.
    """
    script = b""
    try:
        # Without O_NONBLOCK a FIFO would hold us for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                with open(descriptor, "rb", closefd=False) as file:
                    script = file.read()
        finally:
            os.close(descriptor)
    except OSError:
        pass
    return digest_of(script, settings, version)


def digest_of(script: bytes, settings: str | None, version: str) -> str:
    """As `digest`, of an executable that need not be there yet."""
    from hashlib import sha256

    whole = sha256()
    for part in (script, (settings or "").encode(), version.encode()):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()
