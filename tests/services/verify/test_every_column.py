"""Verification finds a change of any column of any table, but for those named here."""

from functools import partial

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import TrainingClass
from spv.services import audit_log, checkpoints
from spv.services.agency import desk
from spv.services.training import classes, places
from spv.services.verify import checks
from tests.endurance import sampled
from tests.many_uploads import add_uploads
from tests.people import KIM, WEB, acting
from tests.second_factors import enrol
from tests.tampering import History, Tamperer

pytestmark = pytest.mark.every_database(long=True)
# What docs/operations.md says cannot be found: whole tables, and some columns.
NOT_PROVED = {
    "user_sessions", "known_browsers", "sign_in_tries", "visitor_rows", "api_requests",
    "refused_files", "product_files", "audit_checks",
    "subscription_keys.last_used_at", "second_factors.last_step",
    "audit_checkpoints.made_at",
}  # fmt: skip
# Numbers that nothing else names. (Invalidations name the ids of their rows.)
NOT_PROVED |= {
    f"{table}.id"
    for table in ("approved_products", "audit_checkpoints", "look_alikes",
                  "panel_serials", "stc_calculations")
}  # fmt: skip


@pytest.fixture
def history(demonstration, copies, tmp_path):
    """A ledger that has something of everything, and checkpoints in the database."""
    made, staff = History(copies, tmp_path / "checkpoints.txt"), acting(demo.STAFF)
    enrol(KIM["email"])
    finding, note = desk.show().new[0].finding, "Asked both."
    desk.see({"finding": finding.name, "note": note}, staff)
    class_id = classes.open_class({"places": "2"}, staff)
    code = db.session.get_one(TrainingClass, class_id).code
    places.enter({"code": code, "name": "Mia"}, WEB)
    add_uploads(256, acting(demo.VSP_USER))  # which fill a tile
    for chain in audit_log.CHAINS:
        checkpoints.make(chain)
    db.session.rollback()
    made.whole = copies.take()
    assert checks.verify([made.file]).sentences == []
    return made


TABLES = [
    table for name, table in sorted(db.metadata.tables.items())
    if name not in NOT_PROVED
]  # fmt: skip
COLUMNS = [
    (table, column) for table in TABLES for column in table.c
    if f"{column}" not in NOT_PROVED
]  # fmt: skip


def is_found(history, seed, tamper):
    """Tell whether a change of the database is found; then take it back."""
    with history.copies.unguarded().connect() as connection:
        try:
            tamper(Tamperer(connection, seed, history))
        except (sa.exc.IntegrityError, sa.exc.DataError):
            return True  # the database itself refuses it
        connection.commit()
    found = checks.verify([history.file]).sentences
    history.copies.put_back(history.whole)
    return bool(found)


def alter(table, column, one):
    one.alter(table, one.pick(table), column.name)


def remove(table, one):
    one.delete(table, one.pick(table))


def copy(table, one):
    """Insert a copy of a row, with other values where they have to differ."""
    row = one.pick(table)
    unique = [each for each in table.constraints if type(each) is sa.UniqueConstraint]
    unique += [each for each in table.indexes if each.unique]
    keys = [table.primary_key, *(each.columns for each in unique)]
    names = {[*columns][-1].name for columns in keys} - {"id"}
    other = {n: one.other(table.c[n], row._mapping[n]) for n in names}
    one.insert(table, row, **other)


@sampled
def test_every_column(history, step):
    missed = [
        f"{column} {seed}"
        for table, column in COLUMNS[::step]
        for seed in range(1 if step > 1 else 3)
        if not is_found(history, f"{column} {seed}", partial(alter, table, column))
    ]
    assert missed == []


# The file has the same checkpoints, and tiles are computed again.
REPLACED = {"audit_checkpoints", "audit_tiles"}


@pytest.mark.parametrize(("tamper", "but"), [(remove, REPLACED), (copy, set())])
def test_every_table(history, tamper, but):
    missed = [
        table.name
        for table in TABLES
        if not is_found(history, table.name, partial(tamper, table))
    ]
    assert {*missed} == but
