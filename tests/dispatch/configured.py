"""The files of settings of a portal and of the clusters far away that fetch its jobs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciportal.jobs.store.store import Store


def write(path: Path, values: Mapping[str, Any], limits: Mapping[str, Any]) -> Path:
    """Write a file of settings, all of which are JSON as well as TOML; its path."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    lines += ["[limits]", *(f"{key} = {value}" for key, value in limits.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def portal(root: Path, database: str, limits: Mapping[str, Any], **more: Any) -> Path:
    """Write the settings of a portal, and make the directories that they name.

    Args:
        root: of all of it.
        database: URL.
        limits: of the portal.
        more: settings beside those that all have.
    """
    for name in ("state", "applications"):
        (root / name).mkdir(mode=0o755)
    secret = root / "secret"
    secret.write_text("0123456789abcdef" * 4 + "\n")
    secret.chmod(0o600)
    values = {
        "database": database,
        "state_dir": str(root / "state"),
        "descriptors": [str(root / "applications")],
        "secret_file": str(secret),
        "trust": "none",
        **more,
    }
    return write(root / "portal.toml", values, limits)


def cluster(store: Store, root: Path, name: str, uid: int, **given: Any) -> Path:
    """Declare a cluster to a portal, and write the settings of its worker; their path.

    Args:
        store: the portal's.
        root: below which the cluster has a directory of its name.
        name: the worker's.
        uid: whose process it is.
        given: settings of the worker, beside those that all have.
    """
    token = hashlib.sha256(name.encode()).hexdigest()
    store.declare_worker(name, hashlib.sha256(token.encode()).hexdigest())
    home = root / name
    spool = home / "spool"
    home.mkdir(mode=0o755)
    spool.mkdir(mode=0o700)
    (home / "token").write_text(token)
    (home / "token").chmod(0o600)
    for each in (home, spool, home / "token"):
        os.chown(each, uid, -1 if each is home else uid)
    limits = given.pop("limits", {"free_bytes": 1})
    values = {
        "name": name,
        "token_file": str(home / "token"),
        "spool": str(spool),
        "mode": "processes",
        "poll_seconds": 0.2,
        "timeout_seconds": 5,
        **given,
    }
    return write(home / "worker.toml", values, limits)
