"""What this cluster lets the portal have done: an order is refused, or cut down to it."""

from __future__ import annotations

from dataclasses import replace

from sciportal.jobs.confinement.view import is_below
from sciportal.jobs.order import Order
from sciportal.jobs.worker.settings import Settings


def admitted(order: Order, settings: Settings) -> Order:
    """The order as it is carried out here: within the limits of both sides.

    The listener cannot be reached from here, and a partition or a profile of the portal's own
    cluster means nothing.
    """
    granted, asked = settings.limits, order.limits
    limits = replace(
        asked,
        cpu_seconds=min(asked.cpu_seconds, granted.cpu_seconds),
        file_bytes=min(asked.file_bytes, granted.file_bytes),
        total_bytes=min(asked.total_bytes, granted.total_bytes),
    )
    minutes = min(order.resources.minutes, granted.minutes)
    resources = replace(order.resources, minutes=minutes, partition=settings.partition)
    return replace(
        order,
        limits=limits,
        resources=resources,
        profile=settings.profile,
        listener="",
        token="",
    )


def refusal(order: Order, settings: Settings) -> str:
    """Why this cluster does not do it; empty if it does."""
    limits, resources = settings.limits, order.resources
    if order.network and not settings.network:
        return "this cluster lets no job use the network"
    for path in order.read:
        if not any(is_below(path, each) for each in settings.read):
            return f"this cluster lets no job read {path}"
    for what, asked, most in (
        ("CPUs", resources.cpus * resources.tasks, limits.cpus),
        ("MB of memory", resources.memory_mb, limits.memory_mb),
        ("bytes of files", sum(each.size for each in order.files), limits.inputs_bytes),
    ):
        if asked > most:
            return f"it takes {asked} {what}, and this cluster has at the most {most}"
    return ""
