"""One use case, one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from spv.database import IMMEDIATE
from spv.extensions import db


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside is committed together, or none of it is.

    On SQLite the lock is taken at once, so two writers wait for each other in line.
    """
    db.session.rollback()
    db.session.connection(execution_options={IMMEDIATE: True})
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
