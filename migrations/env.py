"""Run migrations on the application's own engine, each database's whole run at once."""

from alembic import context
from flask import current_app
from sqlalchemy.exc import DBAPIError

from spv import database, readiness

db = current_app.extensions["migrate"].db


def check_tables(connection):
    """After an upgrade to the newest revision, say what is still missing."""
    migration = context.get_context()
    is_upgrade = migration.opts["fn"].__name__ == "upgrade"
    is_newest = migration.get_current_revision() == context.get_head_revision()
    if is_upgrade and is_newest and (missing := readiness.missing(connection)):
        raise RuntimeError(missing)


try:
    opened = db.engine.connect()
except DBAPIError as error:
    raise SystemExit(f"Error: {database.trouble(error)}") from None
with opened as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # A batch migration recreates tables: rows that point at them must not mind.
        # Said to the driver itself, as SQLite ignores it inside a transaction.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        compare_server_default=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        check_tables(connection)
    finally:
        if sqlite:
            connection.rollback()
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = ON")
