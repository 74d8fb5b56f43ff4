"""Released migrations never change, and databases of their earlier texts are mended."""

import hashlib
import logging
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_migrate import check, downgrade, upgrade

from spv import readiness
from spv.extensions import db
from spv.models.audit import GUARDS
from tests.test_migrations import EXPRESSIONS

MIGRATIONS = Path(__file__).parents[1] / "migrations"
# A migration comes here with the change that brings it, and no line here changes after
# that: a mistake is mended by the next migration.
RELEASED = {
    "0001_calculations_and_audit.py":
        "be4ecf8bd98db393a98991173582e7e6aa92d375fb1603a7c792a1409fb8109c",
    "0002_accounts_and_access.py":
        "c02fcdaac23d238172d8187e90308adc7d2f0801d2b08f7fc6050352f256ef32",
    "0003_ledger.py":
        "20f39d5f68f431d17263ee9c8a315f229a33de09e01c561f92dd4d37d0cc0cb4",
    "0004_search_and_marking.py":
        "bd2c72789824f4fcac26a3f34aabdc071ac90cbb3c16e79e6a5c0ae86010bbbb",
    "0005_api.py":
        "1cc38a7a070b58609e3642a6be62a1c5557367c9d397fac46d31a285e6434d03",
    "0006_mend_tables.py":
        "edb85d36595160468399c30b003398e658583842b2e6fb166c859e42dd3b3819",
    "0007_sign_in_tries.py":
        "46884a1dad4f483409544119c1043afc47234eb3fb613e44d9357ecbbc37a30a",
    "0008_visitor_quota.py":
        "4636ff786991e198d2b95a3f0b2e4f19d020e6b6a0cc90ea68f229f300b37a7c",
    "0009_digest_version.py":
        "eebb33711339c0994137718b43e903d92066e2de2c968c784a0032fb273eb3ab",
    "0010_search_keys.py":
        "c1249740ce452d02c7edcbe11cf58395b781865fbf9ceb95662b51c24ae600c0",
    "0011_upload_warnings.py":
        "d172d6cd58467eba55bda3956f08047a691e3f88ead65101e0e2bfc4b3bc04bd",
    "0012_installations.py":
        "e803ae73c503db5f58188ee329b2fe0c153f081457cbbdbe11590870d9a73505",
    "0013_list_of_invalidations.py":
        "5861c0970744e28be9b070aeb12a5321dfc23c1b45bbccbaa4c3eede1f18a5cb",
    "0014_requests.py":
        "02d8b7914b547edcb625d537285a9dfc4990eb0681aaf8d1c6d3a32626353668",
    "0015_proof.py":
        "e7af9b315045c108e02633a856bd49f8a9cadda257d738adbe63cf1970a86c88",
    "0016_agency.py":
        "2edbbc2f81c18078ef5a1fba636bb40440b49875c07ce961b2bb58fbc8e7f003",
    "0017_training.py":
        "61dae65a796a0ef3e7bd3de5fe0f1f93d678052c30ff6ba2953381fd6c51fece",
    "0018_newest_conflicts.py":
        "54bc077bbe5cf310e3a0ae07b3c665b691bed9de563507b4a5a323e00d7b27f9",
}  # fmt: skip
# All of them were edited after others could have run them: text now, text at first.
EARLIER = {
    "0001_calculations_and_audit.py": [
        ('"reference", sa.String(16), nullable=True',
         '"reference", sa.String(16), nullable=False'),
    ],
    "0002_accounts_and_access.py": [
        ('        sa.PrimaryKeyConstraint("id", name="pk_users"),\n',
         '        sa.PrimaryKeyConstraint("id", name="pk_users"),\n'
         '        sa.UniqueConstraint("link_hash", name="uq_users_link_hash"),\n'),
        ('op.create_index("ix_users_link_hash", "users", ["link_hash"])', ""),
    ],
    "0003_ledger.py": [
        ('id_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite")',
         "id_type=None"),
    ],
    "0004_search_and_marking.py": [
        ("    op.create_index(\n"
         '        "ix_upload_products_marked", "upload_products", '
         '["upload_id", "product_id"],\n'
         "        sqlite_where=FEWER, postgresql_where=FEWER,\n    )\n", ""),
        ("    op.create_index(\n"
         '        "ix_panel_serials_marked", "panel_serials", columns,\n'
         "        sqlite_where=MARKED, postgresql_where=MARKED,\n    )\n", ""),
        ("ix_panel_serials_upload_id_product_id_serial_number",
         "ix_panel_serials_upload_id_invalidation_id_product_id"),
        ('columns = ["upload_id", "product_id", "serial_number"]',
         'columns = ["upload_id", "invalidation_id", "product_id"]'),
    ],
    "0005_api.py": [
        ('of("api_requests", "invalidation_id", "invalidations", nullable=True),', ""),
        ('index("ix_api_requests_answered", "api_requests", ["at"], '
         '"answer IS NOT NULL")', ""),
    ],
}  # fmt: skip


def test_released_migrations_are_as_they_were_released():
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
               for file in MIGRATIONS.glob("versions/*.py")}  # fmt: skip
    assert digests == RELEASED


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.filterwarnings(EXPRESSIONS)
def test_a_database_of_the_earlier_texts_is_mended(app, tmp_path):
    earlier = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, earlier)
    for name, changes in EARLIER.items():
        file = earlier / "versions" / name
        text = file.read_text()
        for now, then in changes:
            assert now in text
            text = text.replace(now, then)
        file.write_text(text)
    downgrade(revision="base")
    upgrade(directory=str(earlier), revision="0005")
    lacks = missing()
    assert "column api_requests.invalidation_id is missing" in lacks
    for name in ("api_requests_answered", "panel_serials_marked", "users_link_hash"):
        assert f"index ix_{name} is missing" in lacks
    assert "column stc_calculations.reference differs in its nullable" in lacks
    upgrade()
    assert missing() == ""
    check()


def missing():
    with db.engine.connect() as connection:
        return readiness.missing(connection)


@pytest.mark.every_database(fresh=True, long=True)
def test_readyz_and_upgrade_name_what_is_missing(app, client, caplog):
    """Also what the comparison with the models cannot see."""
    dialect = db.engine.dialect.name
    for trigger in GUARDS[dialect]:
        table = " ON audit_events" if dialect == "postgresql" else ""
        execute(f"DROP TRIGGER {trigger}{table}")
    execute("DROP INDEX uq_panel_serials_serial_number")
    execute("DROP INDEX ix_api_requests_answered")
    execute("ALTER TABLE nominated_contacts DROP COLUMN legal_name")
    execute("CREATE INDEX somebodys_own ON uploads (filename)")  # which may be there
    names = [
        "column nominated_contacts.legal_name is missing",
        "index ix_api_requests_answered is missing",
        "index uq_panel_serials_serial_number is missing",
        *(f"trigger {name} is missing or off" for name in sorted(GUARDS[dialect])),
    ]
    sentence = f"The tables differ from the models: {', '.join(names)}."
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, sentence)
    assert int(answer.headers["Retry-After"]) > 0
    caplog.clear()
    with pytest.raises(SystemExit) as ended, caplog.at_level(logging.ERROR):
        upgrade()
    assert ended.value.code == 1
    assert [record.message for record in caplog.records] == [f"Error: {sentence}"]


def execute(statement):
    with db.engine.begin() as connection:
        connection.execute(sa.text(statement))
