"""A job that somebody wants: read from a request, checked against its application, and stored.

Also for pages: `of_form` reads what a form of theirs sends, `submit` says what is wrong with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import flask

from sciportal.jobs import names, settings
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.descriptors import orders, parameters
from sciportal.jobs.errors import ConflictError
from sciportal.jobs.order import Limits
from sciportal.jobs.store.job import Job, NewJob
from sciportal.jobs.strict import Table
from sciportal.jobs.web import bodies, uploads, visible
from sciportal.jobs.web.problems import ProblemError, invalid
from sciportal.jobs.web.routes import Call
from sciportal.jobs.web.uploads import Upload
from sciportal.service.errors import UsageError

KEY = "Idempotency-Key"
_WANTED = "submit a job"
_ADVICE = "send application, name, parameters and files, as /openapi.json describes"
_MOST_TEXT = 1 << 20


class Wanted(NamedTuple):
    """A job as somebody describes it."""

    application: str
    name: str
    parameters: Mapping[str, Any]
    files: list[Upload]
    backend: str
    """Empty for the site's usual one."""
    host: str
    """Empty for this cluster, or any."""


class Accepted(NamedTuple):
    """A job that stands in the queue."""

    job: Job
    anew: bool
    """Whether it certainly is a new one, and not that of an earlier request with the same key."""
    as_bumps: bool
    """Whether it was asked for in the form of Bumps's client."""


def accept(call: Call) -> Accepted:
    """Store the job that a request describes.

    Raises:
        ProblemError, ServiceError: it does not describe one that may be submitted.
    """
    key = call.request.headers.get(KEY)
    if key is not None and not names.is_key(key):
        raise invalid(f"the {KEY}", "it is none", "send up to 128 printable characters of ASCII")
    most = call.web.portal.settings.limits.upload_bytes
    bumps = False
    if call.request.mimetype in bodies.FORMS:
        bodies.bound_parts(call.request, most)
        wanted = of_form(call.request)
    else:
        bodies.bound(call.request, most)
        said = bodies.json_of(call.request, min(most, bodies.MOST_JSON))
        bumps = isinstance(said, dict) and "service" in said and "application" not in said
        wanted = _of_bumps(call, said) if bumps else of_json(said)
    return Accepted(submit(call, wanted, key), key is None, bumps)


def of_json(said: object) -> Wanted:
    """What a JSON object describes.

    Raises:
        UsageError, ProblemError: it describes no job.
    """
    table = Table(said, _WANTED, _ADVICE)
    found = Wanted(
        table.text("application", fits=names.is_application),
        names.check_title(table.text("name", "")),
        _mapping(said, table, "parameters"),
        uploads.of_texts(_texts(_mapping(said, table, "files"))),
        table.text("backend", "", fits=("", *settings.BACKENDS).__contains__),
        table.text("host", "", fits=names.is_host),
    )
    table.done()
    return found


def of_form(request: flask.Request, files: tuple[str, ...] = ()) -> Wanted:
    """What a form describes; its `parameters` are JSON.

    Args:
        request: with the form.
        files: names of the fields with files; all by default.

    Raises:
        UsageError, ProblemError: it describes no job.
    """
    form = request.form
    texts = {name: form.get(name, "") for name in ("application", "name", "backend", "host")}
    values = bodies.json_in((form.get("parameters") or "{}").encode())
    sent = uploads.of_parts(request, files, names.is_file)
    return of_json({**texts, "parameters": values})._replace(files=sent)


def submit(call: Call, wanted: Wanted, key: str | None = None) -> Job:
    """Store a job; the same key and the same job again give the job that is there.

    Raises:
        RejectedError: it does not fit its application; all that is wrong is named.
        ProblemError: the key came with another job, or files are too large.
        ServiceError: there is no such application, the account is missing, the quota is used up.
    """
    portal = call.web.portal
    owner = visible.owner(call.identity)
    uploads.bounded(wanted.files, portal.settings.limits.upload_bytes)
    descriptor = portal.catalogue.get(wanted.application)
    values = parameters.check(descriptor, wanted.parameters)
    backend = wanted.backend or portal.settings.default_backend
    order = orders.make(
        descriptor,
        wanted.name,
        values,
        [each.input for each in wanted.files],
        orders.Place(owner, _account(portal.settings, backend, owner, wanted.host), wanted.host),
        _limits(portal.settings),
        {each.name: each.stream for each in wanted.files},
    )
    new = NewJob(
        owner=owner,
        origin=call.identity.origin,
        parameters=values,
        order=order,
        backend=backend,
    )
    limits = portal.settings.limits
    with portal.files.upload() as incoming:
        for each in wanted.files:
            incoming.add(each.name, uploads.chunks(each.stream))
        incoming.outlive()
        try:
            return portal.store.submit(
                new,
                None if key is None else (key, digest(wanted)),
                most=limits.jobs_a_user if call.identity.user else limits.anonymous_jobs,
                place=lambda job: portal.files.place(incoming, job),
            )
        except ConflictError as error:
            raise ProblemError(422, "key", error.wanted, error.found, error.advice) from None


def digest(wanted: Wanted) -> str:
    """What two requests with the same key are compared by."""
    files = sorted((each.name, each.sha256) for each in wanted.files)
    whole = json.dumps([*wanted._replace(files=[]), files], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _account(given: settings.Settings, backend: str, owner: str, host: str) -> str:
    if backend != settings.SLURM:
        return ""
    return AccountMap.read(str(given.accounts)).find(owner, host).name


def _limits(given: settings.Settings) -> Limits:
    limits = given.limits
    return Limits(limits.cpu_seconds, limits.file_bytes, limits.total_bytes)


def _mapping(said: object, table: Table, key: str) -> dict[str, Any]:
    # What is in it is checked by its own rules.
    table.table(key, optional=True)
    assert isinstance(said, dict)
    found: dict[str, Any] = said.get(key, {})
    return found


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    for name, text in given.items():
        if not isinstance(text, str):
            found = f"{names.shown(name)} is no text"
            raise UsageError(_WANTED, found, "send other files as parts of multipart/form-data")
    return dict(given)


def _of_bumps(call: Call, said: dict[str, Any]) -> Wanted:
    """Bumps's form: a service, and data that are an object of ours or the application's file."""
    data = said.get("data")
    name = said.get("name", "")
    given: dict[str, Any] = {"application": said["service"], "name": name}
    if isinstance(data, dict):
        given |= {key: data[key] for key in data if key in ("parameters", "files")}
        unknown = [key for key in data if key not in ("parameters", "files")]
        if unknown:
            raise invalid(_WANTED, f"data.{names.shown(unknown[0])} is not known", _ADVICE)
    elif isinstance(data, str):
        given["files"] = {_only_file(call, said["service"]): data}
    elif data is not None:
        raise invalid(_WANTED, "data is neither an object nor a text", _ADVICE)
    return of_json(given)


def _only_file(call: Call, service: object) -> str:
    descriptor = call.web.portal.catalogue.get(service if isinstance(service, str) else "")
    found = [slot.name for slot in descriptor.files if slot.name]
    if not found:
        there = f"{descriptor.name} takes no file of one name"
        raise invalid(_WANTED, there, "send data as an object with files and parameters")
    return found[0]
