"""Brings a database to the tables that this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection, Engine

from sciportal.jobs.store.engine import read, write
from sciportal.service.errors import UsageError

_HERE = Path(__file__).parent
# Any number that is always the same; two that migrate at once wait for each other.
_LOCK = 0x5C190001


def migrate(database: Engine) -> bool:
    """Make or change the tables, all or nothing; whether there was something to do.

    Raises:
        AwayError: the database does not answer.
        UsageError: its tables are of a newer version.
    """
    return write(database, _migrate)


def is_current(database: Engine) -> bool:
    """Whether the tables are those of this version.

    Raises:
        AwayError: the database does not answer.
    """
    return read(database, _version) == _newest()


def _migrate(connection: Connection) -> bool:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    if _version(connection) == _newest():
        return False
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        advice = "use the version of sciportal that made the tables, or a newer one"
        raise UsageError("change the tables of the portal", str(error), advice) from error
    return True


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    # A percent sign begins something else there.
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
