"""How a job ended is noted with its results, once and as a whole, whatever is cut short."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import EnvironBuilder

from jobs.reports import FILES, digest, report, submitted, take
from sciportal.jobs import exchange
from sciportal.jobs.exchange import Report
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.portal import Portal


class Slow(io.BytesIO):
    """A body whose end comes late; `meanwhile` is done before it."""

    meanwhile: Callable[[], object] | None = None

    def readinto(self, buffer: Any, /) -> int:
        """As of any stream."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().readinto(buffer)


def test_results_that_come_too_late_are_nobodys(
    worker: FlaskClient, store: Store, portal: Portal
) -> None:
    job = submitted(store)
    take(worker)
    late = {"out.txt": b"of the first attempt"}
    said = Report(1, Cause.FINISHED, 0, "", {"cpu": 1.0}, digest(late))
    parts = [(io.BytesIO(data), name) for name, data in late.items()]
    form = {"result": json.dumps(exchange.to_json(said)), "files": parts}
    environ = EnvironBuilder(method="POST", data=form).get_environ()
    body = Slow(environ["wsgi.input"].read())
    # The lease ends while the results are on their way.
    body.meanwhile = lambda: [store.expire(60, 0) for _ in range(9)]
    answer = worker.post(
        f"/jobs/{job.id}/postjob",
        input_stream=body,
        content_type=environ["CONTENT_TYPE"],
        headers={"Content-Length": environ["CONTENT_LENGTH"]},
    )
    assert answer.status_code == 409
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.attempt, after.collected_at) == (State.PENDING, 2, None)
    assert [each.attempt for each in take(worker, "r2")] == [2]
    assert report(worker, job.id, Report(2, Cause.FINISHED, 0)).status_code == 200
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.results_sum, after.usage) == (State.COMPLETE, digest(FILES), {})
    kept = [(each.path, each.size) for each in portal.files.results(job.id)]
    assert kept == [("out.txt", 5), ("plots/a.png", 4)]


def test_a_report_counts_as_a_whole_or_not_at_all(
    worker: FlaskClient, store: Store, portal: Portal
) -> None:
    job = submitted(store)
    take(worker)
    said = Report(1, Cause.FINISHED, 3)
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.cause = 'finished'"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )
    assert report(worker, job.id, said, {"old.txt": b"of a try"}).status_code == 507
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.collected_at) == (State.ACTIVE, None)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full"))
    assert report(worker, job.id, said).status_code == 200
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.results_sum) == (State.ERROR, digest(FILES))
    kept = [(each.path, each.size) for each in portal.files.results(job.id)]
    assert kept == [("out.txt", 5), ("plots/a.png", 4)]
