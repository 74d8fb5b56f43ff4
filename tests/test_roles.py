"""The two roles of PostgreSQL, set up as docs/operations.md says: enough, no more."""

import re
import uuid

import psycopg
import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.services import audit_log, checkpoints
from spv.services.accounts import sign_in
from spv.services.stc import calculations
from spv.services.verify import checks
from tests.conftest import load, migrate, opened
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, upload
from tests.people import KIM, WEB, acting
from tests.test_docs import DOCS

pytestmark = pytest.mark.postgresql
PAGE = (DOCS / "operations.md").read_text(encoding="utf-8")
LOG = ("audit_events", "audit_tiles", "audit_checkpoints")
KEPT = ("users", "accounts", "account_applications", "declarations", "uploads",
        "products", "panel_serials", "upload_products", "invalidations",
        "stc_batches", "stc_calculations", "suspensions", "audit_chains")  # fmt: skip
REFUSED = [
    *(f"UPDATE {table} SET chain = chain" for table in LOG),
    *(f"DELETE FROM {table}" for table in (*LOG, *KEPT)),
    *(f"TRUNCATE {table}" for table in (*LOG, *KEPT)),
    "INSERT INTO audit_chains VALUES ('old', 0, '')",
    "UPDATE alembic_version SET version_num = '0001'",
    "DROP TRIGGER audit_events_guard ON audit_events",
    "ALTER TABLE audit_events DISABLE TRIGGER ALL",
    "ALTER TABLE audit_events RENAME TO other",
    "DROP TABLE audit_events CASCADE",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NULL; END $$",
    "CREATE TABLE audit_copies (id integer)",
    "CREATE RULE silent AS ON INSERT TO audit_events DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
]


@pytest.fixture
def roles(postgres_server):
    """The addresses of a database for its owner and the app, as the page sets it up."""
    mark = uuid.uuid4().hex[:8]
    names = {"spv_owner": f"spv_owner_{mark}", "spv": f"spv_app_{mark}"}
    owner, app = names.values()
    plain = postgres_server.render_as_string(hide_password=False)
    with psycopg.connect(plain.replace("+psycopg", ""), autocommit=True) as connection:
        for name in names.values():
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
        connection.execute(f"CREATE DATABASE {app} OWNER {owner}")
        database = postgres_server.set(database=app)

        def address(name):
            url = database.set(username=name, password="secret")
            return url.render_as_string(hide_password=False)

        migrate(address(owner))
        whole = database.render_as_string(hide_password=False)
        with psycopg.connect(whole.replace("+psycopg", "")) as inside:
            inside.execute(statements(names))
        yield address(owner), address(app)
        connection.execute(f"DROP DATABASE {app} WITH (FORCE)")
        for name in names.values():
            connection.execute(f"DROP ROLE {name}")


def statements(names):
    """Return the statements of the page, with other names for the roles."""
    text = re.search(r"^    REVOKE CREATE ON SCHEMA.*?(?=^\S)", PAGE, re.S | re.M)[0]
    return re.sub(r"\bspv(_owner)?\b", lambda match: names[match[0]], text)


def test_the_app_works_as_its_role_and_cannot_change_the_log(roles, tmp_path):
    owner, app_role = roles
    load(app_role)
    with opened(app_role) as app:
        app.config["SPV_CHECKPOINTS"] = str(tmp_path / "checkpoints.txt")
        sign_in.sign_up(KIM, WEB)
        user = acting(demo.VSP_USER)
        upload(panels_csv(1000), user)
        mark(["EX000001"], user)
        calculations.save(GOOD_SOLAR, WEB)
        for chain in audit_log.CHAINS:
            checkpoints.make(chain)
        assert app.test_client().get("/readyz").status_code == 200
        for statement in REFUSED:
            refused = "permission denied|must be owner|must have admin"
            with pytest.raises(sa.exc.ProgrammingError, match=refused):
                db.session.execute(sa.text(statement))
            db.session.rollback()
        found = checks.verify()
        assert found.sentences == []
        assert found.counts["row"] > 1000
    migrate(owner)  # again, which changes nothing


LATER = [
    "INSERT INTO later (chain) VALUES ('x')",
    "UPDATE later SET chain = 'y'",
    "DELETE FROM later",
]


def test_the_app_can_use_the_tables_of_later_versions(roles):
    owner, app_role = roles
    with opened(owner):
        later = "CREATE TABLE later (id serial PRIMARY KEY, chain text)"
        db.session.execute(sa.text(later))
        db.session.commit()
    with opened(app_role):
        for statement in LATER:
            assert db.session.execute(sa.text(statement)).rowcount == 1
