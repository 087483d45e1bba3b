"""The one place that runs processes, with real ones."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from pathlib import Path

import pytest

from sciportal.service import processes
from unit.service.running import descriptors, ends, is_alive, noted_ends

ENV = {"PATH": "/usr/bin:/bin"}


def sh(body: str, *, timeout=10.0, **options) -> processes.Result:
    return processes.run(["sh", "-c", body], env=ENV, timeout=timeout, **options)


def pid_in(path) -> int:
    deadline = time.monotonic() + 30
    while not path.exists() or not path.read_text().strip():
        assert time.monotonic() < deadline, "the process did not begin"
        time.sleep(0.01)
    return int(path.read_text())


@pytest.fixture
def impatient(monkeypatch):
    """Less patience with processes that ignore SIGTERM."""
    monkeypatch.setattr(processes, "_TERM_SECONDS", 0.2)


def test_status_and_both_streams_come_back():
    assert sh("echo out; echo err >&2; exit 3") == processes.Result(3, "out\n", "err\n")
    assert not sh("exit 3").ok
    assert sh("exit 0").ok


def test_a_killing_signal_is_a_negative_status():
    assert sh("kill -USR1 $$").code == -signal.SIGUSR1


def test_the_environment_is_exactly_the_one_given():
    result = processes.run(["env"], env={"PATH": "/usr/bin:/bin", "A": "1"}, timeout=10)
    assert sorted(result.out.split()) == ["A=1", "PATH=/usr/bin:/bin"]


def test_arguments_are_read_by_no_shell():
    argument = "$(id) ; `id` * 'x' \n"
    assert processes.run(["printf", "%s", argument], env=ENV, timeout=10).out == argument


def test_a_program_that_is_missing_raises_oserror():
    with pytest.raises(FileNotFoundError):
        processes.run(["/no/such/program"], env=ENV, timeout=10)


def test_standard_input_is_the_text_given():
    assert processes.run(["cat"], env=ENV, timeout=10, stdin="été\n").out == "été\n"


def test_standard_input_of_almost_the_limit_arrives_whole():
    text = "x" * 60000
    assert processes.run(["cat"], env=ENV, timeout=10, stdin=text).out == text


def test_without_text_standard_input_is_at_its_end():
    assert processes.run(["cat"], env=ENV, timeout=10).ok


def test_more_standard_input_than_a_pipe_holds_is_refused_and_nothing_left_open():
    before = descriptors()
    with pytest.raises(ValueError, match="standard input"):
        processes.run(["cat"], env=ENV, timeout=10, stdin="x" * 60001)
    assert descriptors() == before


def test_a_process_that_does_not_read_its_input_does_not_hold_us():
    assert processes.run(["true"], env=ENV, timeout=10, stdin="x" * 60000).ok


def test_output_on_both_streams_at_once_does_not_block():
    result = sh("head -c 900000 /dev/zero >&2 & head -c 900000 /dev/zero; wait")
    assert (len(result.out), len(result.err)) == (900000, 900000)


def test_bytes_that_are_no_text_are_replaced():
    assert sh("printf 'a\\377b'").out == "a\ufffdb"


def test_a_timeout_ends_the_whole_group(tmp_path):
    result = sh(f"sleep 600 & echo $! >{tmp_path}/pid; wait", timeout=0.5)
    assert result.problem == processes.TIMEOUT
    assert not result.ok
    assert noted_ends(tmp_path / "pid")


def test_a_group_that_ignores_sigterm_is_killed(tmp_path, impatient):
    result = sh(
        f"trap '' TERM; sleep 60 & echo $! >{tmp_path}/pid; while :; do sleep 1; done", timeout=3
    )
    assert result.problem == processes.TIMEOUT
    assert result.code == -signal.SIGKILL
    assert ends(pid_in(tmp_path / "pid"))


def test_a_process_gets_the_chance_to_end_in_order(tmp_path):
    result = sh("trap 'echo tidy; exit 5' TERM; while :; do sleep 0.05; done", timeout=3)
    assert result.problem == processes.TIMEOUT
    assert result.code == 5


def test_what_was_said_before_a_timeout_is_kept():
    assert sh("echo begun; exec sleep 60", timeout=3).out == "begun\n"


@pytest.mark.parametrize("stream", ["1", "2"])
def test_output_past_the_limit_ends_the_process_on_either_stream(stream):
    result = sh(f"exec yes >&{stream}", limit=5000)
    assert result.problem == processes.OUTPUT
    assert len(result.out if stream == "1" else result.err) == 5000


def test_a_child_that_keeps_the_pipes_open_is_not_waited_for(tmp_path):
    result = sh(f"sleep 600 & echo $! >{tmp_path}/pid; echo done")
    child = pid_in(tmp_path / "pid")
    try:
        assert result == processes.Result(0, "done\n", "")
        assert is_alive(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_output_written_just_before_the_end_is_kept_however_slow_we_are(monkeypatch):
    """A squeue that is cut short would read as a service that is stopped."""

    class EndFirst:
        """As a poll that looked at the pipes just before the process wrote and ended."""

        def __init__(self) -> None:
            self._poll = poll()
            self._order: list[int] = []
            self._seen_end = False

        def register(self, descriptor, events):
            self._order.append(descriptor)
            self._poll.register(descriptor, events)

        def unregister(self, descriptor):
            self._poll.unregister(descriptor)

        def poll(self, timeout):
            found = self._poll.poll(timeout)
            if self._seen_end:
                return found
            ended = [each for each in found if each[0] == self._order[-1]]
            self._seen_end = bool(ended)
            return ended or time.sleep(0.01) or []

    poll = select.poll
    monkeypatch.setattr(select, "poll", EndFirst)
    monkeypatch.setattr(processes, "_DRAIN_SECONDS", 0.0)
    result = sh("echo all of it")
    assert result.ok
    assert result.out == "all of it\n"


def test_no_descriptor_is_left_open_whatever_happens():
    sh("true")
    before = descriptors()
    sh("exit 1")
    sh("exec sleep 9", timeout=0.05)
    sh("exec yes", limit=100)
    processes.run(["cat"], env=ENV, timeout=10, stdin="text")
    with pytest.raises(FileNotFoundError):
        processes.run(["/no/such/program"], env=ENV, timeout=10, stdin="text")
    assert descriptors() == before


def test_the_process_inherits_none_of_our_pipes():
    passed_on = {
        fd
        for fd in (int(path.name) for path in Path("/proc/self/fd").iterdir())
        if _is_inheritable(fd)
    }
    theirs = set(map(int, sh("ls /proc/$$/fd").out.split()))
    assert theirs - passed_on <= {0, 1, 2}


def _is_inheritable(descriptor: int) -> bool:
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False


def test_the_process_has_the_default_of_sigpipe():
    status = processes.run(["cat", "/proc/self/status"], env=ENV, timeout=10).out
    ignored = int(status.split("SigIgn:")[1].split()[0], 16)
    ours = int(Path("/proc/self/status").read_text().split("SigIgn:")[1].split()[0], 16)
    bit = 1 << (signal.SIGPIPE - 1)
    assert ours & bit, "Python ignores it, or this test shows nothing"
    assert not ignored & bit


def test_an_interrupt_ends_the_process_and_goes_on(tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    def when_it_runs() -> None:
        pid_in(tmp_path / "pid")
        os.kill(os.getpid(), signal.SIGUSR1)

    before = descriptors()
    old = signal.signal(signal.SIGUSR1, interrupt)
    person = threading.Thread(target=when_it_runs)
    person.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            sh(f"echo $$ >{tmp_path}/pid; exec sleep 60")
    finally:
        person.join()
        signal.signal(signal.SIGUSR1, old)
    assert not is_alive(pid_in(tmp_path / "pid"))
    assert descriptors() == before


def test_with_a_terminal_stderr_is_shown_as_it_comes_and_kept(capfd):
    result = sh("echo question >&2; echo answer", terminal=True)
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "question\n")
    assert (result.out, result.err) == ("answer\n", "question\n")


# From the child, which begins a little before its parent waits for it.
INTERRUPT = "sleep 1; kill -INT $PPID"


def test_a_patient_run_goes_on_to_its_end_when_it_is_interrupted():
    found = sh(f"echo begun; {INTERRUPT}; sleep 0.5; echo done", patient=True)
    assert found == processes.Result(0, "begun\ndone\n", "", interrupted=True)


def test_who_insists_ends_a_patient_run(tmp_path, impatient):
    path = tmp_path / "pid"
    with pytest.raises(processes.InsistedError):
        sh(f"echo $$ >{path}; {INTERRUPT}; {INTERRUPT}; exec sleep 100", patient=True, timeout=60)
    assert ends(pid_in(path))
