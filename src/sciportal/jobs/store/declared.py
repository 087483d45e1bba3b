"""Let in the workers of a list, and no other: `python -m sciportal.jobs.store.declared FILE`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sciportal import outcome
from sciportal.jobs import settings, trial
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store


def declare(store: Store, wanted: Mapping[str, str]) -> bool:
    """Make the workers of the store those of a list.

    Args:
        store: of the portal.
        wanted: SHA-256 of the token of each by its name.

    Returns:
        Whether any was another.
    """
    changed = False
    for name in sorted({each.name for each in store.workers()} - set(wanted)):
        changed |= store.remove_worker(name)
    # Whose token another one gets has to be without it first.
    late = {name: each for name, each in wanted.items() if store.worker(each) != name}
    for name in late:
        store.remove_worker(name)
    for name, each in late.items():
        store.declare_worker(name, each)
    return changed or bool(late)


def main(argv: list[str] | None = None) -> int:
    """Do it, and say `changed` where something was.

    Args:
        argv: the file, see `trial.workers`; the process's by default.
    """
    words = sys.argv[1:] if argv is None else argv

    def action() -> int:
        wanted = trial.workers(Path(words[0]).read_text(encoding="utf-8"))
        if declare(Store(engine.connect(settings.load().database)), wanted):
            print("changed")
        return 0

    return outcome.exit_code("sciportal.jobs.store.declared", action)


if __name__ == "__main__":
    sys.exit(main())
