"""The one place that runs processes.

`os.posix_spawn` instead of the subprocess module: importing that alone costs more than half
of what a bare squeue takes, and every call of the command runs one.
"""

from __future__ import annotations

import os
import select
import time

from sciportal.light import TYPE_CHECKING, NamedTuple, suppress
from sciportal.service import signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT = "timeout"
OUTPUT = "output"

# What a process that ended left in its pipes is read at once; a child it left behind may hold
# them open for ever and is not waited for.
_DRAIN_SECONDS = 0.1
_TERM_SECONDS = 2.0
_CHUNK = 65536


class InsistedError(KeyboardInterrupt):
    """Somebody interrupted a patient run a second time."""


class Result(NamedTuple):
    """How a process ended."""

    code: int
    """Its exit status; the negated number of the signal that killed it."""
    out: str
    err: str
    problem: str = ""
    """TIMEOUT or OUTPUT where it was ended for that, else empty."""
    interrupted: bool = False
    """Whether an interrupt came meanwhile, which is the caller's to raise."""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.code == 0 and not self.problem


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout: float,
    stdin: str | None = None,
    limit: int = 1 << 20,
    terminal: bool = False,
    patient: bool = False,
) -> Result:
    """Run `argv` in the current directory and wait for it.

    Args:
        argv: program and arguments; no shell reads them.
        env: the whole environment of the process.
        timeout: seconds until it is ended.
        stdin: text for its standard input, at most 60,000 bytes; without it the input is empty.
        limit: bytes of output, on either stream, past which it is ended.
        terminal: let it read our standard input and show its stderr as it comes, for
            questions to a person.
        patient: an interrupt waits for its end, since what it does cannot be half done.

    Raises:
        OSError: it could not be started.
        InsistedError: a second interrupt came.
    """
    running = begin(argv, env=env, stdin=stdin, limit=limit, terminal=terminal)
    return running.end(timeout, patient=patient)


def begin(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: str | None = None,
    limit: int = 1 << 20,
    terminal: bool = False,
) -> Running:
    """Start `argv` in the current directory; see `run`. Its end is to be waited for.

    Raises:
        OSError: it could not be started.
    """
    pipes = _Pipes()
    try:
        out, err = pipes.output(), pipes.output()
        actions = [(os.POSIX_SPAWN_DUP2, out.write, 1), (os.POSIX_SPAWN_DUP2, err.write, 2)]
        if not terminal:
            actions.append((os.POSIX_SPAWN_DUP2, pipes.input(stdin), 0))
        process = _Process(_spawn(list(argv), env, actions, group=not terminal), group=not terminal)
    except BaseException:
        pipes.close(*pipes.open)
        raise
    pipes.close(*pipes.open - {out.read, err.read})
    return Running(process, pipes, _Pair(out.read, err.read, limit, terminal))


class Running:
    """A process that was started, until its end."""

    def __init__(self, process: _Process, pipes: _Pipes, pair: _Pair) -> None:
        self._process = process
        self._pipes = pipes
        self._pair = pair

    def end(self, timeout: float, *, patient: bool = False) -> Result:
        """Wait for it, once.

        Args:
            timeout: seconds from now until it is ended.
            patient: see `run`.

        Raises:
            InsistedError: a second interrupt came.
        """
        try:
            if patient:
                return _patiently(self._process, self._pair, timeout)
            return _follow(self._process, self._pair, timeout)
        except BaseException:
            self._process.kill()
            raise
        finally:
            self._pipes.close(*self._pipes.open)


class _Pipe(NamedTuple):
    read: int
    write: int


