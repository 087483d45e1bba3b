"""The portal's side of the helper: by sudo on this cluster, by OpenSSH on other hosts.

It runs processes itself, since `service.processes` passes no bytes on while they come. A helper
that sudo made root's cannot be ended from here; it ends when its pipes close, or by its alarm.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sciportal.jobs.accounts import wire
from sciportal.jobs.accounts.account_map import HERE, AccountMap
from sciportal.jobs.strict import Table
from sciportal.service.errors import ServiceError, UnknownError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sciportal.jobs.accounts.account_map import Account

REMOTE = "sciportal-submit-remote"
_SILENCE_SECONDS = 120.0
"""After which a helper that says nothing is given up."""
_WHOLE_SECONDS = 900.0
_ENVIRONMENT = ("PATH", "HOME", "LANG", "SSH_AUTH_SOCK")
_READ = 1 << 16
_LOOK_MILLISECONDS = 200
"""How soon a call knows that it is to wait no longer."""


class Helper:
    """Calls the helper.

    Args:
        accounts: gives the account map, read anew each time.
        command: the program of root's half, with what lets it be root's.
        ssh: the program for other hosts.
    """

    def __init__(
        self,
        accounts: Callable[[], AccountMap],
        command: Sequence[str],
        ssh: Sequence[str] = ("ssh",),
    ) -> None:
        self._accounts = accounts
        self._command = tuple(command)
        self._ssh = tuple(ssh)
        self._closed = threading.Event()

    def close(self) -> None:
        """Cut short what other threads ask; they, and who asks later, get no answer."""
        self._closed.set()

    def accounts(self) -> AccountMap:
        """The account map as it is now.

        Raises:
            UnknownError: it cannot be read; nobody's job is refused because of that.
        """
        try:
            return self._accounts()
        except UsageError as error:
            raise UnknownError(error.wanted, error.found, error.advice) from None

    def ask(
        self,
        verb: str,
        user: str,
        host: str,
        request: dict[str, Any],
        *,
        files: Sequence[Path] = (),
        take: Callable[[str, int, Callable[[int], bytes]], None] | None = None,
        seconds: float = _WHOLE_SECONDS,
    ) -> Table:
        """Have the helper do something, and wait for its answer.

        Args:
            verb: one of verbs.VERBS.
            user: of the portal.
            host: of the account map.
            request: of the verb.
            files: whose bytes follow the request.
            take: called for each file of the answer with its name, its size and what reads it.
            seconds: after which it is given up, whole answer or not.

        Returns:
            What the verb answers.

        Raises:
            NotPermittedError: the user has no account there.
            UnknownError: no whole answer came.
            ServiceError: the error that the helper answered.
        """
        account = self.accounts().find(user, host)
        header = wire.line({"user": user}) if host == HERE else b""
        patience = _Patience(self._closed, seconds)
        patience.check()
        with _process(self._words(verb, account)) as process:
            assert process.stdin
            with suppress(BrokenPipeError):
                # Who answers without reading all of it has a reason, and says so.
                _send(process.stdin.fileno(), header + wire.line(request), files, patience)
            with suppress(BrokenPipeError):
                process.stdin.close()
            assert process.stdout
            return _answer(_Reader(process.stdout.fileno(), patience), take or _refuse)

    def _words(self, verb: str, account: Account) -> list[str]:
        if account.is_here:
            return [*self._command, verb]
        config = self.accounts().programs.ssh_config
        options = [*(["-F", config] if config else []), "-p", str(account.port), "-l", account.name]
        options += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-T"]
        return [*self._ssh, *options, "--", account.address, REMOTE, verb, account.home]


@contextmanager
def _process(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise wire.no_answer(f"{words[0]}: {error.strerror}") from None
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream:
                    stream.close()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            # What sudo made root's is not ours to end, and not waited for either.
            with suppress(OSError, subprocess.TimeoutExpired):
                os.killpg(process.pid, 9)
                process.wait(5)


class _Patience:
    """How long a call waits, in all and for a sign of the helper.

    Args:
        closed: set when it is to wait no longer.
        seconds: in all.
    """

    def __init__(self, closed: threading.Event, seconds: float) -> None:
        self._closed = closed
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Do not wait where that was closed.

        Raises:
            UnknownError: it was.
        """
        if self._closed.is_set():
            raise wire.no_answer("the portal's program ends")

    def wait(self, descriptor: int, ready: int, found: str) -> None:
        """Wait until a pipe is ready.

        Args:
            descriptor: of the pipe.
            ready: POLLIN where it is to be read, POLLOUT where it is to be written.
            found: what is wrong where that takes too long.

        Raises:
            UnknownError: it does.
        """
        poll = select.poll()
        poll.register(descriptor, ready)
        end = min(self._end, time.monotonic() + _SILENCE_SECONDS)
        while time.monotonic() < end:
            self.check()
            if poll.poll(_LOOK_MILLISECONDS):
                return
        raise wire.no_answer(found)


def _send(descriptor: int, request: bytes, files: Sequence[Path], patience: _Patience) -> None:
    os.set_blocking(descriptor, False)
    _write(descriptor, request, patience)
    for path in files:
        with open(path, "rb") as file:
            while data := file.read(_READ):
                _write(descriptor, data, patience)


def _write(descriptor: int, data: bytes, patience: _Patience) -> None:
    left = memoryview(data)
    while left:
        patience.wait(descriptor, select.POLLOUT, "it did not take the request in time")
        left = left[os.write(descriptor, left) :]


class _Reader:
    """Reads with limits of time and size."""

    def __init__(self, descriptor: int, patience: _Patience) -> None:
        self._descriptor = descriptor
        self._patience = patience
        self._held = b""

    def read(self, size: int) -> bytes:
        """Some bytes, at most so many; none at the end."""
        if not self._held:
            self._held = self._more()
        data, self._held = self._held[:size], self._held[size:]
        return data

    def line(self) -> bytes:
        """A line; empty at the end."""
        held = b""
        while b"\n" not in held:
            more = self.read(_READ)
            if not more:
                return b""
            held += more
            if len(held) > wire.MOST_ANSWER:
                raise wire.no_answer(f"it answered more than {wire.MOST_ANSWER} bytes")
        line, _end, rest = held.partition(b"\n")
        self._held = rest + self._held
        return line

    def _more(self) -> bytes:
        self._patience.wait(self._descriptor, select.POLLIN, "no answer in time")
        return os.read(self._descriptor, _READ)


def _answer(reader: _Reader, take: Callable[[str, int, Callable[[int], bytes]], None]) -> Table:
    while True:
        line = reader.line()
        if not line:
            raise wire.no_answer("it ended without an answer")
        try:
            said = wire.table(line, "read an answer of the helper")
            if said.has("error"):
                answered: ServiceError = wire.error_in(said.table("error"))
                break
            if said.has("done"):
                return said.table("done")
            file = said.table("file")
            name, size = file.text("name"), file.number("size")
        except UsageError as error:
            raise wire.no_answer(error.found) from None
        try:
            take(name, size, reader.read)
        except UsageError as error:
            raise wire.no_answer(error.found) from None
    raise answered


def _refuse(name: str, _size: int, _read: Callable[[int], bytes]) -> None:
    raise wire.no_answer(f"it sent the file {name[:80]!r}, which nobody asked for")
