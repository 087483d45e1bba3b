"""The runner and its main process: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sciportal.service.order import Order, command, parse
from unit.service.running import ends, script

# The command line of the batch script, with other limits than a site's.
DRIVER = """\
import sys
from sciportal.service import runner
from sciportal.service.site import Site
runner.site.load_anyway = lambda say: Site(restart_delay_max=1, restart_limit=2)
sys.exit(runner.main())
"""


# The same, with delays that no test waits for.
PATIENT = DRIVER.replace(
    "sys.exit",
    """
decide = runner.restart.decide
runner.restart.decide = lambda *given, **more: decide(*given, **more)._replace(delay=600.0)
sys.exit""",
)


class Job:
    """A runner and what it leaves."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / ".sbatch-service/.state"
        self.state.mkdir(parents=True)
        self.process: subprocess.Popen[str] | None = None

    def begin(
        self,
        text: str,
        policy: str = "on-failure",
        port: int = 1,
        service: str = "web",
        driver: str = DRIVER,
        **environ: str,
    ) -> None:
        path = script(self.home / service, f"#!/bin/sh\n{text}\n")
        order = Order(service, path, str(self.home), policy, 5)
        words = command(order)
        assert parse(words[4:]) == order
        self.process = subprocess.Popen(
            [sys.executable, "-c", driver, *words[4:]],
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin", "PORT": str(port), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def end(self, seconds: float = 60) -> tuple[int, str]:
        assert self.process
        out, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, out

    def want(self, what: str) -> None:
        (self.state / "web.json").write_text(json.dumps({"schema": 1, "wanted": what}))

    def record(self) -> dict[str, Any]:
        try:
            return json.loads((self.state / "web.run").read_text())
        except FileNotFoundError:
            return {}

    def numbers(self) -> list[int]:
        """The process numbers that the service wrote, one a start."""
        path = self.home / "pids"
        return [int(each) for each in path.read_text().split()] if path.exists() else []


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    made = Job(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
    for pid in made.numbers():
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGKILL)


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


def test_stage_main_runs_in_the_home_with_the_accounts_profile(job):
    (job.home / ".profile").write_text("export RUBY=rvm; cd /\n")
    job.begin('echo "$1 $RUBY $PWD $PORT"')
    code, out = job.end()
    assert code == 0
    assert out.splitlines()[0] == f"main rvm {job.home} 1"


def test_the_main_process_has_no_signal_blocked_or_ignored(job):
    job.begin("grep -E 'Sig(Blk|Ign)' /proc/self/status")
    _, out = job.end()
    # The C library keeps 32 and 33 for itself (signal(7)).
    masks = [int(line.split()[1], 16) & ~(3 << 31) for line in out.splitlines()[:2]]
    assert masks == [0, 0]


def test_a_main_process_that_was_killed_is_started_again(job):
    job.begin("echo $$ >>pids; exec sleep 60")
    (first,) = until(job.numbers)
    os.kill(first, signal.SIGKILL)
    until(lambda: len(job.numbers()) == 2)
    # It is noted when the next one runs.
    until(lambda: job.record()["restarts"] == 1)
    assert job.record()["last_exit"] == -signal.SIGKILL
    job.signal(signal.SIGTERM)
    code, out = job.end()
    assert code == 0
    assert "web was killed by SIGKILL; started again in 1 s (restart 1 of at most 2" in out


LISTENS = (
    'exec python3 -c "import os, socket, time;'
    " s = socket.create_server(('', int(os.environ['PORT']))); time.sleep(60)\""
)


def free_port() -> int:
    with socket.create_server(("", 0)) as free:
        return free.getsockname()[1]


def test_what_uwsgi_calls_a_mistake_is_not_tried_again(job):
    job.begin("exit 22", service="uwsgi")
    code, out = job.end()
    assert code == 22
    assert "uwsgi ended with exit status 22; not started again: it never served" in out


@pytest.mark.parametrize(
    "why", ["another service", "slurm began it again", "a policy that says so"]
)
def test_other_ends_are_tried_again(job, why):
    service = "web" if why == "another service" else "uwsgi"
    environ = {"SLURM_RESTART_COUNT": "1"} if why == "slurm began it again" else {}
    policy = "always" if why == "a policy that says so" else "on-failure"
    job.begin("exit 22", policy, service=service, **environ)
    _, out = job.end()
    assert "restart 2 of at most 2" in out


def test_a_type_with_workers_serves_when_it_has_one(job):
    port = free_port()
    worker = "time.sleep(1.5); os.fork(); time.sleep(60)"
    job.begin(LISTENS.replace("time.sleep(60)", worker), port=port, service="uwsgi")
    path = job.state / "uwsgi.run"
    until(lambda: port_is_taken(port))
    assert not json.loads(path.read_text())["listens"]
    until(lambda: json.loads(path.read_text())["listens"])
    job.signal(signal.SIGTERM)
    assert job.end()[0] == 0


def port_is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_that_the_main_process_listens_is_written_down(job):
    port = free_port()
    job.begin(f"echo $$ >>pids; {LISTENS}", port=port)
    until(lambda: job.record().get("listens"))
    os.kill(job.numbers()[0], signal.SIGKILL)
    until(lambda: len(job.numbers()) == 2)
    until(lambda: job.record().get("listens"))
    job.signal(signal.SIGTERM)
    assert job.end()[0] == 0


def test_a_port_that_somebody_else_keeps_is_written_down(job):
    with socket.socket() as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        job.begin("exec sleep 60", port=port)
        until(lambda: job.record().get("obstacle"))
        job.signal(signal.SIGTERM)
        _, out = job.end()
    assert f"web: another program keeps port {port} there" in out
    assert job.record()["listens"] is False


def test_a_service_that_fails_each_time_is_given_up(job):
    job.begin("echo $$ >>pids; exit 7")
    code, out = job.end()
    assert code == 7
    assert len(job.numbers()) == 3
    assert "not started again: it was restarted 2 times within 600 s" in out
    assert (job.record()["phase"], job.record()["last_exit"]) == ("gave up", 7)


@pytest.mark.parametrize(
    ("policy", "text", "starts"),
    [
        ("never", "exit 3", 1),
        ("on-failure", "exit 0", 1),
        ("on-failure", "kill -TERM $$", 1),
        ("on-failure", "kill -SEGV $$", 3),
        ("always", "exit 0", 3),
        ("always", "kill -TERM $$", 3),
    ],
)
def test_the_policy_decides(job, policy, text, starts):
    job.begin(f"echo $$ >>pids; {text}", policy)
    job.end()
    assert len(job.numbers()) == starts


@pytest.mark.parametrize("policy", ["never", "on-failure", "always"])
def test_sigterm_ends_it_for_good_whatever_the_policy(job, policy):
    job.begin("trap 'exit 9' TERM; echo $$ >>pids; while :; do sleep 0.05; done", policy)
    until(job.numbers)
    job.signal(signal.SIGTERM)
    assert job.end()[0] == 0
    assert len(job.numbers()) == 1


def test_another_signal_ends_it_for_good_where_the_ledger_wants_that(job):
    job.begin("trap 'exit 9' USR2; echo $$ >>pids; while :; do sleep 0.05; done", "always")
    until(job.numbers)
    job.want("stopped")
    job.signal(signal.SIGUSR2)
    assert job.end()[0] == 0
    assert len(job.numbers()) == 1


def test_a_signal_that_ends_it_by_mistake_has_it_started_again(job):
    job.want("running")
    job.begin("trap 'exit 9' USR2; echo $$ >>pids; while :; do sleep 0.05; done")
    until(job.numbers)
    job.signal(signal.SIGUSR2)
    until(lambda: len(job.numbers()) == 2)


@pytest.mark.parametrize("number", sorted(signal.valid_signals() - {9, 17, 19}))
def test_every_signal_reaches_the_main_process_and_nothing_else_does(job, number):
    program = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "open('pids', 'w').write(str(os.getpid()))\n"
        "print('got', signal.sigwait(signal.valid_signals()), flush=True)\n"
        "print('then', sorted(signal.sigpending()), flush=True)\n"
    )
    (job.home / "program").write_text(program)
    job.begin("exec python3 program", "never")
    until(job.numbers)
    job.signal(number)
    _, out = job.end()
    assert int(out.split()[1]) == number
    # SIGCONT of a stop signal is the kernel's own.
    assert "then []" in out


