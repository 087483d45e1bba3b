"""The listener: jobs on back ends tell it that they started or finished, by one GET.

It stands on a port of its own, without the front end before it. So it takes connections of the back
ends' addresses only, and of each little, for a short time: `Server`. What an announcement does to
a job is the store's; what it may do is decided here: `Listener`.
"""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]

from sciportal.jobs.notify import announcement, tokens
from sciportal.jobs.notify.announcement import Announcement
from sciportal.jobs.settings import Network, Settings
from sciportal.jobs.states import Event
from sciportal.jobs.store.job import Job
from sciportal.light import NamedTuple
from sciportal.service.errors import ServiceError, UsageError

log = logging.getLogger(__name__)

PATH = "/notify"
_HEADERS = 4096
_SECONDS = 10
_CONNECTIONS = 500
_THREADS = 4

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Jobs(Protocol):
    """What of the store it needs."""

    def job(self, job_id: int) -> Job | None:
        """The job; None where there is none."""

    def apply(self, job_id: int, event: Event, at_attempt: int | None = None) -> Job:
        """Do to a job what an event does to it."""


class Reply(NamedTuple):
    """What the notifier is told, which looks at the status only."""

    status: int
    text: str


class Listener:
    """The WSGI application.

    Args:
        jobs: the store.
        secret: with which the tokens were made.
        heard: called after a job changed, with the job and what happened.
    """

    def __init__(
        self, jobs: Jobs, secret: bytes, heard: Callable[[Job, Event], None] | None = None
    ) -> None:
        self._jobs = jobs
        self._secret = secret
        self._heard = heard

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> list[bytes]:
        """Answer one request (PEP 3333)."""
        reply = self.reply(environ)
        body = f"{reply.text}\n".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
        if reply.status == 405:
            headers.append(("Allow", "GET"))
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
        return [body]

    def reply(self, environ: Mapping[str, Any]) -> Reply:
        """What is answered to a request, after what it announces was done."""
        if environ["REQUEST_METHOD"] != "GET":
            return Reply(405, "GET only")
        if environ.get("PATH_INFO", "") != PATH:
            return Reply(404, "there is nothing here")
        query = str(environ.get("QUERY_STRING", ""))
        if len(query) > announcement.LONGEST:
            return Reply(414, "too long")
        try:
            return self._take(announcement.parse(query))
        except UsageError as error:
            return Reply(400, error.found)
        except ServiceError as error:
            log.warning("an announcement was not taken: %s", error)
            return Reply(503, "try again")

    def _take(self, said: Announcement) -> Reply:
        bearer = tokens.read(self._secret, said.token)
        job = self._jobs.job(bearer.job) if bearer else None
        if bearer is None or job is None:
            return Reply(403, "the token is of no job")
        if said.user not in ("", job.owner, job.account):
            return Reply(403, "the token is of another user's job")
        if said.job not in ("", str(job.id), job.name):
            return Reply(403, "the token is of another job")
        if job.final or job.attempt != bearer.attempt:
            return Reply(410, "that job has ended, or began anew")
        after = self._jobs.apply(job.id, said.event, bearer.attempt)
        if self._heard and after != job:
            self._heard(after, said.event)
        return Reply(200, "heard")


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """A listening port that hears some networks only.

    Args:
        application: answers.
        address: to listen on.
        port: 0 for any that is free.
        networks: from which connections are taken.
    """

    def __init__(
        self, application: Listener, address: str, port: int, networks: Iterable[Network]
    ) -> None:
        self._networks = tuple(networks)
        adjustments = Adjustments(
            host=address,
            port=port,
            ident=None,
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            backlog=_CONNECTIONS,
            max_request_header_size=_HEADERS,
            max_request_body_size=1,
            channel_timeout=_SECONDS,
            cleanup_interval=1,
            asyncore_use_poll=True,
        )
        super().__init__(application, adj=adjustments)

    def accept(self) -> tuple[socket.socket, Any] | None:
        """A connection, if it is from a back end; others are closed before they say anything."""
        found: tuple[socket.socket, Any] | None = super().accept()
        if found and not is_among(found[1][0], self._networks):
            log.warning("closed a connection of %s, which is no back end", found[1][0])
            found[0].close()
            return None
        return found

    def maintenance(self, now: float) -> None:
        """Close connections on which no request came in time, however busy they look."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if not channel.requests and channel.creation_time < now - _SECONDS:
                channel.will_close = True


def is_among(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of the networks."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in each for each in networks)


def serve(settings: Settings, listener: Listener) -> None:
    """Listen until SIGTERM or SIGINT.

    Raises:
        UsageError: the port cannot be had, or nobody would be heard.
    """
    where = f"listen on {settings.listener_address}, port {settings.listener_port}"
    if not settings.backends:
        raise UsageError(where, "no back end is named", "name their addresses as `backends`")
    try:
        server = Server(
            listener, settings.listener_address, settings.listener_port, settings.backends
        )
    except OSError as error:
        found = error.strerror or str(error)
        raise UsageError(where, found, "change listener_address or listener_port") from error

    def end(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    log.info("%s, for %s", where, ", ".join(map(str, settings.backends)))
    # It returns when a signal came; what was asked before is answered first.
    server.run()
