"""Names are found as they look, and rows of before keep their names when keys come."""

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from spv import demo
from spv.extensions import db
from spv.models import Account
from spv.rules.accounts import format_abn
from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS, PRODUCT_FIELDS
from spv.rules.ledger.search import read_criteria
from spv.services.ledger import invalidations, search, selections
from tests import brute_force
from tests.panels import upload
from tests.people import acting
from tests.proof import log_problems
from tests.test_migrations import EXPRESSIONS

pytestmark = pytest.mark.every_database

# Names that look the same; each is found by all of its line.
ALIKE = [
    ("Sun Co One", "Sun  Co One", "Sun\u00a0Co One", "Sun\u2009Co\u3000 One"),
    ("Neil's 'A'", "Neil’s ‘A’", "Neilʼs `A´", "NEIL’S 'a'"),
    ('The "Ray"', "The “Ray”", "the „ray‟"),
    ("N-type-440", "N‐type‑440", "n–type—440", "N−TYPE-440"),
    ("Müller Ñandú", "MÜLLER ÑANDÚ", "mu\u0308ller ñandú"),
    ("ΗΛΙΟΣ", "ηλιος"),
]
DIFFERENT = ["Sun Co-One", "SunCo One", "Muller Nandu", "Neils A", "Straße", "Strasse"]
EVERY_NAME = [*(name for names in ALIKE for name in names), *DIFFERENT]


def file_of(field):
    """A file with a row for each name, which stands in one of its three columns."""
    rows = []
    for number, name in enumerate(EVERY_NAME):
        others = dict.fromkeys(PRODUCT_FIELDS, "Example") | {field: name}
        rows.append((*others.values(), f"EX{field[0].upper()}{number:03}"))
    return csv_text([FIELDS.values(), *rows]).encode()


def found_by(actor, **answers):
    """The ids that a search finds, the same for its page, its total and its CSV."""
    criteria = read_criteria(answers)
    rows = brute_force.check(criteria, actor, brute_force.every_row())
    exported = "".join(search.export(criteria, actor))
    assert all(row.serial_number in exported for row in rows)
    return {row.id for row in rows}, criteria


@pytest.mark.parametrize(
    "field",
    [
        "supplier_name",
        pytest.param("licensee", marks=pytest.mark.long),
        pytest.param("model_number", marks=pytest.mark.long),
    ],
)
def test_names_are_found_as_they_look(vsp, field):
    upload(file_of(field), vsp)
    rows = brute_force.every_row("EX")
    assert [getattr(row, field) for row in rows] == [
        name.replace("mu\u0308", "mü") for name in EVERY_NAME
    ]  # as they were given, in NFC
    for start in ("", f"EX{field[0]}"):
        for names in ALIKE:
            numbers = {EVERY_NAME.index(name) for name in names}
            alike = {rows[number].id for number in numbers}
            for name in names[:1] if start else names:
                found, criteria = found_by(vsp, serial_number=start, **{field: name})
                assert found == alike, name
                chosen = selections.matching(criteria, set(), vsp)
                assert set(chosen.row_ids) == alike
        for name in DIFFERENT:
            found, _ = found_by(vsp, serial_number=start, **{field: name})
            assert found == {rows[EVERY_NAME.index(name)].id}, name


def test_all_that_matched_are_marked(vsp):
    upload(file_of("supplier_name"), vsp)
    found, criteria = found_by(vsp, supplier_name="neil's 'a")
    assert len(found) == len(ALIKE[1])
    selection = selections.matching(criteria, set(), vsp)
    reason = {"reason": "Ineligible panel"}
    number, _ = invalidations.mark(selection, reason, vsp)
    marked = {r.id for r in brute_force.every_row() if r.invalidation_id == number}
    assert marked == found
    assert log_problems() == []


def test_accounts_are_found_as_they_look(vsp):
    upload(file_of("licensee"), vsp)
    rows = {row.id for row in brute_force.every_row("EX")}
    account = db.session.get_one(Account, vsp.account_id)
    account.legal_name = "O’Neil\u00a0&  Söhne–Solar 100%"
    db.session.commit()
    names = "o'neil & SÖHNE-solar", "O‘NEIL &\u2003söhne−", "solar 100%"
    for typed in (*names, account.abn, format_abn(account.abn)):
        found, _ = found_by(acting(demo.STAFF), account=typed)
        assert found >= rows, typed
    for typed in ("oneil", "sohne", "solar_100%", account.abn[:10], account.abn[1:]):
        assert found_by(acting(demo.STAFF), account=typed)[0] == set()


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.filterwarnings(EXPRESSIONS)
def test_rows_of_before_are_found_and_nothing_else_of_them_changes(vsp):
    upload(file_of("model_number"), vsp)
    many = [("Sun\u2003Co", "H", f"M{n}", f"EXX{n}") for n in range(1000)]
    # More names than are read at once.
    upload(csv_text([FIELDS.values(), *many]).encode(), vsp)
    names = sa.text(f"SELECT id, {', '.join(PRODUCT_FIELDS)} FROM products ORDER BY id")
    products, rows = db.session.execute(names).all(), brute_force.every_row()
    db.session.close()
    downgrade(revision="0009")
    columns = {each["name"] for each in sa.inspect(db.engine).get_columns("products")}
    assert columns == {"id", *PRODUCT_FIELDS}
    assert db.session.execute(names).all() == products
    db.session.close()
    upgrade()
    assert db.session.execute(names).all() == products
    assert brute_force.every_row() == rows
    # The downgrade has taken the tables of refused uploads.
    assert not [each for each in log_problems() if "refus" not in each]
    assert len(found_by(vsp, model_number="N-TYPE-440")[0]) == len(ALIKE[3])
    assert len(found_by(vsp, supplier_name="SUN CO")[0]) == len(many)
    upload(file_of("licensee"), vsp)  # names that are new, with and after the others
    assert len(found_by(vsp, licensee="sun co one")[0]) == len(ALIKE[0])
