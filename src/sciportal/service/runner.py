"""The process that a service's job runs: it starts the main process, and starts it again.

It forwards every signal to the main process and sends it nothing else. Run by the batch script.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service import listening, record, restart, site
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.kinds import kind_of
from sciportal.service.layout import Layout
from sciportal.service.ledger import Ledger
from sciportal.service.main_process import MainProcess
from sciportal.service.order import Order, parse
from sciportal.service.renewal import Renewal
from sciportal.service.site import Site
from sciportal.service.slurm import Slurm

if TYPE_CHECKING:
    from collections.abc import Sequence

# Every signal that can be caught (signal(7)).
_ALL = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
# When a wrapper has long become the program that it was to exec.
_SHELL_SECONDS = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a service until it is over; return the exit status of the job."""
    # From here on a signal waits until there is somebody to give it to.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
    order = parse(sys.argv[1:] if argv is None else argv)
    try:
        return Runner(order, site.load_anyway(say)).run()
    except (ServiceError, OSError) as error:
        say(str(error))
        return 1


class Runner:
    """One job of a service.

    Args:
        order: what to run.
        rules: of the site.
    """

    def __init__(self, order: Order, rules: Site) -> None:
        self._order = order
        self._home = Home(order.home)
        self._layout = Layout(order.service)
        self._limits = restart.Limits(
            rules.restart_delay_max, rules.restart_limit, rules.restart_window
        )
        job_id = int(os.environ.get("SLURM_JOB_ID", "0"))
        self._record = record.Record(job_id)
        slurm = Slurm(rules.slurm_bin, rules.slurm_timeout)
        self._renewal = Renewal(slurm, job_id, order.stop_timeout, rules.stage_timeout, say)
        self._restarts: list[float] = []
        self._kind = kind_of(order.service)
        # A job that Slurm began again, say after its node died, has served before.
        self._has_served = os.environ.get("SLURM_RESTART_COUNT", "0") != "0"
        self._port = listening.port_of(os.environ)
        self._is_to_end = False
        self._has_complained = False

    def run(self) -> int:
        """Start the main process as often as its policy wants it."""
        while True:
            obstacle = self._obstacle()
            process = MainProcess(
                self._order.executable, self._order.home, self._port, self._kind.farewell
            )
            self._record = self._record._replace(is_shell=False, listens=False, obstacle=obstacle)
            self._note(record.RUNNING)
            try:
                renewed = self._watch(process)
            finally:
                process.end_what_is_left()
            code = process.code
            self._record = self._record._replace(last_exit=code)
            if self._ends():
                self._note(record.ENDED)
                return 0
            if renewed:
                if self._renewal.requeue():
                    self._note(record.RENEWING)
                    return 0
                continue
            status = self._pause(code)
            if status is not None:
                return status

    def _watch(self, process: MainProcess) -> bool:
        """Hand signals on until the main process has ended; whether that was for a renewal."""
        shell_at = time.monotonic() + _SHELL_SECONDS
        lookout = listening.Lookout(self._port, os.getuid(), time.monotonic)
        while not process.has_ended():
            due = min(shell_at - time.monotonic(), self._renewal.seconds(), lookout.seconds())
            number = wait(due)
            if number and number != signal.SIGCHLD:
                self._is_to_end |= number == signal.SIGTERM
                process.signal(number)
            if time.monotonic() >= shell_at:
                shell_at = float("inf")
                if process.is_waiting_shell():
                    self._record = self._record._replace(is_shell=True)
                    self._save()
            is_early = self._kind.has_workers and not process.has_children()
            seen = lookout.look(is_early=is_early)
            if seen and any(seen) and seen != (self._record.listens, self._record.obstacle):
                self._record = self._record._replace(listens=seen[0], obstacle=seen[1])
                self._has_served |= seen[0]
                self._save()
            if self._renewal.is_due():
                return self._renewal.stop(process, self._order.executable)
        return False

    def _obstacle(self) -> str:
        """Who has the port that the main process is to listen on; its log says so, too."""
        found = listening.obstacle(self._port, os.getuid()) if self._port else ""
        if found:
            say(f"{self._order.service}: {found}")
        return found

    def _ends(self) -> bool:
        """Whether the owner wants it to end.

        SIGTERM says so. A service may end by another signal, too; the command then has noted in
        the ledger what is wanted, before it sent it. A file that is opened is as its last writer
        left it, also on NFS (nfs(5), close-to-open cache consistency).
        """
        if self._is_to_end:
            return True
        try:
            return Ledger.load(self._home, self._layout).wanted == "stopped"
        except ServiceError:
            return False

    def _pause(self, code: int) -> int | None:
        """Wait for the next start; the exit status of the job where there is to be none."""
        now = time.monotonic()
        verdict = restart.decide(
            self._order.policy,
            code,
            self._restarts,
            now,
            self._limits,
            is_mistake=code in self._kind.mistakes and not self._has_served,
        )
        ended = f"{self._order.service} {restart.how_it_ended(code)}"
        if verdict.delay is None:
            say(f"{ended}; not started again: {verdict.why}")
            self._note(record.GAVE_UP if verdict.gave_up else record.ENDED)
            return code if code >= 0 else 128 - code
        say(f"{ended}; started again in {verdict.delay:g} s ({verdict.why})")
        self._note(record.RESTARTING, verdict.delay)
        end = now + verdict.delay
        while (left := end - time.monotonic()) > 0:
            # A signal that asks for new files needs no answer: they are read at the start.
            self._is_to_end |= wait(left) == signal.SIGTERM
            if self._ends():
                self._note(record.ENDED)
                return 0
        self._restarts = [*self._restarts, time.monotonic()][-self._limits.most :]
        self._record = self._record._replace(restarts=self._record.restarts + 1)
        return None

    def _note(self, phase: str, delay: float = 0) -> None:
        """Write down how it is going; a home that takes no writing does not stop a service."""
        now = time.time()
        until = int(now + delay) if delay else 0
        self._record = self._record._replace(phase=phase, since=int(now), until=until)
        self._save()

    def _save(self) -> None:
        try:
            self._record.save(self._home, self._layout)
        except ServiceError as error:
            if not self._has_complained:
                say(f"status will not tell how this service is doing: {error.found}")
            self._has_complained = True


def wait(seconds: float) -> int:
    """Wait for a signal and return its number; 0 if none came."""
    try:
        found = signal.sigtimedwait(_ALL, max(0.0, min(seconds, 86400.0)))
    except InterruptedError:
        return 0
    return found.si_signo if found else 0


def say(text: str) -> None:
    """A line in the log of the service."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        print(f"{stamp} sbatch-service: {text}", flush=True)
    except OSError:
        # A full disk ends no service.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    sys.exit(main())
