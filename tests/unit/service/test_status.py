"""The status of a service."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("raw", "state", "code"),
    [
        ("RUNNING", "running", 0),
        ("PENDING", "pending", 3),
        ("CONFIGURING", "pending", 3),
        ("COMPLETING", "stopping", 3),
        ("FAILED", "stopped", 3),
        ("HOVERING", "unknown", 4),
    ],
)
def test_the_status_of_a_job(web, raw, state, code):
    web.cluster.start_seconds = None
    web.cluster.add("web", raw)
    result = web.one("status")
    assert (result.state, result.exit_code, result.changed) == (state, code, False)


def test_the_status_of_a_silent_slurm_is_unknown(web):
    web.cluster.silent = True
    result = web.one("status")
    assert (result.state, result.exit_code) == ("unknown", 4)
    assert "no answer in time" in result.message


def test_the_status_says_job_node_endpoint_and_since_when(web):
    there = web.cluster.add("web", comment="sbatch-service/1 http 24601 public")
    result = web.one("status")
    assert (result.job_id, result.node, result.since) == (there.id, there.node, there.started)
    assert result.endpoint.port == 24601


def test_the_status_of_a_pending_job_says_why(web):
    web.cluster.start_seconds = None
    web.cluster.add("web", "PENDING", reason="Resources")
    assert web.one("status").message == "waiting: Resources"


def test_the_status_of_nothing_says_that_it_is_not_set_up_and_makes_no_files(world):
    result = world.one("status")
    assert (result.state, result.exit_code, result.message) == ("stopped", 3, "not set up")
    assert world.files() == []
