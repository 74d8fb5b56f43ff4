"""Warnings of batches, modules of batteries, and batteries that belong to solar."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    """Batches and calculations of before have none of these."""
    for name in ("late_certificates", "warned"):
        op.add_column("stc_batches", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("stc_batches", sa.Column("warnings", sa.Text(), nullable=True))
    for name in ("modules", "module_usable_kwh"):
        op.add_column("stc_calculations", sa.Column(name, sa.String(13), nullable=True))
    op.add_column(
        "stc_calculations", sa.Column("solar_reference", sa.String(16), nullable=True)
    )


def downgrade():
    for name in ("solar_reference", "module_usable_kwh", "modules"):
        op.drop_column("stc_calculations", name)
    for name in ("warnings", "warned", "late_certificates"):
        op.drop_column("stc_batches", name)
