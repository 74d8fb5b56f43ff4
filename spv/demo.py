"""Demonstration data: users, accounts, applications and panels."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from spv.database import nested_batch, snapshot
from spv.extensions import db
from spv.models import PanelSerial, User
from spv.rules.accounts import AccountType
from spv.rules.csv_file import csv_text
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.ledger.csv_upload import SAMPLES
from spv.rules.ledger.rows import FIELDS, MOST_ROWS, Panel
from spv.services import audit_log
from spv.services.accounts import (
    applications,
    password_links,
    passwords,
    sign_in,
    users,
)
from spv.services.actor import Actor, operator
from spv.services.ledger import declarations, uploads

PASSWORD = passwords.DEMONSTRATION
STAFF = "staff@agency.example"
VSP_ADMIN, VSP_USER = "admin@vsp.example", "user@vsp.example"
SUPPLIER, OTHER_VSP = "admin@supplier.example", "admin@other-vsp.example"
GENERAL = "admin@general.example"
UPLOADING = (VSP_USER, SUPPLIER, OTHER_VSP)
# The users by their email address, in the words of the sign-in page.
SIGN_INS = {
    STAFF: "Agency staff",
    VSP_ADMIN: "VSP, administrator",
    VSP_USER: "VSP, user",
    SUPPLIER: "Supplier, administrator",
    OTHER_VSP: "Another VSP, administrator",
    GENERAL: "General account, administrator",
}


class Organisation(NamedTuple):
    """A user with an account. The ABN is made up, with right check digits."""

    name: str
    email: str
    legal_name: str
    abn: str
    account_type: str


ACCOUNTS = [
    Organisation("Priya Nair", VSP_ADMIN,
                 "Example Verification Pty Ltd", "80000000001", AccountType.VSP),
    Organisation("Mei Chen", SUPPLIER,
                 "Example Panel Supply Pty Ltd", "61000000002", AccountType.SUPPLIER),
    Organisation("Luca Romano", OTHER_VSP,
                 "Other Verification Pty Ltd", "42000000003", AccountType.VSP),
    Organisation("Sam Taylor", GENERAL,
                 "Example Electrical Pty Ltd", "23000000004", AccountType.GENERAL),
]  # fmt: skip
WAITING = [
    Organisation("Jordan Lee", "jordan@panelcheck.example",
                 "Panel Check Services Pty Ltd", "93000000005", AccountType.VSP),
    Organisation("Alex Murray", "alex@southernsolar.example",
                 "Southern Solar Imports", "74000000006", AccountType.SUPPLIER),
]  # fmt: skip
NOMINATED = [
    *ACCOUNTS,
    WAITING[0],
    Organisation("", "accounts@southernsolar.example",
                 "Southern Solar Imports Pty Ltd", "74000000006", ""),
]  # fmt: skip
DECLARED = {"declaration": "yes", "wording_version": ""}
NEW_PASSWORD = {"password": PASSWORD, "password_again": PASSWORD}


def sign_ins() -> dict[str, str]:
    """Return the demonstration sign-ins of the database: email address to words."""
    query = select(User.email).where(User.is_demonstration, User.removed_at.is_(None))
    there = set(db.session.scalars(query))
    return {email: words for email, words in SIGN_INS.items() if email in there}


def is_there() -> bool:
    """Tell whether the database has demonstration users; False if it cannot tell."""
    try:
        return bool(sign_ins())
    except SQLAlchemyError:  # no database yet, or no tables: see /readyz
        return False
    finally:
        db.session.remove()


def check_nobody_real() -> None:
    """Raise ConflictError if the database has users who are no demonstration."""
    with snapshot():  # it leaves nothing locked
        _check_nobody_real()


def _check_nobody_real() -> None:
    if db.session.scalar(select(User.id).limit(1)) and not sign_ins():
        raise ConflictError(
            "The database has users who are not of the demonstration. Nothing was "
            "done: check DATABASE_URL and SPV_ENVIRONMENT."
        )


def load() -> bool:
    """Make the demonstration, all of it or nothing. Return False if it is there.

    Raises ConflictError if there are other users: their app is no demonstration.
    """
    with nested_batch(), audit_log.registry_transaction():
        if sign_ins():
            return False
        _check_nobody_real()
        link = users.create_staff(STAFF, "Avery Clarke")
        password_links.use_link(link.token, NEW_PASSWORD, operator())
        for each in NOMINATED:
            contact = {"legal_name": each.legal_name, "abn": each.abn}
            applications.save_contact(contact | {"email": each.email}, _acting(STAFF))
        for organisation in ACCOUNTS:
            _account(organisation)
        for organisation in WAITING:
            _apply(organisation, organisation.account_type)
        person = {"name": "Tom Okafor", "email": VSP_USER}
        link = users.add(person, _acting(VSP_ADMIN))
        password_links.use_link(link.token, NEW_PASSWORD, operator())
        declarations.make(DECLARED, _acting(VSP_ADMIN))
        _load_panels()
        emails = [*SIGN_INS, *(each.email for each in WAITING)]
        made = update(User).where(User.email.in_(emails))
        db.session.execute(made.values(is_demonstration=True))
    return True


def _account(organisation: Organisation) -> None:
    """Apply for an account and then for its upgrade, as the guidance describes."""
    _apply(organisation, AccountType.GENERAL)
    _approve_all()
    if organisation.account_type != AccountType.GENERAL:
        answers = _answers(organisation, organisation.account_type)
        applications.submit(answers, _acting(organisation.email))
        _approve_all()


def _apply(organisation: Organisation, account_type: str) -> None:
    person = {"name": organisation.name, "email": organisation.email}
    sign_in.sign_up(person | NEW_PASSWORD, operator())
    answers = _answers(organisation, account_type)
    applications.submit(answers, _acting(organisation.email))


def _answers(organisation: Organisation, account_type: str) -> dict[str, Any]:
    return {
        "legal_name": organisation.legal_name,
        "abn": organisation.abn,
        "phone": "02 5550 0100",
        "account_types": [account_type],
    }


def _approve_all() -> None:
    for application in applications.waiting():
        applications.approve(application.id, _acting(STAFF))


def _acting(email: str) -> Actor:
    user = sign_in.user_of(email)
    if user is None:
        raise LookupError(email)
    return sign_in.acting_as(user, Actor("", "command"))


# Made-up suppliers, licensees and models, and how the serial numbers begin.
HELIOS = Panel(
    "Helios Panels Australia", "Helios Energy Co., Ltd", "HE-440N-54", "HE44"
)
HELIOS_LARGE = HELIOS._replace(model_number="HE-600N-72", serial_number="HE60-")
BANKSIA = Panel("Banksia Solar Pty Ltd", "Banksia Solar Pty Ltd", "BS-415M", "BS/415/")
CORAL = Panel("Coral Coast Imports", "Müller Photovoltaik GmbH", "CC 390 W", "0039026")
SUPPLIED = Panel("Example Panel Supply", "Lumen Module Works", "LMW-430-B", "LMW430B")
# The user, the file, the panel, its first number, and the number of panels.
FILES = [
    (VSP_USER, "helios-may.csv", HELIOS, 1, 120),
    (VSP_USER, "helios-june.csv", HELIOS_LARGE, 1, 60),
    (VSP_USER, "banksia.csv", BANKSIA, 501, 80),
    (SUPPLIER, "own-production.csv", SUPPLIED, 1, 90),
    (OTHER_VSP, "coral-coast.csv", CORAL, 7001, 50),
]
# The brands of panels that are added on demand, the most frequent first. A serial
# number begins with the letters of the brand and the watts of the model.
BRANDS = {
    "HXA": ("Helios Panels Australia", "Helios Energy Co., Ltd"),
    "BSM": ("Banksia Solar Pty Ltd", "Banksia Solar Pty Ltd"),
    "CCG": ("Coral Coast Imports", "Müller Photovoltaik GmbH"),
    "WTR": ("Waratah Energy Supplies", "Jade River Solar Co., Ltd"),
    "KNG": ("Kingfisher Solar Imports", "Kestrel Photovoltaics Inc."),
    "PLT": ("Platypus Power Pty Ltd", "Plateau New Energy Co., Ltd"),
    "SGO": ("Spinifex & Gorse", "Solargo Módulos S.A."),
    "TSK": ("Tasman Sky Trading", "Tern Sky Technology Co., Ltd"),
    "QND": ("Quandong Renewables", "Quanta Nord A/S"),
    "LMW": ("Example Panel Supply", "Lumen Module Works"),
}
WATTS = range(390, 590, 20)
FILES_AT_ONCE = 40


def _load_panels() -> None:
    """Upload several hundred panels, and files with problems, for three accounts."""
    for email, name, panel, first, count in FILES:
        _upload(email, name, _panels(panel, first, count))
    known = [*_panels(HELIOS, 111, 20), *_panels(BANKSIA, 571, 30)]
    damaged = [
        BANKSIA._replace(serial_number=f"4.15001E+{number}") for number in range(12, 21)
    ]
    with suppress(ValidationError):
        _upload(VSP_USER, "helios-again.csv", known)
    with suppress(ValidationError):
        _upload(VSP_USER, "banksia-damaged.csv", damaged)
    with suppress(ValidationError):
        _send(_acting(SUPPLIER), "bad-sample.csv", SAMPLES["bad-sample"])


def add_panels(count: int) -> Iterator[int]:
    """Upload so many more panels, and yield the number of each batch that is saved."""
    actors = [_acting(email) for email in UPLOADING]
    while count > 0:
        batch = min(count, FILES_AT_ONCE * MOST_ROWS)
        with nested_batch():
            for rows in range(batch, 0, -MOST_ROWS):
                _upload_more(min(rows, MOST_ROWS), actors)
        yield batch
        count -= batch


def _upload_more(count: int, actors: Sequence[Actor]) -> None:
    """Upload new serial numbers of one to three models of a brand, as one file."""
    last = db.session.scalar(select(func.max(PanelSerial.id))) or 0
    chosen = random.Random(last)  # noqa: S311 (the same each time)
    account = chosen.choices(range(3), (6, 1, 3))[0]
    frequency = [0.6**index for index in range(len(BRANDS))]
    brand = "LMW" if account == 1 else chosen.choices([*BRANDS], frequency)[0]
    models, size = chosen.sample(WATTS, chosen.randint(1, 3)), -(-MOST_ROWS // 3)
    panels = []
    for index in range(count):
        watts = models[index // size % len(models)]
        serial = f"{brand}{watts}{last + 1 + index:09}"
        panels.append(Panel(*BRANDS[brand], f"{brand}-{watts}M", serial))
    text = csv_text([FIELDS.values(), *panels])
    _send(actors[account], f"{brand.lower()}-{last + 1}.csv", text)


def _panels(panel: Panel, first: int, count: int) -> list[Panel]:
    """Return panels whose serial numbers go on from that of a panel."""
    numbers = range(first, first + count)
    serials = (f"{panel.serial_number}{number:07}" for number in numbers)
    return [panel._replace(serial_number=serial) for serial in serials]


def _upload(email: str, filename: str, panels: list[Panel]) -> None:
    _send(_acting(email), filename, csv_text([FIELDS.values(), *panels]))


def _send(actor: Actor, filename: str, text: str) -> None:
    uploads.save(uploads.File(text.encode(), filename), DECLARED, actor)
