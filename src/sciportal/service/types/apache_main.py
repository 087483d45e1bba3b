"""The main process of the type `apache`: Apache, and what lets visitors notice no reload.

A graceful reload or stop of Apache finishes the requests that it has, and closes idle connections
at once. One of those the front end may just be about to use: that request is lost. So before
Apache gets the signal, its answers say for longer than the front end keeps an idle connection
that theirs is not to be used again. Before a stop, those who wait to be accepted are.
"""

from __future__ import annotations

import os
import signal
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service.listening import port_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# While this file is in the private directory, Apache closes each connection after its answer.
CLOSING = "closing"
# Beyond the time for which front ends use an idle connection.
_SPARE_SECONDS = 0.25
# Until Apache's old processes have noticed.
_SETTLING_SECONDS = 0.5
_GRACEFUL = (signal.SIGUSR1, signal.SIGWINCH)
_AT_ONCE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SIGNALS = (*_GRACEFUL, *_AT_ONCE, signal.SIGCHLD)


def block() -> None:
    """Let signals wait until `run` takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def run(argv: list[str], env: Mapping[str, str], directory: str, connection_ttl: float) -> int:
    """Run Apache until it ends; signals were blocked before.

    Args:
        argv: program and arguments.
        env: its environment.
        directory: the job's private one.
        connection_ttl: seconds for which front ends use an idle connection at most.

    Returns:
        Its exit status, or 128 plus the number of the signal that ended it.
    """
    pid = os.posix_spawn(argv[0], argv, env, setsigmask=())
    closing = os.path.join(directory, CLOSING)
    while True:
        number = signal.sigwait(_SIGNALS)
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        elif number in _GRACEFUL:
            os.close(os.open(closing, os.O_WRONLY | os.O_CREAT, 0o600))
            # Whoever is in a hurry does not wait.
            hurry = signal.sigtimedwait(_AT_ONCE, connection_ttl + _SPARE_SECONDS)
            if number == signal.SIGWINCH and not hurry:
                # Here, for ctypes takes memory that Apache's users would pay for.
                from sciportal.service import door

                door.shut(pid, port_of(env))
            os.kill(pid, hurry.si_signo if hurry else number)
            time.sleep(_SETTLING_SECONDS)
            os.unlink(closing)
        else:
            os.kill(pid, number)
