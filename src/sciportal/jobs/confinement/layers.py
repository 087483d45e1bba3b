"""Which layer confines: bubblewrap where it can run, Landlock where it cannot."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sciportal.jobs.confinement import bubblewrap, landlock, landlock_rights, seccomp
from sciportal.service.errors import ServiceError


class Layer(Enum):
    """What keeps a program in its directory."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    NONE = "none"
    """Nothing: it was asked for."""


AUTO = "auto"


class Found(NamedTuple):
    """What this host offers to this account."""

    namespaces: tuple[str, ...]
    """bwrap's options; empty where it cannot run."""
    problem: str
    """Why it cannot."""
    abi: int
    """Landlock's version; 0 where there is none."""
    filter: bool
    """Whether sockets can be forbidden beside Landlock."""

    @property
    def works(self) -> dict[Layer, bool]:
        """The layers, the better one first, and whether each can be had."""
        return {Layer.BUBBLEWRAP: bool(self.namespaces), Layer.LANDLOCK: self.abi > 0}


def look(*, network: bool, only: str = AUTO) -> Found:
    """Try what there is; nothing else is asked for where one layer is wanted."""
    namespaces: tuple[str, ...] = ()
    problem = "it was not tried"
    if only in (AUTO, Layer.BUBBLEWRAP.value):
        namespaces, problem = bubblewrap.options(network=network)
    return Found(namespaces, problem, landlock.abi(), seccomp.is_known())


def choose(wanted: str, found: Found, *, network: bool) -> Layer:
    """The layer to use.

    Args:
        wanted: "auto", or a layer by its name.
        found: what can be had.
        network: whether the program may use the network.

    Raises:
        ServiceError: what is wanted cannot be had.
    """
    if wanted == Layer.NONE.value:
        return Layer.NONE
    layers = [Layer(wanted)] if wanted != AUTO else list(found.works)
    usable = [each for each in layers if found.works[each]]
    if not usable:
        reasons = "; ".join(f"{each.value}: {_reason(each, found)}" for each in layers)
        advice = "install bubblewrap, use a kernel with Landlock, or say --layer none"
        raise ServiceError("confine a program", reasons, advice)
    if usable[0] is Layer.LANDLOCK and not network and not found.filter:
        text = "Landlock cannot close the network on this kind of processor"
        raise ServiceError("confine a program", text, "install bubblewrap, or say --network host")
    return usable[0]


def _reason(layer: Layer, found: Found) -> str:
    return found.problem if layer is Layer.BUBBLEWRAP else "the kernel does not offer it here"


def leaves_open(layer: Layer, abi: int, *, network: bool) -> list[str]:
    """What a program can still do to other jobs of its account."""
    if layer is Layer.LANDLOCK:
        return landlock_rights.leaves_open(abi, network=network)
    if layer is Layer.NONE:
        return ["everything that the account may do"]
    found = ["connect to their ports"] if network else []
    return found + (["connect to their abstract sockets"] if network and abi < 6 else [])
