"""Indexes by which the newest conflicts of an account are found."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = ("holder_id", "account_id")


def upgrade():
    _replace("refused_at", "refused_upload_id")


def downgrade():
    _replace("refused_upload_id", "refused_at")


def _replace(old, new):
    for column in COLUMNS:
        op.drop_index(f"ix_conflicts_{column}_{old}", table_name="conflicts")
        op.create_index(f"ix_conflicts_{column}_{new}", "conflicts", [column, new])
