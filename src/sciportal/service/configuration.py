"""The files of a service's type that data are about: what of them is new, and writing it."""

from __future__ import annotations

import os
import stat

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.home import explained
from sciportal.service.plan import Step
from sciportal.service.types.owned import GIVEN, WRITTEN, Record, checksum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciportal.service.home import Home
    from sciportal.service.types.given import File

_LIMIT = 1 << 20


class _Found(NamedTuple):
    """What stands in the place of a file."""

    text: str | None = None
    """None where nothing can be read."""
    target: str = ""
    """Of a symbolic link."""
    mode: int = 0o600


class Configuration:
    """The files of one service that are to be as data have it.

    Args:
        home: of the account.
        directory: the type's own, relative to the home.
        files: as they are to be.
        is_forced: write them even where somebody changed them by hand.

    Attributes:
        changes: those that have to be written.
        kept: paths of those that were changed by hand and stay so, relative to the home.

    Raises:
        ServiceError: a file cannot be read, or a link leads out of the home.
    """

    def __init__(self, home: Home, directory: str, files: Sequence[File], *, is_forced: bool):
        self._home = home
        self._directory = directory
        self._files = files
        home.check_inside(f"{directory}/{GIVEN}")
        self._given = Record(home, f"{directory}/{GIVEN}")
        self._found = {file.name: self._look(file.name) for file in files}
        written = Record(home, f"{directory}/{WRITTEN}")
        self.changes: list[File] = []
        self.kept: list[str] = []
        for file in files:
            if self._is_as_wanted(file):
                continue
            if is_forced or self._is_ours(file, written):
                self.changes.append(file)
            else:
                self.kept.append(self._path(file.name))
        # What was written and not yet taken by what runs has the checksum of what was there, too.
        self._is_unfinished = any(
            len(self._given.sums(file.name)) > 1 for file in files if self._is_as_wanted(file)
        )
        self._is_accepted = False
        self._put: list[File] = []
        self._sums_before: dict[str, tuple[str, ...]] = {}

    @property
    def has_news(self) -> bool:
        """Whether there is something that the service has not taken yet."""
        return bool(self.changes) or self._is_unfinished

    @property
    def warnings(self) -> list[str]:
        """What whoever has the data should know."""
        return [
            f"~/{path} was changed by hand and is kept; remove it, or give force, to have it as"
            " the data say"
            for path in self.kept
        ]

    def steps(self) -> list[Step]:
        """The steps that write what is new."""
        return [Step("put", self._path(file.name)) for file in self.changes]

    def put(self, path: str) -> bool:
        """Write one of the changes, if this is the path of one; whether it is."""
        for file in self.changes:
            if self._path(file.name) == path:
                self._write(file)
                return True
        return False

    def accept(self) -> None:
        """The type has tested the files: they stay."""
        self._is_accepted = True

    def restore(self) -> bool:
        """Put back what was there, unless the files were accepted; whether there was any."""
        if self._is_accepted or not self._put:
            return False
        for file in reversed(self._put):
            path, found = self._path(file.name), self._found[file.name]
            if found.text is not None:
                self._home.write(path, found.text, found.mode)
            else:
                self._home.remove(path)
            if found.target:
                self._home.link(path, found.target)
            self._given.note(file.name, *self._sums_before[file.name])
        self._given.save()
        return True

    def finish(self) -> None:
        """What runs has taken the files, or nothing runs."""
        for file in self._files:
            if self._path(file.name) not in self.kept:
                self._given.note(file.name, checksum(file.text))
        if self._files:
            self._home.make_directory(self._directory)
            self._given.save()

    def before(self) -> dict[str, str]:
        """The texts that were there, by path."""
        texts = {self._path(name): found.text for name, found in self._found.items()}
        return {path: _readable(text) for path, text in texts.items() if text is not None}

    def after(self) -> dict[str, str]:
        """The texts when all steps are done, by path."""
        return {**self.before(), **{self._path(each.name): each.text for each in self.changes}}

    def _path(self, name: str) -> str:
        return f"{self._directory}/{name}"

    def _look(self, name: str) -> _Found:
        path = self._home.path(self._path(name))
        with explained(f"the file {path}"):
            try:
                mode = os.lstat(path).st_mode
            except FileNotFoundError:
                return _Found()
            if stat.S_ISLNK(mode):
                # Whoever made it knows why, and where it leads is not ours to read.
                return _Found(target=os.readlink(path))
        # What is put back is to be the same, byte by byte.
        text = self._home.read(self._path(name), _LIMIT, errors="surrogateescape")
        return _Found(text, mode=stat.S_IMODE(mode))

    def _is_as_wanted(self, file: File) -> bool:
        return self._found[file.name].text == file.text

    def _is_ours(self, file: File, written: Record) -> bool:
        found = self._found[file.name]
        if found.target:
            return False
        if found.text is None or file.is_types(found.text):
            return True
        known = (*self._given.sums(file.name), *written.sums(file.name))
        return checksum(found.text) in known

    def _write(self, file: File) -> None:
        """Note the text, then write it: a crash in between makes it nobody else's."""
        self._home.make_directory(self._directory)
        found = checksum(self._found[file.name].text or "")
        self._sums_before[file.name] = self._given.sums(file.name)
        self._given.note(file.name, found, checksum(file.text))
        self._given.save()
        self._put.append(file)
        self._home.write(self._path(file.name), file.text, file.mode)


def _readable(text: str) -> str:
    return text.encode(errors="surrogateescape").decode(errors="replace")
