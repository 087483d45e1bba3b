"""The rules of the scheduler, tried by people who go past the command with plain Slurm."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, Cluster, Ended, wait_for

pytestmark = pytest.mark.alone

NAME = "sched-service"
POOL = ("-p", "service-pool")
# The kernel says whether another job of the name runs: a lock goes with the last of its processes.
SCRIPT = """\
#!/bin/sh
exec 9>>"$HOME/sched-lock"
flock -n 9 || echo "$SLURM_JOB_ID" >>"$HOME/sched-second"
echo "$SLURM_JOB_ID" >>"$HOME/sched-started"
exec sleep 600
"""
# One round: 20 at once, all judged, one of them running, all gone.
ROUND = """\
cd "$HOME"
submit() { sbatch --parsable -p service-pool -J "$1" -o /dev/null sched-script; }
for each in $(seq 20); do submit "$1" & done >sched-ids 2>sched-said
wait
count() { squeue -h -n "$1" -t "$2" -o %A | wc -l; }
judged() { [ "$(count "$1" PD,CF)" = 0 ] && [ "$(cat sched-started 2>/dev/null | wc -l)" = "$2" ]; }
gone() { [ "$(count "$1" PD,CF,R,CG)" = 0 ]; }
for each in $(seq 100); do judged "$1" "$2" && break; sleep 0.1; done
echo "accepted $(wc -l <sched-ids) running $(count "$1" R)"
[ -s sched-ids ] || cat sched-said >&2
scancel -n "$1"
for each in $(seq 100); do gone "$1" && break; sleep 0.1; done
"""


class People:
    """Runs Slurm's own commands as people of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def root(self, *argv: str) -> str:
        """Run a command as root on the controller."""
        return self._cluster.run(CTL, argv).out.strip()

    def reconfigure(self) -> None:
        """Have slurmctld read its configuration, which a busy one may refuse at first."""
        words = ["scontrol", "reconfigure"]
        wait_for(lambda: self._cluster.run(CTL, words, check=False).code == 0, 60)

    def run(self, user: str, *argv: str, stdin: str | None = None) -> Ended:
        """Run a command as `user`."""
        return self._cluster.run(CTL, argv, user=user, check=False, stdin=stdin)

    def sbatch(self, user: str, *options: str) -> Ended:
        """Submit a job that sleeps."""
        return self.run(
            user, "sbatch", "--parsable", "-o", "/dev/null", *options, "--wrap", "sleep 600"
        )

    def job(self, user: str, *options: str) -> str:
        """Submit a job that sleeps and return its id; fail if it is refused."""
        done = self.sbatch(user, *options)
        assert done.code == 0, done
        return done.out.strip()

    def state(self, job: str) -> str:
        """The state of a job."""
        return self.root("squeue", "-h", "-a", "-t", "all", "-j", job, "-o", "%T")

    def runs(self, job: str) -> None:
        """Wait until a job runs."""
        wait_for(lambda: self.state(job) == "RUNNING", 20)

    def clear(self) -> None:
        """Cancel the jobs of this file's tests and wait until they are gone."""
        if self.jobs():
            self.root("scancel", *self.jobs())
            wait_for(lambda: not self.jobs(), 60)

    def jobs(self) -> list[str]:
        """The jobs of this file's tests."""
        lines = self.root("squeue", "-h", "-a", "-o", "%A %j").splitlines()
        return [line.split()[0] for line in lines if line.split()[1].startswith("sched")]


@pytest.fixture(scope="module")
def people(cluster: Cluster) -> People:
    """The people."""
    return People(cluster)


@pytest.fixture
def name(people: People, request: pytest.FixtureRequest) -> Iterator[str]:
    """A job name that nobody used before; afterwards there are no jobs of these tests."""
    yield f"sched-{zlib.crc32(request.node.nodeid.encode()):x}-service"
    people.clear()


@pytest.fixture
def forgetful(people: People, name: str) -> Iterator[None]:
    """slurmctld forgets ended jobs after two seconds."""
    conf = "/etc/slurm/slurm.conf"
    before = people.root("sed", "-n", "s/^MinJobAge=//p", conf)
    people.root("sed", "-i", "s/^MinJobAge=.*/MinJobAge=2/", conf)
    people.reconfigure()
    assert "= 2 " in people.root("sh", "-c", "scontrol show config | grep MinJobAge")
    yield
    people.root("sed", "-i", f"s/^MinJobAge=.*/MinJobAge={before}/", conf)
    people.reconfigure()


def test_of_parallel_submissions_never_two_run(people: People, forgetful: None) -> None:
    pid = people.root("systemctl", "show", "-P", "MainPID", "slurmctld")
    begin = 'cd "$HOME" && rm -f sched-* && cat >sched-script'
    people.run("alice", "sh", "-c", begin, stdin=SCRIPT)
    last: dict[str, float] = {}
    for each in range(30):
        # A name can be submitted again after three seconds: meanwhile the others have their turn.
        name = f"sched-{each % 4}-service"
        time.sleep(max(0.0, last.get(name, 0.0) + 3.2 - time.monotonic()))
        done = people.run("alice", "sh", "-c", ROUND, "sh", name, str(each + 1))
        last[name] = time.monotonic()
        found = re.fullmatch(r"accepted (\d+) running 1\n", done.out)
        assert found, (each, done)
        assert int(found[1]) >= 1
    second = people.run("alice", "sh", "-c", 'cat "$HOME/sched-second"')
    assert second.code != 0, f"ran beside another: {second.out}"
    assert len(people.run("alice", "cat", "sched-started").out.split()) == 30
    assert people.root("systemctl", "show", "-P", "MainPID", "slurmctld") == pid


