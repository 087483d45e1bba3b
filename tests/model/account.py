"""What an account of the random sequences has: two services, and files that are none of theirs."""

from __future__ import annotations

from model.services import Service

# `a` has an endpoint and is never restarted, `b` the other way round.
SETTINGS = {
    "a": 'restart = "never"\n',
    "b": 'port = "none"\nrestart = "on-failure"\n',
}
SECONDS = {"a": 100_001, "b": 100_002}
# Files of the account that are none of the command's business.
OTHERS = {
    "notes.txt": "mine\n",
    ".profile": "# mine\n",
    ".logrotate.d/mine.conf": "# mine\n",
}


def script(name: str, variant: int) -> str:
    """A service that takes its reload without ending."""
    return (
        f'#!/bin/sh\n# variant {variant}\n[ "$1" != reload ] || echo WINCH\n'
        f'[ "$1" != main ] || exec sleep {SECONDS[name]}\n'
    )


def own_files(name: str, service: Service) -> dict[str, str]:
    """The files of a service that its owner wrote."""
    if not service.script:
        return {}
    path = f".sbatch-service/{name}"
    return {path: service.script, f"{path}.toml": service.settings}
