"""Names that come from outside: of files, people, applications, jobs.

Each becomes part of a path, a command line or a header somewhere; so only forms that mean
nothing else there are taken.
"""

from __future__ import annotations

import re

from sciportal.service.errors import UsageError

ANONYMOUS = "anonymous"
"""Whom jobs belong to that nobody signed in for."""
LONGEST_TITLE = 100
MOST_PARTS = 4

_FILE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+=,@ -]{0,98}[A-Za-z0-9._+=@-])?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,126}")
_APPLICATION = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_WORKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PRINTED = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]*")
_MOST_JOBS = 2**53


def is_file(name: str) -> bool:
    """Whether `name` may be a file's in a job's directory: no path, not hidden, no option."""
    return bool(_FILE.fullmatch(name))


def is_path(path: str) -> bool:
    """Whether `path` may be of a result below the job's directory, a few levels deep."""
    parts = path.split("/")
    return len(parts) <= MOST_PARTS and all(map(is_file, parts))


def is_user(name: str) -> bool:
    """Whether `name` may be a signed-in person's: it names a directory, too."""
    return bool(_USER.fullmatch(name)) and name != ANONYMOUS


def is_application(name: str) -> bool:
    """Whether `name` may be an application's."""
    return len(name) <= 32 and bool(_APPLICATION.fullmatch(name))


def is_worker(name: str) -> bool:
    """Whether `name` may be a worker's."""
    return bool(_WORKER.fullmatch(name))


def is_host(name: str) -> bool:
    """Whether `name` may be a host's of the account map; empty means this one."""
    return name == "" or bool(_HOST.fullmatch(name))


def is_key(key: str) -> bool:
    """Whether `key` may be an idempotency key, or a claim's: up to 128 of printable ASCII."""
    return bool(_KEY.fullmatch(key))


def is_title(title: str) -> bool:
    """Whether `title` may be what a person calls a job: a line without what hides or turns text."""
    return len(title) <= LONGEST_TITLE and bool(_PRINTED.fullmatch(title))


def is_sha256(text: str) -> bool:
    """Whether `text` is a SHA-256, in hexadecimal digits."""
    return bool(_SHA256.fullmatch(text))


def job_id(text: str) -> int | None:
    """The job that `text` numbers; None where it is no number of a job."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and text[0] != "0"):
        return None
    number = int(text)
    return number if number <= _MOST_JOBS else None


def check_file(name: str) -> str:
    """Return `name` if it may be a file's.

    Raises:
        UsageError: it may not.
    """
    if is_file(name):
        return name
    advice = (
        "use up to 100 letters, digits, spaces and . _ + - = , @, without a directory, and not"
        " beginning with . or -"
    )
    raise UsageError("a name of a file", f"{shown(name)} is not one", advice)


def check_user(name: str) -> str:
    """Return `name` if it may be a signed-in person's.

    Raises:
        UsageError: it may not.
    """
    if is_user(name):
        return name
    advice = "let the front end send a name of up to 127 letters, digits and . _ @ + -"
    raise UsageError("the name of who is signed in", f"{shown(name)} is not one", advice)


def check_title(title: str) -> str:
    """Return `title` if it may be what a person calls a job.

    Raises:
        UsageError: it may not.
    """
    if is_title(title):
        return title
    advice = f"use one line of up to {LONGEST_TITLE} characters"
    raise UsageError("the name of a job", f"{shown(title)} is not one", advice)


def shown(text: str) -> str:
    """`text` for a message: one line, not long, in ASCII."""
    return ascii(text if len(text) <= 40 else text[:40] + "...")


def one_line(text: str, most: int) -> str:
    """At most `most` characters of `text` in one line, without what moves a terminal's cursor."""
    whole = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(whole.split())[:most]
