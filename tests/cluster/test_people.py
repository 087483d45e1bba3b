"""What helps people at a terminal, on the login host."""

from __future__ import annotations

import pytest

from cluster.testbed import CTL, SLEEPER, Service

COMPLETE = """
. /usr/local/share/bash-completion/completions/sbatch-service
COMP_WORDS=(sbatch-service "$@") COMP_CWORD=$#
_sbatch_service
echo "${COMPREPLY[@]}"
"""


def complete(service: Service, *words: str) -> list[str]:
    argv = ["bash", "-c", COMPLETE, "bash", *words]
    return service.cluster.run(CTL, argv, user=service.user).out.split()


def on_a_terminal(service: Service, *words: str) -> str:
    """What a call shows on a terminal; script(1) makes one."""
    call = " ".join(["sbatch-service", *words])
    argv = ["env", "TERM=xterm", "script", "-qec", call, "/dev/null"]
    return service.cluster.run(CTL, argv, user=service.user).out


def test_completion_knows_the_services_of_the_account_and_the_types_of_the_site(
    service: Service,
) -> None:
    service.script(SLEEPER)
    assert complete(service, "stop", service.name[:3]) == [service.name]
    assert "apache" in complete(service, "init", "")


@pytest.mark.parametrize(
    "path", ["man/man1/sbatch-service.1", "zsh/site-functions/_sbatch-service"]
)
def test_the_files_can_be_read_by_everybody(service: Service, path: str) -> None:
    text = service.cluster.run(CTL, ["cat", f"/usr/local/share/{path}"], user=service.user).out
    assert "sbatch" in text


def test_a_wait_is_shown_and_gone_on_a_terminal(service: Service) -> None:
    service.script(
        '#!/bin/sh\n[ "$1" = main ] || exit 0\nsleep 3\nexec python3 -m http.server "$PORT"\n'
    )
    shown = on_a_terminal(service, "start", "--wait", service.name)
    assert f"\033[K{service.name}: running on " in shown
    assert f"\033[K{service.name}: started; running, job " in shown
    assert "\033[32mrunning\033[0m" in on_a_terminal(service, "status", service.name)
    assert "\033" not in service("status").out


def test_what_cannot_be_printed_is_said_in_one_line(service: Service) -> None:
    service.script(SLEEPER)
    argv = ["sh", "-c", "sbatch-service list >/dev/full"]
    ended = service.cluster.run(CTL, argv, user="alice", check=False)
    assert ended.code == 1
    assert ended.err == "sbatch-service: standard output: No space left on device; make room\n"
