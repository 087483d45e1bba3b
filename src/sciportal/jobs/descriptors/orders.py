"""Makes the order of a job of what an application's description says and a user gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from sciportal.jobs import names, order
from sciportal.jobs.descriptors import parameters, render
from sciportal.jobs.descriptors.document import Amount, Counted, Descriptor, Reference, Value
from sciportal.jobs.errors import Problem, RejectedError
from sciportal.jobs.mapper import points
from sciportal.jobs.order import InputFile, Limits, Map, Order, Resources
from sciportal.service.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """Whose job it is and where it runs."""

    user: str
    account: str
    """Empty where the worker says which."""
    host: str
    """Of the account map, or a worker; empty for this one, or any."""


def make(
    descriptor: Descriptor,
    name: str,
    values: Mapping[str, Value],
    files: Sequence[InputFile],
    place: Place,
    limits: Limits,
    streams: Mapping[str, IO[bytes]],
) -> Order:
    """The order of a job that has no number yet.

    Args:
        descriptor: the application.
        name: what the user calls the job; empty for the application's title.
        values: its parameters, as `parameters.check` gave them.
        files: what was sent.
        place: whose it is and where it runs.
        limits: what it may use.
        streams: the files by name, each at its beginning, where it is left.

    Raises:
        RejectedError: files are missing, too many or too large, points cannot be counted, or a
            script comes out too long.
    """
    parameters.check_files(descriptor, {each.name: each.size for each in files})
    amounts = {key: _amount(each, values) for key, each in descriptor.resources.items()}
    resources = Resources(**amounts, partition=descriptor.partition)
    plan = None
    if descriptor.points is not None:
        plan = Map(
            _counted(descriptor, descriptor.points.file, streams)
            if isinstance(descriptor.points, Counted)
            else _amount(descriptor.points, values),
            _amount(descriptor.chunk, values),
        )
        if plan.points > order.MOST_POINTS:
            sentence = f"{plan.points} points are more than {order.MOST_POINTS}"
            wanted = f"submit a job of {descriptor.name}"
            raise RejectedError(wanted, (Problem("", sentence),), "split it into several jobs")
    return Order(
        job=0,
        attempt=1,
        user=place.user,
        account=place.account,
        host=place.host,
        application=descriptor.name,
        name=name or descriptor.title[: names.LONGEST_TITLE],
        script=render.render(descriptor, values, (each.name for each in files), resources),
        files=tuple(files),
        outputs=descriptor.outputs,
        read=descriptor.read,
        network=descriptor.network,
        profile=descriptor.profile,
        resources=resources,
        limits=limits,
        map=plan,
    )


def _counted(descriptor: Descriptor, name: str, streams: Mapping[str, IO[bytes]]) -> int:
    try:
        return points.count(streams[name])
    except UsageError as error:
        wanted = f"submit a job of {descriptor.name}"
        raise RejectedError(wanted, (Problem(name, error.found),), error.advice) from error


def _amount(amount: Amount, values: Mapping[str, Value]) -> int:
    return int(values[amount.parameter]) if isinstance(amount, Reference) else amount
