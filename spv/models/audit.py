"""The log: chains of events, each with the hash of the one before."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from spv.models.columns import Numbered, Table

ChainName = Annotated[str, mapped_column(ForeignKey("audit_chains.name"))]
# The migrations make these triggers; metadata cannot name them.
GUARDS = {
    "sqlite": {"audit_events_UPDATE", "audit_events_DELETE"},
    "postgresql": {"audit_events_guard"},
}


class AuditChain(Table):
    """One chain of events and its last link, which a writer locks."""

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class AuditEvent(Numbered):
    """One event. Triggers refuse to change or remove it.

    An event of format 2 has a seal, made with the log key whose id is `key_id`. Events
    from before November 2026 are of format 1, and have none.
    """

    __table_args__ = (
        UniqueConstraint("chain", "sequence"),
        Index(None, "event", "id"),
        Index(None, "actor", "id"),
    )

    chain: Mapped[ChainName]
    sequence: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(254))
    channel: Mapped[str] = mapped_column(String(20))
    details: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    format: Mapped[int] = mapped_column(server_default="1")
    key_id: Mapped[str | None] = mapped_column(String(8))
    seal: Mapped[str | None] = mapped_column(String(64))

    @property
    def code(self) -> str:
        """The code in the short address of a receipt; empty if there is no proof."""
        return f"{self.chain[0]}{self.sequence}-{self.seal[:16]}" if self.seal else ""


class AuditSubject(Table):
    """A thing that an event is about, by which its events can be found.

    `kind` is "account", "user", "upload" and so on, `key` its id or its reference. They
    repeat what the event says; verification compares the two.
    """

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_id: Mapped[int] = mapped_column(
        ForeignKey("audit_events.id"), primary_key=True, index=True
    )


class AuditTile(Table):
    """256 hashes on a level of a chain's Merkle tree, which later events never change.

    They only save time: verification computes them again. Level 0 has the hashes of the
    events, level 1 the roots of the tiles of level 0, and so on.
    """

    chain: Mapped[ChainName] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hashes: Mapped[bytes]


class AuditCheckpoint(Numbered):
    """A signed checkpoint of a chain. The file SPV_CHECKPOINTS has each of them too."""

    __table_args__ = (UniqueConstraint("chain", "size"),)

    chain: Mapped[ChainName]
    size: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class AuditCheck(Numbered):
    """A verification of everything, which a person or the nightly job started.

    While it runs, `seen_at` moves on. `done` of `total` counts what has been read.
    `report` says what was found; it is null until the end.
    """

    started_by: Mapped[str] = mapped_column(String(254))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    problem_count: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
