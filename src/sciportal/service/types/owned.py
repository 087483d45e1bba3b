"""The files of a type that it may renew as long as nobody else changed them.

Their checksums lie beside them and not in the ledger of the service: that has one writer, the
command, which knows nothing of a type's files; and what a purge removes goes together.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from sciportal.service.home import Home

WRITTEN = ".written"


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
        self._record = f"{directory}/{WRITTEN}"
        self._sums = _parsed(home.read(self._record) or "")

    def renew(self, name: str, text: str) -> bool:
        """Write a file, unless it was changed by somebody else.

        Args:
            name: of the file in the directory.
            text: what it is to say.

        Returns:
            False where the account's own file is kept, and this text is new since the last call.
        """
        path = f"{self._directory}/{name}"
        wanted, known = checksum(text), self._sums.get(name, "")
        there = self._home.read(path) if self._home.is_there(path) else None
        mine = there is None or checksum(there) in (known, wanted, *self._earlier)
        if mine and there != text:
            self._home.write(path, text, 0o644)
        self._sums[name] = wanted
        return mine or wanted == known

    def save(self) -> None:
        """Note what was written, as sha256sum(1) reads it."""
        text = "".join(f"{value}  {name}\n" for name, value in sorted(self._sums.items()))
        if self._home.read(self._record) != text:
            self._home.write(self._record, text)


def checksum(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(text: str) -> dict[str, str]:
    pairs = [line.split("  ", 1) for line in text.splitlines() if "  " in line]
    return {name: value for value, name in pairs}
