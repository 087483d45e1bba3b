"""The one place that tests and reloads Apache."""

from __future__ import annotations

import os
from pathlib import Path

from sciportal.frontend import files
from sciportal.service import processes
from sciportal.service.errors import ServiceError

_TIMEOUT = 30.0


class Apache:
    """The site's Apache.

    Args:
        control: its control program (apachectl(8)).
        unit: its systemd unit.
    """

    def __init__(self, control: str, unit: str) -> None:
        self._control = control
        self._unit = unit

    def install(self, path: Path, text: str, old: str) -> None:
        """Put a file of its configuration in place, if Apache takes it, and make Apache read it.

        Args:
            path: the file.
            text: what it is to say.
            old: what it says, which comes back when Apache cannot be reloaded.

        Raises:
            ServiceError: Apache refuses the whole configuration with this file, or cannot be
                reloaded.
            OSError: the file cannot be written.
        """
        trial = path.with_name(f".{path.name}.trial")
        files.replace(trial, text)
        try:
            self._do([self._control, "-t", "-c", f'Include "{trial}"'], "a test of the new file")
        finally:
            trial.unlink(missing_ok=True)
        files.replace(path, text)
        try:
            self._reload()
        except ServiceError:
            files.replace(path, old)
            raise

    def reload(self) -> None:
        """Make Apache read its files again, gracefully, if it runs and takes them.

        Raises:
            ServiceError: it does not take them, or cannot be reloaded.
        """
        self._do([self._control, "-t"], "a test of Apache's configuration")
        self._reload()

    def _reload(self) -> None:
        # systemd starts what it is to reload in a clean environment, whoever asks.
        if not Path("/run/systemd/system").is_dir():
            self._do([self._control, "-k", "graceful"], "a reload of Apache")
        elif self._run(["systemctl", "is-active", "--quiet", self._unit]).ok:
            self._do(["systemctl", "reload", self._unit], f"a reload of {self._unit}")

    def _do(self, argv: list[str], wanted: str) -> None:
        result = self._run(argv)
        if not result.ok:
            found = result.problem or " / ".join(result.err.split("\n")[:3]).strip(" /")
            raise ServiceError(wanted, found or f"exit status {result.code}", "look at its log")

    @staticmethod
    def _run(argv: list[str]) -> processes.Result:
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": os.environ.get("LANG", "C.UTF-8")}
        return processes.run(argv, env=env, timeout=_TIMEOUT)
