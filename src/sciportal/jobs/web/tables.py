"""All routes."""

from __future__ import annotations

from sciportal.jobs.web.routes import Route

ROUTES: tuple[Route, ...] = ()
