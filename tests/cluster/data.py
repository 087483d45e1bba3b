"""Services of accounts from data, as the role account brings them about."""

from __future__ import annotations

import json
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


def brought(cluster: Cluster, services: Mapping[str, Sequence[Entry]]) -> None:
    """What the role would bring about with force, without a run of Ansible."""
    asked: list[Entry] = []
    for user, entries in services.items():
        for each in entries:
            pages = each.get("public_html", {}).get("files", [])
            for file in pages:
                cluster.write(user, f"public_html/{file['path']}", file["content"])
            for file in each.get("files", []):
                cluster.write(user, file["path"], file["content"])
            wanted = {"service": each["name"], "account": user, "state": "deployed", "force": True}
            asked.append({**wanted, "config": each["config"]})
    document = json.dumps({"schema": 1, "services": asked})
    cluster.run(CTL, ["sbatch-service", "apply", "--wait"], stdin=document)


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
