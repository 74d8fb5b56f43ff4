"""Search and marking: how many rows of a product an upload has; indexes for both."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS_OF_UPLOADS = "ix_panel_serials_upload_id_product_id_serial_number"
MARKED = sa.text("invalidation_id IS NOT NULL")
FEWER = sa.text("valid_count < row_count")
COUNT = """
INSERT INTO upload_products (upload_id, product_id, row_count, valid_count)
SELECT upload_id, product_id, count(*),
       sum(CASE WHEN invalidation_id IS NULL THEN 1 ELSE 0 END)
FROM panel_serials GROUP BY upload_id, product_id
"""


def of(column, other):
    """A column of the new table that names a row of another."""
    name = f"fk_upload_products_{column}_{other}"
    key = sa.ForeignKey(f"{other}.id", name=name)
    return sa.Column(column, sa.Integer(), key, nullable=False)


def upgrade():
    op.create_table(
        "upload_products",
        of("upload_id", "uploads"),
        of("product_id", "products"),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("valid_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "product_id", name="pk_upload_products"),
    )
    op.create_index("ix_upload_products_product_id", "upload_products", ["product_id"])
    op.create_index(
        "ix_upload_products_marked", "upload_products", ["upload_id", "product_id"],
        sqlite_where=FEWER, postgresql_where=FEWER,
    )
    op.execute(COUNT)
    add_audit_sequence()
    op.create_index("ix_uploads_received_at", "uploads", ["received_at"])
    op.drop_index("ix_panel_serials_upload_id", "panel_serials")
    columns = ["upload_id", "product_id", "serial_number"]
    op.create_index(ROWS_OF_UPLOADS, "panel_serials", columns)
    op.create_index(
        "ix_panel_serials_marked", "panel_serials", columns,
        sqlite_where=MARKED, postgresql_where=MARKED,
    )
    op.create_index(
        "ix_panel_serials_invalidation_id", "panel_serials", ["invalidation_id"],
        sqlite_where=MARKED, postgresql_where=MARKED,
    )


def add_audit_sequence():
    """There are markings only where somebody went down from here and up again."""
    with op.batch_alter_table("invalidations") as table:
        table.add_column(sa.Column("audit_sequence", sa.Integer()))
    told = "SELECT sequence, details FROM audit_events WHERE event = :event"
    change = "UPDATE invalidations SET audit_sequence = :sequence WHERE id = :id"
    connection = op.get_bind()
    events = connection.execute(sa.text(told), {"event": "rows.marked_invalid"}).all()
    for sequence, details in events:
        values = {"sequence": sequence, "id": json.loads(details)["invalidation"]}
        connection.execute(sa.text(change), values)
    with op.batch_alter_table("invalidations") as table:
        table.alter_column(
            "audit_sequence", existing_type=sa.Integer(), nullable=False
        )


def downgrade():
    op.drop_index("ix_panel_serials_invalidation_id", "panel_serials")
    op.drop_index("ix_panel_serials_marked", "panel_serials")
    op.drop_index(ROWS_OF_UPLOADS, "panel_serials")
    op.create_index("ix_panel_serials_upload_id", "panel_serials", ["upload_id"])
    op.drop_index("ix_uploads_received_at", "uploads")
    with op.batch_alter_table("invalidations") as table:
        table.drop_column("audit_sequence")
    op.drop_table("upload_products")
