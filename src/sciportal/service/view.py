"""What is there of one service: its jobs, its files, its ledger."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service import executable, record, setup
from sciportal.service import settings as settings_file
from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import ServiceError
from sciportal.service.home import written_as
from sciportal.service.job import Job, State
from sciportal.service.kinds import kind_of
from sciportal.service.layout import CENTRAL, LOGS, STATE, Layout
from sciportal.service.ledger import Ledger
from sciportal.service.names import job_name
from sciportal.service.plan import Present
from sciportal.service.record import Record
from sciportal.service.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

# The queue may be read on another host than the one that noted the time.
_SKEW_SECONDS = 2


class View:
    """One service as it is now.

    Args:
        session: of this call.
        service: its name.

    Attributes:
        queue: the last answer of Slurm; None before there was one.
        mine: this service's jobs of it, ended ones too, oldest first.
        others: jobs of other services in the partition, of all accounts that Slurm shows.
    """

    def __init__(self, session: Session, service: str) -> None:
        self.session = session
        self.service = service
        self.layout = Layout(service)
        self.ledger = Ledger.load(session.home, self.layout)
        self.queue = None
        self.others: Sequence[Job] = ()
        self.why_unknown = ""

    @property
    def queue(self) -> Sequence[Job] | None:
        """See the attributes."""
        return self._queue

    @queue.setter
    def queue(self, jobs: Sequence[Job] | None) -> None:
        self._queue = jobs
        # One look at each job an answer: many services share one.
        self.mine = [job for job in jobs or () if self.owns(job)]

    def owns(self, job: Job) -> bool:
        """Whether this is a job of this service."""
        return job.name == job_name(self.service) and job.user == self.session.account.name

    @property
    def live(self) -> list[Job]:
        """This service's jobs that are not over, oldest first."""
        return [job for job in self.mine if not job.is_over]

    @property
    def job(self) -> Job | None:
        """The service's job: the oldest that is not over, since that one runs."""
        return next(iter(self.live), None)

    @property
    def state(self) -> State:
        """The state of the service."""
        if self.queue is None:
            return State.UNKNOWN
        if self.job:
            return self.job.state
        return State.UNKNOWN if self.is_unconfirmed() else State.STOPPED

    def is_unconfirmed(self) -> bool:
        """Whether a submission that got no answer may still become a job."""
        since = self.ledger.nonce_since
        if not self.ledger.nonce or any(self._is_newer(job, since) for job in self.mine):
            return False
        age = self.session.now() - since
        return -_SKEW_SECONDS <= age < 2 * self.session.site.message_timeout

    def _is_newer(self, job: Job, since: float) -> bool:
        return job.submitted >= since - _SKEW_SECONDS and job.id != self.ledger.job_id

    @property
    def record(self) -> Record:
        """How the main process of the job is doing; of no other job than the last."""
        found = record.load(self.session.home, self.layout)
        jobs = self.live[:1] or self.mine[-1:]
        return found if not jobs or found.job_id == jobs[0].id else record.Record()

    @property
    def executable(self) -> executable.Executable:
        """What is to be run."""
        session = self.session
        return executable.find(session.home, self.layout, session.site.types_dir)

    @property
    def settings_text(self) -> str | None:
        """The text of SERVICE.toml."""
        return self.session.home.read(self.layout.settings)

    @property
    def settings(self) -> settings_file.Settings:
        """The settings of the service.

        Raises:
            ServiceError: SERVICE.toml has a mistake.
        """
        path = self.session.home.path(self.layout.settings)
        default = self.session.site.stop_timeout
        return settings_file.load(self.settings_text, self.service, path, default)

    @property
    def digest(self) -> str:
        """A digest of all that stage `init` depends on."""
        found = self.executable
        path = found.path if found.there else found.type_path
        return executable.digest(path, self.settings_text, kind_of(self.service).version)

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that the job announces."""
        return self.job.endpoint if self.job else None

    @property
    def type_script(self) -> str | None:
        """The text of the type's executable, which a link to it would show."""
        path = self.executable.type_path
        if not path:
            return None
        with suppress(ServiceError):
            return self.session.home.read(path, 1 << 20)
        return None

    def logs(self) -> list[str]:
        """The log of the service and the rotated ones, relative to the home."""
        names = self.session.home.names(LOGS)
        return [f"{LOGS}/{name}" for name in names if self.layout.is_log(name)]

    def left_over(self) -> list[str]:
        """What writes that were killed left of the service's files, relative to the home."""
        canonical = self.layout.canonical()
        return [
            f"{place}/{name}"
            for place in (CENTRAL, STATE)
            for name in self.session.home.names(place)
            if f"{place}/{written_as(name)}" in canonical
        ]

    def present(self) -> Present:
        """What a plan needs to know."""
        found = self.executable
        home = self.session.home
        # What a job writes before it has ended may not be there yet.
        coming = {self.layout.record, self.layout.log} if self.live else set()
        logs = sorted({*self.logs(), *coming - {self.layout.record}})
        # The ledger is the last: by it a purge that was killed finds the service again.
        canonical = self.layout.canonical()
        files = [each for each in canonical if each in coming or home.is_there(each)]
        files = [*self.left_over(), *logs, *files]
        unknown = f"job {self.job.id} is {self.job.raw_state}" if self.job else self.why_unknown
        return Present(
            service=self.service,
            state=self.state,
            why_unknown=unknown or "a submission got no answer yet",
            jobs=tuple(job.id for job in self.live),
            set_up=found.there,
            type_path=found.type_path,
            missing=setup.missing(home, self.layout, found, self.session.site),
            removable=tuple(files),
        )

    def as_diff(self) -> dict[str, object]:
        """The service as people compare it before and after a change."""
        found = self.executable
        script = None
        if found.there:
            with suppress(ServiceError):
                script = self.session.home.read(self.layout.executable, 1 << 20)
        return {
            "state": self.state.value,
            "set_up": found.there,
            "script": script,
            "settings": self.settings_text,
        }
