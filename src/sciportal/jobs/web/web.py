"""What the portal's requests share: its parts, and the pages that were registered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import flask

from sciportal.jobs.web import auth, problems

if TYPE_CHECKING:
    from sciportal.jobs.web.portal import Portal

_KEY = "sciportal"

Page = Callable[..., "flask.typing.ResponseReturnValue"]
"""Called as an action is: with the Call, and with the values in the path by name."""


class Web:
    """One application's parts and pages.

    Args:
        portal: settings, store, files and catalogue.
        clock: gives seconds since 1970.
        unix_only: whether the server has Unix sockets only, where it says so.
    """

    def __init__(
        self,
        portal: Portal,
        clock: Callable[[], float] = time.time,
        *,
        unix_only: bool = False,
    ) -> None:
        self.portal = portal
        self.clock = clock
        self.unix_only = unix_only
        self.pages: dict[str, Page] = {}
        self.error_page: Callable[[problems.Told], str] = problems.page

    def page(self, name: str, view: Page) -> None:
        """Show `view` to those who want a page of the route `name`.

        Raises:
            ValueError: that route has one.
        """
        if name in self.pages:
            raise ValueError(f"two pages for {name}")
        self.pages[name] = view

    def worker(self, token_sum: str) -> str:
        """The name of the worker with the token of this sum.

        Raises:
            ProblemError: there is none.
        """
        name: str | None = self.portal.store.worker(token_sum)
        if name is None:
            raise auth.not_a_worker("the token is of no worker of this portal")
        return name


def of(app: flask.Flask) -> Web:
    """What `app` was made with."""
    return cast("Web", app.extensions[_KEY])


def put(app: flask.Flask, web: Web) -> None:
    """Keep `web` with `app`."""
    app.extensions[_KEY] = cast(Any, web)
