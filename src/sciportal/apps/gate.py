"""The one thing that an application's account may do as root: reload Apache, gracefully.

sudo lets it call this without any argument. Nothing of the account's is read; what Apache reads
is root's.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from sciportal.frontend.apache import Apache
from sciportal.service.errors import BusyError, NotPermittedError, ServiceError

STAMP = Path("/run/sciportal-apache-reload")
# Each reload leaves processes behind until their last connection ends, so there must not be many.
APART_SECONDS = 10.0

_KNOWN = (("/usr/sbin/apache2ctl", "apache2.service"), ("/usr/sbin/apachectl", "httpd.service"))


def reload_apache(stamp: Path = STAMP) -> None:
    """Test Apache's configuration and have it read again.

    Args:
        stamp: a file of root's, for when that was done last.

    Raises:
        NotPermittedError: not as root.
        BusyError: it was done just now.
        ServiceError: the configuration does not pass, or Apache cannot be reloaded.
        OSError: the file cannot be used.
    """
    wanted = "a reload of Apache"
    if os.geteuid() != 0:
        raise NotPermittedError(wanted, "this is not root", "run: sudo sciportal-app reload-apache")
    with open(os.open(stamp, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(wanted, "another one is going on", "wait for it") from None
        age = time.time() - _last(file.read(64))
        if 0 <= age < APART_SECONDS:
            raise BusyError(
                wanted, f"there was one {age:.0f} s ago", f"wait {APART_SECONDS:.0f} s between two"
            )
        _apache().reload()
        file.seek(0)
        file.truncate()
        file.write(f"{time.time():.3f}\n")


def _last(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return 0.0


def _apache() -> Apache:
    for control, unit in _KNOWN:
        if Path(control).exists():
            return Apache(control, unit)
    raise ServiceError("a reload of Apache", "it is not installed", "ask the operators")