def test_a_later_duplicate_is_cancelled_and_its_owner_reads_why(people: People, name: str) -> None:
    first = people.job("alice", *POOL, "-J", name)
    people.runs(first)
    time.sleep(3)
    second = people.job("alice", *POOL, "-J", name)
    wait_for(lambda: people.state(second) == "CANCELLED", 20)
    shown = people.run("alice", "scontrol", "show", "job", second).out
    assert "AdminComment=sciportal: duplicate service" in shown
    assert people.state(first) == "RUNNING"


def test_of_jobs_that_start_together_only_the_oldest_runs(people: People, name: str) -> None:
    jobs = []
    for _each in range(3):
        jobs.append(people.job("alice", *POOL, "-J", name, "--hold"))
        time.sleep(3)
    people.run("alice", "scontrol", "release", *jobs)
    ended = ["RUNNING", "CANCELLED", "CANCELLED"]
    wait_for(lambda: [people.state(job) for job in jobs] == ended, 20)


def test_a_taken_port_is_not_another_accounts(people: People, name: str) -> None:
    comment = "sbatch-service/1 http 31999 owner"
    first = people.job("alice", *POOL, "-J", name, "--comment", comment)
    said = people.sbatch("bob", *POOL, "-J", name, "--comment", comment).err
    assert "sciportal: port 31999 is taken" in said
    people.runs(first)
    time.sleep(3)
    second = people.job("bob", *POOL, "-J", name, "--comment", comment)
    wait_for(lambda: people.state(second) == "CANCELLED", 20)
    shown = people.run("bob", "scontrol", "show", "job", second).out
    assert "AdminComment=sciportal: port 31999 is taken" in shown
    assert people.state(first) == "RUNNING"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((*POOL, "-J", "sched"), "SERVICE-service"),
        ((*POOL, "-J", "-service"), "SERVICE-service"),
        ((*POOL, "-J", "Sched-service"), "SERVICE-service"),
        ((*POOL, "-J", "../x-service"), "SERVICE-service"),
        ((*POOL, "-J", "log-service"), "SERVICE-service"),
        ((*POOL, "-J", "a" * 33 + "-service"), "SERVICE-service"),
        ((*POOL, "-J", "a\nb-service"), "SERVICE-service"),
        (POOL, "SERVICE-service"),
        (("-p", "general,service-pool", "-J", "sched"), "SERVICE-service"),
        (("-p", "service-pool,general", "-J", "sched"), "SERVICE-service"),
        ((*POOL, "-J", NAME, "--comment", "mine"), "no endpoint"),
        ((*POOL, "-J", NAME, "--comment", "sbatch-service/1 http 31999 owner\n"), "no endpoint"),
        ((*POOL, "-J", NAME, "--comment", "sbatch-service/1 http 31999 all"), "no endpoint"),
        ((*POOL, "-J", NAME, "--comment", "sbatch-service/1 http 80 owner"), "port 80 "),
        ((*POOL, "-J", NAME, "--comment", "sbatch-service/1 http 32768 owner"), "port 32768 "),
        ((*POOL, "-J", NAME, "--array", "1-3"), "not an array"),
    ],
)
def test_what_is_no_service_is_refused(people: People, options: tuple[str, ...], why: str) -> None:
    done = people.sbatch("alice", *options)
    assert done.code != 0
    assert "sciportal: " in done.err
    assert why in done.err


def test_the_default_partition_is_judged_when_it_is_watched(people: People, name: str) -> None:
    people.root("scontrol", "update", "PartitionName=service-pool", "Default=YES")
    try:
        assert "SERVICE-service" in people.sbatch("alice", "-J", "sched").err
        people.job("alice", "-p", "general", "-J", "sched")
    finally:
        people.root("scontrol", "update", "PartitionName=general", "Default=YES")


def test_those_outside_the_group_are_told_so(people: People) -> None:
    done = people.sbatch("carol", *POOL, "-J", NAME)
    assert done.code != 0
    assert "not permitted" in done.err


@pytest.mark.parametrize(
    "change",
    [
        "JobName=other-service",
        "Comment=sbatch-service/1 http 31998 public",
        "Partition=general",
        "Partition=general,service-pool",
    ],
)
def test_the_owner_cannot_change_a_service_job(people: People, name: str, change: str) -> None:
    job = people.job("alice", *POOL, "-J", name)
    before = people.root("squeue", "-h", "-j", job, "-o", "%j %k %P")
    assert people.run("alice", "scontrol", "update", f"JobId={job}", change).code != 0
    assert people.root("squeue", "-h", "-j", job, "-o", "%j %k %P") == before


def test_another_job_cannot_be_moved_among_the_services(people: People, name: str) -> None:
    job = people.job("alice", "-p", "general", "-J", "sched", "--begin", "now+1hour")
    for partition in ("service-pool", "general,service-pool"):
        done = people.run("alice", "scontrol", "update", f"JobId={job}", f"Partition={partition}")
        assert done.code != 0
    assert people.root("squeue", "-h", "-j", job, "-o", "%P") == "general"
    assert people.run("alice", "scontrol", "update", f"JobId={job}", "JobName=sched").code == 0
