"""Migrations of both databases: up, down and up again, with data."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask_migrate import check, downgrade, upgrade

from spv import demo, readiness
from spv.extensions import db
from spv.models import StcBatch
from spv.rules.stc.batch import template_text
from spv.services.actor import visitor
from spv.services.stc import batches, calculations
from spv.services.verify import checks
from spv.services.verify.calculations import replay
from tests.api import INVALIDATIONS, items, system_of
from tests.conftest import dispose, make_app, opened
from tests.examples import GOOD_SOLAR
from tests.panels import panels_csv, upload
from tests.people import acting

pytestmark = pytest.mark.every_database(fresh=True)

WEB = visitor("web")


# Alembic cannot read such an index back from SQLite; on PostgreSQL it is compared.
EXPRESSIONS = "ignore:.*expression-based index"


@pytest.mark.filterwarnings(EXPRESSIONS)
def test_models_and_migrations_agree(app):
    check()


def test_up_down_and_up_with_data(app):
    calculations.save(GOOD_SOLAR, WEB)
    batches.save(template_text().encode(), WEB)
    demo.load()
    db.session.close()
    downgrade(revision="base")
    assert "should be at" in readiness.revision_problem()
    assert sa.inspect(db.engine).get_table_names() == ["alembic_version"]
    db.session.close()
    upgrade()
    assert readiness.revision_problem() == ""
    calculations.save(GOOD_SOLAR, WEB)
    assert checks.verify().counts["event"] == 1
    assert replay().sentences == []


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.filterwarnings(EXPRESSIONS)
def test_down_to_the_calculations_and_up_keeps_them(demonstration):
    """The other data goes. The log of calculations stays, and cannot be changed."""
    calculations.save(GOOD_SOLAR, WEB)
    db.session.close()
    downgrade(revision="0001")
    chains = db.session.execute(
        sa.text("SELECT chain, count(*) FROM audit_events GROUP BY 1")
    )
    assert chains.all() == [("stc", 1)]
    for verb in ("UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            db.session.execute(sa.text(verb))
        db.session.rollback()
    db.session.close()
    upgrade()
    found = checks.verify()
    assert found.sentences == []
    assert found.counts["event"] == 2  # the calculation, and the baseline after it
    assert demo.load()
    check()


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.filterwarnings(EXPRESSIONS)
def test_down_by_one_and_up_keeps_people_and_the_log(demonstration):
    """The ledger and its declarations go, and the log still names them."""
    db.session.close()
    downgrade(revision="0002")
    assert demo.sign_ins().keys() == demo.SIGN_INS.keys()
    db.session.close()
    upgrade()
    lost = checks.verify()
    assert (lost.counts["upload"], lost.counts["row"]) == (5, 0)
    assert {kind: of.count for kind, of in lost.problems.items()} == {
        "ledger": 11,
        "refusals": 4,
    }
    upload(panels_csv(2), acting(demo.VSP_USER))
    assert checks.verify().counts["row"] == 2
    check()


def test_not_ready_without_a_database(tmp_path):
    with opened(f"sqlite:///{tmp_path}/missing/spv.sqlite") as app:
        answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["reason"] == "The database does not answer."


def test_not_ready_with_two_versions_of_the_schema(sqlite_url):
    with opened(sqlite_url) as app:
        upgrade()
        db.session.execute(sa.text("INSERT INTO alembic_version VALUES ('0003')"))
        db.session.commit()
        answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert " and should be at " in answer.json["reason"]
    assert "0003 and " in answer.json["reason"] or " and 0003" in answer.json["reason"]


def test_sqlite_is_durable_and_checks_foreign_keys(sqlite_url):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with opened(sqlite_url), db.engine.connect() as connection:
        for name, value in wanted.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_ready_from_any_folder(app, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert readiness.revision_problem() == ""


def test_a_moment_needs_its_zone(app):
    query = sa.select(StcBatch).where(StcBatch.document_until < datetime(2026, 1, 1))
    with pytest.raises(sa.exc.StatementError, match="needs its time zone"):
        db.session.scalars(query)


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.filterwarnings(EXPRESSIONS)
def test_uploads_of_api_clients_stay_when_their_tables_go(demonstration):
    """The uploads become those of the users who subscribed; the log differs then."""
    actor = acting(demo.VSP_ADMIN)
    system = system_of(demonstration, actor)
    assert system.send(body=items(3)).status_code == 201
    marking = {"serialNumbers": ["EX000001"], "reason": "Ineligible panel"}
    assert system.send(INVALIDATIONS, marking).status_code == 201
    before = checks.verify()
    assert before.sentences == []
    db.session.close()
    downgrade(revision="0004")
    for table in ("uploads", "invalidations"):
        query = f"SELECT user_id FROM {table} ORDER BY id DESC LIMIT 1"
        assert db.session.scalar(sa.text(query)) == actor.user_id
    db.session.close()
    upgrade()
    after = checks.verify()
    for name in ("upload", "row"):
        assert after.counts[name] == before.counts[name]
    others = [each for each in after.sentences if "refus" not in each]
    uploaded, marked = others
    assert "saved with another declaration, user, subscription" in uploaded
    assert "saved with another user, subscription" in marked
    check()


def test_an_upgrade_without_a_database_says_so():
    app = make_app("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    with app.app_context(), pytest.raises(SystemExit, match="Error: The database does"):
        upgrade()
    dispose(app)
