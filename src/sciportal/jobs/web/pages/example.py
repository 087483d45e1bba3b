"""The files of an application's example, to download and submit."""

from __future__ import annotations

import flask

from sciportal.jobs import names
from sciportal.jobs.shipped import examples
from sciportal.jobs.web import problems
from sciportal.jobs.web.routes import Call


def view(call: Call, application: str, file: str) -> flask.Response:
    """One file, always to be saved.

    Raises:
        ProblemError: the site has no such application, or that no such file.
    """
    offered = application in call.web.portal.catalogue.applications()
    data = examples.of(application).get(file) if offered else None
    if data is None:
        raise problems.missing(f"the example {names.shown(file)}")
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return flask.Response(data, headers=headers, content_type="application/octet-stream")
