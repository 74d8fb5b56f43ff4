"""Accounts, users, sessions, applications, nominated contacts; the registry's log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = [
    "nominated_contacts",
    "account_applications",
    "sign_in_failures",
    "user_sessions",
    "users",
    "accounts",
]


def moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def one_of(table, column, condition):
    """At most one row that meets the condition for each value of the column."""
    where = sa.text(condition)
    op.create_index(
        f"uq_{table}_{column}", table, [column], unique=True,
        sqlite_where=where, postgresql_where=where,
    )


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("legal_name", sa.String(200), nullable=False),
        sa.Column("abn", sa.String(11), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("account_types", sa.JSON(), nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("abn", name="uq_accounts_abn"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.Column("link_hash", sa.String(64), nullable=True),
        moment("link_until", nullable=True),
        moment("created_at"),
        moment("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_users_account_id_accounts"
        ),
    )
    op.create_index("ix_users_account_id", "users", ["account_id"])
    op.create_index("ix_users_link_hash", "users", ["link_hash"])
    one_of("users", "email", "removed_at IS NULL")
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        moment("started_at"),
        moment("seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_sessions_user_id_users"
        ),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
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
    op.create_table(
        "account_applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("is_upgrade", sa.Boolean(), nullable=False),
        sa.Column("legal_name", sa.String(200), nullable=False),
        sa.Column("abn", sa.String(11), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("account_types", sa.JSON(), nullable=False),
        moment("submitted_at"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("assessed_by_id", sa.Integer(), nullable=True),
        moment("assessed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_applications"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_account_applications_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"],
            name="fk_account_applications_account_id_accounts",
        ),
        sa.ForeignKeyConstraint(
            ["assessed_by_id"], ["users.id"],
            name="fk_account_applications_assessed_by_id_users",
        ),
    )
    for column in ("user_id", "account_id", "status"):
        op.create_index(
            f"ix_account_applications_{column}", "account_applications", [column]
        )
    one_of("account_applications", "user_id", "status = 'submitted'")
    one_of("account_applications", "account_id", "status = 'submitted'")
    op.create_table(
        "nominated_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("legal_name", sa.String(200), nullable=False),
        sa.Column("abn", sa.String(11), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nominated_contacts"),
        sa.UniqueConstraint("abn", name="uq_nominated_contacts_abn"),
    )
    op.create_index("ix_nominated_contacts_email", "nominated_contacts", ["email"])
    op.execute(
        "INSERT INTO audit_chains (name, sequence, hash) VALUES ('registry', 0, '')"
    )


def downgrade():
    # The log refuses to lose an event; what it tells of is gone with these tables.
    guarded = op.get_bind().dialect.name == "postgresql"
    if guarded:
        op.execute("ALTER TABLE audit_events DISABLE TRIGGER audit_events_guard")
    else:
        op.execute("DROP TRIGGER audit_events_DELETE")
    op.execute("DELETE FROM audit_events WHERE chain = 'registry'")
    op.execute("DELETE FROM audit_chains WHERE name = 'registry'")
    if guarded:
        op.execute("ALTER TABLE audit_events ENABLE TRIGGER audit_events_guard")
    else:
        op.execute(
            """CREATE TRIGGER audit_events_DELETE BEFORE DELETE ON audit_events
            BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END"""
        )
    for table in TABLES:
        op.drop_table(table)
