"""The one place that tests and reloads Apache."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
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

    def install(self, wanted: Mapping[Path, str], old: Mapping[Path, str]) -> None:
        """Put files of its configuration in place, if Apache takes them, and make it read them.

        Args:
            wanted: what they are to say; of a directory.
            old: what they say, which comes back when Apache cannot be reloaded. What is only
                here is removed.

        Raises:
            ServiceError: Apache refuses the whole configuration with these files, or cannot be
                reloaded.
            OSError: a file cannot be written.
        """
        changed = {path: text for path, text in wanted.items() if old.get(path) != text}
        for path, text in changed.items():
            self._try(path.with_name(f".{path.name}.trial"), text)
        try:
            _place(changed, old.keys() - wanted.keys())
            self._reload()
        except BaseException:
            _place(old, wanted.keys() - old.keys())
            raise

    def _try(self, trial: Path, text: str) -> None:
        try:
            files.replace(trial, text)
            self._do([self._control, "-t", "-c", f'Include "{trial}"'], "a test of the new file")
        finally:
            trial.unlink(missing_ok=True)

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


def _place(texts: Mapping[Path, str], gone: Iterable[Path]) -> None:
    for path, text in texts.items():
        files.replace(path, text)
    for path in gone:
        path.unlink(missing_ok=True)
