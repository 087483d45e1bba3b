"""Slurm, as an account's half of the helper uses it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs import script
from sciportal.jobs.accounts import place as places
from sciportal.jobs.accounts.place import TASKS_SUFFIX
from sciportal.jobs.mapper import tasks
from sciportal.service import processes
from sciportal.service.answers import Answer
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.slurm import Slurm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sciportal.jobs.accounts.place import Place
    from sciportal.jobs.order import Order
    from sciportal.service.job import Job

_BATCH, _ARRAY, _ASKED = "batch", "array", "asked"
# Until then a submission without an answer may still come up; one that comes later finds that
# another runs, and does nothing.
_PATIENCE_SECONDS = 20.0
_SACCT_SECONDS = 30.0
_DISABLED = "accounting storage is disabled"
_SINCE = "now-60days"


class Remembered(NamedTuple):
    """A job that is over, as accounting has it."""

    name: str
    state: str


class BatchSystem:
    """Slurm's commands for one account.

    Args:
        environment: of the account; SLURM_CONF in it counts.
        bindir: of Slurm's commands; empty for PATH.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        bindir: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environment = environment
        self._bindir = bindir
        self._slurm = Slurm(bindir, environ=environment)
        self._clock = clock
        self._before: dict[str, list[Job]] | None = None

    def submit(self, place: Place, order: Order) -> str:
        """Hand a job over once, however often this is called and wherever it was interrupted.

        Args:
            place: its directory.
            order: the job.

        Returns:
            Slurm's number.

        Raises:
            UnknownError: no answer came, or an earlier one is still to come.
            ServiceError: Slurm refused it.
        """
        extra: list[str] = []
        if order.map:
            shared = tasks.share(order.map.points, order.map.chunk)
            array = self._once(
                place,
                _ARRAY,
                place.job_name + TASKS_SUFFIX,
                [*_options(order), f"--array={shared.array}"],
            )
            extra = [f"--dependency=afterany:{array}"]
        return self._once(place, _BATCH, place.job_name, [*_options(order), *extra])

    def _once(self, place: Place, mark: str, name: str, options: Sequence[str]) -> str:
        known = place.noted(mark)
        if known:
            return known
        queued = self._queued(name, anew=bool(place.noted(f"{_ASKED}-{mark}")))
        if queued:
            known = str(self._slurm.array_of(queued[0].id) or queued[0].id)
        else:
            # It may have been there, and ended long ago.
            known = place.noted("run") if mark == _BATCH else ""
        if not known:
            known = self._ask(place, f"{_ASKED}-{mark}", name, options)
        place.note(mark, known)
        return known

    def _queued(self, name: str, *, anew: bool) -> list[Job]:
        """The jobs of a name in the queue.

        Args:
            name: of the job.
            anew: whether a submission was made that may have come up by now. Without one, what was
                in the queue when this call began is enough: nobody submits it meanwhile.
        """
        if anew:
            return self._slurm.jobs(user=self._environment["USER"], names=[name])
        if self._before is None:
            self._before = self.by_name()
        return self._before.get(name, [])

    def _ask(self, place: Place, mark: str, name: str, options: Sequence[str]) -> str:
        asked = place.noted(mark)
        if asked.isascii() and asked.isdigit():
            age = self._clock() - int(asked)
            if 0 <= age < _PATIENCE_SECONDS:
                found = f"a submission {age:.0f} s ago got no answer, and may still come up"
                raise UnknownError("submit a job", found, "it is tried again")
        place.note(mark, str(int(self._clock())))
        where = [f"--job-name={name}", f"--chdir={place.directory}"]
        streams = [f"--output={place.directory}/{script.OUT}"]
        streams.append(f"--error={place.directory}/{script.ERR}")
        batch = f"{place.directory}/{places.BATCH}"
        said = self._slurm.submit(
            [*where, *streams, *options, batch], "", env=dict(self._environment)
        )
        if said.answer is Answer.ACCEPTED:
            return str(said.job_id)
        if said.answer is not Answer.SILENT:
            place.forget(mark)
        if said.answer is Answer.REFUSED:
            raise ServiceError("submit a job", said.message, "change what it asks for")
        raise UnknownError("submit a job", said.message, "it is tried again")

    def cancel(self, place: Place) -> None:
        """End a job, whatever is in the queue of it."""
        for job in self._in_queue(place):
            self._slurm.cancel(job)

    def withdraw(self, place: Place) -> None:
        """Keep a job that Slurm does not know from beginning; one that it knows again goes on.

        A node may be about to begin with it, and slurmctld may come back with it at any time.

        Args:
            place: its directory, where `script.WITHDRAWN` is noted then.

        Raises:
            UnknownError: Slurm did not answer.
        """
        place.note(script.WITHDRAWN, "it is sent anew\n")
        if self._in_queue(place):
            place.forget(script.WITHDRAWN)

    def _in_queue(self, place: Place) -> list[Job]:
        names = [place.job_name, place.job_name + TASKS_SUFFIX]
        jobs = self._slurm.jobs(user=self._environment["USER"], names=names)
        return [job for job in jobs if not job.is_over]

    def by_name(self) -> dict[str, list[Job]]:
        """All jobs of the account that Slurm remembers, by their names.

        Raises:
            UnknownError: it did not answer.
        """
        queue: dict[str, list[Job]] = {}
        for job in self._slurm.jobs(user=self._environment["USER"]):
            queue.setdefault(job.name, []).append(job)
        return queue

    def remembered(self, names: Sequence[str]) -> list[Remembered]:
        """What accounting has of jobs; nothing where there is none.

        Args:
            names: of the jobs.

        Raises:
            UnknownError: it did not answer.
        """
        program = f"{self._bindir}/sacct" if self._bindir else "sacct"
        options = ["-n", "-P", "-X", "-S", _SINCE, "-o", "JobName,State", "--name", ",".join(names)]
        try:
            ended = processes.run(
                [program, *options], env=self._environment, timeout=_SACCT_SECONDS
            )
        except FileNotFoundError:
            return []
        if not ended.ok:
            if _DISABLED in ended.err:
                return []
            found = ended.problem or ended.err.strip()[:200] or f"exit status {ended.code}"
            raise UnknownError("ask sacct for a job", found, "try again when slurmdbd answers")
        pairs = [line.split("|") for line in ended.out.splitlines()]
        # A state may say by whom: `CANCELLED by 1000`.
        return [
            Remembered(pair[0], pair[1].split()[0]) for pair in pairs if len(pair) == 2 and pair[1]
        ]


def _options(order: Order) -> list[str]:
    asked = order.resources
    options = [
        "--requeue",
        "--open-mode=append",
        f"--ntasks={asked.tasks}",
        f"--cpus-per-task={asked.cpus}",
        f"--mem={asked.memory_mb}M",
        f"--time={asked.minutes}",
    ]
    return [*options, f"--partition={asked.partition}"] if asked.partition else options
