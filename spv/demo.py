"""Demonstration data: users, accounts, applications and panels."""

import random
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from spv.database import nested_batch, snapshot
from spv.extensions import db
from spv.models import PanelSerial, User
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
DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
# The users by their email address, in the words of the sign-in page.
SIGN_INS: dict[str, str] = DATA["sign_ins"]
PANELS = {name: Panel(*texts) for name, texts in DATA["panels"].items()}
DECLARED = {"declaration": "yes", "wording_version": ""}
NEW_PASSWORD = {"password": PASSWORD, "password_again": PASSWORD}
WATTS = range(390, 590, 20)
FILES_AT_ONCE = 40


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
        for each in DATA["organisations"]:
            contact = {name: each[name] for name in ("legal_name", "abn", "email")}
            applications.save_contact(contact | each.get("contact", {}), _acting(STAFF))
        for each in DATA["organisations"]:
            _sign_up(each)
        person = {"name": "Tom Okafor", "email": VSP_USER}
        link = users.add(person, _acting(VSP_ADMIN))
        password_links.use_link(link.token, NEW_PASSWORD, operator())
        declarations.make(DECLARED, _acting(VSP_ADMIN))
        for file in DATA["files"]:
            _load_file(file)
        with suppress(ValidationError):
            _send(_acting(SUPPLIER), "bad-sample.csv", SAMPLES["bad-sample"])
        emails = {*SIGN_INS, *(each["email"] for each in DATA["organisations"])}
        made = update(User).where(User.email.in_(emails))
        db.session.execute(made.values(is_demonstration=True))
    return True


def _sign_up(organisation: dict[str, Any]) -> None:
    """Sign a user up, and apply for each account type; approve it unless it waits."""
    person = {"name": organisation["name"], "email": organisation["email"]}
    sign_in.sign_up(person | NEW_PASSWORD, operator())
    for account_type in organisation["account_types"]:
        answers = {
            "legal_name": organisation["legal_name"],
            "abn": organisation["abn"],
            "phone": "02 5550 0100",
            "account_types": [account_type],
        }
        applications.submit(answers, _acting(organisation["email"]))
        if not organisation.get("is_waiting"):
            (application,) = applications.waiting()
            applications.approve(application.id, _acting(STAFF))


def _acting(email: str) -> Actor:
    user = sign_in.user_of(email)
    if user is None:
        raise LookupError(email)
    return sign_in.acting_as(user, Actor("", "command"))


def _load_file(file: dict[str, Any]) -> None:
    """Upload panels, whose serial numbers have their number in their pattern."""
    panels = [
        PANELS[name]._replace(serial_number=PANELS[name].serial_number.format(number))
        for name, first, count in file["panels"]
        for number in range(first, first + count)
    ]
    with suppress(*[ValidationError] if file.get("is_refused") else []):
        text = csv_text([FIELDS.values(), *panels])
        _send(_acting(file["user"]), file["name"], text)


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
    brands: dict[str, list[str]] = DATA["brands"]
    account = chosen.choices(range(3), (6, 1, 3))[0]
    frequency = [0.6**index for index in range(len(brands))]
    brand = "LMW" if account == 1 else chosen.choices([*brands], frequency)[0]
    supplier, licensee = brands[brand]
    models, size = chosen.sample(WATTS, chosen.randint(1, 3)), -(-MOST_ROWS // 3)
    panels = []
    for index in range(count):
        watts = models[index // size % len(models)]
        serial = f"{brand}{watts}{last + 1 + index:09}"
        panels.append(Panel(supplier, licensee, f"{brand}-{watts}M", serial))
    text = csv_text([FIELDS.values(), *panels])
    _send(actors[account], f"{brand.lower()}-{last + 1}.csv", text)


def _send(actor: Actor, filename: str, text: str) -> None:
    uploads.save(uploads.File(text.encode(), filename), DECLARED, actor)
