"""Slurm's commands: squeue, sbatch, scancel. Nothing else knows about their command lines."""

from __future__ import annotations

import os

from sciportal.light import TYPE_CHECKING
from sciportal.service import answers, processes
from sciportal.service.answers import Answer
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.job import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sciportal.service.answers import Submission
    from sciportal.service.job import Job

_ADMIN_COMMENT = "AdminComment="


class Slurm:
    """The commands of one cluster.

    Args:
        bindir: directory of the commands; empty for the PATH's.
        timeout: seconds after which a command counts as unanswered.
        environ: where SLURM_CONF is taken from, if it is set; None for our own environment.
    """

    def __init__(
        self, bindir: str = "", timeout: float = 30, environ: Mapping[str, str] | None = None
    ) -> None:
        self._bindir = bindir
        self._timeout = timeout
        self._env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "SLURM_TIME_FORMAT": "%s",
        }
        conf = (os.environ if environ is None else environ).get("SLURM_CONF")
        if conf:
            self._env["SLURM_CONF"] = conf

    def jobs(
        self,
        *,
        user: str | None = None,
        names: Iterable[str] = (),
        partitions: Iterable[str] = (),
    ) -> list[Job]:
        """All jobs that Slurm remembers, ended ones too, oldest first.

        Args:
            user: only this user's.
            names: only jobs of these names.
            partitions: only jobs of these partitions.

        Raises:
            UnknownError: squeue failed or did not answer in time.
        """
        return self.ask(user=user, names=names, partitions=partitions)()

    def ask(
        self,
        *,
        user: str | None = None,
        names: Iterable[str] = (),
        partitions: Iterable[str] = (),
    ) -> Callable[[], list[Job]]:
        """Ask as `jobs` does; what is returned waits for the answer, and has to be called."""
        # Users choose names and comments. A separator that nobody can guess keeps them from
        # writing another field, or another user's line, into ours.
        token = os.urandom(8).hex()
        mark, separator = f"[{token}]", f"|{token}|"
        # Services run where they were submitted; in a federation squeue would ask about the others.
        fields = mark + separator.join(answers.FIELDS)
        argv = ["squeue", "-h", "-a", "--local", "-t", "all", "-o", fields]
        if user is not None:
            argv += ["-u", user]
        if names:
            argv += ["-n", ",".join(names)]
        if partitions:
            argv += ["-p", ",".join(partitions)]
        running = self._begin(argv)
        return lambda: answers.jobs(running.end(self._timeout), mark, separator)

    def submit(
        self, options: Sequence[str], script: str, env: Mapping[str, str] | None = None
    ) -> Submission:
        """Submit a batch script.

        Args:
            options: options of sbatch, in their order.
            script: the text of the script.
            env: the environment of the job, to which only SLURM_CONF is added.
        """
        return self.send(options, script, env)()

    def send(
        self, options: Sequence[str], script: str, env: Mapping[str, str] | None = None
    ) -> Callable[[], Submission]:
        """Send as `submit` does; what is returned waits for the answer, and has to be called."""
        running = self._begin(["sbatch", "--parsable", *options], stdin=script, env=env)

        def answer() -> Submission:
            result = running.end(self._timeout, patient=True)
            return answers.submission(result)._replace(interrupted=result.interrupted)

        return answer

    def signal(self, job: Job, number: int, extra: Sequence[str] = ()) -> None:
        """Send a signal to the main process of a running job, or cancel a pending one.

        The exit code of scancel proves nothing, so it is not looked at; the queue is.

        Args:
            job: whose.
            number: the signal; scancel knows only some of them by name.
            extra: further options of scancel.
        """
        if job.raw_state == "PENDING":
            self._scancel(job, [*extra, "-t", "PENDING"])
        elif job.state is State.PENDING:
            # Configuring or suspended: there is no process that could take a signal.
            self.cancel(job)
        else:
            self._scancel(job, [*extra, "--batch", "-s", str(number)])

    def span_of(self, job_id: int) -> tuple[int, int]:
        """When a running job began and when its time is over, in seconds since the epoch.

        Both are told by the clock of slurmctld; the end is 0 for never.

        Raises:
            UnknownError: slurmctld did not answer.
        """
        result = self._run(["squeue", "-h", "-j", str(job_id), "-o", "%S %e"])
        if not result.ok:
            raise UnknownError("the queue", answers.why(result), "try again when slurmctld answers")
        begun, end = (result.out.split() + ["", ""])[:2]
        return answers.number(begun), answers.number(end)

    def array_of(self, job_id: int) -> int:
        """The number of the array that a job is a task of, else its own; 0 for no job.

        Raises:
            UnknownError: slurmctld did not answer.
        """
        result = self._run(["squeue", "-h", "-t", "all", "-j", str(job_id), "-o", "%F"])
        if not result.ok and "Invalid job id" not in result.err:
            raise UnknownError("the queue", answers.why(result), "try again when slurmctld answers")
        return answers.number((result.out.split() or ["0"])[0])

    def requeue(self, job_id: int) -> str:
        """Put a job back into the queue; what Slurm says if it does not, else nothing.

        Raises:
            UnknownError: slurmctld did not answer.
        """
        result = self._run(["scontrol", "requeue", str(job_id)])
        if result.ok:
            return ""
        if answers.answer(result) is not Answer.REFUSED:
            raise UnknownError("the queue", answers.why(result), "try again when slurmctld answers")
        return answers.why(result)

    def cancel(self, job: Job) -> None:
        """Cancel a job as a whole."""
        self._scancel(job, [])

    def annotate(self, job: Job, text: str) -> None:
        """Leave a note of ours on a job, for its owner to read; only SlurmUser and root may.

        Args:
            job: whose AdminComment is set.
            text: one line, at most 200 characters.
        """
        self._run(["scontrol", "update", f"JobId={job.id}", f"AdminComment={text}"])

    def admin_comment(self, job_id: int) -> str:
        """The note that `annotate` left on a job; empty if there is none, or no such job.

        The owner of a job can forge this, for nobody but themselves to read.

        Raises:
            UnknownError: slurmctld did not answer.
        """
        # squeue of Slurm 22.05 does not know this field.
        result = self._run(["scontrol", "show", "job", str(job_id)])
        if not result.ok and "Invalid job id" not in result.err:
            raise UnknownError("the queue", answers.why(result), "try again when slurmctld answers")
        for line in result.out.splitlines():
            if line.lstrip().startswith(_ADMIN_COMMENT):
                return line.partition(_ADMIN_COMMENT)[2].rstrip()
        return ""

    def _scancel(self, job: Job, options: Sequence[str]) -> None:
        self._run(["scancel", *options, "-u", job.user, "-n", job.name, str(job.id)])

    def _run(self, argv: list[str]) -> processes.Result:
        return self._begin(argv).end(self._timeout)

    def _begin(
        self, argv: list[str], *, stdin: str | None = None, env: Mapping[str, str] | None = None
    ) -> processes.Running:
        if self._bindir:
            argv = [f"{self._bindir}/{argv[0]}", *argv[1:]]
        whole = self._env if env is None else {**env, **self._conf()}
        try:
            return processes.begin(argv, env=whole, stdin=stdin, limit=1 << 26)
        except OSError as error:
            raise ServiceError(
                "a command of Slurm",
                f"{argv[0]} cannot be run ({error.strerror})",
                "call this on a host where Slurm's commands are installed",
            ) from error

    def _conf(self) -> dict[str, str]:
        return {"SLURM_CONF": self._env["SLURM_CONF"]} if "SLURM_CONF" in self._env else {}
