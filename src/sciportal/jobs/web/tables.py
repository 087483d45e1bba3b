"""All routes."""

from __future__ import annotations

from sciportal.jobs.web.routes import Route


def all_routes() -> tuple[Route, ...]:
    """Those of all tables, which are imported when they are asked for: one shows all of them."""
    from sciportal.jobs.web import api_jobs, api_results, api_site, api_workers

    return (*api_jobs.ROUTES, *api_results.ROUTES, *api_site.ROUTES, *api_workers.ROUTES)
