"""Rules for agency staff: their roles, and reasons that they give."""

from functools import partial

from spv.rules.accounts import STAFF_ROLES, StaffRole
from spv.rules.text import read_text

LONGEST_REASON = 1000
read_reason = partial(read_text, what="the reason", most=LONGEST_REASON, lines=True)


def read_optional_reason(text: str) -> str:
    """Return a reason, or "" if none is given; raises ValueError."""
    return read_reason(text) if text.strip() else ""


def read_staff_role(text: str) -> str:
    """Return the role of a member of staff; raises ValueError if there is none."""
    if text not in STAFF_ROLES:
        raise ValueError("Choose a role.")
    return StaffRole(text).value
