"""The database: its engine, its limits in time, and its transactions."""

import json
import math
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from flask import Flask, has_request_context, request
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
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)

from spv.extensions import Model, db
from spv.rules.errors import TooLateError

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

# PostgreSQL ends what takes longer, in milliseconds. A server that freezes holds its
# locks until its idle transaction is ended. Its other transactions, which wait for the
# same lock, must have given up by then: otherwise each would get the lock in its turn,
# and hold it as long again. So the wait for a lock has to be the shorter one.
LIMITS = {
    "lock_timeout": 6_000,
    "idle_in_transaction_session_timeout": 8_000,
    "statement_timeout": 30_000,
}
# Find out within half a minute that the other machine is gone.
TCP = {
    "connect_timeout": 5,  # seconds, like the next ones
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
# How long SQLite waits for its one writer, in milliseconds.
BUSY, BUSY_OF_COMMANDS = 10_000, 60_000

ANSWER_BY = "spv_answer_by"
# A reverse proxy gives up after 60 seconds, and a commit takes up to 8 (see above).
ANSWER_WITHIN = 50
_STARTED = re.compile(r"t=(\d{10}\.\d{3})")


def init_app(app: Flask) -> None:
    """Prepare the engine, and note of each request by when it has to be answered."""
    with app.app_context():
        if _speaks_sqlite():
            event.listen(db.engine, "connect", _connected)
            event.listen(db.engine, "begin", _begin)
        else:
            event.listen(db.engine, "do_connect", _connecting)
    app.before_request(_note_deadline)
    app.teardown_appcontext(_end_reading)


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


def allow_long_statements() -> None:
    """Let the statements of this transaction take as long as they need."""
    if not _speaks_sqlite():
        db.session.connection().exec_driver_sql("SET LOCAL statement_timeout = 0")


@contextmanager
def short_transaction(wait: int) -> Iterator[Connection]:
    """Begin and commit a transaction that waits for locks some milliseconds at most."""
    with db.engine.connect() as connection:
        connection.execution_options(**{IMMEDIATE: True})
        if not _speaks_sqlite():
            with connection.begin():
                limits = {"lock_timeout": wait, "statement_timeout": 2 * wait}
                for name, value in limits.items():
                    connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
                yield connection
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA busy_timeout = {wait}")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute(f"PRAGMA busy_timeout = {BUSY}")


def took_too_long(error: SQLAlchemyError) -> bool:
    """Tell whether a statement could not end in time, mostly because of another one."""
    return _code(error) in ("55P03", "57014", _SQLITE_BUSY)


def trouble(error: SQLAlchemyError) -> str:
    """Say why the database did not do something; empty if the statement was wrong."""
    code = _code(error)
    if code in ("25006", "42501", _SQLITE_READ_ONLY):
        return "The database can only be read at the moment: nothing can be saved."
    if took_too_long(error):
        return "The database is busy with something else that takes long."
    wrong = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
    # PostgreSQL calls tables and columns that are missing a programming error.
    if isinstance(error, wrong) and code not in ("42P01", "42703"):
        return ""
    return "The database does not answer."


_SQLITE_BUSY, _SQLITE_READ_ONLY = 5, 8


def _code(error: SQLAlchemyError) -> str | int | None:
    """Return the code of an error: SQLSTATE, or that of SQLite without its details."""
    original = getattr(error, "orig", None)
    code: int | None = getattr(original, "sqlite_errorcode", None)
    return getattr(original, "sqlstate", None) if code is None else code & 0xFF


def _note_deadline() -> None:
    """Note when this request's client will have been told that it took too long.

    The reverse proxy may say when it passed the request on: a server that was frozen
    finds requests that have waited for it. A client that says so itself can only have
    its own request refused.
    """
    started = _STARTED.fullmatch(request.headers.get("X-Request-Start", ""))
    age = max(0.0, time.time() - float(started[1])) if started else 0.0
    db.session().info[ANSWER_BY] = time.monotonic() + ANSWER_WITHIN - age


def _end_reading(_error: BaseException | None) -> None:
    """End what the request has read. If that fails the answer is there all the same."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def _connecting(
    _dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]
) -> None:
    """Set the limits of a new connection. Commands may take as long as they need."""
    parameters.update(TCP)
    if has_request_context():
        limits = [f"-c {name}={value}" for name, value in LIMITS.items()]
        parameters["options"] = " ".join([parameters.get("options", ""), *limits])


def _speaks_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def _connected(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is off: it is deferred, and a deferred transaction that
    # reads before it writes is answered "database is locked" at once.
    connection.isolation_level = None
    busy = BUSY if has_request_context() else BUSY_OF_COMMANDS
    connection.execute(f"PRAGMA busy_timeout = {busy}")
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


TOGETHER = "spv_together"


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside is committed together, or none of it is.

    On SQLite the lock is taken at once, so two writers wait for each other in line.
    """
    if db.session().info.get(TOGETHER):
        with db.session.begin_nested():
            yield
        return
    _begin_anew(**{IMMEDIATE: True})
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def nested_batch() -> Iterator[None]:
    """Many use cases as one: all of their transactions are committed, or none is."""
    with transaction():
        db.session().info[TOGETHER] = True
        try:
            yield
        finally:
            del db.session().info[TOGETHER]


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything inside is read as it was at one moment, whoever writes meanwhile."""
    postgresql = db.engine.dialect.name == "postgresql"
    _begin_anew(**{"isolation_level": "REPEATABLE READ"} if postgresql else {})
    try:
        yield
    finally:
        db.session.rollback()


def check_in_time() -> None:
    """Raise TooLateError if the client no longer waits for the answer.

    A server that was frozen goes on where it stood, a minute or an hour later.
    """
    if time.monotonic() > db.session().info.get(ANSWER_BY, math.inf):
        raise TooLateError("This took too long, and nothing was saved. Try again.")


def _begin_anew(**options: object) -> None:
    """End the reading that came before, and begin anew with other options."""
    if db.session.new or db.session.dirty or db.session().info.get(TOGETHER):
        raise RuntimeError("A transaction begins, and another has not ended.")
    db.session.rollback()
    db.session.connection(execution_options=options)
