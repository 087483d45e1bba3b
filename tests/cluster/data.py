"""Services of accounts from data, as the role account brings them about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cluster.plays import ACCOUNT, Played, play
from cluster.testbed import CTL, Cluster

Entry = Mapping[str, Any]


def by_root(services: Mapping[str, Sequence[Entry]], *words: str, **more: Any) -> Played:
    """Root runs the role for accounts, each with its services."""
    accounts = [{"account": name, "services": each} for name, each in services.items()]
    return play(ACCOUNT, {"account_accounts": accounts, "account_wait": True, **more}, *words)


def by_owner(user: str, services: Sequence[Entry], *words: str, **more: Any) -> Played:
    """A user without root runs the role for their own account."""
    given = {"account_services": services, "account_wait": True, **more}
    return play(ACCOUNT, given, *words, user=user)


def status(cluster: Cluster, user: str, service: str) -> dict[str, Any]:
    """What the command says of a service."""
    answer = cluster.service(user, "status", "--json", service, check=False).json()
    found: dict[str, Any] = answer["results"][0]
    return found


def text_of(cluster: Cluster, user: str, path: str) -> str:
    """A file below the home of a user."""
    return cluster.run(CTL, ["cat", path], user=user).out


def flat(played: Played) -> str:
    """What a run said, without the lines that Ansible breaks it into."""
    return re.sub(r"\s+", " ", played.text)


def gone(cluster: Cluster, user: str, service: str) -> None:
    """Neither the service nor a file of its type is there."""
    cluster.service(user, "purge", "--yes", "--no-archive", service, check=False)
    cluster.run(CTL, ["rm", "-rf", f".{service}-service"], user=user)


def may_submit(cluster: Cluster, user: str) -> bool:
    """Whether Slurm takes a service job of this user."""
    argv = ["sbatch", "--test-only", "-p", "service-pool", "-J", "probe-service", "--wrap=true"]
    return cluster.run(CTL, argv, user=user, check=False).code == 0
