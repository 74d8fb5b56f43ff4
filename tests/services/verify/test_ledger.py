"""`audit verify` finds every change of the ledger that the app has not made."""

import json
import tracemalloc

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, PanelSerial, Upload
from spv.rules.ledger import rows
from spv.services import audit_log
from spv.services.api import subscriptions
from spv.services.ledger import uploads
from spv.services.verify import checks, comparison
from tests.api import subscribe
from tests.many_uploads import add_uploads
from tests.panels import mark, panels_csv, upload
from tests.people import acting
from tests.proof import log_problems

pytestmark = pytest.mark.every_database

UPLOAD = "(SELECT max(id) FROM uploads)"
OURS = f"upload_id = {UPLOAD}"
# A change of the database, and the words of the problem that is found.
TAMPERING = [
    ("UPDATE panel_serials SET serial_number = 'ZZ1' WHERE serial_number = 'EX000002'",
     "its rows were changed"),
    (f"UPDATE products SET model_number = 'EX-441' WHERE id = "
     f"(SELECT min(product_id) FROM panel_serials WHERE {OURS})",
     "its rows were changed"),
    ("UPDATE products SET supplier_name_key = 'x' WHERE id = 3",
     "product 3: its search key is not that of its names"),
    ("UPDATE products SET licensee_key = upper(licensee_key) WHERE id = 3",
     "product 3: its search key is not that of its names"),
    ("UPDATE products SET model_number_key = '' WHERE id = 3",
     "product 3: its search key is not that of its names"),
    ("DELETE FROM panel_serials WHERE serial_number = 'EX000003'",
     "its rows were changed"),
    (f"DELETE FROM panel_serials WHERE {OURS}", "its rows are missing"),
    (f"INSERT INTO panel_serials (id, serial_number, product_id, upload_id) "
     f"SELECT 9999, 'ZZ1', product_id, upload_id FROM panel_serials WHERE {OURS} "
     f"LIMIT 1", "its rows were changed"),
    (f"UPDATE panel_serials SET upload_id = {UPLOAD} - 1 "
     f"WHERE serial_number = 'EX000003'", "its rows were changed"),
    (f"UPDATE uploads SET row_count = 4 WHERE id = {UPLOAD}",
     "saved with another rows"),
    (f"UPDATE uploads SET filename = 'y' WHERE id = {UPLOAD}",
     "saved with another filename"),
    (f"UPDATE uploads SET account_id = account_id + 1 WHERE id = {UPLOAD}",
     "saved with another declaration, account"),
    (f"UPDATE uploads SET audit_sequence = 1 WHERE id = {UPLOAD}",
     "saved with another event"),
    ("UPDATE declarations SET wording_version = '2000-01-01'",
     "saved with another wording_version"),
    ("UPDATE declarations SET user_id = 1",
     "saved with another declaration"),
    (f"UPDATE uploads SET sha256 = 'x' WHERE id = {UPLOAD}",
     "saved with another sha256"),
    (f"UPDATE uploads SET digest_version = 2 WHERE id = {UPLOAD}",
     "saved with another digest_version"),
    (f"UPDATE uploads SET channel = 'api' WHERE id = {UPLOAD}",
     "saved with another channel"),
    (f"UPDATE uploads SET received_at = '2020-01-01 00:00:00.000000' "
     f"WHERE id = {UPLOAD}", "saved with another declaration, at"),
    (f"UPDATE uploads SET declaration_id = 1 WHERE id = {UPLOAD}",
     "saved with another declaration"),
    ("UPDATE declarations SET made_at = '2020-01-01 00:00:00.000000'",
     "saved with another declaration"),
    ("INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
     "made_at) SELECT account_id, user_id, purpose, wording_version, made_at "
     "FROM declarations WHERE purpose = 'upload'", "belongs to no upload"),
    ("UPDATE declarations SET expires_on = '2030-01-01' WHERE purpose = 'api'",
     "saved with another expires_on"),
    ("INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
     "made_at, expires_on) SELECT account_id, user_id, 'terms', wording_version, "
     "made_at, '2099-01-01' FROM declarations WHERE purpose = 'api'",
     "saved, but not in the log"),
    ("UPDATE subscriptions SET cancelled_at = NULL",
     "saved with another cancelled_at"),
    ("UPDATE subscriptions SET name = 'x'", "subscription 1: saved with another name"),
    ("UPDATE subscriptions SET account_id = account_id + 1",
     "subscription 1: saved with another account_id"),
    ("UPDATE subscription_keys SET kind = 'x' WHERE kind = 'test'",
     "subscription key 3: saved with another kind"),
    ("UPDATE subscription_keys SET digest = 'x' WHERE kind = 'primary'",
     "subscription key 1: saved with another digest"),
    ("INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
     "made_at, expires_on) SELECT account_id, user_id, purpose, wording_version, "
     "made_at, expires_on FROM declarations WHERE purpose = 'api'",
     "saved, but not in the log"),
    ("UPDATE declarations SET purpose = 'api'", "saved with another declaration"),
    ("UPDATE declarations SET expires_on = '2030-01-01'",
     "saved with another declaration"),
    (f"INSERT INTO invalidations (user_id, reason, other_reason, criteria, row_count, "
     f"made_at, audit_sequence) SELECT user_id, 'x', '', '{{}}', 1, received_at, 1 "
     f"FROM uploads WHERE id = {UPLOAD}; UPDATE panel_serials SET invalidation_id = 2 "
     f"WHERE serial_number = 'EX000003'", "rows were marked, and no event says so"),
    ("UPDATE panel_serials SET invalidation_id = 1 WHERE serial_number = 'EX000003'",
     "invalidation 1: its rows were changed"),
    ("UPDATE panel_serials SET invalidation_id = NULL WHERE serial_number = 'AA000001'",
     "invalidation 1: its rows were changed"),
    ("UPDATE panel_serials SET invalidation_id = NULL WHERE invalidation_id = 1",
     "invalidation 1: no row is marked by it"),
    ("UPDATE invalidations SET reason = 'x'",
     "invalidation 1: saved with another reason"),
    ("UPDATE invalidations SET other_reason = 'x'", "saved with another other_reason"),
    ("UPDATE invalidations SET criteria = '{}'", "saved with another criteria"),
    ("UPDATE invalidations SET user_id = 1", "saved with another user"),
    ("UPDATE invalidations SET account_id = NULL", "saved with another account"),
    ("UPDATE invalidations SET row_count = 1", "saved with another rows"),
    ("UPDATE invalidations SET upload_id = 1", "saved with another upload"),
    ("UPDATE invalidations SET audit_sequence = 1", "saved with another event"),
    ("UPDATE invalidations SET made_at = '2020-01-01 00:00:00.000000'",
     "saved with another at"),
    (f"UPDATE upload_products SET valid_count = 2 WHERE {OURS}",
     "its rows are counted wrongly"),
    (f"UPDATE upload_products SET row_count = 2 WHERE {OURS}",
     "its rows are counted wrongly"),
    (f"DELETE FROM upload_products WHERE {OURS}", "its rows are counted wrongly"),
    (f"INSERT INTO upload_products VALUES ({UPLOAD}, (SELECT min(id) FROM products), "
     f"1, 1)", "its rows are counted wrongly"),
    # Two rows whose hash is that of three: the names of one hold another.
    (f"DELETE FROM panel_serials WHERE serial_number = 'EX000001'; "
     f"UPDATE products SET supplier_name = 'Example Supplier' || chr(9) || "
     f"'Example Holder' || chr(9) || 'EX-440' || chr(9) || 'EX000001' || chr(10) || "
     f"'Example Supplier' WHERE id = (SELECT min(product_id) FROM panel_serials "
     f"WHERE {OURS})", "its rows were changed"),
    # One row holds two lines, and the place of the other one is empty.
    ("UPDATE panel_serials SET serial_number = 'EX000001' || chr(10) || 'EX000002' "
     "WHERE serial_number = 'EX000001'; UPDATE panel_serials SET serial_number = '' "
     "WHERE serial_number = 'EX000002'", "its rows were changed"),
    (f"INSERT INTO uploads SELECT id + 1, account_id, user_id, declaration_id, "
     f"channel, filename, sha256, row_count, received_at, audit_sequence, NULL, "
     f"1, NULL FROM uploads WHERE id = {UPLOAD}", "saved, but not in the log"),
]  # fmt: skip


