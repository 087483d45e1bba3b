"""The WSGI application.

How a request is answered, in this order:

1. `routes.Route`s, in tables beside their actions (`api_*.ROUTES`), say which paths there are.
   A resource is at PATH.json, PATH.html and PATH; `negotiation.wanted` alone decides whether JSON
   or a page is wanted. Endpoints for `url_for`: NAME (PATH, negotiated), NAME_json, NAME_page.
2. Who asks is found (`auth`), and requests forged by other sites are refused (`csrf`).
3. If a page is wanted and one is registered for the route's name, the page's view is called;
   otherwise the action, whose Answer becomes JSON. Both are called with the Call and the values of
   the path. Where a page's form changed something (POST) and no view is registered for that, the
   visitor is sent (303) to the page of the answer's location.
4. Whatever is raised becomes a problem document, or for people an error page (`failures`).

The pages are added by `pages.register(app)`, which may use

    web = sciportal.jobs.web.web.of(app)
    web.page("list_jobs", view)          # view(call, **values of the path) -> a Flask answer
    web.error_page = render              # render(problems.Told) -> HTML
    app.register_blueprint(...)          # paths of its own; `current()` gives their Call

and, for forms, `csrf_token()`, which is also a global of templates; the field's name is `csrf`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from flask import typing as given
from werkzeug.routing import BaseConverter

from sciportal.jobs.settings import FRONT_END, Settings, load
from sciportal.jobs.web import (
    auth,
    bodies,
    csrf,
    failures,
    negotiation,
    pages,
    problems,
    tables,
    web,
)
from sciportal.jobs.web.negotiation import Form
from sciportal.jobs.web.portal import Portal
from sciportal.jobs.web.routes import Answer, Call, Route, Who
from sciportal.jobs.web.web import Web

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
_OF_PAGES = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_OF_DATA = "default-src 'none'; frame-ancestors 'none'"


class _JobConverter(BaseConverter):
    """Numbers of jobs; what no database can hold is no path."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


def make(portal: Portal) -> flask.Flask:
    """The application on these parts."""
    app = flask.Flask(__name__, static_folder=None, template_folder=None)
    app.url_map.converters["job"] = _JobConverter
    app.url_map.strict_slashes = True
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.request_class = bodies.Request
    app.config["UPLOADS"] = portal.settings.state_dir / "uploads"
    # What is read before a route states its own bound.
    app.config["MAX_CONTENT_LENGTH"] = portal.settings.limits.upload_bytes + bodies.AROUND
    web.put(app, Web(portal, unix_only=_unix_only()))
    for route in tables.all_routes():
        _add(app, route)
    app.register_error_handler(Exception, _failed)
    app.after_request(_secured)
    app.jinja_env.globals["csrf_token"] = csrf_token
    pages.register(app)
    return app


def application(settings: Settings | None = None) -> flask.Flask:
    """The application on the parts that the site's settings name.

    Args:
        settings: those of the file by default.

    Raises:
        UsageError: they are wrong, or something that they name is missing.
    """
    return make(Portal.opened(settings or load()))


def current() -> Call:
    """The Call of the request that is being answered, for a visitor.

    Raises:
        ProblemError: nobody who may ask, or a forged request.
    """
    if "call" not in flask.g:
        flask.g.call = _call(Who.VISITOR)
    found: Call = flask.g.call
    return found


def csrf_token() -> str:
    """The token for a form of this visitor's."""
    call = current()
    return csrf.token(call.web.portal.secret, call.identity, call.web.clock())


def _unix_only() -> bool:
    try:
        import uwsgi  # type: ignore[import-untyped]  # only there within uwsgi
    except ImportError:
        return False
    return auth.unix_only(uwsgi.sockets)


def _add(app: flask.Flask, route: Route) -> None:
    def view(**values: Any) -> given.ResponseReturnValue:
        flask.g.call = call = _call(route.who)
        if _form() is Form.HTML and route.formed:
            page = call.web.pages.get(route.name)
            if page:
                return page(call, **values)
            return _without_page(route, call, values)
        return _json(route.action(call, **values))

    suffixes = {"": "", "_json": ".json", "_page": ".html"} if route.formed else {"": ""}
    for ending, suffix in suffixes.items():
        app.add_url_rule(
            route.path + suffix,
            endpoint=route.name + ending,
            methods=[route.method],
            view_func=view,
            provide_automatic_options=False,
        )


def _form() -> Form:
    request = flask.request
    return negotiation.wanted(request.path, request.headers.get("Accept", ""))


def _call(who: Who) -> Call:
    request = flask.request
    mine = web.of(flask.current_app)
    settings = mine.portal.settings
    nobody = auth.Identity("", "", "", operator=False)
    if who is Who.WORKER:
        return Call(mine, request, nobody, mine.worker(auth.worker_sum(request.environ)))
    if who is Who.ANYONE:
        return Call(mine, request, nobody, "")
    trusted = settings.trust == FRONT_END and auth.from_front_end(request.environ, mine.unix_only)
    identity = auth.visitor(
        request.environ,
        trusted=trusted,
        anonymous=settings.anonymous,
        operators=settings.operators,
    )
    csrf.judge_origin(request.environ, settings.base_url)
    if csrf.needs_token(request.environ, identity):
        token = request.headers.get(csrf.HEADER) or request.form.get(csrf.FIELD, "")
        if not csrf.holds(mine.portal.secret, identity, token, mine.clock()):
            raise csrf.refuse_token()
    return Call(mine, request, identity, "")


def _without_page(route: Route, call: Call, values: dict[str, Any]) -> given.ResponseReturnValue:
    if route.method != "GET":
        answer = route.action(call, **values)
        if isinstance(answer, Answer) and answer.location:
            return flask.redirect(answer.location, 303)
        return _json(answer)
    if flask.request.path.endswith(".html"):
        raise problems.missing("this page")
    return _json(route.action(call, **values))


def _json(answer: Answer | flask.Response) -> given.ResponseReturnValue:
    if isinstance(answer, flask.Response):
        return answer
    response = flask.jsonify(answer.body)
    response.status_code = answer.status
    response.headers.extend(answer.headers)
    if answer.location:
        response.headers["Location"] = answer.location
    return response


def _failed(error: Exception) -> flask.Response:
    problem = failures.problem(error)
    told = problems.told(problem)
    if _form() is Form.HTML:
        response = flask.Response(_page_of(told), mimetype=Form.HTML.value)
    else:
        response = flask.jsonify(problems.document(told))
        response.mimetype = problems.MEDIA
    response.status_code = told.status
    response.headers.extend(problem.headers)
    return response


def _page_of(told: problems.Told) -> str:
    render: Callable[[problems.Told], str] = web.of(flask.current_app).error_page
    try:
        return render(told)
    except Exception:
        flask.current_app.logger.exception("the error page itself")
        return problems.page(told)


def _secured(response: flask.Response) -> flask.Response:
    policy = _OF_PAGES if response.mimetype == Form.HTML.value else _OF_DATA
    usual = {**_SECURITY, "Content-Security-Policy": policy, "Vary": "Accept"}
    said = {name.lower() for name, _value in response.headers}
    # Looked for at once: each look by itself goes through all of them.
    response.headers.extend(
        [(name, value) for name, value in usual.items() if name.lower() not in said]
    )
    return response
