"""The database: engine settings, time limits, transactions, statements, errors."""

import json
import math
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, has_request_context, request
from sqlalchemy import ColumnElement, Connection, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from spv.extensions import Model, db
from spv.rules.errors import TooLateError

PRAGMAS = {
    # One upload of random serial numbers changes a thousand pages (4 kB each). With the
    # usual limits they would be written to the file again and again.
    "wal_autocheckpoint": 4_000,  # pages
    "cache_size": -32_000,  # kB
    "journal_mode": "wal",
    "synchronous": 2,  # full
    "foreign_keys": 1,
    "recursive_triggers": 1,  # or REPLACE would get round the triggers of the log
}
BUSY, BUSY_OF_COMMANDS = 10_000, 60_000  # milliseconds for SQLite's one writer
# PostgreSQL ends what takes longer, in milliseconds. A server that freezes keeps its
# locks until PostgreSQL ends its idle transaction. By then its other transactions that
# wait for the same lock must have given up: otherwise each of them would get the lock
# in turn and keep it as long. So the wait for a lock has to be the shorter limit.
LIMITS = {
    "lock_timeout": 6_000,
    "idle_in_transaction_session_timeout": 8_000,
    "statement_timeout": 30_000,
}
# With these, a dead connection to another machine is noticed within half a minute.
TCP = {
    "connect_timeout": 5,  # seconds, like the times below
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
# A reverse proxy gives up after 60 seconds, and a commit takes up to 8 (see LIMITS).
ANSWER_WITHIN = 50
_STARTED = re.compile(r"t=(\d{10}\.\d{3})")
WRONG_STATEMENT = (
    exc.DataError, exc.IntegrityError, exc.NotSupportedError, exc.ProgrammingError
)  # fmt: skip
BATCH = "spv_batch"  # a key of the session's `info`


def init_app(app: Flask) -> None:
    """Prepare the engine, and note the deadline of each request."""
    with app.app_context():
        if is_sqlite():
            event.listen(db.engine, "connect", _set_up_sqlite)
            event.listen(db.engine, "begin", _begin_sqlite)
        else:
            event.listen(db.engine, "do_connect", _set_up_postgresql)
    app.before_request(_note_deadline)
    app.teardown_appcontext(end_reading)


def close(app: Flask) -> None:
    """Write SQLite's `-wal` file into the database, and close all connections."""
    with app.app_context():
        path = Path(db.engine.url.database or "")
        if is_sqlite() and path.is_file():
            # Wait at most one second for other users of the database.
            with suppress(sqlite3.Error), closing(sqlite3.connect(path, 1)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def is_sqlite() -> bool:
    """Tell whether the database is SQLite; otherwise it is PostgreSQL."""
    return bool(db.engine.dialect.name == "sqlite")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is deferred. A deferred transaction that reads before it
    # writes fails at once with "database is locked", so the driver must not send it.
    connection.isolation_level = None
    busy = BUSY if has_request_context() else BUSY_OF_COMMANDS
    connection.execute(f"PRAGMA busy_timeout = {busy}")
    # SQLite's own `lower` only changes A to Z: it would not match MÜLLER and Müller.
    connection.create_function("lower", 1, lambda text: text and text.lower(),
                               deterministic=True)  # fmt: skip
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value and connection.execute("PRAGMA database_list").fetchone()[2]:
            raise RuntimeError(f"SQLite refused {name} = {value}: it is {found}.")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("spv_immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _set_up_postgresql(_0: Any, _1: Any, _2: Any, parameters: dict[str, Any]) -> None:
    """Set the limits of a new connection. Commands may take as long as they need."""
    parameters.update(TCP)
    if has_request_context():
        limits = [f"-c {name}={value}" for name, value in LIMITS.items()]
        parameters["options"] = " ".join([parameters.get("options", ""), *limits])


def _note_deadline() -> None:
    """Note the moment after which the client no longer waits for an answer.

    The reverse proxy may send the time at which it passed the request on, because a
    request may have waited for a frozen server. A client that forges this header can
    only get its own request refused.
    """
    started = _STARTED.fullmatch(request.headers.get("X-Request-Start", ""))
    age = max(0.0, time.time() - float(started[1])) if started else 0.0
    g.answer_by = time.monotonic() + ANSWER_WITHIN - age


def check_in_time() -> None:
    """Raise TooLateError if the client has stopped waiting for the answer."""
    if time.monotonic() > g.get("answer_by", math.inf):
        raise TooLateError("This took too long, and nothing was saved. Try again.")


def allow_long_statements(limits: Iterable[str] = ("statement_timeout",)) -> None:
    """Let the statements of this transaction take as long as they need."""
    for limit in () if is_sqlite() else limits:
        db.session.connection().exec_driver_sql(f"SET LOCAL {limit} = 0")


@contextmanager
def transaction() -> Iterator[None]:
    """Commit everything inside together, or nothing if it raises."""
    if db.session().info.get(BATCH):
        with db.session.begin_nested():
            yield
        return
    _begin(spv_immediate=True)  # so that two writers of SQLite wait in line
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def nested_batch() -> Iterator[None]:
    """Commit all transactions inside together, or none of them if one raises."""
    with transaction():
        db.session().info[BATCH] = True
        try:
            yield
        finally:
            del db.session().info[BATCH]


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as it was at one moment, whatever is written meanwhile."""
    _begin(**{} if is_sqlite() else {"isolation_level": "REPEATABLE READ"})
    try:
        yield
    finally:
        db.session.rollback()


def _begin(**options: object) -> None:
    """End the transaction that has only read, and begin one with these options."""
    if db.session.new or db.session.dirty or db.session().info.get(BATCH):
        raise RuntimeError(
            "A transaction cannot begin before the previous one has ended."
        )
    db.session.rollback()
    db.session.connection(execution_options=options)


def end_reading(_error: BaseException | None = None) -> None:
    """End a transaction that only read. The answer is unaffected if this fails."""
    try:
        if db.session.registry.has():
            db.session.rollback()
    except exc.DBAPIError:
        db.session().invalidate()


def take_lock(name: str) -> None:
    """Take the lock with a name, and hold it until the transaction ends.

    Waiting for a row of PostgreSQL means waiting for two locks, and `lock_timeout`
    counts for each of them. That may take longer than an idle transaction may last, so
    a frozen server could get the row next and keep it as long. SQLite needs no lock: it
    has one writer.
    """
    if not is_sqlite():
        lock = "SELECT pg_advisory_xact_lock(hashtext(%s))"
        db.session.connection().exec_driver_sql(lock, (name,))


def insert(model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can say what happens to a row that exists already."""
    return sqlite.insert(model) if is_sqlite() else postgresql.insert(model)


def execute_many(statement: str, rows: list[tuple[Any, ...]]) -> int:
    """Execute a statement for many rows; return how many rows it changed.

    `?` marks each value. The driver executes it directly, which takes half of the time.
    """
    marks = statement if is_sqlite() else statement.replace("?", "%s")
    return db.session.connection().exec_driver_sql(marks, rows).rowcount


def as_stored(column: ColumnElement[Any], value: Any) -> Any:
    """Return a value as the driver writes it into a column."""
    dialect = db.engine.dialect
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    return convert(value) if convert else value


def plain_rows(query: sa.Select[Any], most: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query as the driver has them, `most` at a time.

    The query selects only numbers and texts, and its values are constants of ours.
    This takes a third of the time that SQLAlchemy's rows take.
    """
    connection, dialect = db.session.connection(), db.engine.dialect
    names = () if is_sqlite() else ("plain_rows",)  # of a cursor on the server
    constants = {"literal_binds": True}
    statement = str(query.compile(dialect=dialect, compile_kwargs=constants))
    try:
        with closing(connection.connection.cursor(*names)) as cursor:
            cursor.execute(statement)
            while rows := cursor.fetchmany(most):
                yield from rows
    except dialect.loaded_dbapi.Error as error:
        raise exc.DBAPIError(statement, None, error) from error


def one_of(
    column: InstrumentedAttribute[str], texts: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of very many texts.

    They are sent as one value, which is quicker.
    """
    if is_sqlite():
        listed = sa.func.json_each(json.dumps(texts)).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.literal(texts, sa.ARRAY(sa.Text())))


def contains(text: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that one of the columns contains a text, in any case."""
    return sa.or_(*(column.icontains(text, autoescape=True) for column in columns))


def unindexed(column: Any) -> Any:
    """Return a column as an expression that has no index.

    Use it where rows are found by another column. SQLite cannot tell how many rows have
    a value: it might read all of them, such as every upload of an account.
    """
    return sa.func.coalesce(column, None)


def took_too_long(error: exc.SQLAlchemyError) -> bool:
    """Tell whether a statement did not end in time, usually because of another one."""
    return _code(error) in ("55P03", "57014", sqlite3.SQLITE_BUSY)


def trouble(error: exc.SQLAlchemyError) -> str:
    """Say why the database did not do something; "" if the statement was wrong."""
    code = _code(error)
    if code in ("25006", "42501", sqlite3.SQLITE_READONLY):
        return "The database can only be read at the moment: nothing can be saved."
    if took_too_long(error):
        return "The database is busy with another long operation."
    # PostgreSQL calls tables and columns that are missing a programming error.
    if isinstance(error, WRONG_STATEMENT) and code not in ("42P01", "42703"):
        return ""
    return "The database does not answer."


def _code(error: exc.SQLAlchemyError) -> str | int | None:
    """Return the SQLSTATE of an error, or the primary code of SQLite."""
    original = getattr(error, "orig", None)
    code: int | None = getattr(original, "sqlite_errorcode", None)
    return getattr(original, "sqlstate", None) if code is None else code & 0xFF
