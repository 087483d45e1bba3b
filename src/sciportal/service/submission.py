"""The batch job of a service: its script, its options and its environment."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.endpoint import Endpoint, comment_of
from sciportal.service.names import job_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PORT_TRIES = 20
NONCE = "SCIPORTAL_SUBMISSION"
# In the environment of stage `stop` when a start is to follow.
AGAIN = "AGAIN"

_NEEDS_NO_QUOTES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._=-")


def script(command: Sequence[str]) -> str:
    """The batch script: it becomes the command, which so gets what `scancel --batch` sends.

    Args:
        command: program and arguments; the runner's.
    """
    return f"#!/bin/sh\nexec {' '.join(map(_quoted, command))}\n"


def _quoted(word: str) -> str:
    if word and _NEEDS_NO_QUOTES.issuperset(word):
        return word
    import shlex

    return shlex.quote(word)


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
    """The environment of the job.

    Args:
        account: the clean environment of the account, to which a login shell adds.
        service: its name.
        endpoint: where it is to listen.
        nonce: names this submission.
    """
    return {**account, **stage_environment(service, endpoint), NONCE: nonce}


def stage_environment(service: str, endpoint: Endpoint | None) -> dict[str, str]:
    """What every stage and the job are told."""
    return {"SERVICE": service, **({"PORT": str(endpoint.port)} if endpoint else {})}
