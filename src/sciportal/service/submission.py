"""The batch job of a service: its script, its options and its environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sciportal.service.endpoint import Endpoint, comment_of
from sciportal.service.names import job_name

PORT_TRIES = 20
NONCE = "SCIPORTAL_SUBMISSION"

# What job_submit.lua says when it refuses, for us to read.
DUPLICATE = re.compile(r"sciportal: duplicate service")
PORT_TAKEN = re.compile(r"sciportal: port ([0-9]{1,5}) is taken")
NOT_PERMITTED = re.compile(
    r"not permitted to use this partition|group not permitted|Invalid account or account/partition"
    r"|Access/permission denied",
    re.IGNORECASE,
)


def script(executable: str, home: str) -> str:
    """The batch script.

    A login shell, so that ~/.profile applies (that is how rvm and the like reach a service);
    exec, so that the main process is the one that `scancel --batch` signals.

    Args:
        executable: absolute path of the service's executable.
        home: working directory, to which a profile that went elsewhere comes back.
    """
    import shlex

    return f"#!/bin/bash -l\ncd {shlex.quote(home)} || exit\nexec {shlex.quote(executable)} main\n"


def options(
    service: str,
    *,
    partition: str,
    site: Iterable[str],
    own: Iterable[str],
    log: str,
    home: str,
    endpoint: Endpoint | None,
) -> list[str]:
    """Options of sbatch in their order: the site's, the service's, the mandatory ones.

    Args:
        service: its name.
        partition: the site's partition of services.
        site: the site's default options.
        own: options from SERVICE.toml and stage `start`.
        log: absolute path of the log.
        home: working directory of the job.
        endpoint: what the comment announces.
    """
    # In a file name of sbatch a percent sign begins a replacement.
    log = log.replace("%", "%%")
    return [
        "-p",
        partition,
        *site,
        *own,
        "-J",
        job_name(service),
        "-o",
        log,
        "-e",
        log,
        "--open-mode=append",
        # Any other value makes the node run a second login first.
        "--export=ALL",
        f"--comment={comment_of(endpoint)}",
        f"--chdir={home}",
    ]


def environment(
    account: Mapping[str, str], service: str, endpoint: Endpoint | None, nonce: str
) -> dict[str, str]:
    """The environment of the job, before its login shell adds to it.

    Args:
        account: the clean environment of the account.
        service: its name.
        endpoint: where it is to listen.
        nonce: names this submission.
    """
    return {**account, **stage_environment(service, endpoint), NONCE: nonce}


def stage_environment(service: str, endpoint: Endpoint | None) -> dict[str, str]:
    """What every stage and the job are told."""
    return {"SERVICE": service, **({"PORT": str(endpoint.port)} if endpoint else {})}
