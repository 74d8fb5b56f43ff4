"""A small ledger with its log, and a person who changes it straight in the database."""

import contextlib
import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from spv import demo
from spv.extensions import UtcDateTime, db
from spv.models import AuditChain, AuditEvent
from spv.rules.errors import ValidationError
from spv.rules.stc.batch import template_text
from spv.services import audit_log, checkpoints
from spv.services.accounts import applications, sign_in
from spv.services.actor import visitor
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from spv.services.api import subscriptions
from spv.services.ledger import declarations, look_alikes
from spv.services.stc import batches, calculations
from tests.api import TICKED, subscribe
from tests.examples import EXAMPLES
from tests.panels import mark, panels_csv, upload
from tests.people import APPLICATION, KIM, WEB, acting
from tests.products import LIST, load_list

EVENT = AuditEvent.__table__
HEAD = AuditChain.__table__


class History:
    """A database with something of everything, copies of it, and its checkpoints."""

    def __init__(self, copies, notes):
        self.copies, self.notes = copies, notes
        with self._checkpoints_in_a_file():
            self.backups = [self._copied() for _ in self._acts()]
            for chain in audit_log.CHAINS:
                checkpoints.make(chain)
        self.file = Path(notes).read_text("utf-8").splitlines(True)
        with copies.unguarded().begin() as connection:  # nothing but the file has them
            connection.execute(sa.text("DELETE FROM audit_checkpoints"))
        self.whole = copies.take()

    @contextlib.contextmanager
    def _checkpoints_in_a_file(self):
        config = current_app.config
        before, config["SPV_CHECKPOINTS"] = config["SPV_CHECKPOINTS"], str(self.notes)
        yield
        config["SPV_CHECKPOINTS"] = before

    def _copied(self):
        db.session.rollback()
        return self.copies.take()

    def _acts(self):
        user, admin, staff = map(acting, (demo.VSP_USER, demo.VSP_ADMIN, demo.STAFF))
        yield upload(panels_csv(4, "AA"), user)
        yield upload(
            panels_csv(3, "BB", names="Ünal,Holder,EX-9"), acting(demo.SUPPLIER)
        )
        yield mark(["AA000001", "AA000003"], user)
        yield mark(["BB000002"], staff)
        for example in EXAMPLES[::9]:
            calculations.save(example.answers, WEB)
        yield [checkpoints.make(chain) for chain in audit_log.CHAINS]
        for _ in range(2):
            batches.save(template_text().encode(), visitor("batch"))
            yield calculations.save(EXAMPLES[0].answers, WEB)
        sign_in.sign_up(KIM, WEB)
        yield applications.submit(APPLICATION, acting(KIM["email"]))
        declarations.make(TICKED, admin)
        number = subscribe(admin)
        suspensions.suspend(Subject.PERSON, user.user_id, {"reason": "Why."}, staff)
        yield suspensions.reinstate(Subject.PERSON, user.user_id, {}, staff)
        yield subscriptions.rename(number, {"name": "New"}, admin)
        yield subscriptions.regenerate(number, "primary", admin)
        subscribe(user, "Line 2")
        yield subscriptions.cancel(number, admin)
        yield upload(panels_csv(5, "CC"), user)
        for data in (panels_csv(2, "AA", start=3), panels_csv(4, "CC", start=3), b"x"):
            with contextlib.suppress(ValidationError):
                upload(data, acting(demo.SUPPLIER))
        upload(panels_csv(2, "DD0"), user)
        upload(panels_csv(2, "DDO"), acting(demo.SUPPLIER))
        yield look_alikes.search()
        yield load_list(*LIST)
        calculations.save(EXAMPLES[1].answers, WEB)


