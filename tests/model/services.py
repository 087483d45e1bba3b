"""What the services of an account are after each action, as its documentation has it: the model.

It knows nothing of Slurm and of files, only what their owner may rely on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

ACTIONS = ("init", "deploy", "start", "stop", "restart", "reload", "purge")
SILENT = 4
# Of several services the first that occurs.
_WORST_FIRST = (2, 4, 5, 6, 1, 3)


class Service(NamedTuple):
    """One service as its owner left it."""

    script: str = ""
    """The text of its executable; empty where there is none."""
    settings: str = ""
    is_live: bool = False
    """Whether it has its job."""
    is_set_up: bool = False
    """Whether its generic files are there."""


Services = Mapping[str, Service]


def act(action: str, now: Service) -> tuple[int, Service]:
    """The exit code of an action on one service, and the service afterwards."""
    if action == "purge":
        return 0, Service()
    if action == "stop":
        return 0, now._replace(is_live=False)
    if action in ("reload", "status"):
        return 0 if now.is_live else 3, now
    if not now.script:
        return 1, now
    if action == "init":
        return 0, now._replace(is_live=False, is_set_up=True)
    return 0, now._replace(is_live=True, is_set_up=True)


def act_on(action: str, names: Sequence[str], now: Services) -> tuple[int, dict[str, Service]]:
    """The same for several services; of none, for all that are known."""
    chosen = names or [name for name, each in now.items() if each.script]
    done = {name: act(action, now[name]) for name in chosen}
    codes = {code for code, _ in done.values()}
    worst = next((code for code in _WORST_FIRST if code in codes), 0)
    return worst, {**now, **{name: after for name, (_, after) in done.items()}}


def killed(name: str, now: Services, *, is_restarted: bool) -> dict[str, Service]:
    """After the main process was killed: a new one comes, or the job is over."""
    return {**now, name: now[name]._replace(is_live=is_restarted and now[name].is_live)}