def changed_subscription(actor):
    """One that was renamed, and given another key, before it was cancelled."""
    number = subscribe(actor)
    subscriptions.rename(number, {"name": "New"}, actor)
    subscriptions.regenerate(number, "primary", actor)
    subscriptions.cancel(number, actor)


@pytest.fixture
def two_uploads(made_once, demonstration):
    def make():
        upload(panels_csv(3, "AA"), acting(demo.VSP_USER))
        mark(["AA000001", "AA000002"], acting(demo.VSP_USER))
        changed_subscription(acting(demo.VSP_ADMIN))
        return upload(panels_csv(3), acting(demo.VSP_USER)).upload_id

    return made_once(make)


@pytest.mark.every_database
def test_an_untouched_ledger(two_uploads):
    before = checks.verify()
    assert before.sentences == []
    upload(panels_csv(1000, "BB"), acting(demo.SUPPLIER))
    after = checks.verify()
    assert after.counts - before.counts == {"event": 1, "upload": 1, "row": 1000}
    assert after.sentences == []


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize(("statement", "words"), TAMPERING)
def test_tampering(two_uploads, statement, words):
    if db.engine.dialect.name == "sqlite":
        statement = statement.replace("chr(", "char(")
    for each in statement.split("; "):
        db.session.execute(sa.text(each.replace(":", "\\:")))
    db.session.commit()
    problems = log_problems()
    assert any(words in problem for problem in problems), problems


