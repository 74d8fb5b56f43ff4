"""STC calculations, batches, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CHAINS = ["stc"]


def upgrade():
    chains = op.create_table(
        "audit_chains",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_chains"),
    )
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.ForeignKeyConstraint(
            ["chain"], ["audit_chains.name"], name="fk_audit_events_chain_audit_chains"
        ),
        sa.UniqueConstraint("chain", "sequence", name="uq_audit_events_chain_sequence"),
    )
    op.create_table(
        "stc_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("calculated", sa.Integer(), nullable=False),
        sa.Column("certificates", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("document_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules_version", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stc_batches"),
        sa.UniqueConstraint("reference", name="uq_stc_batches_reference"),
    )
    op.create_index(
        "ix_stc_batches_document_until", "stc_batches", ["document_until"]
    )
    op.create_table(
        "stc_calculations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.Column("system_type", sa.String(20), nullable=False),
        sa.Column("installation_date", sa.Date(), nullable=False),
        sa.Column("calculation_period", sa.String(3), nullable=True),
        sa.Column("postcode", sa.String(4), nullable=True),
        sa.Column("rated_power_kw", sa.String(13), nullable=True),
        sa.Column("resource_hours", sa.String(13), nullable=True),
        sa.Column("nominal_kwh", sa.String(13), nullable=True),
        sa.Column("usable_kwh", sa.String(13), nullable=True),
        sa.Column("stc_price", sa.String(13), nullable=True),
        sa.Column("certificates", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Integer(), nullable=True),
        sa.Column("rating", sa.String(13), nullable=True),
        sa.Column("deeming_years", sa.Integer(), nullable=True),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("rules_version", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stc_calculations"),
        sa.UniqueConstraint("reference", name="uq_stc_calculations_reference"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["stc_batches.id"],
            name="fk_stc_calculations_batch_id_stc_batches",
        ),
    )
    op.create_index("ix_stc_calculations_batch_id", "stc_calculations", ["batch_id"])
    op.bulk_insert(
        chains, [{"name": name, "sequence": 0, "hash": ""} for name in CHAINS]
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade():
    op.drop_table("stc_calculations")
    op.drop_table("stc_batches")
    op.drop_table("audit_events")
    op.drop_table("audit_chains")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


# The log is written once: the database itself refuses to change or remove an event.
GUARDS = {
    "sqlite": [
        f"""CREATE TRIGGER audit_events_{verb} BEFORE {verb} ON audit_events
        BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END"""
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'audit events are never changed'; END $$""",
        """CREATE TRIGGER audit_events_guard
        BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ],
}
