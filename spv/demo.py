"""Demonstrations: people, accounts, applications and panels, made as people do."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from spv import demo_panels
from spv.extensions import db
from spv.models import User
from spv.rules.accounts import AccountType
from spv.services import audit_log
from spv.services.accounts import (
    applications,
    contacts,
    password_links,
    passwords,
    sign_in,
    staff,
    users,
)
from spv.services.actor import Actor, operator
from spv.services.errors import ConflictError
from spv.services.ledger import declarations
from spv.services.transaction import snapshot, together

PASSWORD = passwords.DEMONSTRATION
STAFF = "staff@agency.example"
VSP_ADMIN, VSP_USER = "admin@vsp.example", "user@vsp.example"
SUPPLIER, OTHER_VSP = "admin@supplier.example", "admin@other-vsp.example"
GENERAL = "admin@general.example"
UPLOADING = (VSP_USER, SUPPLIER, OTHER_VSP)
# Who signs in with it, in the words of the sign-in page.
SIGN_INS = {
    STAFF: "Agency staff",
    VSP_ADMIN: "VSP, administrator",
    VSP_USER: "VSP, user",
    SUPPLIER: "Supplier, administrator",
    OTHER_VSP: "Another VSP, administrator",
    GENERAL: "General account, administrator",
}
# Name, email, legal entity name, ABN (made up, with right check digits), account type.
Organisation = tuple[str, str, str, str, str]
ACCOUNTS: list[Organisation] = [
    ("Priya Nair", VSP_ADMIN, "Example Verification Pty Ltd", "80000000001",
     AccountType.VSP),
    ("Mei Chen", SUPPLIER, "Example Panel Supply Pty Ltd", "61000000002",
     AccountType.SUPPLIER),
    ("Luca Romano", OTHER_VSP, "Other Verification Pty Ltd", "42000000003",
     AccountType.VSP),
    ("Sam Taylor", GENERAL, "Example Electrical Pty Ltd", "23000000004",
     AccountType.GENERAL),
]  # fmt: skip
WAITING: list[Organisation] = [
    ("Jordan Lee", "jordan@panelcheck.example", "Panel Check Services Pty Ltd",
     "93000000005", AccountType.VSP),
    ("Alex Murray", "alex@southernsolar.example", "Southern Solar Imports",
     "74000000006", AccountType.SUPPLIER),
]  # fmt: skip
NOMINATED: list[Organisation] = [
    *ACCOUNTS,
    WAITING[0],
    ("", "accounts@southernsolar.example", "Southern Solar Imports Pty Ltd",
     "74000000006", ""),
]  # fmt: skip
DECLARED = {"declaration": "yes", "wording_version": ""}
NEW_PASSWORD = {"password": PASSWORD, "password_again": PASSWORD}


def sign_ins() -> dict[str, str]:
    """The demonstration sign-ins that are there: email address to words."""
    query = select(User.email).where(User.is_demonstration, User.removed_at.is_(None))
    there = set(db.session.scalars(query))
    return {email: words for email, words in SIGN_INS.items() if email in there}


def is_there() -> bool:
    """Whether the database has demonstration users; False where it cannot say yet."""
    try:
        return bool(sign_ins())
    except SQLAlchemyError:  # no database yet, or no tables: see /readyz
        return False
    finally:
        db.session.remove()


def check_nobody_real() -> None:
    """ConflictError if the database has people, and is not that of a demonstration."""
    with snapshot():  # which leaves nothing locked behind it
        _check_nobody_real()


def _check_nobody_real() -> None:
    if db.session.scalar(select(User.id).limit(1)) and not sign_ins():
        raise ConflictError(
            "The database has people in it who are no demonstration. Nothing was done: "
            "check DATABASE_URL and SPV_ENVIRONMENT."
        )


def load() -> bool:
    """Make the demonstration, all of it or nothing; False where it is there.

    ConflictError where there are people already: their app is no demonstration.
    """
    with together(), audit_log.turn():
        if sign_ins():
            return False
        _check_nobody_real()
        link = staff.create(STAFF, "Avery Clarke")
        password_links.use_link(link.token, NEW_PASSWORD, operator())
        for _, email, legal_name, abn, _ in NOMINATED:
            contact = {"legal_name": legal_name, "abn": abn, "email": email}
            contacts.save(contact, _acting(STAFF))
        for organisation in ACCOUNTS:
            _account(organisation)
        for organisation in WAITING:
            _apply(organisation, organisation[-1])
        person = {"name": "Tom Okafor", "email": VSP_USER}
        link = users.add(person, _acting(VSP_ADMIN))
        password_links.use_link(link.token, NEW_PASSWORD, operator())
        declarations.make(DECLARED, _acting(VSP_ADMIN))
        demo_panels.load(*map(_acting, UPLOADING))
        emails = [*SIGN_INS, *(each[1] for each in WAITING)]
        made = update(User).where(User.email.in_(emails))
        db.session.execute(made.values(is_demonstration=True))
    return True


def add_panels(count: int) -> Iterator[int]:
    """Upload so many more panels; yields how many, each time that some are kept."""
    return demo_panels.add(count, *map(_acting, UPLOADING))


def _account(organisation: Organisation) -> None:
    """Apply for an account, then, as the guidance has it, for its upgrade."""
    _apply(organisation, AccountType.GENERAL)
    _approve_all()
    if organisation[-1] != AccountType.GENERAL:
        answers = _answers(organisation, organisation[-1])
        applications.submit(answers, _acting(organisation[1]))
        _approve_all()


def _apply(organisation: Organisation, account_type: str) -> None:
    name, email, *_ = organisation
    person = {"name": name, "email": email} | NEW_PASSWORD
    sign_in.sign_up(person, operator())
    applications.submit(_answers(organisation, account_type), _acting(email))


def _answers(organisation: Organisation, account_type: str) -> dict[str, Any]:
    _, _, legal_name, abn, _ = organisation
    details = {"legal_name": legal_name, "abn": abn, "phone": "02 5550 0100"}
    return details | {"account_types": [account_type]}


def _approve_all() -> None:
    for application in applications.waiting():
        applications.approve(application.id, _acting(STAFF))


def _acting(email: str) -> Actor:
    user = sign_in.user_of(email)
    if user is None:
        raise LookupError(email)
    return sign_in.acting_as(user, Actor("", "command"))
