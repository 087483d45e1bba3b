"""`sciportal-jobs worker`: which workers there are."""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
from pathlib import Path

from sciportal.jobs import names
from sciportal.jobs.settings import Settings
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store
from sciportal.service.errors import NotRunningError, UsageError

_SHORTEST = 32


def arguments(parser: argparse.ArgumentParser) -> None:
    """One of three actions."""
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--add", metavar="NAME", help="let it in; a token that it had is dead")
    action.add_argument("--remove", metavar="NAME", help="let it in no longer")
    action.add_argument("--list", action="store_true", help="show all")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="its token (`-`: standard input); without it one is made and printed",
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what is asked for."""
    store = Store(engine.connect(settings.database))
    if options.add is not None:
        _add(store, options.add, options.token_file)
    elif options.remove is not None:
        if not store.remove_worker(options.remove):
            found = f"there is no {names.shown(options.remove)}"
            raise NotRunningError("remove a worker", found, "look at --list")
    else:
        for worker in store.workers():
            seen = "never" if worker.seen_at is None else f"{worker.seen_at // 1_000_000}"
            print(f"{worker.name}\tseen={seen}\taddress={worker.address or '-'}")
    return 0


def _add(store: Store, name: str, file: Path | None) -> None:
    if not names.is_worker(name):
        advice = "use up to 64 letters, digits and . _ -, beginning with a letter or digit"
        raise UsageError("add a worker", f"{names.shown(name)} is no name of one", advice)
    token = secrets.token_urlsafe(32) if file is None else _read(file)
    if len(token) < _SHORTEST or not names.is_key(token):
        found = f"the token is shorter than {_SHORTEST} characters, or holds others than ASCII"
        raise UsageError("add a worker", found, "make one by `openssl rand -hex 32`")
    known = store.worker(digest(token))
    if known not in (None, name):
        found = f"the token is that of {known}"
        raise UsageError("add a worker", found, "give each a token of its own")
    if known is None:
        store.declare_worker(name, digest(token))
        print("changed" if file else token)


def digest(token: str) -> str:
    """What the store knows of a worker's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _read(file: Path) -> str:
    try:
        text = sys.stdin.read(1024) if file == Path("-") else file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("read a worker's token", str(error), "give a file of one line") from error
    return text.strip()
