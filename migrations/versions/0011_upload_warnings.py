"""The warnings about rows of an upload that its user has confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    """Uploads of before have none: nothing warned."""
    op.add_column("uploads", sa.Column("warnings", sa.JSON(), nullable=True))


def downgrade():
    op.drop_column("uploads", "warnings")
