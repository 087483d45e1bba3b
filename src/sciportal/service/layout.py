"""Where the files of a service lie in the home of its account (paths relative to the home)."""

from __future__ import annotations

from sciportal.light import NamedTuple

CENTRAL = ".sbatch-service"
LOGS = f"{CENTRAL}/log"
STATE = f"{CENTRAL}/.state"
PORTS_LOCK = ".ports.lock"
ROTATION_STATUS = "logrotate.status"
ROTATION = ".logrotate.d"
ARCHIVES = ".sbatch-service-purged"


class Layout(NamedTuple):
    """The canonical files of one service: what `purge` removes, and nothing else."""

    service: str

    @property
    def executable(self) -> str:
        """The custom executable, a link to a type, or a wrapper."""
        return f"{CENTRAL}/{self.service}"

    @property
    def settings(self) -> str:
        """The optional SERVICE.toml."""
        return f"{CENTRAL}/{self.service}.toml"

    @property
    def log(self) -> str:
        """What the job writes to stdout and stderr."""
        return f"{LOGS}/{self.service}.log"

    @property
    def ledger(self) -> str:
        """What was done here for the service."""
        return f"{STATE}/{self.service}.json"

    @property
    def record(self) -> str:
        """How the main process is doing, as the job's runner writes it down."""
        return f"{STATE}/{self.service}.run"

    @property
    def lock(self) -> str:
        """Held by the one call that works on the service."""
        return f"{STATE}/{self.service}.lock"

    @property
    def rotation(self) -> str:
        """Configuration of logrotate for the log."""
        return f"{STATE}/{self.service}.logrotate"

    @property
    def rotation_link(self) -> str:
        """Where logrotate finds it."""
        return f"{ROTATION}/{self.service}-service"

    @property
    def own(self) -> str:
        """Directory of the service's type for files of its own."""
        return f".{self.service}-service"

    @property
    def own_rotation_link(self) -> str:
        """Rotation of the type's own logs."""
        return f"{ROTATION}/{self.service}-service-own"

    def is_log(self, name: str) -> bool:
        """Whether a file of the log directory is this service's log or a rotated one."""
        return name == f"{self.service}.log" or name.startswith(f"{self.service}.log.")

    def canonical(self) -> list[str]:
        """All of them but the logs and the lock."""
        return [
            self.executable,
            self.settings,
            self.rotation_link,
            self.own_rotation_link,
            self.own,
            self.rotation,
            self.record,
            self.ledger,
        ]
