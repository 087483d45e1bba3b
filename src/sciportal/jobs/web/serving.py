"""Files of jobs as answers. What is in them was written by somebody who may mean harm.

A browser shows pictures and plain text only, in a sandbox without scripts, origin and session;
everything else it stores. Types come from a table, never from the file.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import BinaryIO

import flask
from werkzeug.wsgi import wrap_file

from sciportal.jobs.web.routes import Call

_TEXT = "text/plain; charset=utf-8"
_SHOWN = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "json": "application/json",
    **dict.fromkeys(
        ("txt", "log", "out", "err", "par", "dat", "csv", "tsv", "py", "sh", "md", "yml", "toml"),
        _TEXT,
    ),
}
_STORED = "application/octet-stream"
_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
BYTES = {"type": "string", "contentMediaType": _STORED}


def media_type(name: str) -> str:
    """What a browser is told that a file of this name is."""
    return _SHOWN.get(name.rpartition(".")[2].lower(), _STORED) if "." in name else _STORED


def bytes_of(call: Call, file: BinaryIO, name: str) -> flask.Response:
    """The answer with a file, or the parts of it that were asked for (RFC 9110, 13 and 14).

    Args:
        call: the request.
        file: open for reading; the answer closes it.
        name: of the file; its last part is what a browser stores it as.
    """
    about = os.fstat(file.fileno())
    media = media_type(name)
    shown = media != _STORED
    response = flask.Response(
        wrap_file(call.request.environ, file), content_type=media, direct_passthrough=True
    )
    response.content_length = about.st_size
    response.last_modified = datetime.fromtimestamp(int(about.st_mtime), UTC)
    response.set_etag(f"{about.st_ino:x}-{about.st_mtime_ns:x}-{about.st_size:x}")
    response.headers.set(
        "Content-Disposition",
        "inline" if shown else "attachment",
        filename=name.rpartition("/")[2],
    )
    response.headers["Content-Security-Policy"] = _POLICY
    response.make_conditional(
        call.request.environ, accept_ranges=True, complete_length=about.st_size
    )
    return response
