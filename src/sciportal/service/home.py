"""The files of an account, written safely: atomic, and never through a link out of the home."""

from __future__ import annotations

import errno
import os
import stat

from sciportal.light import suppress
from sciportal.service.errors import ServiceError

_ADVICE = {
    errno.ENOSPC: "free some space in your home, then run the same command again",
    errno.EDQUOT: "free some of your quota, then run the same command again",
    errno.EROFS: "the home is mounted read-only: ask the operators",
    errno.EACCES: "see who owns it and its permissions",
}

_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdef")


class Home:
    """A home directory. Paths given to its methods are relative to it.

    Args:
        root: absolute path of the home.

    Raises:
        ServiceError: it is not there.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        if not os.path.isdir(self.root):
            raise ServiceError("your home directory", f"{root} is not there", "ask the operators")

    def path(self, relative: str) -> str:
        """The absolute path of `relative`."""
        return os.path.join(self.root, relative)

    def check_inside(self, relative: str) -> None:
        """Make sure that what is written at `relative` lies in the home.

        Raises:
            ServiceError: a link leads out of it.
        """
        path = self.path(relative)
        with explained(f"the path {path}"):
            self._check_inside(path)

    def make_directory(self, relative: str, mode: int = 0o700) -> None:
        """Make a directory whose parent exists; one that is there already stays as it is."""
        path = self.path(relative)
        with explained(f"the directory {path}"):
            self._check_inside(path)
            try:
                os.mkdir(path, mode)
            except FileExistsError:
                if not os.path.isdir(path):
                    raise ServiceError(
                        f"the directory {path}", "a file of that name is there", "move it away"
                    ) from None
                self._check_inside(os.path.join(path, "x"))

    def write(
        self, relative: str, text: str, mode: int = 0o600, *, is_durable: bool = True
    ) -> None:
        """Replace a file by `text`, all or nothing; a symbolic link is replaced, not followed.

        Args:
            relative: its path.
            text: what it is to say; bytes that were read as surrogates are written as they were.
            mode: its permissions.
            is_durable: it survives a host that loses its power from now on, for which a disk takes
                its time.
        """
        path = self.path(relative)
        with explained(f"the file {path}"):
            self._check_inside(path)
            temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            descriptor = os.open(temporary, flags, mode)
            try:
                try:
                    os.fchmod(descriptor, mode)
                    _write_all(descriptor, text.encode(errors="surrogateescape"))
                    if is_durable:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                os.rename(temporary, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise

    def link(self, relative: str, target: str) -> None:
        """Make a symbolic link where nothing is."""
        path = self.path(relative)
        with explained(f"the link {path}"):
            self._check_inside(path)
            os.symlink(target, path)

    def read(self, relative: str, limit: int = 1 << 16, errors: str = "replace") -> str | None:
        """The text of a regular file, or None where there is no such file.

        Args:
            relative: its path.
            limit: bytes that it may have.
            errors: what becomes of bytes that are no UTF-8; "surrogateescape" keeps them.

        Raises:
            ServiceError: it cannot be read, is no regular file, or has more than `limit` bytes.
        """
        path = self.path(relative)
        with explained(f"the file {path}"):
            try:
                # Without O_NONBLOCK a FIFO would hold us for ever.
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except FileNotFoundError:
                return None
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ServiceError(f"the file {path}", "it is no regular file", "remove it")
                data = _read_all(descriptor, limit + 1)
            finally:
                os.close(descriptor)
        if len(data) > limit:
            raise ServiceError(f"the file {path}", f"it has more than {limit} bytes", "shorten it")
        return data.decode(errors=errors)

    def tail(self, relative: str, lines: int, start: int = 0) -> str:
        """The last `lines` lines of a file, of what it holds behind byte `start`."""
        try:
            descriptor = os.open(self.path(relative), os.O_RDONLY | os.O_NONBLOCK)
            try:
                size = os.fstat(descriptor).st_size
                os.lseek(descriptor, max(start if start <= size else 0, size - 65536), 0)
                data = _read_all(descriptor, 65536)
            finally:
                os.close(descriptor)
        except OSError:
            return ""
        return "\n".join(data.decode(errors="replace").splitlines()[-lines:])

    def size(self, relative: str) -> int:
        """Bytes of a file; 0 where there is none."""
        try:
            return os.stat(self.path(relative)).st_size
        except OSError:
            return 0

    def is_there(self, relative: str) -> bool:
        """Whether anything has this name, be it a dangling link."""
        return os.path.lexists(self.path(relative))

    def names(self, relative: str) -> list[str]:
        """The names in a directory, sorted; none where there is no such directory."""
        path = self.path(relative)
        with explained(f"the directory {path}"):
            try:
                return sorted(os.listdir(path))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def remove(self, relative: str) -> None:
        """Remove a file, a link or a whole directory; links below it are not followed."""
        path = self.path(relative)
        with explained(f"the removal of {path}"):
            self._check_inside(path)
            if os.path.isdir(path) and not os.path.islink(path):
                import shutil

                shutil.rmtree(path)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(path)

    def remove_empty(self, relative: str) -> None:
        """Remove a directory if it is empty."""
        with suppress(OSError):
            os.rmdir(self.path(relative))

    def _check_inside(self, path: str) -> None:
        """Refuse a path whose directory lies, by some link, outside the home."""
        parent = os.path.realpath(os.path.dirname(path))
        if parent != self.root and not parent.startswith(self.root + os.sep):
            raise ServiceError(
                f"the path {path}",
                f"a symbolic link leads out of the home, to {parent}",
                "replace the link by a directory",
            )


def written_as(name: str) -> str:
    """The name that a temporary file of `Home.write` was to get; empty where it is none."""
    stem, process, token, end = ["", "", "", *name.rsplit(".", 3)][-4:]
    sound = end == "tmp" and process and _DIGITS.issuperset(process)
    return stem if sound and len(token) == 8 and _HEX.issuperset(token) else ""


class explained:  # noqa: N801  # read as `with explained(...)`, like contextlib's
    """Turns an OSError into a ServiceError about `wanted`."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OSError):
            advice = _ADVICE.get(error.errno or 0, "mend that, then run the same command again")
            found = error.strerror or str(error)
            raise ServiceError(self._wanted, found, advice) from error


def _read_all(descriptor: int, limit: int) -> bytes:
    data = b""
    while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
        data += more
    return data


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
