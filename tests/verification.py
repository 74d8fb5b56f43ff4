"""Verifications in the background, for tests."""

import threading
from datetime import timedelta

import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import AuditCheck, User
from spv.services.verify import checks


def ended():
    """Wait until the run in the background ends; return its row."""
    for thread in threading.enumerate():
        if thread.name == checks.THREAD:
            thread.join(60)
    db.session.rollback()
    return checks.status()["last"]


def set_back(**times):
    """Make the newest run older: set its moments back by some time."""
    db.session.rollback()
    newest = sa.select(sa.func.max(AuditCheck.id)).scalar_subquery()
    values = {name: clock.now() - age for name, age in times.items()}
    this = sa.update(AuditCheck).where(AuditCheck.id == newest)
    db.session.execute(this.values(values))
    db.session.commit()


def interrupt():
    """Make the run that goes on one that has not moved for two minutes."""
    set_back(seen_at=timedelta(minutes=2))


def make_staff(is_staff=True):
    """Make a user staff, as a person with the database's password could."""
    change = sa.update(User).where(User.email == demo.GENERAL)
    db.session.execute(change.values(is_staff=is_staff))
    db.session.commit()


def undo():
    """Undo that."""
    make_staff(False)
