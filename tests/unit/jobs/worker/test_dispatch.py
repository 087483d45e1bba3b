"""Portal and worker together, over TLS: jobs are taken, run, brought back, cancelled, refused."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from dispatch.far import Far
from sciportal.jobs.queue.backend import Attempt
from sciportal.jobs.queue.dispatch import DispatchBackend
from sciportal.jobs.states import Cause, State
from sciportal.jobs.written import WrittenFiles


def test_jobs_of_a_cluster_run_once_and_come_back(every_far: Far) -> None:
    far = every_far
    settings = far.cluster("far", max_jobs=3)
    jobs = [far.submit(code=code) for code in (0, 3, 0, 0, 1)]
    worker = far.start_worker(settings)
    far.judge()
    far.idle(settings)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert far.result(jobs[0], "stderr").startswith("sciportal-confine: layer none")
    assert far.job(jobs[0]).usage["disk_bytes"] > 0
    causes = [each.cause for each in far.store.events(jobs[0])]
    assert causes == [Cause.SUBMITTED, Cause.CLAIMED, Cause.STARTED, Cause.FINISHED]


def test_what_a_job_writes_is_seen_while_it_runs(far: Far) -> None:
    settings = far.cluster("far")
    go = far.tally / "go"
    script = f"echo begun\nwhile [ ! -e {go} ]; do sleep 0.1; done\necho done\n"
    job = far.submit(script=script)
    far.start_worker(settings)
    backend = DispatchBackend(WrittenFiles(far.root / "state"))
    attempt = Attempt.of(far.job(job).order)
    far.until(lambda: backend.tail(attempt, "stdout", 0, 100).data == b"begun\n")
    assert not far.job(job).final
    go.touch()
    far.wait()
    assert far.result(job, "stdout") == "begun\ndone\n"
    assert backend.tail(attempt, "stdout", 0, 100).size == 0
    far.idle(settings)


def test_cancelling_ends_the_real_job(far: Far) -> None:
    settings = far.cluster("far", max_jobs=2)
    runs = far.submit(seconds=300)
    waits = far.submit(seconds=300)
    far.start_worker(settings)
    far.until(lambda: far.count(runs) and far.count(waits))
    for job, kind in ((runs, State.CANCEL), (waits, State.DELETE)):
        far.store.want_cancel(job, kind)
    far.wait()
    assert far.job(runs).state is State.CANCEL
    assert far.job(waits).state is State.DELETE
    far.idle(settings)


def test_what_the_cluster_does_not_grant_is_refused(far: Far) -> None:
    settings = far.cluster("far", limits={"inputs_bytes": 5, "free_bytes": 1})
    job = far.submit()
    far.start_worker(settings)
    far.wait()
    assert (far.job(job).state, far.count(job)) == (State.ERROR, 0)
    assert "this cluster has at the most 5" in far.job(job).reason
    far.idle(settings)


@pytest.mark.more
def test_a_file_that_is_another_one_is_refused(far: Far) -> None:
    settings = far.cluster("far")
    job = far.submit()
    (far.root / "state/jobs" / str(job) / "inputs/input.txt").write_text("another one!\n")
    far.start_worker(settings)
    far.wait()
    assert (far.job(job).state, far.count(job)) == (State.ERROR, 0)
    assert "input.txt" in far.job(job).reason


@pytest.mark.more
def test_two_clusters_share_one_queue(far: Far) -> None:
    paths = [far.cluster(name, max_jobs=2) for name in ("one", "two")]
    jobs = [far.submit(seconds=1) for _ in range(8)]
    for each in paths:
        far.start_worker(each)
    far.judge()
    assert {far.job(each).worker for each in jobs} == {"one", "two"}
    far.idle(*paths)


def test_a_portal_that_another_authority_vouches_for_gets_no_token(
    far: Far, tmp_path: Path
) -> None:
    settings = far.cluster("far", ca_file="/etc/ssl/certs/ca-certificates.crt")
    job = far.submit()
    far.start_worker(settings)
    log = settings.parent / "worker.log"
    far.until(lambda: "certificate verify failed" in log.read_text())
    assert far.job(job).state is State.PENDING
    assert far.store.workers()[0].seen_at is None


@pytest.mark.more
def test_a_worker_that_the_portal_does_not_know_says_so(far: Far) -> None:
    settings = far.cluster("far")
    (settings.parent / "token").write_text("0" * 64)
    job = far.submit()
    far.start_worker(settings)
    log = settings.parent / "worker.log"
    far.until(lambda: "401" in log.read_text())
    assert far.job(job).state is State.PENDING


def test_an_order_that_this_version_does_not_know_is_refused(far: Far) -> None:
    settings = far.cluster("far")
    job = far.submit()
    path = far.tools / "sciportal/jobs/order.py"
    # As an older worker than the portal would be.
    path.write_text(path.read_text().replace("FORMAT = 1", "FORMAT = 0"))
    far.start_worker(settings)
    far.wait()
    assert (far.job(job).state, far.count(job)) == (State.ERROR, 0)
    assert "format" in far.job(job).reason
    far.idle(settings)