def test_each_upload_is_proved_by_the_version_of_its_digest(two_uploads, monkeypatch):
    monkeypatch.setitem(rows.DIGESTS, 2, lambda panels: f"{len([*panels]):064}")
    monkeypatch.setattr(uploads, "DIGEST_VERSION", 2)
    newest = upload(panels_csv(4, "CC"), acting(demo.VSP_USER)).upload_id
    assert db.session.get_one(Upload, newest).sha256 == f"{4:064}"
    add_uploads(2, acting(demo.VSP_USER))
    events = db.session.query(AuditEvent).filter_by(event=uploads.RECORDED)
    versions = [json.loads(event.details).get("digest_version") for event in events]
    assert {*versions} == {1, 2}
    assert log_problems() == []


@pytest.mark.every_database
def test_an_upload_that_is_gone(two_uploads):
    of_upload = "WHERE upload_id"
    for table in (f"panel_serials {of_upload}", f"upload_products {of_upload}",
                  "uploads WHERE id"):  # fmt: skip
        db.session.execute(sa.text(f"DELETE FROM {table} = {two_uploads}"))
    db.session.commit()
    missing, rows, declaration = log_problems()
    assert missing.startswith(f"upload {two_uploads}: in the log as event ")
    assert missing.endswith(", but not saved")
    assert rows == f"upload {two_uploads}: its rows are missing"
    assert declaration.endswith(": belongs to no upload")


def test_what_cannot_be_read(two_uploads):
    """SQLite takes anything in any column."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no such text")
    change = "UPDATE panel_serials SET serial_number = {} WHERE id = 1"
    whole = db.session.get_one(PanelSerial, 1).serial_number
    for broken in ("x'00'", "CAST(x'ff41' AS TEXT)", f"CAST('{whole}' AS BLOB)"):
        db.session.execute(sa.text(change.format(broken)))
        db.session.commit()
        problems = log_problems()
        assert problems == ["ledger: what is saved, or the log, cannot be read"]
    db.session.execute(sa.text(change.format(f"'{whole}'")))
    db.session.commit()
    assert log_problems() == []


def test_the_command_says_so(demonstration, two_uploads):
    run = demonstration.test_cli_runner().invoke
    result = run(args=["audit", "verify"])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("Proved: ")
    assert result.output.endswith(" are exactly as the audit log recorded them.\n")
    db.session.execute(sa.text("DELETE FROM panel_serials"))
    db.session.commit()
    result = run(args=["audit", "verify"])
    assert result.exit_code == 1
    assert f"upload {two_uploads}: its rows are missing\n" in result.output


def test_streams_are_joined_in_any_order():
    """Also where one lacks something, has it elsewhere, or has it twice."""
    one = [(1, "a"), (9, "i"), (2, "b"), (3, "c"), (3, "c'")]
    two = [(1, "A"), (2, "B"), (3, "C"), (4, "D"), (9, "I")]
    found = sorted(comparison.joined(one, two), key=str)
    assert found == [
        (1, ["a", "A"]), (2, ["b", "B"]), (3, ["c'", None]), (3, ["c", "C"]),
        (4, [None, "D"]), (9, ["i", "I"]),
    ]  # fmt: skip
    assert list(comparison.joined([], [])) == []


UNGUARDED = "SET session_replication_role = replica"


def test_one_that_is_changed_is_the_only_one_that_is_named(two_uploads):
    """Whatever number its event tells, no upload after it is said to be wrong."""
    after = upload(panels_csv(2, "CC"), acting(demo.VSP_USER)).upload_id
    is_sqlite = db.engine.dialect.name == "sqlite"
    off = "DROP TRIGGER audit_events_update" if is_sqlite else UNGUARDED
    db.session.execute(sa.text(off))
    place = db.session.get_one(Upload, two_uploads).audit_sequence
    where = (AuditEvent.chain == audit_log.REGISTRY) & (AuditEvent.sequence == place)
    details = json.loads(db.session.query(AuditEvent).filter(where).one().details)
    for number in (999_999, after, 1, 0, -1, True, [], {}, "x", 1.5, None, 10**30):
        forged = json.dumps(details | {"upload": number})
        changed = sa.update(AuditEvent).where(where).values(details=forged)
        db.session.execute(changed.execution_options(synchronize_session=False))
        db.session.commit()
        problems = log_problems()
        assert f"upload {two_uploads}: saved, but not in the log" in problems
        named = {str(two_uploads), str(number)}
        for problem in problems:
            thing, name = problem.split()[:2]
            is_named = name.strip(":") in named
            assert is_named or thing in ("event", "registry:"), (number, problem)


@pytest.mark.long
@pytest.mark.parametrize("many", [50_000])
def test_memory_does_not_grow_with_uploads(demonstration, many):
    """What is held at most while many are read, beside what a third of them takes."""
    peaks, actor = [], acting(demo.VSP_USER)
    for count in (many // 3, many - many // 3):
        add_uploads(count, actor)
        tracemalloc.start()
        found = checks.verify()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.sentences == []
    assert found.counts["upload"] == many + 5
    assert peaks[1] < 1.5 * peaks[0], peaks
