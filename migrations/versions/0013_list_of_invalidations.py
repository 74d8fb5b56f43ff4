"""An index for the list of the invalidations of an account."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_invalidations_account_id_id"


def upgrade():
    """Its order is that of the list."""
    op.create_index(NAME, "invalidations", ["account_id", "id"])


def downgrade():
    op.drop_index(NAME, "invalidations")
