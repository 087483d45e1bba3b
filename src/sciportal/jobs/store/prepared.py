"""Statements that every submission needs, put together once for each kind of database.

SQLAlchemy looks each time whether it has put a statement together, and converts what goes in and
comes out. That takes several times as long as SQLite does, while all other writers wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Dialect


class Prepared:
    """A statement, to be executed with other values each time.

    Args:
        statement: its values, and columns of what it gives, are texts, numbers and truths, which
            drivers take as they are.
        columns: those that an INSERT is given.
    """

    def __init__(
        self, statement: sa.Insert | sa.Select[Any], columns: Collection[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._made: dict[str, tuple[str, list[str] | None, Mapping[str, Any]]] = {}

    def execute(
        self, connection: Connection, values: Mapping[str, Any]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute it with these values by name."""
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = self._compiled(dialect)
        words, order, constants = made
        given = {**constants, **values} if constants else values
        if order is None:
            return connection.exec_driver_sql(words, dict(given))
        return connection.exec_driver_sql(words, tuple([given[name] for name in order]))

    def _compiled(self, dialect: Dialect) -> tuple[str, list[str] | None, Mapping[str, Any]]:
        """Its words, the order of its values where they have no names, and those it has itself."""
        made = self._statement.compile(dialect=dialect, column_keys=self._columns)
        assert isinstance(made, sa.sql.compiler.SQLCompiler)
        order = list(made.positiontup or ()) if made.positional else None
        constants = {name: value for name, value in made.params.items() if value is not None}
        return str(made), order, constants
