"""One use case, one transaction."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from spv.database import ANSWER_BY, IMMEDIATE
from spv.extensions import db
from spv.services.errors import TooLateError

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
    _begin(**{IMMEDIATE: True})
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def together() -> Iterator[None]:
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
    _begin(**{"isolation_level": "REPEATABLE READ"} if postgresql else {})
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


def _begin(**options: object) -> None:
    """End the reading that came before, and begin anew with other options."""
    if db.session.new or db.session.dirty or db.session().info.get(TOGETHER):
        raise RuntimeError("A transaction begins, and another has not ended.")
    db.session.rollback()
    db.session.connection(execution_options=options)
