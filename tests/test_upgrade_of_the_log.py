"""A database of before November 2026, whose log has no seals, is upgraded."""

import json
import re

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from spv import demo
from spv.extensions import db
from spv.models import AuditChain, AuditEvent, AuditSubject, User
from spv.rules.errors import NotFoundError
from spv.rules.stc.batch import template_text
from spv.services import audit_log, checkpoints
from spv.services.accounts import users
from spv.services.actor import visitor
from spv.services.agency import staff, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.ledger.refusals import REFUSED
from spv.services.stc import batches, calculations
from spv.services.verify import checks
from tests.conftest import make_private
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, upload
from tests.people import NEW_PASSWORD, WEB, acting
from tests.tampering import EVENT, Tamperer

pytestmark = pytest.mark.every_database(fresh=True, long=True)

NEWER = ("format", "key_id", "seal")
TRIGGERS = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"


@pytest.fixture
def upgraded(demonstration):
    """A database with something of everything, as 0014 had it, and then upgraded."""
    user = acting(demo.VSP_USER)
    upload(panels_csv(5), user)
    mark(["EX000001"], user)
    calculations.save(GOOD_SOLAR, WEB)
    batches.save(template_text().encode(), visitor("batch"))
    db.session.close()
    downgrade(revision="0015")
    db.engine.dispose()
    is_sqlite = db.engine.dialect.name == "sqlite"
    options = {} if is_sqlite else {"options": "-c session_replication_role=replica"}
    url = db.engine.url.render_as_string(hide_password=False)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=options)
    with engine.begin() as connection:
        triggers = connection.scalars(sa.text(TRIGGERS)).all() if is_sqlite else []
        for name in ("UPDATE", "DELETE") if is_sqlite else ():
            connection.execute(sa.text(f"DROP TRIGGER audit_events_{name}"))
        make_old(connection)
        for trigger in triggers:
            connection.exec_driver_sql(trigger)
    upgrade()
    return demonstration


def make_old(connection):
    """Make every event one of format 1, and the tables those of 0014."""
    one = Tamperer(connection, 1, None)
    for chain in audit_log.CHAINS:
        for event in one.events(chain):
            details = json.loads(event.details)
            newer = {"states", "link"}
            if event.event == REFUSED:
                newer |= {"refusal", "report_until", "already_valid"}
            old = {n: v for n, v in details.items() if n not in newer}
            one.update(EVENT, event, details=audit_log.canonical(old))
        one.relink(chain, forge=without_seal)
    for table in ("audit_checks", "audit_checkpoints", "audit_tiles"):
        connection.execute(sa.text(f"DROP TABLE {table}"))
    connection.execute(sa.text("DROP INDEX ix_audit_events_at"))
    for column in NEWER:
        connection.execute(sa.text(f"ALTER TABLE audit_events DROP COLUMN {column}"))
    connection.execute(sa.text("UPDATE alembic_version SET version_num = '0014'"))


def without_seal(event):
    event.format, event.key_id, event.seal = 1, None, None


def test_all_of_it_is_proved_and_goes_on(upgraded):
    formats = dict(
        db.session.query(AuditEvent.format, sa.func.count()).group_by("format")
    )
    # The baselines, and the event of the columns that a later upgrade added.
    assert formats[2] == len(audit_log.CHAINS) + 1
    assert formats[1] > 30
    db.session.rollback()
    assert checks.verify().sentences == []
    make_private()
    user = acting(demo.VSP_USER)
    link = users.make_link(user.user_id, acting(demo.STAFF))
    users.use_link(link.token, NEW_PASSWORD, WEB)
    upload(panels_csv(5, "NEW"), user)
    for chain in audit_log.CHAINS:
        checkpoints.make(chain)
    with pytest.raises(NotFoundError, match="recorded before November 2026"):
        checkpoints.prove(audit_log.REGISTRY, 1)
    last = db.session.get_one(AuditChain, audit_log.REGISTRY).sequence
    assert checkpoints.prove(audit_log.REGISTRY, last).proof
    assert checks.verify().sentences == []


def test_staff_who_are_there_become_administrators(upgraded):
    """0015 knew no roles. All who were staff can do what they could before."""
    roles = {(user.is_staff, user.staff_role) for user in db.session.query(User)}
    assert roles == {(True, "administrator"), (False, None)}
    db.session.rollback()
    make_private()
    avery, robin = acting(demo.STAFF), acting(demo.ASSESSOR)
    staff.change_role(avery.user_id, {"role": "auditor"}, robin)
    suspensions.suspend(Subject.PERSON, avery.user_id, {"reason": "x"}, robin)
    assert checks.verify().sentences == []


ROWS_OF_BEFORE = [
    ("UPDATE users SET is_staff = true WHERE email = 'user@vsp.example'",
     r"user \d+: saved with another is_staff"),
    ("UPDATE accounts SET phone = 'x' WHERE id = 1",
     "account 1: saved with another phone"),
    ("UPDATE nominated_contacts SET email = 'x'",
     r"nominated contact \d+: saved with another email"),
    ("UPDATE stc_batches SET document = 'x'",
     "batch file 1: saved with another document"),
    ("UPDATE panel_serials SET serial_number = 'ZZ1' WHERE serial_number = 'EX000002'",
     r"upload \d+: its rows were changed"),
    ("UPDATE stc_calculations SET certificates = 1 WHERE batch_id IS NULL",
     r"\S+: differs from event 1 in its result"),
]  # fmt: skip


def test_what_is_changed_after_the_upgrade(upgraded):
    """Rows of before are compared with what the upgrade took in."""
    for statement, words in ROWS_OF_BEFORE:
        db.session.execute(sa.text(statement))
        db.session.commit()
        assert any(re.match(words, each) for each in checks.verify().sentences)


def test_without_the_event_that_took_them_in(upgraded):
    """Whoever removes it cannot make the log end without a seal."""
    if db.engine.dialect.name == "sqlite":
        db.session.execute(sa.text("DROP TRIGGER audit_events_DELETE"))
    else:
        db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    for chain in audit_log.CHAINS:
        head = db.session.get_one(AuditChain, chain)
        sealed = (AuditEvent.chain == chain) & (AuditEvent.format == 2)
        first = sa.select(AuditEvent).where(sealed).order_by(AuditEvent.sequence)
        event = db.session.scalars(first.limit(1)).one()
        head.sequence, head.hash = event.sequence - 1, event.previous_hash
        for gone in (
            sa.delete(AuditSubject).where(AuditSubject.event_id >= event.id),
            sa.delete(AuditEvent).where(sealed),
        ):
            db.session.execute(gone.execution_options(synchronize_session=False))
    db.session.commit()
    found = [each for each in checks.verify().sentences if "no seal" in each]
    end = "the last event has no seal: the end was cut off, or the log was made again"
    assert found == [f"stc: {end}", f"registry: {end}"]
