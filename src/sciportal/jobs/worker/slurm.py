"""Jobs in the Slurm of this cluster, used as the portal's helper uses its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sciportal.jobs import script
from sciportal.jobs.accounts import verbs
from sciportal.jobs.accounts.batch_system import BatchSystem
from sciportal.jobs.accounts.place import Place as Directory
from sciportal.jobs.queue.backend import Phase, Sight
from sciportal.jobs.worker.entry import Entry, Seen
from sciportal.service.errors import UnknownError

# On NFS a node's last file may be seen only after so long (acdirmax of nfs(5)).
_SETTLE_SECONDS = 60.0


class Batch:
    """See Place.

    Args:
        spool: below which the jobs are, on all hosts of the cluster.
        system: Slurm, as this account uses it.
        clock: the monotonic time, in seconds.
        settle: seconds for which a job has to be over before a missing exit code says something.
    """

    def __init__(
        self,
        spool: Path,
        system: BatchSystem,
        clock: Callable[[], float],
        settle: float = _SETTLE_SECONDS,
    ) -> None:
        self._spool = str(spool)
        self._system = system
        self._clock = clock
        self._settle = settle
        self._over: dict[str, float] = {}

    def look(self, entries: Sequence[Entry]) -> dict[str, Seen]:
        """See Place: one squeue for all."""
        try:
            queue = self._system.by_name()
        except UnknownError:
            return {}
        seen = {}
        for entry in entries:
            directory = self._directory(entry)
            try:
                sight = verbs.sight(self._system, directory, queue)
                found = self._settled(entry.key, seen_as(sight, directory))
                if found is Seen.DIED and self._may_begin(sight, directory):
                    found = Seen.UNKNOWN
            except UnknownError:
                continue
            seen[entry.key] = found
            if seen[entry.key] in (Seen.GONE, Seen.DIED) and sight.reason:
                directory.note(script.REASON, sight.reason)
        return seen

    def start(self, entry: Entry, directory: Path) -> None:
        """See Place."""
        del directory
        self._system.submit(self._directory(entry), entry.order)

    def end(self, entry: Entry, directory: Path) -> None:
        """See Place."""
        del directory
        place = self._directory(entry)
        place.note(script.CANCELLED, "the portal wants its end\n")
        self._system.cancel(place)

    def _directory(self, entry: Entry) -> Directory:
        return Directory(self._spool, entry.order.job, entry.order.attempt)

    def _may_begin(self, sight: Sight, directory: Directory) -> bool:
        """Whether a job that Slurm forgot may begin all the same; when asked again, no more."""
        if sight.phase is not Phase.FORGOTTEN or directory.noted(script.WITHDRAWN):
            return False
        self._system.withdraw(directory)
        return True

    def _settled(self, key: str, seen: Seen) -> Seen:
        if seen not in (Seen.GONE, Seen.DIED):
            self._over.pop(key, None)
            return seen
        since = self._over.setdefault(key, self._clock())
        return seen if self._clock() - since >= self._settle else Seen.UNKNOWN


def seen_as(sight: Sight, directory: Directory) -> Seen:
    """What a sight of Slurm says of a job whose directory this is."""
    if sight.phase in (Phase.WAITING, Phase.RUNNING):
        return Seen.RUNNING
    if sight.exit_code is not None:
        return Seen.ENDED
    # Handed over, and gone before it began; or never handed over.
    missing = sight.phase in (Phase.ABSENT, Phase.FORGOTTEN)
    if missing and not any(map(directory.noted, ("run", "batch"))):
        return Seen.ABSENT
    # Slurm was killed before it had written down that it took the job.
    is_forgotten = sight.phase is Phase.FORGOTTEN
    return Seen.DIED if sight.node_died or is_forgotten else Seen.GONE
