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


class Result(NamedTuple):
    """How a process ended."""

    code: int
    """Its exit status; the negated number of the signal that killed it."""
    out: str
    err: str
    problem: str = ""
    """TIMEOUT or OUTPUT where it was ended for that, else empty."""

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
        try:
            pipes.close(out.write, err.write)
            return _follow(process, out.read, err.read, timeout, limit, terminal)
        except BaseException:
            process.kill()
            raise
    finally:
        pipes.close(*pipes.open)


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


def _follow(
    process: _Process, out: int, err: int, timeout: float, limit: int, echo: bool
) -> Result:
    """Read both pipes until the process has ended, is too slow or says too much."""
    texts = {out: bytearray(), err: bytearray()}
    unread = {out, err}
    problem = ""
    watched = os.pidfd_open(process.pid)
    poll = select.poll()
    for descriptor in (out, err, watched):
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + timeout
    try:
        while not problem and (unread or process.code is None):
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
                    continue
                data = os.read(descriptor, _CHUNK)
                if not data:
                    poll.unregister(descriptor)
                    unread.remove(descriptor)
                    continue
                texts[descriptor] += data
                if echo and descriptor == err:
                    os.write(2, data)
                if len(texts[descriptor]) > limit:
                    problem = OUTPUT
    finally:
        os.close(watched)
    process.kill()
    said = [bytes(texts[each][:limit]).decode(errors="replace") for each in (out, err)]
    return Result(process.end(), said[0], said[1], problem)
