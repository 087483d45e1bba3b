"""What a layer of confinement promises, attempt by attempt, and what it leaves open."""

from __future__ import annotations

# A site may forbid these to everybody, as by Yama or without namespaces for users.
RARE = {"ptrace", "read its memory", "mount"}


def leaves_open(layer: str, abi: int, *, network: bool) -> set[str]:
    """The attempts that succeed, and no others.

    Args:
        layer: "bubblewrap" or "landlock".
        abi: Landlock's version on this kernel.
        network: whether the job may use the network.
    """
    nets = {"port", "datagram"} if network else set()
    abstract = {"abstract socket", "datagram by a pair"} if network and abi < 6 else set()
    if layer == "bubblewrap":
        return nets | abstract
    found = {"stat", "chmod", "utime", "its command line", "shared memory"} | nets | abstract
    if abi < 3:
        found.add("empty")
    if abi < 6:
        found.add("signal")
    if network and abi < 9:
        found.add("socket")
    return found


def done(tried: dict[str, str]) -> set[str]:
    """The attempts that succeeded."""
    return {name for name, how in tried.items() if how == "done"}
