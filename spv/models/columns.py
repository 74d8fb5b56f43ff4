"""The names of tables, and the columns that many of them have."""

import re
from typing import Annotated

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from spv.extensions import Model

_NEXT_WORD = re.compile("(?<!^)(?=[A-Z])")
AccountId = Annotated[int, mapped_column(ForeignKey("accounts.id"))]
UserId = Annotated[int, mapped_column(ForeignKey("users.id"))]
SubscriptionId = Annotated[int, mapped_column(ForeignKey("subscriptions.id"))]
UploadId = Annotated[int, mapped_column(ForeignKey("uploads.id"))]
InvalidationId = Annotated[int, mapped_column(ForeignKey("invalidations.id"))]
ProductId = Annotated[int, mapped_column(ForeignKey("products.id"))]
# Panel ids need 64 bits: refused uploads use up ids as well.
BIG = BigInteger().with_variant(Integer, "sqlite")
PanelId = Annotated[int, mapped_column(BIG, ForeignKey("panel_serials.id"))]
# Ordered by bytes, so that an index finds serial numbers by their beginning.
BY_BYTES = String(60).with_variant(String(60, collation="C"), "postgresql")
SerialNumber = Annotated[str, mapped_column(BY_BYTES)]


class Table(Model):
    """A table with the name of its class in the plural: `LookAlike`, `look_alikes`."""

    __abstract__ = True

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        words = _NEXT_WORD.sub("_", cls.__name__).lower()
        return words + ("es" if words.endswith(("s", "h")) else "s")


class Numbered(Table):
    """A table whose rows have an id, which is its first column."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class ProductNames:
    """The three names of a kind of panel, as they were given.

    Searches look in their keys, which `rules.text.search_key` makes.
    """

    supplier_name: Mapped[str] = mapped_column(String(200))
    licensee: Mapped[str] = mapped_column(String(200))
    model_number: Mapped[str] = mapped_column(String(200))
    supplier_name_key: Mapped[str] = mapped_column(Text)
    licensee_key: Mapped[str] = mapped_column(Text)
    model_number_key: Mapped[str] = mapped_column(Text)
