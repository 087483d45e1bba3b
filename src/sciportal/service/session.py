"""What one call of the command works with."""

from __future__ import annotations

import sys
import time

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.account import Account
from sciportal.service.home import Home
from sciportal.service.site import Site
from sciportal.service.slurm import Slurm
from sciportal.service.terminal import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Options(NamedTuple):
    """What the words of the call say beside action and services. Times are in seconds."""

    check: bool = False
    wait: float | None = None
    lock_timeout: float = 60
    archive: bool = True
    login: bool = False
    """Run stages through a login shell: this call comes from no login of the account."""
    quiet: bool = False
    """Nothing for people but errors and warnings."""


class Session(NamedTuple):
    """Account, site and cluster of a call, and the seams that tests replace."""

    account: Account
    home: Home
    site: Site
    slurm: Slurm
    options: Options
    environ: Mapping[str, str]
    """Of the caller; stages inherit it."""
    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def warn(self, text: str) -> None:
        """Say something to a person that does not change the result."""
        print(f"sbatch-service: {clean(text)}", file=sys.stderr)

    @property
    def terminal(self) -> bool:
        """Whether a person is there to be asked."""
        return not self.options.login and sys.stdin is not None and sys.stdin.isatty()
