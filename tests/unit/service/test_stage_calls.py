"""Calling stages: real scripts that behave and that do not."""

from __future__ import annotations

import os
import signal

import pytest

from sciportal.service import processes, stages
from sciportal.service.errors import ServiceError
from unit.service.running import descriptors, noted_ends, script

ENV = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def service(tmp_path):
    def write(body: str, first: str = "#!/bin/sh\n", mode: int = 0o700) -> str:
        return script(tmp_path / "web", first + body, mode)

    return write


def call(path: str, stage: str = "start", *, env=ENV, timeout=10.0, login=False) -> str:
    return stages.call(path, stage, env=env, timeout=timeout, login=login)


def failure(path: str, **options) -> str:
    with pytest.raises(ServiceError) as raised:
        call(path, **options)
    assert raised.value.exit_code == 1
    assert "stage start" in str(raised.value)
    return str(raised.value)


def test_a_stage_is_given_its_name_and_its_environment_and_nothing_else(service):
    path = service('echo "$# $1 $PORT ${USER-unset}"; cat\n')
    assert call(path, "reload", env={**ENV, "PORT": "24576"}) == "1 reload 24576 unset\n"


def test_what_a_stage_says_on_stderr_is_no_answer(service):
    assert call(service("echo note >&2; echo '#SBATCH'\n")) == "#SBATCH\n"


def test_a_failing_stage_shows_its_status_and_its_last_words(service):
    said = failure(service("for i in $(seq 50); do echo line $i >&2; done; exit 7\n"))
    assert "failed with exit status 7" in said
    assert "line 50" in said
    assert "line 40" not in said


def test_a_failing_stage_that_is_silent_on_stderr_shows_its_stdout(service):
    assert "no such option" in failure(service("echo no such option; exit 1\n"))


def test_a_stage_that_hangs_is_ended_with_all_it_started(service, tmp_path):
    path = service(f"sleep 600 & echo $! >{tmp_path}/pid; wait\n")
    assert "took longer than 0.5 s" in failure(path, timeout=0.5)
    assert noted_ends(tmp_path / "pid")


def test_a_stage_that_prints_without_end_is_ended(service):
    said = failure(service("exec yes\n"))
    assert "printed more than a stage may" in said
    assert len(said) < 5000


def test_a_stage_that_prints_without_end_on_stderr_is_ended(service):
    assert "printed more" in failure(service("exec yes >&2\n"))


def test_binary_output_is_a_wrong_line_and_no_crash(service):
    said = call(service("printf '\\377\\000\\001#SBATCH\\n'\n"))
    with pytest.raises(ServiceError, match="print only lines that begin with #SBATCH"):
        stages.start_options(said)


def test_control_characters_of_a_failing_stage_do_not_reach_the_terminal(service):
    said = failure(service("printf '\\033[2Jgone\\007\\n' >&2; exit 1\n"))
    assert "[2Jgone" in said
    assert "\033" not in said
    assert "\007" not in said


def test_a_stage_that_leaves_a_child_with_its_stdout_is_not_waited_for(service, tmp_path):
    path = service(f"sleep 600 & echo $! >{tmp_path}/pid; echo '#SBATCH --mem=1G'\n")
    assert call(path) == "#SBATCH --mem=1G\n"
    # It is still there.
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_stage_that_is_killed_names_the_signal(service):
    assert "was killed by signal 9" in failure(service("kill -KILL $$\n"))


def test_a_stage_killed_by_a_broken_pipe_of_its_own_names_the_signal(service):
    assert "was killed by signal 13" in failure(service("kill -PIPE $$\n"))


def test_a_file_without_interpreter_line_is_explained(service):
    assert "#!/bin/sh" in failure(service("echo hello\n", first=""))


def test_an_interpreter_that_is_missing_is_explained(service):
    said = failure(service("echo hello\n", first="#!/no/such/shell\n"))
    assert "cannot be run (No such file or directory)" in said
    assert "#!/bin/sh" in said


def test_a_file_that_is_not_executable_is_explained(service):
    assert "cannot be run" in failure(service("echo hello\n", mode=0o600))


def test_a_login_shell_reads_the_profile_of_the_account(service, tmp_path):
    (tmp_path / ".profile").write_text("export RUBY=from-profile\n")
    path = service('echo "$1 $RUBY"\n')
    assert call(path, env={**ENV, "HOME": str(tmp_path)}, login=True) == "start from-profile\n"
    assert call(path, env={**ENV, "HOME": str(tmp_path)}) == "start \n"


def test_a_path_that_a_shell_would_read_is_taken_as_it_is(tmp_path):
    place = tmp_path / "a $(touch x) 'b'"
    place.mkdir()
    path = script(place / "web", '#!/bin/sh\necho "$1"\n')
    assert call(path, env={**ENV, "HOME": "/nowhere"}, login=True) == "start\n"


def test_a_large_answer_arrives_whole(service):
    size = (1 << 20) - 10
    assert len(call(service(f"head -c {size} /dev/zero | tr '\\0' x\n"))) == size


def test_failing_stages_leave_no_descriptor_open(service):
    bad = [service("exit 1\n")]
    failure(bad[0])
    before = descriptors()
    for body, first in (("exit 1\n", "#!/bin/sh\n"), ("x", ""), ("x", "#!/no/such\n")):
        failure(service(body, first=first))
    failure(service("sleep 9\n"), timeout=0.05)
    assert descriptors() == before


def test_the_limit_is_on_each_stream_alone(service):
    result = processes.run(
        [service("head -c 900 /dev/zero; head -c 900 /dev/zero >&2\n")],
        env=ENV,
        timeout=10,
        limit=1000,
    )
    assert (result.ok, len(result.out), len(result.err)) == (True, 900, 900)
