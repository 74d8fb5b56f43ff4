"""Mend databases that an earlier text of the migrations 0001 to 0005 has made.

Each was changed after somebody could have run it. Where nothing is missing, nothing
is done.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_users_link_hash", "users", ["link_hash"], None),
    ("ix_upload_products_marked", "upload_products", ["upload_id", "product_id"],
     "valid_count < row_count"),
    ("ix_panel_serials_upload_id_product_id_serial_number", "panel_serials",
     ["upload_id", "product_id", "serial_number"], None),
    ("ix_panel_serials_marked", "panel_serials",
     ["upload_id", "product_id", "serial_number"], "invalidation_id IS NOT NULL"),
    ("ix_api_requests_answered", "api_requests", ["at"], "answer IS NOT NULL"),
]
NO_LONGER = [
    ("ix_user_sessions_seen_at", "user_sessions"),
    ("ix_panel_serials_upload_id_invalidation_id_product_id", "panel_serials"),
]
# As SQL, for SQLite does not add a column with its key by other means.
NAMED = """
ALTER TABLE api_requests ADD COLUMN invalidation_id INTEGER
CONSTRAINT fk_api_requests_invalidation_id_invalidations REFERENCES invalidations (id)
"""


def upgrade():
    found = sa.inspect(op.get_bind())
    if "invalidation_id" not in columns(found, "api_requests"):
        op.execute(NAMED)
    if not columns(found, "stc_calculations")["reference"]["nullable"]:
        with op.batch_alter_table("stc_calculations") as table:
            table.alter_column(
                "reference", existing_type=sa.String(16), nullable=True
            )
    if found.get_unique_constraints("users"):
        with op.batch_alter_table("users") as table:
            table.drop_constraint("uq_users_link_hash", type_="unique")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE panel_serials ALTER COLUMN id TYPE bigint")
        op.execute("ALTER SEQUENCE panel_serials_id_seq AS bigint")
    for name, table in NO_LONGER:
        op.drop_index(name, table, if_exists=True)
    for name, table, on, where in INDEXES:
        clause = sa.text(where) if where else None
        op.create_index(
            name, table, on, if_not_exists=True,
            sqlite_where=clause, postgresql_where=clause,
        )


def downgrade():
    """Leave what was mended: the migrations before this one make it, too."""


def columns(found, table):
    return {column["name"]: column for column in found.get_columns(table)}
