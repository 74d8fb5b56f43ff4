"""The API: subscriptions with their keys, requests; uploads and markings by systems."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ["api_requests", "subscription_keys", "subscriptions"]
BY_SYSTEMS = ["uploads", "invalidations"]


def moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of(table, column, other, nullable=False):
    """A column that names a row of another table."""
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
    return sa.Column(column, sa.Integer(), key, nullable=nullable)


def text(name, length, nullable=False):
    return sa.Column(name, sa.String(length), nullable=nullable)


def table(name, *columns):
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{name}")
    op.create_table(name, sa.Column("id", sa.Integer(), nullable=False), *columns, key)


def index(name, on, columns, where=None, unique=False):
    clause = sa.text(where) if where else None
    op.create_index(
        name, on, columns, unique=unique, sqlite_where=clause, postgresql_where=clause
    )


def upgrade():
    table(
        "subscriptions",
        of("subscriptions", "account_id", "accounts"),
        of("subscriptions", "user_id", "users"),
        text("name", 100), text("terms_version", 10),
        moment("created_at"), moment("cancelled_at", nullable=True),
    )
    index("uq_subscriptions_account_id_name", "subscriptions", ["account_id", "name"],
          "cancelled_at IS NULL", unique=True)
    table(
        "subscription_keys",
        of("subscription_keys", "subscription_id", "subscriptions"),
        text("kind", 10), text("digest", 64), text("sealed", 200),
        moment("created_at"), moment("last_used_at", nullable=True),
        sa.UniqueConstraint("digest", name="uq_subscription_keys_digest"),
    )
    index("ix_subscription_keys_subscription_id", "subscription_keys",
          ["subscription_id"])
    table(
        "api_requests",
        of("api_requests", "subscription_id", "subscriptions"),
        text("key_kind", 10), moment("at"), text("request", 200),
        sa.Column("status", sa.Integer(), nullable=True), text("outcome", 200),
        sa.Column("item_count", sa.Integer(), nullable=True),
        of("api_requests", "upload_id", "uploads", nullable=True),
        of("api_requests", "invalidation_id", "invalidations", nullable=True),
        text("idempotency_key", 255, nullable=True),
        text("body_sha256", 64, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
    )
    index("uq_api_requests_subscription_id_idempotency_key", "api_requests",
          ["subscription_id", "idempotency_key"], "idempotency_key IS NOT NULL",
          unique=True)
    index("ix_api_requests_subscription_id_id", "api_requests",
          ["subscription_id", "id"])
    index("ix_api_requests_at", "api_requests", ["at"])
    index("ix_api_requests_answered", "api_requests", ["at"], "answer IS NOT NULL")
    index("ix_declarations_expiring", "declarations", ["account_id", "expires_on"],
          "expires_on IS NOT NULL")
    for name in BY_SYSTEMS:
        with op.batch_alter_table(name) as changed:
            changed.add_column(sa.Column("subscription_id", sa.Integer()))
            changed.create_foreign_key(
                f"fk_{name}_subscription_id_subscriptions", "subscriptions",
                ["subscription_id"], ["id"],
            )
            changed.alter_column("user_id", existing_type=sa.Integer(), nullable=True)


def downgrade():
    """What systems have sent becomes that of the people who subscribed."""
    for name in BY_SYSTEMS:
        op.execute(
            f"UPDATE {name} SET user_id = (SELECT s.user_id FROM subscriptions s "
            f"WHERE s.id = {name}.subscription_id) WHERE user_id IS NULL"
        )
        with op.batch_alter_table(name) as changed:
            changed.drop_constraint(
                f"fk_{name}_subscription_id_subscriptions", type_="foreignkey"
            )
            changed.drop_column("subscription_id")
            changed.alter_column("user_id", existing_type=sa.Integer(), nullable=False)
    op.drop_index("ix_declarations_expiring", "declarations")
    for name in TABLES:
        op.drop_table(name)
