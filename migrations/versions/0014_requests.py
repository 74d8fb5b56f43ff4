"""The log of API requests: id, duration, answer without data, and two filters."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = {"x_request_id": sa.String(64), "milliseconds": sa.Integer(),
           "summary": sa.JSON()}  # fmt: skip
FILTERS = {"successful": "status < 400", "refused": "status >= 400"}


def upgrade():
    """Requests of before have none of these."""
    for name, kind in COLUMNS.items():
        op.add_column("api_requests", sa.Column(name, kind, nullable=True))
    for name, condition in FILTERS.items():
        where = sa.text(condition)
        op.create_index(
            f"ix_api_requests_{name}", "api_requests", ["subscription_id", "id"],
            sqlite_where=where, postgresql_where=where,
        )


def downgrade():
    for name in FILTERS:
        op.drop_index(f"ix_api_requests_{name}", "api_requests")
    for name in COLUMNS:
        op.drop_column("api_requests", name)
