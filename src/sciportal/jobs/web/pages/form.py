"""An application's form: shown, filled in, sent, and shown again with what is wrong in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import flask

from sciportal.jobs import names
from sciportal.jobs.descriptors import form
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.descriptors.form import Field
from sciportal.jobs.errors import Problem, RejectedError
from sciportal.jobs.order import InputFile
from sciportal.jobs.settings import DISPATCH, SLURM
from sciportal.jobs.shipped import examples
from sciportal.jobs.store.job import Job
from sciportal.jobs.web import bodies, failures, problems, submission, visible
from sciportal.jobs.web.pages import figures, filled, rendering
from sciportal.jobs.web.pages.filled import Filled
from sciportal.jobs.web.routes import Call
from sciportal.jobs.web.uploads import Upload
from sciportal.service.errors import ServiceError

_PLACES = (("", "Wherever this site usually runs it"), (SLURM, "On this cluster")) + (
    (DISPATCH, "On another cluster that has room"),
)


class Kept(NamedTuple):
    """A file of an earlier job that may be sent again."""

    name: str
    size: str
    chosen: bool


class Shown(NamedTuple):
    """A field, with what the page needs beside it."""

    field: Field
    id: str
    sent_as: str
    hints: tuple[str, ...]
    kept: tuple[Kept, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether the browser is to insist on it."""
        return self.field.required and not self.kept


def view(call: Call, application: str) -> flask.Response:
    """The empty form, or that of an earlier job.

    Raises:
        ProblemError: there is no such application, or no such job.
    """
    descriptor = _descriptor(call, application)
    once = secrets.token_urlsafe(16)
    again = names.job_id(call.request.args.get("again", ""))
    if again is None:
        return _page(call, descriptor, Filled("", "", {}, once, None, ()))
    job = visible.job(call, again)
    return _page(call, descriptor, filled.of_job(job, descriptor, once))


def send(call: Call, application: str) -> flask.Response:
    """Submit what stands in the form; where something is wrong with it, the form says so.

    Raises:
        ProblemError: there is no such application, or too much was sent.
    """
    descriptor = _descriptor(call, application)
    bodies.bound_parts(call.request, call.web.portal.settings.limits.upload_bytes)
    entered = filled.read(call.request, descriptor)
    try:
        job = _submitted(call, descriptor, entered)
    except RejectedError as error:
        return _page(call, descriptor, entered, error.problems, 400)
    except ServiceError as error:
        told = failures.problem(error)
        sentence = f"{told.found}; {told.advice}"
        return _page(call, descriptor, entered, (Problem("", sentence),), told.status)
    return rendering.see(flask.url_for("show_job_page", job=job.id))


def _descriptor(call: Call, name: str) -> Descriptor:
    found = call.web.portal.catalogue.applications().get(name)
    if found is None:
        raise problems.missing(f"the application {names.shown(name)}")
    descriptor: Descriptor = found
    return descriptor


def _submitted(call: Call, descriptor: Descriptor, entered: Filled) -> Job:
    sent = filled.sent_files(call.request, descriptor)
    files = [*sent, *_kept(call, entered, {each.name for each in sent})]
    try:
        wanted = submission.Wanted(
            descriptor.name,
            names.check_title(entered.name),
            filled.values(descriptor, entered),
            files,
            entered.backend,
            "",
        )
        # A form that is sent twice as it is makes one job; changed after it was sent, another.
        key = f"{entered.once}.{submission.digest(wanted)[:32]}" if entered.once else None
        return submission.submit(call, wanted, key)
    finally:
        for each in files:
            each.stream.close()


def _kept(call: Call, entered: Filled, sent: set[str]) -> list[Upload]:
    """The files of the earlier job that are to be sent again, but those that were sent anew."""
    if entered.earlier is None or not entered.keep:
        return []
    job = visible.job(call, entered.earlier)
    wanted = set(entered.keep) - sent
    return [
        Upload(
            each.name, each.size, each.sha256, call.web.portal.files.open_input(job.id, each.name)
        )
        for each in job.order.files
        if each.name in wanted
    ]


def _page(
    call: Call,
    descriptor: Descriptor,
    entered: Filled,
    wrong: Iterable[Problem] = (),
    status: int = 200,
) -> flask.Response:
    wrong = tuple(wrong)
    # As typed, where something was; an unticked box was sent as nothing.
    values = {**dict.fromkeys(_boxes(descriptor) if wrong else (), ""), **entered.texts}
    fields = form.fields(descriptor, values, wrong)
    shown = _shown(descriptor, fields, _inputs(call, entered), entered)
    known = {each.field.name: each for each in shown}
    response = rendering.page(
        call,
        "form.html",
        here="pages.home",
        application=descriptor,
        examples=sorted(examples.of(descriptor.name)),
        entered=entered,
        fields=[each for each in shown if not each.field.advanced],
        advanced=[each for each in shown if each.field.advanced],
        open=any(each.advanced and each.problem for each in fields),
        files_anew=bool(wrong and descriptor.files),
        problems=[(known.get(each.field), each.sentence) for each in wrong],
        places=_PLACES,
        limits=call.web.portal.settings.limits,
    )
    response.status_code = status
    return response


def _boxes(descriptor: Descriptor) -> list[str]:
    return [each.name for each in descriptor.parameters if each.kind == "boolean"]


def _inputs(call: Call, entered: Filled) -> Mapping[str, InputFile]:
    if entered.earlier is None:
        return {}
    job = visible.job(call, entered.earlier)
    return {each.name: each for each in job.order.files}


def _shown(
    descriptor: Descriptor, fields: list[Field], inputs: Mapping[str, InputFile], entered: Filled
) -> list[Shown]:
    """The fields as the page has them; those of files come last, in the application's order."""
    first = len(fields) - len(descriptor.files)
    fitting = filled.kept_names(descriptor, {name: each.size for name, each in inputs.items()})
    made = []
    for number, field in enumerate(fields):
        sent_as = filled.VALUE + field.name
        kept: tuple[Kept, ...] = ()
        if number >= first:
            sent_as = f"{filled.FILE}{number - first}"
            kept = tuple(
                Kept(name, figures.size(inputs[name].size), name in entered.keep)
                for name in fitting[number - first]
            )
        made.append(Shown(field, f"field-{number}", sent_as, tuple(_hints(field)), kept))
    return made


def _hints(field: Field) -> list[str]:
    """What a person should know of a field before it is filled in, in sentences."""
    hints = [field.help] if field.help else []
    low, high = (f"{each:g}" if each is not None else "" for each in (field.minimum, field.maximum))
    large = field.kind == "integer" and (field.maximum or 0) >= 2**53
    if low and high and not large:
        hints.append(f"From {low} to {high}.")
    elif low and (field.minimum or 0) > -(2**53):
        hints.append(f"{low} or more.")
    elif high and not large:
        hints.append(f"At most {high}.")
    if field.most > 1:
        hints.append(f"Up to {field.most} files.")
    if field.kind in ("file", "files") and field.pattern:
        hints.append(f"Named like {field.pattern}.")
    if field.max_bytes is not None:
        hints.append(f"At most {figures.size(field.max_bytes)}{' each' * (field.most > 1)}.")
    return hints
