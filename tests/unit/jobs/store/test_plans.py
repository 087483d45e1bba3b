"""What is asked again and again costs no more where thousands of jobs have ended: by an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from jobs.samples import new_job
from sciportal.jobs.settings import SLURM
from sciportal.jobs.store.store import Store

Asked = Callable[[Store], object]
ASKED: dict[str, tuple[Asked, str]] = {
    "the quota": (lambda store: store.submit(new_job(), most=10), "jobs_open_of_share"),
    "who had many jobs": (lambda store: store.submit(new_job()), "jobs_nth_of_share"),
    "since when": (lambda store: store.submit(new_job()), "jobs_of_share"),
    "what is to be sent": (lambda store: store.unsent(SLURM), "jobs_open"),
    "what runs": (lambda store: store.active(SLURM), "jobs_open"),
    "what is left to fetch": (lambda store: store.uncollected(SLURM), "jobs_left"),
    "what is left to remove": (lambda store: store.unpurged(), "jobs_left"),
    "whose jobs run": (lambda store: store.who_runs(SLURM), "jobs_open"),
    "who waits": (lambda store: store.who_waits(SLURM), "jobs_left"),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_uses_an_index(store: Store, name: str) -> None:
    action, index = ASKED[name]
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _r: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(Engine, "before_cursor_execute", note)
    action(store)
    sa.event.remove(Engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        plans = [
            step.detail
            for statement, parameters in asked
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert any(f" {index} " in f"{plan} " for plan in plans), plans
