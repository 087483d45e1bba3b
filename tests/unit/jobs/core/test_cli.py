"""The command of the portal's account."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect

from jobs import samples
from sciportal.jobs import cli
from sciportal.jobs.settings import VARIABLE
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store

TOKEN = "0123456789abcdef" * 4


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A portal's settings, whose file the environment names."""
    (tmp_path / "applications").mkdir()
    (tmp_path / "secret").write_text(TOKEN)
    (tmp_path / "secret").chmod(0o600)
    path = tmp_path / "portal.toml"
    path.write_text(
        f'database = "sqlite:///{tmp_path}/portal.sqlite"\nstate_dir = "{tmp_path}"\n'
        f'descriptors = ["{tmp_path}/applications"]\nsecret_file = "{tmp_path}/secret"\n'
    )
    monkeypatch.setenv(VARIABLE, str(path))
    return tmp_path


def test_migrate_says_whether_it_did_something(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (cli.main(["migrate"]), capsys.readouterr().out) == (0, "changed\n")
    assert (cli.main(["migrate"]), capsys.readouterr().out) == (0, "")
    assert cli.main(["check"]) == 0


@pytest.mark.parametrize("left", ["jobs/7/results", "Descriptors/User/alice/job7"])
def test_another_database_beside_the_files_of_jobs_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    cli.main(["migrate"])
    database = engine.connect(f"sqlite:///{place}/portal.sqlite")
    store = Store(database)
    for _ in range(7):
        store.submit(samples.new_job())
    database.dispose()
    (place / left).mkdir(parents=True)
    # Of a submission that was cut short; and names that are none.
    for other in ("jobs/8/inputs", "jobs/x/results", "Descriptors/User/alice/jobs"):
        (place / other).mkdir(parents=True)
    assert (cli.main(["migrate"]), cli.main(["check"])) == (0, 0)
    path = place / "portal.toml"
    path.write_text(path.read_text().replace("portal.sqlite", "other.sqlite"))
    capsys.readouterr()
    assert cli.main(["check"]) == 1
    said = "has files of job 7, and the last job in the database is 0; set the old database again"
    assert said in capsys.readouterr().err
    assert cli.main(["migrate"]) == 2
    assert said in capsys.readouterr().err
    other_database = engine.connect(f"sqlite:///{place}/other.sqlite")
    assert inspect(other_database).get_table_names() == []
    other_database.dispose()
    assert (place / left).is_dir()


def test_check_names_all_that_is_wrong(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "applications" / "bad.yml").write_text("name: bad\n")
    (place / "secret").chmod(0o644)
    assert cli.main(["check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    for line, words in zip(
        said, ("application bad", "migrate", "everybody on this host"), strict=True
    ):
        assert words in line
    (place / "secret").unlink()
    assert cli.main(["check"]) == 1
    assert "No such file" in capsys.readouterr().err


def test_workers_are_listed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["migrate"])
    database = engine.connect(f"sqlite:///{place}/portal.sqlite")
    store = Store(database, lambda: 1_800_000_000.5)
    store.declare_worker("far", "1" * 64)
    store.declare_worker("away", "2" * 64)
    store.worker_seen("far", "192.0.2.7", 4)
    capsys.readouterr()
    assert cli.main(["workers"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "away\tseen never\tfrom nowhere",
        "far\tseen 2027-01-15T08:00:00Z\tfrom 192.0.2.7",
    ]
    assert (store.worker("1" * 64), store.worker("3" * 64)) == ("far", None)
    store.declare_worker("far", "3" * 64)
    assert (store.worker("1" * 64), store.worker("3" * 64)) == (None, "far")
    assert store.remove_worker("far")
    assert not store.remove_worker("far")
    database.dispose()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("unknown = 1", "is not known"),
        ("database = 7", "a whole number, not a text"),
        ('database = "mysql://x"', "which it may not be"),
        ("anonymous", "Expected"),
        ("idempotency_seconds = 3599", "not from 3600"),
        ("\udcff", "codec"),
    ],
)
def test_bad_settings_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, found: str
) -> None:
    path = tmp_path / "portal.toml"
    path.write_text(text, errors="surrogateescape")
    assert cli.main(["--settings", str(path), "check"]) == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert found in said
    assert cli.main(["--settings", str(tmp_path / "none"), "check"]) == 2


def test_a_database_that_cannot_be_is_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = place / "portal.toml"
    path.write_text(path.read_text().replace("portal.sqlite", "none/portal.sqlite"))
    assert cli.main(["migrate"]) == 4
    assert "unable to open database file" in capsys.readouterr().err
