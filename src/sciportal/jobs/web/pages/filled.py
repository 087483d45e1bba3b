"""An application's form as somebody filled it in: read, kept, and turned into a wanted job."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import flask

from sciportal.jobs import names
from sciportal.jobs.descriptors import form, parameters
from sciportal.jobs.descriptors.document import Descriptor, Slot
from sciportal.jobs.errors import Problem, RejectedError
from sciportal.jobs.settings import BACKENDS
from sciportal.jobs.store.job import Job
from sciportal.jobs.web import uploads
from sciportal.jobs.web.problems import ProblemError
from sciportal.jobs.web.uploads import Upload

VALUE = "p-"
"""What the names of fields with parameters begin with."""
FILE = "f-"
"""The same for files, before the number of the file in the description."""
NAME, BACKEND, ONCE, EARLIER, KEEP = "name", "backend", "once", "earlier", "keep"
_ONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_WANTED = "submit a job"


class Filled(NamedTuple):
    """What stands in a form."""

    name: str
    backend: str
    texts: Mapping[str, str]
    """By parameter; of one that was not sent there is none."""
    once: str
    """The same for each time that this very form is sent."""
    earlier: int | None
    """The job whose files may be kept."""
    keep: tuple[str, ...]
    """Names of such files."""


def read(request: flask.Request, descriptor: Descriptor) -> Filled:
    """What a form brought; files aside, and of any content.

    Args:
        request: with the form.
        descriptor: the application.
    """
    sent = request.form
    texts = {
        each.name: sent[VALUE + each.name]
        for each in descriptor.parameters
        if VALUE + each.name in sent
    }
    once, backend = sent.get(ONCE, ""), sent.get(BACKEND, "")
    return Filled(
        sent.get(NAME, "").strip(),
        backend if backend in BACKENDS else "",
        texts,
        once if _ONCE.fullmatch(once) else "",
        names.job_id(sent.get(EARLIER, "")),
        tuple(sent.getlist(KEEP)),
    )


def of_job(job: Job, descriptor: Descriptor, once: str) -> Filled:
    """The form of a job that was submitted before, for another like it.

    Args:
        job: the job.
        descriptor: its application, as it is today.
        once: see Filled.
    """
    known = {each.name for each in descriptor.parameters}
    texts = {name: form.shown(value) for name, value in job.parameters.items() if name in known}
    kept = tuple(each.name for each in job.order.files)
    return Filled(job.name, job.backend, texts, once, job.id, kept)


def values(descriptor: Descriptor, filled: Filled) -> dict[str, Any]:
    """The parameters, for the check of the application."""
    return parameters.from_form(descriptor, filled.texts)


def sent_files(request: flask.Request, descriptor: Descriptor) -> list[Upload]:
    """The files of a form, by the names that the application gives them.

    Raises:
        RejectedError: one has no name that it may have, or there are two for one place.
    """
    found: list[Upload] = []
    problems = []
    for number, slot in enumerate(descriptor.files):
        try:
            found += _of_slot(request, number, slot)
        except ProblemError as error:
            problems.append(Problem(slot.name or slot.pattern, f"{error.found}; {error.advice}"))
    twice = {each.name for each in found if [other.name for other in found].count(each.name) > 1}
    problems += [Problem("", f"{name} came twice") for name in sorted(twice)]
    if problems:
        raise RejectedError(_WANTED, tuple(problems), "correct what is named and submit again")
    return found


def _of_slot(request: flask.Request, number: int, slot: Slot) -> list[Upload]:
    field = f"{FILE}{number}"
    if not slot.name:
        return uploads.of_parts(request, (field,), names.is_file)
    # One that the application names itself may be called anything by its owner.
    given = uploads.of_parts(request, (field,), lambda _name: True)
    return [each._replace(name=slot.name) for each in given]


def kept_names(descriptor: Descriptor, there: Mapping[str, int]) -> list[list[str]]:
    """Which files of an earlier job fit each of the application's files, in its order.

    Args:
        descriptor: the application.
        there: the sizes of the earlier job's files by name.
    """
    left = sorted(there)
    found = []
    for slot in descriptor.files:
        fitting = [
            name
            for name in left
            if name == slot.name or (slot.pattern and fnmatch.fnmatchcase(name, slot.pattern))
        ]
        left = [name for name in left if name not in fitting]
        found.append(fitting)
    return found