class _Pipes:
    """Descriptors that are to be closed exactly once."""

    def __init__(self) -> None:
        self.open: set[int] = set()

    def output(self) -> _Pipe:
        pipe = _Pipe(*os.pipe())
        self.open.update(pipe)
        return pipe

    def input(self, text: str | None) -> int:
        if text is None:
            descriptor = os.open(os.devnull, os.O_RDONLY)
            self.open.add(descriptor)
            return descriptor
        data = text.encode()
        if len(data) > 60000:
            raise ValueError("more standard input than a pipe is sure to hold")
        pipe = self.output()
        os.write(pipe.write, data)
        self.close(pipe.write)
        return pipe.read

    def close(self, *descriptors: int) -> None:
        for descriptor in descriptors:
            self.open.remove(descriptor)
            os.close(descriptor)


def _spawn(
    argv: list[str], env: Mapping[str, str], actions: list[tuple[int, int, int]], *, group: bool
) -> int:
    # Python ignores SIGPIPE, and some callers block signals; their children are to do neither.
    defaults = [signals.PIPE, signals.XFSZ]
    if group:
        return os.posix_spawnp(
            argv[0],
            argv,
            env,
            file_actions=actions,
            setsigdef=defaults,
            setsigmask=(),
            setpgroup=0,
        )
    return os.posix_spawnp(
        argv[0], argv, env, file_actions=actions, setsigdef=defaults, setsigmask=()
    )


class _Process:
    def __init__(self, pid: int, *, group: bool) -> None:
        self.pid = pid
        self.target = -pid if group else pid
        self.code: int | None = None

    def reap(self) -> None:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self) -> int:
        self.reap()
        assert self.code is not None
        return self.code

    def kill(self) -> None:
        """End the process and what it started: politely first, then surely."""
        if self.code is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.target, signals.TERM)
            deadline = time.monotonic() + _TERM_SECONDS
            while time.monotonic() < deadline:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.code = os.waitstatus_to_exitcode(status)
                    break
                time.sleep(0.01)
            os.kill(self.target, signals.KILL)
        self.reap()


class _Pair:
    """The output of a process, as far as it was read."""

    def __init__(self, out: int, err: int, limit: int, echo: bool) -> None:
        self.err = err
        self.limit = limit
        self.echo = echo
        self.texts = {out: bytearray(), err: bytearray()}
        self.unread = {out, err}

    def read(self, descriptor: int) -> bool:
        """Take what is there; whether that is more than a process may say."""
        data = os.read(descriptor, _CHUNK)
        if not data:
            self.unread.remove(descriptor)
        text = self.texts[descriptor]
        text += data
        if self.echo and descriptor == self.err:
            os.write(2, data)
        return len(text) > self.limit

    def said(self) -> list[str]:
        """The texts of both."""
        whole = self.texts.values()
        return [bytes(each[: self.limit]).decode(errors="replace") for each in whole]


def _patiently(process: _Process, pair: _Pair, timeout: float) -> Result:
    try:
        return _follow(process, pair, timeout)
    except KeyboardInterrupt:
        try:
            return _follow(process, pair, timeout)._replace(interrupted=True)
        except KeyboardInterrupt:
            raise InsistedError from None


def _follow(process: _Process, pair: _Pair, timeout: float) -> Result:
    """Read both pipes until the process has ended, is too slow or says too much."""
    problem = ""
    poll = select.poll()
    for descriptor in pair.unread:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + timeout
    watched = -1
    try:
        if process.code is None:
            watched = os.pidfd_open(process.pid)
            poll.register(watched, select.POLLIN)
        while not problem and (pair.unread or process.code is None):
            left = deadline - time.monotonic()
            ready = poll.poll(max(left, 0) * 1000)
            # Late as we may be, what a process said before it ended is read.
            if left <= 0 and (not ready or process.code is None):
                problem = TIMEOUT if process.code is None else ""
                break
            for descriptor, _event in ready:
                if descriptor == watched:
                    process.reap()
                    poll.unregister(watched)
                    deadline = time.monotonic() + _DRAIN_SECONDS
                elif pair.read(descriptor):
                    problem = OUTPUT
                elif descriptor not in pair.unread:
                    poll.unregister(descriptor)
    finally:
        if watched >= 0:
            os.close(watched)
    process.kill()
    out, err = pair.said()
    return Result(process.end(), out, err, problem)
