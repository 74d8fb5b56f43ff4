"""Proof of subscriptions: they, and the digests of their keys, are as the log tells."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from spv.extensions import db
from spv.models import Subscription
from spv.services.verify.comparison import Facts, LedgerReport, compare, told

THING = "subscription"


def problems(found: LedgerReport) -> Iterator[str]:
    """A sentence for each subscription that is not as the log tells."""
    yield from compare(THING, _told(found).items(), _saved())


def _told(found: LedgerReport) -> dict[int, Facts]:
    """Each subscription as it was made, and then changed."""
    names = ("name", "terms_version", "keys")
    logged = dict(told(found, "subscription.created", THING, names))
    for facts in logged.values():
        del facts["subscription"]  # which is itself
        facts["cancelled"] = False
    nothing: dict[str, Any] = {"keys": {}}
    for number, facts in told(found, "subscription.renamed", THING, ("name",)):
        logged.get(number, nothing)["name"] = facts["name"]
    for number, facts in told(found, "key.regenerated", THING, ("key", "digest")):
        logged.get(number, nothing)["keys"][facts["key"]] = facts["digest"]
    for number, _ in told(found, "subscription.cancelled", THING, ()):
        logged.get(number, nothing)["cancelled"] = True
    return logged


def _saved() -> Iterator[tuple[int, Facts]]:
    """Each subscription as it is saved."""
    query = select(Subscription).options(selectinload(Subscription.keys))
    for made in db.session.scalars(query):
        yield (
            made.id,
            {
                "account": made.account_id,
                "user": made.user_id,
                "name": made.name,
                "terms_version": made.terms_version,
                "keys": {key.kind: key.digest for key in made.keys},
                "cancelled": made.cancelled_at is not None,
                "at": made.created_at,
            },
        )
