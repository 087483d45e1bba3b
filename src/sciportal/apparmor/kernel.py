"""apparmor_parser, and what the kernel says is loaded."""

from __future__ import annotations

import os
import re

from sciportal.service import processes
from sciportal.service.errors import ServiceError

_PARSER = "/sbin/apparmor_parser"
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
# A profile takes a fraction of a second; an emulated processor, or many profiles, takes longer.
_SECONDS = 300.0
_ENABLED = "/sys/module/apparmor/parameters/enabled"
_PROFILES = "/sys/kernel/security/apparmor/profiles"
_LOADED = re.compile(r"(.+) \(([a-z]+)\)")
# Of every call, in a container as well: the parser says that it cannot ask a kernel.
_NOISE = "Cache read/write disabled"


def is_there() -> bool:
    """Whether the kernel of this host enforces profiles."""
    try:
        with open(_ENABLED) as file:
            return file.read().strip() == "Y"
    except OSError:
        return False


def loaded() -> dict[str, str]:
    """The mode of each profile that is loaded."""
    try:
        with open(_PROFILES) as file:
            found = [_LOADED.fullmatch(line.strip()) for line in file]
    except OSError:
        return {}
    return {each[1]: each[2] for each in found if each}


def names(path: str) -> list[str]:
    """The profiles of a file.

    Raises:
        ServiceError: it is no file of profiles.
    """
    return [line for line in _parse("--names", path).splitlines() if line]


def compile_only(path: str) -> None:
    """Compile a file, and leave the kernel as it is.

    Raises:
        ServiceError: the parser does not take it.
    """
    _parse("--skip-kernel-load", "--skip-cache", path)


def replace(path: str) -> None:
    """Load the profiles of a file, in place of those that are there.

    Raises:
        ServiceError: the kernel does not take them.
    """
    _parse("--replace", "--write-cache", path)


def unload(path: str) -> None:
    """Take the profiles of a file out of the kernel.

    Raises:
        ServiceError: the kernel keeps them.
    """
    _parse("--remove", path)


def _parse(*words: str) -> str:
    wanted = f"have AppArmor read {os.path.basename(words[-1])}"
    try:
        ended = processes.run([_PARSER, *words], env=_ENVIRONMENT, timeout=_SECONDS)
    except OSError as error:
        found = f"{_PARSER}: {error.strerror}"
        raise ServiceError(wanted, found, "install the package apparmor") from None
    if not ended.ok:
        said = [line for line in ended.err.splitlines() if line and not line.startswith(_NOISE)]
        found = " ".join(said) or f"apparmor_parser ended with {ended.problem or ended.code}"
        raise ServiceError(wanted, found, "mend the profile; nothing was replaced")
    return ended.out
