"""Readiness: the database answers, has the tables of the models, and can be written."""

import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, Table, text, update
from sqlalchemy.exc import SQLAlchemyError

from spv import database
from spv.extensions import db
from spv.models import AuditChain
from spv.models.audit import GUARDS

TRY_EVERY = 5.0  # seconds
WAIT = 1_000  # milliseconds that an attempt waits for another write
# Attempts may fail for this many seconds, as another write may take long.
PATIENCE = 15.0


@dataclass
class _Probe:
    """The last attempt of this process to write, shared by all of its requests."""

    lock: Lock = field(default_factory=Lock)
    tried_at: float = -math.inf
    busy_since: float = math.inf  # since when attempts have failed to get the lock
    problem: str | None = None
    has_schema: bool = False

    @property
    def is_due(self) -> bool:
        """True if the next attempt may be made."""
        return monotonic() - self.tried_at >= TRY_EVERY


def problem() -> str:
    """Return the reason why the app cannot serve, as a sentence; "" if it can.

    A write is tried at most every 5 seconds. Until the next attempt ends, all requests
    get the result of the last one. The cause is logged when the result changes.
    """
    probe: _Probe = current_app.extensions.setdefault("spv_probe", _Probe())
    if probe.is_due and probe.lock.acquire(blocking=probe.problem is None):
        try:
            if probe.is_due:
                before, (found, cause) = probe.problem, _attempt(probe)
                probe.problem, probe.tried_at = found, monotonic()
                if found and found != before:
                    current_app.logger.error("Not ready: %s %s", found, cause)
                elif before and not found:
                    current_app.logger.warning("Ready again.")
        finally:
            probe.lock.release()
    return probe.problem or ""


def revision_problem() -> str:
    """Say why commands cannot use the database; "" if they can."""
    try:
        with db.engine.connect() as connection:
            return _revision_problem(connection)
    except SQLAlchemyError as error:
        return database.trouble(error)


def missing(connection: Connection) -> str:
    """Name the parts of the models that the database lacks, or has in another form."""
    context = MigrationContext.configure(connection)
    with warnings.catch_warnings():
        # SQLite's indexes on expressions cannot be read back.
        warnings.filterwarnings("ignore", ".*expression-based index")
        found = {*_describe(compare_metadata(context, db.metadata))}
    # Triggers, and indexes on expressions, are only compared by their names.
    dialect = connection.dialect.name
    existing = set(connection.scalars(text(_NAMES[dialect])))
    tables: list[Table] = db.metadata.sorted_tables
    indexes = {str(index.name) for table in tables for index in table.indexes}
    found |= {f"index {name} is missing" for name in indexes - existing}
    found |= {f"trigger {n} is missing or off" for n in GUARDS[dialect] - existing}
    words = ", ".join(sorted(found))
    return f"The tables differ from the models: {words}." if found else ""


def _attempt(probe: _Probe) -> tuple[str, str]:
    """Compare the schema and write; return what is wrong, and its cause for the log."""
    try:
        with db.engine.connect() as connection:
            wrong = _revision_problem(connection)
            if not wrong and not probe.has_schema:
                wrong = missing(connection)
            if wrong:
                return wrong, ""
            probe.has_schema = True
        _write()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error))
        if not database.took_too_long(error):
            return database.trouble(error) or "Nothing can be saved.", cause
        probe.busy_since = min(probe.busy_since, monotonic())
        if monotonic() - probe.busy_since < PATIENCE:
            return "", ""
        return "Nothing can be saved: another change has not finished.", cause
    probe.busy_since = math.inf
    return "", ""


def _write() -> None:
    """Write to the registry's chain, which every change locks; wait WAIT at most."""
    head = AuditChain.name == "registry"
    writing = update(AuditChain).where(head).values(hash=AuditChain.hash)
    with db.engine.connect() as connection:
        connection.execution_options(spv_immediate=True)
        if not database.is_sqlite():
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAIT}")
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {2 * WAIT}")
                connection.execute(writing)
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA busy_timeout = {WAIT}")
        try:
            with connection.begin():
                connection.execute(writing)
        finally:
            driver.execute(f"PRAGMA busy_timeout = {database.BUSY}")


def _revision_problem(connection: Connection) -> str:
    wanted = _newest_revision(current_app.extensions["migrate"].directory)
    found = MigrationContext.configure(connection).get_current_heads()
    are = " and ".join(found or ["None"])
    sentence = f"The schema is at {are}, and should be at {wanted}."
    return sentence if found != (wanted,) else ""


def _describe(differences: Iterable[Any]) -> Iterator[str]:
    """Name each part that is missing or differs; parts that are not ours may exist."""
    for each in differences:
        if isinstance(each, list):  # several differences of one column
            yield from _describe(each)
        elif each[0] == "add_column":
            yield f"column {each[2]}.{each[3].name} is missing"
        elif each[0].startswith("add_"):
            kind = each[0].removeprefix("add_").replace("fk", "foreign key")
            yield f"{kind} {each[1].name} is missing"
        elif each[0].startswith("modify_"):
            yield f"column {each[2]}.{each[3]} differs in its {each[0][7:]}"


_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')",
    "postgresql": "SELECT indexname FROM pg_indexes UNION "
    "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')",
}


@cache
def _newest_revision(folder: str) -> str | None:
    return ScriptDirectory(folder).get_current_head()
