"""Whether the app can serve: the database answers and its schema is the current one."""

from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from spv.extensions import db


def problem() -> str:
    """What keeps the app from serving; empty where nothing does."""
    wanted = _newest(current_app.extensions["migrate"].directory)
    try:
        found = MigrationContext.configure(
            db.session.connection()
        ).get_current_revision()
    except SQLAlchemyError:
        return "The database does not answer."
    if found != wanted:
        return f"The schema is at {found}, and should be at {wanted}."
    return ""


@cache
def _newest(folder: str) -> str | None:
    return ScriptDirectory(folder).get_current_head()
