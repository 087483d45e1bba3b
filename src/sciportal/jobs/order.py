"""The order: all that one who runs a job must know, as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from sciportal.jobs import names
from sciportal.jobs.strict import Table
from sciportal.service.errors import UsageError

FORMAT = 1
MOST_FILES = 1000
MOST_SCRIPT = 1 << 18
"""Characters of a script."""
MOST_POINTS = 1_000_000

_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,31}")
_WORD = re.compile(r"[A-Za-z0-9_.-]{0,64}")
# Characters of names and of fnmatch(3), below the job's directory.
_PATTERN = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[A-Za-z0-9._+=,@ *?\[\]!/-]{1,200}")
_PATH = re.compile(r"(?!.*/\.\.?(?:/|$))(?:/[A-Za-z0-9_.+@-]+)+")
_URL = re.compile(r"(?:https?://[A-Za-z0-9._:\[\]-]{1,260}(?:/[A-Za-z0-9._~/-]*)?)?")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{0,200}")


def is_pattern(pattern: str) -> bool:
    """Whether `pattern` may choose outputs: fnmatch's signs, relative, without `..`."""
    return bool(_PATTERN.fullmatch(pattern))


def is_absolute(path: str) -> bool:
    """Whether `path` may be made readable to a job: absolute and plain."""
    return bool(_PATH.fullmatch(path))


def is_word(text: str) -> bool:
    """Whether `text` may name a partition or a profile; it may be empty."""
    return bool(_WORD.fullmatch(text)) and not text.startswith("-")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that the job gets."""

    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What the batch system is asked for."""

    tasks: int = 1
    cpus: int = 1
    """A task."""
    memory_mb: int = 1024
    """Of the whole job."""
    minutes: int = 60
    partition: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the job may use; what is over it ends the job."""

    cpu_seconds: int = 3600
    file_bytes: int = 1_000_000_000
    total_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Map:
    """The script runs for many points, some in each task of a job array."""

    points: int
    chunk: int
    """Points that one task does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt at a job."""

    job: int
    attempt: int
    user: str
    account: str
    """The account that it runs as."""
    host: str
    """Of the account map; empty for this one."""
    application: str
    name: str
    """What its owner calls it."""
    script: str
    files: tuple[InputFile, ...] = ()
    outputs: tuple[str, ...] = ()
    """Patterns of what is copied back."""
    read: tuple[str, ...] = ()
    """Paths that the job sees beside its directory."""
    network: bool = False
    profile: str = ""
    """Of AppArmor."""
    resources: Resources = field(default_factory=Resources)
    limits: Limits = field(default_factory=Limits)
    map: Map | None = None
    listener: str = ""
    """Where the job announces what it does; empty where nobody listens."""
    token: str = ""
    """With which it does."""

    def at(self, job: int, attempt: int) -> Order:
        """The same for another attempt, which has no token yet."""
        return replace(self, job=job, attempt=attempt, token="")

    def announcing(self, listener: str, token: str) -> Order:
        """The same, told where and with which token to announce itself."""
        return replace(self, listener=listener, token=token)


def to_json(order: Order) -> dict[str, Any]:
    """The order as a JSON object."""
    return {"format": FORMAT, **_plain(order)}


def _plain(value: Any) -> Any:
    # As `dataclasses.asdict`, which copies every text and number on its way.
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, _PARTS):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return value


_PARTS = (Order, InputFile, Resources, Limits, Map)


def dumps(order: Order) -> str:
    """The order as JSON in one line."""
    return json.dumps(to_json(order), separators=(",", ":"))


def loads(text: str | bytes) -> Order:
    """The order in its JSON.

    Raises:
        UsageError: it is none.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        found = f"{type(error).__name__}: {error}"
        raise UsageError("read an order", found, _ADVICE) from error
    return from_json(data)


_ADVICE = "use the same version of sciportal on both sides"


def from_json(data: object) -> Order:
    """The order in a JSON object.

    Raises:
        UsageError: it is none; keys that are not known are refused.
    """
    table = Table(data, "read an order", _ADVICE)
    table.number("format", least=FORMAT, most=FORMAT)
    order = Order(
        job=table.number("job", least=0),
        attempt=table.number("attempt", least=1, most=1_000_000),
        user=table.text("user", fits=lambda name: name == names.ANONYMOUS or names.is_user(name)),
        account=table.text("account", fits=lambda name: not name or bool(_ACCOUNT.fullmatch(name))),
        host=table.text("host", fits=names.is_host),
        application=table.text("application", fits=names.is_application),
        name=table.text("name", fits=names.is_title),
        script=table.text("script", most=MOST_SCRIPT),
        files=tuple(map(_file, table.tables("files", most=MOST_FILES))),
        outputs=table.texts("outputs", fits=is_pattern, most=MOST_FILES),
        read=table.texts("read", fits=is_absolute, most=MOST_FILES),
        network=table.truth("network"),
        profile=table.text("profile", fits=is_word),
        resources=_resources(table.table("resources")),
        limits=_limits(table.table("limits")),
        map=None if table.nothing("map") else _map(table.table("map")),
        listener=table.text("listener", fits=lambda url: bool(_URL.fullmatch(url))),
        token=table.text("token", fits=lambda token: bool(_TOKEN.fullmatch(token))),
    )
    table.done()
    if len({each.name for each in order.files}) != len(order.files):
        raise table.error("files has the same name twice")
    return order


def _file(table: Table) -> InputFile:
    file = InputFile(
        table.text("name", fits=names.is_file),
        table.number("size"),
        table.text("sha256", fits=names.is_sha256),
    )
    table.done()
    return file


def _resources(table: Table) -> Resources:
    resources = Resources(
        table.number("tasks", least=1, most=100_000),
        table.number("cpus", least=1, most=100_000),
        table.number("memory_mb", least=1, most=100_000_000),
        table.number("minutes", least=1, most=1_000_000),
        table.text("partition", fits=is_word),
    )
    table.done()
    return resources


def _limits(table: Table) -> Limits:
    limits = Limits(
        table.number("cpu_seconds", least=1),
        table.number("file_bytes", least=1),
        table.number("total_bytes", least=1),
    )
    table.done()
    return limits


def _map(table: Table) -> Map:
    plan = Map(
        table.number("points", least=1, most=MOST_POINTS),
        table.number("chunk", least=1, most=MOST_POINTS),
    )
    table.done()
    return plan
