"""Sign-in: known browsers, and tries counted by address and network.

What was counted before is not taken along: it was to be forgotten within a day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def moment(name):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade():
    op.drop_table("sign_in_failures")
    op.create_table(
        "sign_in_tries",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("network", sa.String(43), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("wait_until"),
        moment("ends_at"),
        sa.PrimaryKeyConstraint("subject", "network", name="pk_sign_in_tries"),
    )
    op.create_index("ix_sign_in_tries_ends_at", "sign_in_tries", ["ends_at"])
    op.create_table(
        "known_browsers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        moment("signed_in_at"),
        sa.PrimaryKeyConstraint("id", name="pk_known_browsers"),
        sa.UniqueConstraint(
            "browser_hash", "user_id", name="uq_known_browsers_browser_hash_user_id"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_known_browsers_user_id_users"
        ),
    )
    op.create_index("ix_known_browsers_user_id", "known_browsers", ["user_id"])


def downgrade():
    op.drop_table("known_browsers")
    op.drop_table("sign_in_tries")
    op.create_table(
        "sign_in_failures",
        sa.Column("email_hash", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("wait_until"),
        sa.PrimaryKeyConstraint("email_hash", name="pk_sign_in_failures"),
    )
    op.create_index(
        "ix_sign_in_failures_wait_until", "sign_in_failures", ["wait_until"]
    )
