"""The log: chains of events, each with the hash of the one before."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from spv.extensions import Model

# The migrations make these triggers; metadata cannot name them.
GUARDS = {
    "sqlite": {"audit_events_UPDATE", "audit_events_DELETE"},
    "postgresql": {"audit_events_guard"},
}


class AuditChain(Model):
    """One chain of events and its last link, which a writer locks."""

    __tablename__ = "audit_chains"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class AuditEvent(Model):
    """One event. Triggers refuse to change or remove it."""

    __tablename__ = "audit_events"
    __table_args__ = (UniqueConstraint("chain", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(ForeignKey("audit_chains.name"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(254))
    channel: Mapped[str] = mapped_column(String(20))
    details: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
