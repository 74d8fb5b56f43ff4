"""Who somebody is to the app, which decides what they may do."""

from collections.abc import Collection
from enum import StrEnum

from spv.rules.accounts import UPLOADING


class Role(StrEnum):
    """Who somebody is to the app, in words; a person of an account has several."""

    VISITOR = "visitors"
    PERSON = "people without an account"
    GENERAL = "users of an account"
    UPLOADER = "users of a VSP or supplier account"
    ADMINISTRATOR = "administrators of an account"
    STAFF = "agency staff"
    SYSTEM = "systems with a subscription key"


def roles_of(
    *, staff: bool, administrator: bool, account_types: Collection[str] | None
) -> frozenset[Role]:
    """The roles of somebody who has signed in; `account_types` None: no account."""
    if staff:
        return frozenset({Role.STAFF})
    if account_types is None:
        return frozenset({Role.PERSON})
    roles = {Role.GENERAL}
    if UPLOADING & set(account_types):
        roles.add(Role.UPLOADER)
    if administrator:
        roles.add(Role.ADMINISTRATOR)
    return frozenset(roles)
