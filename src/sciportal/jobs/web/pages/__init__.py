"""The pages for people."""

from __future__ import annotations

import flask


def register(app: flask.Flask) -> None:
    """Add the pages to `app`, see sciportal.jobs.web.app."""
    app.jinja_env.autoescape = True
