"""A clock of the portal's own, which is set while it runs (libfaketime, a preloaded library)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FILE = "clock"
_SHARED = "/dev/shm"
_SLEEP = """
# The library makes nonsense of clock_nanosleep(2) with an absolute time, by which Python sleeps.
import select
import time
time.sleep = lambda seconds: select.select((), (), (), seconds)
"""


@contextmanager
def set_by_file(root: Path, library: Path) -> Iterator[dict[str, str]]:
    """What makes a program go by it, as its environment; the monotonic clock stays the machine's.

    Args:
        root: the directory for the file with its offset.
        library: the copy of `sciportal` that the programs have.
    """
    preloaded = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if not preloaded:
        pytest.skip("the Debian package libfaketime is not here")
    with (library / "sciportal" / "__init__.py").open("a") as package:
        package.write(_SLEEP)
    step(root, "+0")
    before = _left()
    try:
        yield {
            "LD_PRELOAD": str(preloaded),
            "FAKETIME_TIMESTAMP_FILE": str(root / _FILE),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
    finally:
        # What is killed leaves some.
        for each in _left() - before:
            each.unlink(missing_ok=True)


def step(root: Path, offset: str) -> None:
    """Set it.

    Args:
        root: see `set_by_file`.
        offset: from the machine's, as libfaketime has it: `+2d`, `-3600`.
    """
    # By rename: it is read all the time.
    new = root / "clock.new"
    new.write_text(f"{offset}\n")
    new.chmod(0o644)
    new.rename(root / _FILE)


def _left() -> set[Path]:
    return set(Path(_SHARED).glob("*faketime_*"))
