"""The ledger: declarations, uploads, refused files, products, panel serial numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = [
    "panel_serials",
    "invalidations",
    "products",
    "refused_files",
    "uploads",
    "declarations",
]
SERIAL = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")


def moment(name):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def of(table, column, other, nullable=False):
    """A column that names a row of another table."""
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
    return sa.Column(column, sa.Integer(), key, nullable=nullable)


def text(name, length):
    return sa.Column(name, sa.String(length), nullable=False)


def number(name):
    return sa.Column(name, sa.Integer(), nullable=False)


def table(name, *columns, indexes=(), id_type=None):
    op.create_table(
        name,
        sa.Column("id", id_type or sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    for column in indexes:
        op.create_index(f"ix_{name}_{column}", name, [column])


def upgrade():
    table(
        "declarations",
        of("declarations", "account_id", "accounts"),
        of("declarations", "user_id", "users"),
        text("purpose", 10),
        text("wording_version", 10),
        moment("made_at"),
        sa.Column("expires_on", sa.Date(), nullable=True),
        indexes=["account_id"],
    )
    table(
        "uploads",
        of("uploads", "account_id", "accounts"),
        of("uploads", "user_id", "users"),
        of("uploads", "declaration_id", "declarations"),
        text("channel", 20),
        text("filename", 200),
        text("sha256", 64),
        number("row_count"),
        moment("received_at"),
        number("audit_sequence"),
        indexes=["account_id", "sha256"],
    )
    table(
        "refused_files",
        text("reference", 16),
        of("refused_files", "account_id", "accounts"),
        text("filename", 200),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        number("row_count"),
        number("problem_count"),
        moment("refused_at"),
        sa.UniqueConstraint("reference", name="uq_refused_files_reference"),
        indexes=["account_id", "refused_at"],
    )
    table(
        "products",
        text("supplier_name", 200),
        text("licensee", 200),
        text("model_number", 200),
    )
    op.create_index(
        "uq_products_supplier_name_licensee_model_number", "products",
        ["supplier_name", "licensee", "model_number"], unique=True,
    )
    table(
        "invalidations",
        of("invalidations", "account_id", "accounts", nullable=True),
        of("invalidations", "user_id", "users"),
        of("invalidations", "upload_id", "uploads", nullable=True),
        text("reason", 60),
        sa.Column("other_reason", sa.Text(), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        number("row_count"),
        moment("made_at"),
    )
    table(
        "panel_serials",
        sa.Column("serial_number", SERIAL, nullable=False),
        of("panel_serials", "product_id", "products"),
        of("panel_serials", "upload_id", "uploads"),
        of("panel_serials", "invalidation_id", "invalidations", nullable=True),
        indexes=["upload_id"],
        id_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    )
    op.create_index(
        "uq_panel_serials_serial_number", "panel_serials",
        ["serial_number", sa.text("coalesce(invalidation_id, 0)")], unique=True,
    )


def downgrade():
    for name in TABLES:
        op.drop_table(name)
