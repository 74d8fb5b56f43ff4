"""Prove that searches find the names of products: a wrong key would hide rows."""

from collections.abc import Iterator

from sqlalchemy import select

from spv.extensions import db
from spv.models import Product
from spv.services.ledger.rows import KEYS, NAMES, product_values

SLICE = 1_000


def wrong_keys() -> Iterator[str]:
    """Yield a sentence for each product whose keys are not those of its names."""
    query = select(Product.id, *NAMES, *KEYS.values()).order_by(Product.id)
    with db.session.execute(query.execution_options(yield_per=SLICE)) as products:
        for number, *names_and_keys in products:
            one, two, three = names_and_keys[: len(NAMES)]
            if names_and_keys != [*product_values((one, two, three)).values()]:
                yield f"product {number}: its search key is not that of its names"
