"""Sealed events, Merkle trees and checkpoints; one event takes in the rows of before."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# The tables whose rows the first sealed event of each chain takes in, with the columns
# of which it has the SHA-256 only, and those that it leaves out.
TAKEN_IN = {
    "registry": {
        "users": ({"password_hash", "link_hash"}, set()),
        "accounts": (set(), set()),
        "account_applications": (set(), set()),
        "nominated_contacts": (set(), set()),
        "subscriptions": (set(), set()),
        "subscription_keys": ({"sealed"}, {"last_used_at"}),
    },
    "stc": {"stc_batches": ({"document", "reasons", "warnings"}, set())},
}
MOMENTS = {
    "created_at", "link_until", "removed_at", "submitted_at", "assessed_at",
    "cancelled_at", "document_until", "calculated_at",
}  # fmt: skip


def upgrade():
    add_columns_of_seals()
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_table(
        "audit_tiles",
        sa.Column("chain", sa.String(20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "level", "position", name="pk_audit_tiles"),
        sa.ForeignKeyConstraint(
            ["chain"], ["audit_chains.name"], name="fk_audit_tiles_chain_audit_chains"
        ),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checkpoints"),
        sa.UniqueConstraint("chain", "size", name="uq_audit_checkpoints_chain_size"),
        sa.ForeignKeyConstraint(
            ["chain"],
            ["audit_chains.name"],
            name="fk_audit_checkpoints_chain_audit_chains",
        ),
    )
    op.create_table(
        "audit_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(254), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("problem_count", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checks"),
    )
    for chain, tables in TAKEN_IN.items():
        take_in(chain, tables)


def add_columns_of_seals():
    """Add the columns, unless they are there from before a downgrade.

    An earlier version of spv ignores them, and `downgrade` keeps them: without its seal
    an event could not be verified any more.
    """
    columns = sa.inspect(op.get_bind()).get_columns("audit_events")
    known = {column["name"] for column in columns}
    for column in (
        sa.Column("format", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("key_id", sa.String(8), nullable=True),
        sa.Column("seal", sa.String(64), nullable=True),
    ):
        if column.name not in known:
            op.add_column("audit_events", column)


def take_in(chain, tables):
    """Append the baseline to a chain that has events, or to whose tables rows belong."""
    connection = op.get_bind()
    head = sa.table("audit_chains", *map(sa.column, ("name", "sequence", "hash")))
    query = sa.select(head.c.sequence, head.c.hash).where(head.c.name == chain)
    sequence, previous = connection.execute(query).one()
    states = {name: states_of(name, *rest) for name, rest in tables.items()}
    states = {name: rows for name, rows in states.items() if rows}
    if not sequence and not states:
        return
    at = datetime.now(UTC)
    added = sealed({
        "chain": chain, "sequence": sequence + 1, "at": at, "event": "log.baseline",
        "actor": "operator", "channel": "command",
        "details": canonical({"states": states}), "previous_hash": previous,
    })  # fmt: skip
    table = sa.Table("audit_events", sa.MetaData(), autoload_with=connection)
    is_sqlite = connection.dialect.name == "sqlite"
    moment = at.replace(tzinfo=None) if is_sqlite else at
    connection.execute(table.insert().values(added | {"at": moment}))
    connection.execute(
        sa.update(head)
        .where(head.c.name == chain)
        .values(sequence=sequence + 1, hash=added["hash"])
    )


def states_of(name, secret, left_out):
    """Return the states of a table's rows, by their ids."""
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
    columns = [each for each in table.c if each.name not in left_out]
    states = {}
    for row in op.get_bind().execute(sa.select(*columns).order_by(table.c.id)):
        values = dict(row._mapping)
        for column, value in values.items():
            if column in secret and value is not None:
                values[column] = hashlib.sha256(value.encode()).hexdigest()
            elif column in MOMENTS and value is not None:
                values[column] = utc(value).isoformat()
        states[str(values.pop("id"))] = values
    return states


def utc(moment):
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sealed(event):
    """Return an event with its seal and hash, as the application makes them."""
    secret = current_app.config["SPV_LOG_KEY"].encode()
    key_id, key = (
        hmac.digest(secret, b"spv audit log: " + purpose, "sha256")
        for purpose in (b"id", b"seal")
    )
    event |= {"format": 2, "key_id": key_id[:4].hex()}
    text = {**event, "at": event["at"].isoformat()}
    content = ["format", "key_id", "chain", "sequence", "at", "event", "actor",
               "channel", "details", "previous_hash"]  # fmt: skip
    message = canonical([text[name] for name in content]).encode()
    event["seal"] = hmac.digest(key, message, "sha256").hex()
    entry = {name: text[name] for name in
             ("format", "chain", "sequence", "at", "event", "channel")}  # fmt: skip
    entry |= {"facts": {}, "key": event["key_id"], "seal": event["seal"]}
    entry["previous"] = event["previous_hash"]
    event["hash"] = hashlib.sha256(canonical(entry).encode()).hexdigest()
    return event


def downgrade():
    op.drop_index("ix_audit_events_at", "audit_events")
    for name in ("audit_checks", "audit_checkpoints", "audit_tiles"):
        op.drop_table(name)
