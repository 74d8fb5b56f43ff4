"""How many rows visitors have saved today, by network and in all."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "visitor_rows",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "network", name="pk_visitor_rows"),
    )


def downgrade():
    op.drop_table("visitor_rows")