class Tamperer:
    """Somebody who can write to the database, at places that a seed decides."""

    def __init__(self, connection, seed, history):
        self.connection, self.history = connection, history
        self.random = random.Random(seed)
        self.done = []  # what is changed, and in which tables and columns

    def rows(self, table, *where):
        """Return the rows of a table in the order of its first column."""
        query = sa.select(table).where(*where).order_by(table.c[0])
        return self.connection.execute(query).all()

    def pick(self, table, *where):
        """Return one of the rows of a table."""
        return self.random.choice(self.rows(table, *where))

    def update(self, table, row, /, **values):
        """Change a row, which its primary key finds."""
        self.done.append(("update", table.name, *values))
        keys = [column == row._mapping[column.name] for column in table.primary_key]
        self.connection.execute(sa.update(table).where(*keys).values(values))

    def delete(self, table, row):
        """Delete a row."""
        self.done.append(("delete", table.name))
        keys = [column == row._mapping[column.name] for column in table.primary_key]
        self.connection.execute(sa.delete(table).where(*keys))

    def insert(self, table, row, /, **values):
        """Insert a copy of a row, with other values; return its id."""
        self.done.append(("insert", table.name, *values))
        new = dict(row._mapping) | values
        if "id" in new and "id" not in values:
            new["id"] = self.rows(table)[-1].id + self.random.randint(1, 9)
        self.connection.execute(sa.insert(table).values(new))
        return new.get("id")

    def touch(self, table, names, another):
        """Change, remove or insert a row. A new row is another one by some values."""
        row, chance = self.pick(table), self.random.random()
        if chance < 0.3:
            self.delete(table, row)
        elif chance < 0.6:
            self.insert(table, row, **another(row, self.random.randint))
        else:
            self.alter(table, row, names)

    def alter(self, table, row, names):
        """Give one of some columns another value; return its name."""
        name = self.random.choice(names.split())
        self.update(table, row, **{name: self.other(table.c[name], row._mapping[name])})
        return name

    def other(self, column, value):
        """Return another value for a column than it has."""
        is_moment = isinstance(column.type, UtcDateTime)
        usual = datetime if is_moment else column.type.python_type
        kind = usual if value is None else type(value)
        if kind is bool:
            return not value
        if kind is int:
            return (value or 0) + self.random.randint(1000, 2000)
        if issubclass(kind, date):
            start = value or datetime.fromisoformat("2026-11-01T00:00:00+00:00")
            sign = self.random.choice([-1, 1])
            return start + sign * timedelta(days=self.random.randint(1, 400))
        if kind in (list, dict):
            return [*(value or []), "x"] if kind is list else {**(value or {}), "x": 1}
        if kind is bytes:
            return value[:-1] + bytes([value[-1] ^ 1])
        return self._other_text(value or "")

    def _other_text(self, text):
        at = self.random.randrange(len(text) or 1)
        new = self.random.choice([each for each in "ßÆØ" if each != text[at : at + 1]])
        return text[:at] + new + text[at + 1 :]

    def chain(self):
        """Return the name of a chain and its events, oldest first."""
        name = self.random.choice(audit_log.CHAINS)
        return name, self.events(name)

    def events(self, chain):
        """Return the events of a chain, oldest first."""
        query = sa.select(EVENT).where(EVENT.c.chain == chain)
        return self.connection.execute(query.order_by(EVENT.c.sequence)).all()

    def edit_details(self, event):
        """Change the details of an event, which stay JSON."""
        details = json.loads(event.details)
        details["ip"] = f"198.51.100.{self.random.randint(1, 250)}"
        self.update(EVENT, event, details=audit_log.canonical(details))

    def head(self, chain, **values):
        """Change the head of a chain."""
        changed = sa.update(HEAD).where(HEAD.c.name == chain).values(**values)
        self.connection.execute(changed)

    def append(self, chain, event, *, with_head=True, forge=lambda _event: None, **new):
        """Append a copy of an event, made to fit the chain; return its number."""
        last = self.events(chain)[-1]
        added = transient(event, sequence=last.sequence + 1, **new)
        added.previous_hash = last.hash
        forge(added)
        added.hash = audit_log.hash_of(added)
        names = [column.name for column in EVENT.c if column.name != "id"]
        self.insert(EVENT, last, **{name: getattr(added, name) for name in names})
        if with_head:
            self.head(chain, sequence=added.sequence, hash=added.hash)
        return added.sequence

    def relink(self, chain, start=1, forge=lambda _event: None):
        """Compute all hashes again, from one event on, and put the last in the head."""
        previous, last = "", 0
        for event in self.events(chain):
            if event.sequence >= start:
                made = transient(event, previous_hash=previous)
                forge(made)
                made.hash = audit_log.hash_of(made)
                names = ("previous_hash", "hash", "format", "key_id", "seal")
                self.update(
                    EVENT, event, **{name: getattr(made, name) for name in names}
                )
                previous = made.hash
            else:
                previous = event.hash
            last = event.sequence
        self.head(chain, sequence=last, hash=previous)


def transient(event, **values):
    """Return an event that no session knows, as a copy of a row."""
    columns = dict(event._mapping) | values
    return AuditEvent(**{name: columns[name] for name in columns if name != "id"})