def test_what_the_main_process_left_behind_is_ended_before_the_next_start(job):
    job.begin("setsid sleep 60 & echo $! >>left; echo $$ >>pids; exec sleep 60")
    (first,) = until(job.numbers)
    orphan = int((job.home / "left").read_text())
    os.kill(first, signal.SIGKILL)
    until(lambda: len(job.numbers()) == 2)
    assert ends(orphan)


def test_a_stop_during_the_delay_ends_it_at_once(job):
    job.begin("echo $$ >>pids; exit 7", driver=PATIENT)
    until(lambda: job.record().get("phase") == "restarting")
    job.want("stopped")
    job.signal(signal.SIGWINCH)
    assert job.end()[0] == 0
    assert job.record()["phase"] == "ended"


def test_a_home_that_takes_no_writing_does_not_stop_a_service(job):
    job.state.rmdir()
    job.begin("echo $$ >>pids; exec sleep 60")
    until(job.numbers)
    job.signal(signal.SIGTERM)
    assert job.end()[0] == 0


def test_an_executable_that_is_gone_is_an_end_with_127(job):
    job.begin("exit 0", "never")
    (job.home / "web").unlink()
    assert job.end()[0] in (0, 127)


def test_a_wrapper_that_forgets_exec_is_noted(job, monkeypatch):
    job.begin("echo $$ >>pids; sleep 30; exit 0")
    until(lambda: job.record().get("is_shell"))


def test_the_exit_status_of_the_job_is_that_of_the_main_process(job):
    job.begin("kill -KILL $$", "never")
    assert job.end()[0] == 128 + signal.SIGKILL
    assert job.record()["phase"] == "ended"
