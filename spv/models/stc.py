"""Calculations of certificates, and batches of them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from spv.models.columns import Numbered, Table


class StcBatch(Numbered):
    """A file of systems. `document`, its results, is kept for some days."""

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    row_count: Mapped[int]
    calculated: Mapped[int]
    certificates: Mapped[int]
    reasons: Mapped[str] = mapped_column(Text)
    # None in batches from before warnings existed.
    late_certificates: Mapped[int | None]
    warned: Mapped[int | None]
    warnings: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    document_until: Mapped[datetime] = mapped_column(index=True)
    rules_version: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(254))
    calculated_at: Mapped[datetime]


class VisitorRows(Table):
    """The number of rows that visitors have saved on a day, from one network or in all.

    `network` is a keyed hash, never an address.
    """

    __tablename__ = "visitor_rows"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    row_count: Mapped[int]


class StcCalculation(Numbered):
    """A calculation: the answers that were given, and the result.

    Numbers among the answers are text, so that no database rounds them. A row of a
    batch has no reference of its own. A test compares the columns with the rules.
    """

    # For staff: their searches, and the counts by system type and zone of some days.
    __table_args__ = (
        Index(None, "calculated_at", "system_type", "zone"),
        Index(None, "system_type", "zone", "id"),
        Index(None, "postcode", "id"),
    )

    reference: Mapped[str | None] = mapped_column(String(16), unique=True)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("stc_batches.id"), index=True
    )
    row_number: Mapped[int | None]
    # The solar calculation that a battery is shown with.
    solar_reference: Mapped[str | None] = mapped_column(String(16))

    system_type: Mapped[str] = mapped_column(String(20))
    installation_date: Mapped[date]
    calculation_period: Mapped[str | None] = mapped_column(String(3))
    postcode: Mapped[str | None] = mapped_column(String(4))
    rated_power_kw: Mapped[str | None] = mapped_column(String(13))
    resource_hours: Mapped[str | None] = mapped_column(String(13))
    nominal_kwh: Mapped[str | None] = mapped_column(String(13))
    usable_kwh: Mapped[str | None] = mapped_column(String(13))
    modules: Mapped[str | None] = mapped_column(String(13))
    module_usable_kwh: Mapped[str | None] = mapped_column(String(13))
    stc_price: Mapped[str | None] = mapped_column(String(13))

    certificates: Mapped[int]
    zone: Mapped[int | None]
    rating: Mapped[str | None] = mapped_column(String(13))
    deeming_years: Mapped[int | None]
    years: Mapped[int | None]
    rules_version: Mapped[str] = mapped_column(String(20))

    actor: Mapped[str] = mapped_column(String(254))
    channel: Mapped[str] = mapped_column(String(20))
    calculated_at: Mapped[datetime]
