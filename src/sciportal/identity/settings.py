"""What the role tells the command: the site's doors as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from sciportal.identity import accounts, rules
from sciportal.identity.accounts import Entry
from sciportal.identity.rules import Rule
from sciportal.service.errors import UsageError

CHECKS = ("chain", "leaf", "none")


class Door(NamedTuple):
    """A certificate that this server shows."""

    certificate: str
    key: str
    """Both empty where the server makes its own."""
    hosts: tuple[str, ...]
    """Names that it has to hold for."""


class Shibboleth(NamedTuple):
    """The door on which people sign in at their identity provider."""

    metadata: str
    """Path or URL."""
    certificate: str
    """Of who signs the metadata; empty where nobody does."""
    entity: str
    scoped: bool


class Certificates(NamedTuple):
    """The door on which people show a certificate."""

    directory: str
    check: str
    urls: tuple[str, ...]
    rules: tuple[Rule, ...]


class Settings(NamedTuple):
    """Both doors; one that is not there is None."""

    doors: tuple[Door, ...]
    """First that of the doors themselves, then those of domains."""
    shibboleth: Shibboleth | None
    certificates: Certificates | None
    state: Path
    """Where Apache finds the authorities and the lists."""
    accounts: tuple[Entry, ...]
    """Which accounts of the cluster people are."""
    tokens: Path
    """Where Apache keeps tokens of programs."""


def parse(text: str) -> Settings:
    """The settings in their JSON.

    Raises:
        UsageError: it is none.
    """
    try:
        data = json.loads(text)
        return _settings(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise UsageError("the settings of the doors", found, "run the role identity") from error


def _hosts(data: dict[str, Any]) -> tuple[str, ...]:
    """The doors' own name, and one of a service as an example of all."""
    names = [str(data.get("host") or "")]
    if data.get("services"):
        names.append(f"service--account.{data['services']}")
    return tuple(name for name in names if name)


def _settings(data: dict[str, Any]) -> Settings:
    shibboleth, certificates = data["shibboleth"], data["certificates"]
    return Settings(
        (
            Door(str(data["certificate"]), str(data["key"]), _hosts(data)),
            *(
                Door(str(each["certificate"]), str(each["key"]), (str(each["domain"]),))
                for each in data.get("domains") or []
            ),
        ),
        None
        if not shibboleth
        else Shibboleth(
            str(shibboleth["metadata"]),
            str(shibboleth["certificate"]),
            str(shibboleth["entity"]),
            bool(shibboleth["scoped"]),
        ),
        None
        if not certificates
        else Certificates(
            str(certificates["directory"]),
            str(certificates["check"]),
            tuple(str(each) for each in certificates["urls"]),
            tuple(rules.rules(certificates["rules"])),
        ),
        Path(data["state"]),
        tuple(accounts.entries(data.get("accounts") or [])),
        Path(data["tokens"]),
    )
