"""What takes the worker a while, for one job each: fetching its files, delivering its results.

They run in threads of their own, and change nothing but the job's directory.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sciportal.jobs import exchange
from sciportal.jobs import order as orders
from sciportal.jobs import script as parts
from sciportal.jobs.accounts.place import BATCH
from sciportal.jobs.order import Order
from sciportal.jobs.worker import durable, inputs, leftovers, results
from sciportal.jobs.worker.entry import Entry
from sciportal.jobs.worker.portal import Portal, Taken
from sciportal.service import processes
from sciportal.service.errors import ServiceError

_TOOLS = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_REMOVAL_SECONDS = 600.0


def fetch(portal: Portal, order: Order, directory: Path, script: str) -> None:
    """Bring a job's files, and write the script that runs it.

    Raises:
        ServiceError: a file did not come, or not as it should.
        OSError: it could not be written.
    """
    inputs.bring(order, directory, lambda file, into: portal.fetch(order.job, file, into))
    for name, text in (
        (parts.ORDER, orders.dumps(order)),
        (parts.SCRIPT, order.script),
        (BATCH, script),
    ):
        durable.write(directory / name, text.encode())


def deliver(portal: Portal, entry: Entry, directory: Path, most: int) -> Taken:
    """Say how a job ended, with its results.

    Args:
        portal: who is told.
        entry: a job with an outcome.
        directory: the job's.
        most: bytes of results that are sent.

    Raises:
        UnknownError: nobody knows whether the portal has them.
        RefusedError: it does not take even the outcome.
        OSError: they cannot be read.
    """
    report, job = entry.outcome, entry.order.job
    assert report
    if not directory.exists():
        return portal.post(job, report, ())
    found = results.of(directory, entry.order, most)
    whole = replace(report, sha256=found.sha256, reason=_both(report.reason, found.left_out))
    taken = portal.post(job, whole, found.parts)
    if taken is not Taken.TOO_LARGE:
        return taken
    reason = _both(report.reason, "the portal did not take its results: they are too large")
    return portal.post(job, replace(report, reason=reason), ())


def _both(first: str, second: str) -> str:
    return "; ".join(filter(None, (first, second)))[: exchange.MOST_REASON]


def remove(directory: Path) -> None:
    """Remove a job's directory, with whatever it made there, and what still lives of it.

    Raises:
        ServiceError: something of it cannot be removed.
        OSError: the tools for it cannot be run.
    """
    if not os.path.lexists(directory):
        return
    leftovers.end(str(directory))
    # A job may have closed its directories, and nested them deeper than Python follows.
    for words in (["chmod", "-R", "u+rwX", "--"], ["rm", "-rf", "--"]):
        ended = processes.run([*words, str(directory)], env=_TOOLS, timeout=_REMOVAL_SECONDS)
    if directory.exists():
        found = ended.err.strip() or "it is still there"
        raise ServiceError(f"remove {directory}", found, "remove it by hand")
