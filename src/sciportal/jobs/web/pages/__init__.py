"""The pages for people.

Each page is a module with a `view`: it reads what it shows from the portal's parts and hands it to
a template. Words and figures come from modules that know nothing of requests (`shown`, `figures`,
`terminal`, `stuck`, `owned`). What changes while somebody looks is a template of its own, which
`static/live.js` asks for again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from sciportal.jobs.web import web
from sciportal.jobs.web.pages import (
    example,
    form,
    home,
    listed,
    operators,
    rendering,
    services,
    viewed,
)

_View = Callable[..., flask.Response]

# Pages of routes that programs have, too; see sciportal.jobs.web.app.
_OF_ROUTES: dict[str, _View] = {
    "list_jobs": listed.view,
    "jobs_in_state": listed.view,
    "show_job": viewed.view,
    "applications": home.view,
    **dict.fromkeys(("job_status", "results", "data_index", "log"), viewed.elsewhere),
}
_OWN: tuple[tuple[str, str, str, _View], ...] = (
    ("/", "home", "GET", home.view),
    ("/applications/<application>.html", "form", "GET", form.view),
    ("/applications/<application>.html", "send", "POST", form.send),
    ("/applications/<application>/example/<file>", "example", "GET", example.view),
    ("/jobs/live.html", "jobs_live", "GET", listed.live),
    ("/jobs/<job:job>/live.html", "job_live", "GET", viewed.live),
    ("/jobs/<job:job>/cancel.html", "cancel", "POST", viewed.cancel),
    ("/jobs/<job:job>/delete.html", "delete", "POST", viewed.delete),
    ("/services.html", "services", "GET", services.view),
    ("/services/<service>.html", "act_on_service", "POST", services.act),
    ("/operators.html", "operators", "GET", operators.view),
    ("/operators/live.html", "operators_live", "GET", operators.live),
)


def register(app: flask.Flask) -> None:
    """Add the pages to `app`, see sciportal.jobs.web.app."""
    blueprint = flask.Blueprint(
        rendering.BLUEPRINT, __name__, template_folder="templates", static_folder="static"
    )
    for path, name, method, view in _OWN:
        blueprint.add_url_rule(path, name, _called(view), methods=[method])
    app.register_blueprint(blueprint)
    mine = web.of(app)
    for route, view in _OF_ROUTES.items():
        mine.page(route, view)
    mine.error_page = rendering.problem_page


def _called(view: _View) -> Callable[..., flask.Response]:
    """The view as Flask calls it."""

    def call(**values: Any) -> flask.Response:
        from sciportal.jobs.web.app import current

        return view(current(), **values)

    return call
