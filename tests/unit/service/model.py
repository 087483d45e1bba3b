"""A small honest model of a cluster, with the faults that a real one shows only by chance.

It has the methods of `Slurm`, and a time of its own that passes only while somebody sleeps.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sciportal.service.answers import Answer, Submission
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job
from unit.service import sbatch_options

START = 1_800_000_000.0
PARTITION = "service-pool"
OVER = ("CANCELLED", "COMPLETED", "FAILED")


class Submitted(NamedTuple):
    """What sbatch was called with."""

    options: dict[str, str]
    script: str
    env: dict[str, str]


class Cluster:
    """slurmctld, its queue and its clock.

    Attributes:
        answers: how the next submissions are answered, see `submit`; accepted without one.
        silent: squeue gets no answer while this is true.
        calls: how often each command was called.
        away, most_away: so many sbatch are under way, and were at most.
        start_seconds: time that a job stays pending; None for ever.
        end_seconds: time that a running job takes to end after its signal; None for ever.
        immortal: ids of jobs that not even a cancellation ends.
        before_squeue, before_sbatch: called before each of them is answered.
        node: where jobs run.
    """

    def __init__(self) -> None:
        self.time = START
        self.table: dict[int, Job] = {}
        self.answers: deque[str | tuple[Answer, str]] = deque()
        self.silent = False
        self.calls: Counter[str] = Counter()
        self.submitted: list[Submitted] = []
        self.signals: list[tuple[int, int, tuple[str, ...]]] = []
        self.cancelled: list[int] = []
        self.start_seconds: float | None = 0.0
        self.end_seconds: float | None = 0.0
        self.immortal: set[int] = set()
        self.notes: dict[int, str] = {}
        self.before_squeue: Callable[[], None] = lambda: None
        self.before_sbatch: Callable[[], None] = lambda: None
        self.node = "127.0.0.1"
        self.user = ""
        self.uid = 0
        self.lost: list[Submitted] = []
        self.away = self.most_away = 0
        self._ends: dict[int, float] = {}
        self._last = 100

    # Time

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert self.time < START + 86400, "this waits for ever"
        self.time += seconds
        self._schedule()

    def _schedule(self) -> None:
        for job in list(self.table.values()):
            if job.raw_state == "PENDING" and self.start_seconds is not None:
                if self.time >= job.submitted + self.start_seconds:
                    self.put(
                        job._replace(raw_state="RUNNING", node=self.node, started=int(self.time))
                    )
            elif job.id in self._ends and self.time >= self._ends[job.id]:
                self.put(job._replace(raw_state="COMPLETED"))

    # The table

    def add(self, service: str, state: str = "RUNNING", **fields: object) -> Job:
        """A job that somebody submitted, of this account unless `fields` say otherwise."""
        self._last += 1
        job = Job(
            id=self._last,
            raw_state=state,
            user=self.user,
            uid=self.uid,
            partition=PARTITION,
            node=self.node if state == "RUNNING" else "",
            submitted=int(self.time),
            started=int(self.time) if state == "RUNNING" else 0,
            reason="None",
            name=f"{service}-service",
            comment="",
        )
        return self.put(job._replace(**fields))  # type: ignore[arg-type]

    def put(self, job: Job) -> Job:
        self.table[job.id] = job
        return job

    def of(self, service: str) -> list[Job]:
        """The jobs of a service of this account that are not over."""
        return [
            job
            for job in self.table.values()
            if job.name == f"{service}-service" and job.user == self.user and not job.is_over
        ]

    def appear(self) -> None:
        """Carry out the submissions that got no answer."""
        for each in self.lost:
            self._accept(each)
        self.lost.clear()

    # The commands

    def jobs(
        self,
        *,
        user: str | None = None,
        names: Iterable[str] = (),
        partitions: Iterable[str] = (),
    ) -> list[Job]:
        self.calls["squeue"] += 1
        self.before_squeue()
        if self.silent:
            raise UnknownError("the queue", "no answer in time", "try again")
        names, partitions = list(names), list(partitions)
        found = [
            job
            for job in self.table.values()
            if (user is None or job.user == user)
            and (not names or job.name in names)
            and (not partitions or job.partition in partitions)
        ]
        return sorted(found, key=lambda job: (job.submitted, job.id))

    def ask(
        self,
        *,
        user: str | None = None,
        names: Iterable[str] = (),
        partitions: Iterable[str] = (),
    ) -> Callable[[], list[Job]]:
        return lambda: self.jobs(user=user, names=names, partitions=partitions)

    def send(
        self, options: Sequence[str], script: str, env: Mapping[str, str] | None = None
    ) -> Callable[[], Submission]:
        self.away += 1
        self.most_away = max(self.most_away, self.away)

        def answer() -> Submission:
            self.away -= 1
            return self.submit(options, script, env)

        return answer

    def submit(
        self, options: Sequence[str], script: str, env: Mapping[str, str] | None = None
    ) -> Submission:
        """Answer as the next of `answers` says.

        "silent" and "silent, carried out": no answer; what is not carried out now may `appear`.
        A pair is a refusal, or whatever its Answer says, with its message.
        """
        self.calls["sbatch"] += 1
        self.before_sbatch()
        found, positional = sbatch_options.read(list(options))
        assert not positional, "sbatch would take this for its script"
        what = Submitted(dict(found), script, dict(env or {}))
        self.submitted.append(what)
        assert len(self.submitted) < 500, "this submits for ever"
        answer = self.answers.popleft() if self.answers else "accepted"
        if isinstance(answer, tuple):
            return Submission(answer[0], 0, answer[1])
        if answer == "silent":
            self.lost.append(what)
            return Submission(Answer.SILENT, 0, "no answer in time")
        job = self._accept(what)
        if answer == "silent, carried out":
            return Submission(Answer.SILENT, 0, "no answer in time")
        return Submission(Answer.ACCEPTED, job.id, "")

    def _accept(self, what: Submitted) -> Job:
        service = what.options["job-name"].removesuffix("-service")
        return self.add(
            service,
            "PENDING",
            comment=what.options["comment"],
            partition=what.options["partition"],
        )

    def signal(self, job: Job, number: int, extra: Sequence[str] = ()) -> None:
        self.calls["scancel"] += 1
        self.signals.append((job.id, number, tuple(extra)))
        there = self.table[job.id]
        if there.raw_state == "PENDING":
            self.put(there._replace(raw_state="CANCELLED"))
        elif there.raw_state == "RUNNING" and self.end_seconds is not None and number != 1:
            self._ends[job.id] = self.time + self.end_seconds
            self.put(there._replace(raw_state="COMPLETING"))

    def cancel(self, job: Job) -> None:
        self.calls["scancel"] += 1
        self.cancelled.append(job.id)
        there = self.table[job.id]
        if job.id not in self.immortal and not there.is_over:
            self.put(there._replace(raw_state="CANCELLED"))

    def admin_comment(self, job_id: int) -> str:
        self.calls["scontrol"] += 1
        return self.notes.get(job_id, "")
