"""What a Prometheus is told."""

from __future__ import annotations

import re

from sciportal.frontend import metrics
from sciportal.frontend.health import Health
from sciportal.service.job import Job
from unit.frontend.jobs import job

POOL = "service-pool"


def test_services_are_counted_by_the_state_of_their_oldest_job() -> None:
    jobs = [
        job(1),
        job(2, raw_state="PENDING"),
        job(3, user="bob", raw_state="PENDING"),
        job(4, user="carol", raw_state="COMPLETING"),
        job(5, user="dan", raw_state="CANCELLED"),
        job(6, user="eve", partition="general"),
        job(7, user="fay", name="no-such"),
    ]
    told = metrics.text(metrics.services(jobs, POOL), 0, Health())
    for state in ("running", "pending", "stopping"):
        assert f'sciportal_services{{state="{state}"}} 1\n' in told


def count(*queues: list[Job]) -> int:
    """How many restarts are seen in one queue after the other."""
    starts: metrics.Starts = {}
    restarts = 0
    for queue in queues:
        starts, more = metrics.follow(starts, queue)
        restarts += more
    return restarts


def test_a_job_that_began_again_is_a_restart_and_a_new_one_is_none() -> None:
    first = [job(1), job(2, user="bob")]
    assert count(first, [job(1, started=9000), *first[1:], job(3, user="carol")]) == 1


def test_a_job_that_waited_between_is_counted_once_when_it_runs_again() -> None:
    waiting = [job(1, raw_state="PENDING", started=0)]
    again = [job(1, started=9000)]
    assert count([job(1)], waiting, waiting, again, again) == 1
    assert count(waiting, [job(1)]) == 0


def test_the_file_has_the_form_that_prometheus_reads() -> None:
    told = metrics.text([job()], 3, Health(1_800_000_000.5, 0, 7, 1))
    sample = r'[a-z_]+(\{[a-z]+="[a-z]+"\})? [0-9.]+'
    for line in told.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) [a-z_]+ .+|{sample}", line), line
    assert "sciportal_job_restarts_total 3\n" in told
    assert "sciportal_routes_updated_timestamp_seconds 1800000000.500\n" in told
    assert "sciportal_queries_failed_total 7\n" in told
