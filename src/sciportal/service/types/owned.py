"""The files of a type that may be renewed as long as nobody else changed them.

Checksums of what was written lie beside them and not in the ledger of the service: what a purge
removes goes together. Stage `init` and whoever applies data have a record each, so that neither
takes what the other wrote for its own.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from sciportal.service.home import Home

WRITTEN = ".written"
"""The record of what stage `init` wrote."""
GIVEN = ".given"
"""The record of what was written from data."""


class Record:
    """Checksums of texts of files, as sha256sum(1) reads them.

    Args:
        home: of the account.
        path: of the record, relative to the home.
    """

    def __init__(self, home: Home, path: str) -> None:
        self._home = home
        self._path = path
        self._sums = _parsed(home.read(path) or "")

    def sums(self, name: str) -> tuple[str, ...]:
        """The checksums of the texts that a file may have; none where nothing was noted."""
        return self._sums.get(name, ())

    def note(self, name: str, *sums: str) -> None:
        """Note them, in place of what was noted."""
        self._sums[name] = sums

    def save(self) -> None:
        """Write it, if it says anything new."""
        lines = (f"{each}  {name}\n" for name in sorted(self._sums) for each in self._sums[name])
        text = "".join(lines)
        if (self._home.read(self._path) or "") == text:
            return
        if text:
            self._home.write(self._path, text)
        else:
            self._home.remove(self._path)


class Owned:
    """The files in one directory that a type writes.

    Args:
        home: of the account.
        directory: the type's own, relative to the home.
        earlier: checksums of texts that were written before there was a record.
    """

    def __init__(self, home: Home, directory: str, earlier: Collection[str] = ()) -> None:
        self._home = home
        self._directory = directory
        self._earlier = earlier
        self._written = Record(home, f"{directory}/{WRITTEN}")
        self._given = Record(home, f"{directory}/{GIVEN}")

    def renew(self, name: str, text: str, mode: int = 0o644) -> bool:
        """Write a file, unless it was changed by somebody else, or written from data.

        Args:
            name: of the file in the directory.
            text: what it is to say.
            mode: its permissions.

        Returns:
            False where the account's own file is kept, and this text is new since the last call.
        """
        path = f"{self._directory}/{name}"
        wanted, known = checksum(text), self._written.sums(name)
        there = self._home.read(path) if self._home.is_there(path) else None
        found = "" if there is None else checksum(there)
        if found and found in self._given.sums(name):
            # Who has the data keeps it new.
            return True
        mine = there is None or found in (*known, wanted, *self._earlier)
        if mine and there != text:
            self._home.write(path, text, mode)
        self._written.note(name, wanted)
        return mine or wanted in known

    def save(self) -> None:
        """Note what was written."""
        self._written.save()


def checksum(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    import hashlib

    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _parsed(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        value, separator, name = line.partition("  ")
        if separator:
            found[name] = (*found.get(name, ()), value)
    return found
