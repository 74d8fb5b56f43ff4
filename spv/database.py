"""How the app talks to SQLite: durable, and writers wait for each other in line."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

from flask import Flask
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Text,
    any_,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from spv.extensions import Model, db

PRAGMAS = {
    # One upload of random serial numbers changes a thousand pages (4 kB each): it does
    # not fit the usual cache, and would be taken into the file each time.
    "wal_autocheckpoint": 4_000,  # pages
    "cache_size": -32_000,  # kB
    "journal_mode": "wal",
    "synchronous": 2,  # full
    "foreign_keys": 1,
    "recursive_triggers": 1,  # REPLACE must not get round the guard of the log
}
IMMEDIATE = "spv_immediate"


def init_app(app: Flask) -> None:
    """Prepare the engine; on PostgreSQL there is nothing to prepare."""
    with app.app_context():
        if _speaks_sqlite():
            event.listen(db.engine, "connect", _connected)
            event.listen(db.engine, "begin", _begin)


def close(app: Flask) -> None:
    """Write SQLite's `-wal` file into the database, and close all connections.

    For the end of a process: whatever else uses the database is waited for a second.
    """
    with app.app_context():
        path = Path(db.engine.url.database or "")
        if _speaks_sqlite() and path.is_file():
            with suppress(sqlite3.Error), closing(sqlite3.connect(path, 1)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def insert(model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what is to happen where a row is there already."""
    return sqlite.insert(model) if _speaks_sqlite() else postgresql.insert(model)


def execute_many(statement: str, rows: list[tuple[Any, ...]]) -> int:
    """A statement for many rows with the driver's own speed; how many it changed.

    `?` stands for each value. SQLAlchemy looks at every row on its way, which takes as
    long as the database does.
    """
    marks = statement if _speaks_sqlite() else statement.replace("?", "%s")
    return db.session.connection().exec_driver_sql(marks, rows).rowcount


def one_of(column: Any, texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column is one of very many texts, which go as one value.

    To write a mark for each takes longer than to look them all up.
    """
    if _speaks_sqlite():
        listed = func.json_each(json.dumps(texts)).table_valued("value")
        return cast(ColumnElement[bool], column.in_(select(listed.c.value)))
    return cast(ColumnElement[bool], column == any_(literal(texts, ARRAY(Text()))))


def _speaks_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def _connected(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is off: it is deferred, and a deferred transaction that
    # reads before it writes is answered "database is locked" at once.
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 30000")
    # Its own knows the letters A to Z alone, and would not find MÜLLER as Müller.
    connection.create_function("lower", 1, _lower, deterministic=True)
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value and connection.execute("PRAGMA database_list").fetchone()[2]:
            raise RuntimeError(f"SQLite refused {name} = {value}: it is {found}.")


def _lower(text: str | None) -> str | None:
    return text.lower() if text else text


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
