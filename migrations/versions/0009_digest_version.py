"""The version of the format by which the rows of an upload were hashed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    """Every upload of before was hashed by version 1."""
    op.add_column(
        "uploads",
        sa.Column("digest_version", sa.Integer(), nullable=False, server_default="1"),
    )


def downgrade():
    op.drop_column("uploads", "digest_version")
