"""Demonstration data: users, accounts, applications and panels."""

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from spv import clock
from spv.database import nested_batch
from spv.extensions import db
from spv.models import PanelSerial, User
from spv.rules.csv_file import csv_text
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.ledger.csv_upload import SAMPLES
from spv.rules.ledger.rows import FIELDS, MOST_ROWS, Panel
from spv.services import audit_log
from spv.services.accounts import applications, contacts, sign_in, users
from spv.services.accounts.passwords import DEMONSTRATION
from spv.services.actor import OPERATOR, Actor
from spv.services.agency import staff
from spv.services.authorisation import require, roles_of_user
from spv.services.ledger import declarations, uploads
from spv.services.ledger.refused_files import File

PASSWORD = DEMONSTRATION
STAFF = "staff@agency.example"  # an administrator of staff
ASSESSOR, AUDITOR = "assessor@agency.example", "auditor@agency.example"
VSP_ADMIN, VSP_USER = "admin@vsp.example", "user@vsp.example"
SUPPLIER, OTHER_VSP = "admin@supplier.example", "admin@other-vsp.example"
GENERAL = "admin@general.example"
UPLOADING = (VSP_USER, SUPPLIER, OTHER_VSP)
DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
# Email address to description, as on the sign-in page.
SIGN_INS: dict[str, str] = DATA["sign_ins"]
PANELS = {name: Panel(*texts) for name, texts in DATA["panels"].items()}
DECLARED = {"declaration": "yes", "wording_version": ""}
NEW_PASSWORD = {"password": PASSWORD, "password_again": PASSWORD}
WATTS = range(390, 590, 20)
FILES_AT_ONCE = 40


def sign_ins() -> dict[str, str]:
    """Return the demonstration sign-ins in use: email address to description."""
    query = select(User.email).where(User.is_demonstration, User.removed_at.is_(None))
    there = set(db.session.scalars(query))
    return {email: words for email, words in SIGN_INS.items() if email in there}


def check_is_demonstration() -> None:
    """Raise ConflictError if there are users, but no demonstration users."""
    if db.session.scalar(select(User.id).limit(1)) and not sign_ins():
        raise ConflictError(
            "The database has users, but none of the demonstration. Nothing was done. "
            "Check DATABASE_URL and SPV_ENVIRONMENT."
        )


def load(
    began: datetime | None = None, past: Callable[[], None] = lambda: None
) -> bool:
    """Create the demonstration, all of it or nothing; return False if it exists.

    With `began`, its users are created as of that moment. `past` then creates what they
    have done since. Raises ConflictError if there are users, but none of the
    demonstration.
    """
    with nested_batch(), audit_log.registry_transaction():
        if sign_ins():
            return False
        check_is_demonstration()
        with clock.at(began) if began else nullcontext():
            _make_people()
        past()
        _make_newest()
        people = db.session.scalars(select(User)).all()
        for user in people:
            user.is_demonstration = True
        audit_log.act("demonstration.loaded", OPERATOR, clock.now(), changed=people)
    return True


def _make_people() -> None:
    """Create agency staff, and the users of accounts."""
    for each in DATA["staff"]:
        link = staff.create(each["email"], each["name"], each["role"])
        users.use_link(link.token, NEW_PASSWORD, OPERATOR)
    for each in DATA["organisations"]:
        save_contact(each)
    for each in DATA["organisations"]:
        if not each.get("is_waiting"):
            apply(each)
    person = {"name": "Tom Okafor", "email": VSP_USER}
    link = users.add(person, acting(VSP_ADMIN))
    users.use_link(link.token, NEW_PASSWORD, OPERATOR)


def _make_newest() -> None:
    """Create waiting applications, a current declaration, and a few uploads."""
    for each in DATA["organisations"]:
        if each.get("is_waiting"):
            apply(each)
    declarations.make(DECLARED, acting(VSP_ADMIN))
    for file in DATA["files"]:
        panels = [  # the pattern of a serial number has its number
            PANELS[name]._replace(serial_number=PANELS[name].serial_number.format(n))
            for name, first, count in file["panels"]
            for n in range(first, first + count)
        ]
        is_wrong = "is_refused" in file
        send(acting(file["user"]), file["name"], panels, is_wrong=is_wrong)
    bad = File(SAMPLES["bad-sample"].encode(), "bad-sample.csv")
    with suppress(ValidationError):
        uploads.save(bad, DECLARED, acting(SUPPLIER))


def save_contact(organisation: dict[str, Any]) -> None:
    """Save the nominated contact of an organisation."""
    contact = {name: organisation[name] for name in ("legal_name", "abn", "email")}
    contacts.save(contact | organisation.get("contact", {}), acting(STAFF))


def apply(organisation: dict[str, Any]) -> None:
    """Sign up a user, apply for each account type, and approve unless `is_waiting`."""
    person = {"name": organisation["name"], "email": organisation["email"]}
    sign_in.sign_up(person | NEW_PASSWORD, OPERATOR)
    for account_type in organisation["account_types"]:
        answers = {name: organisation[name] for name in ("legal_name", "abn")}
        answers |= {"phone": "02 5550 0100", "account_types": [account_type]}
        applications.submit(answers, acting(organisation["email"]))
        if not organisation.get("is_waiting"):
            (application,) = applications.waiting()
            applications.approve(application.id, acting(STAFF))


def acting(email: str, channel: str = "command", ip: str = "") -> Actor:
    """Return the actor for a user."""
    user = require(sign_in.user_of(email))
    return sign_in.acting_as(user, Actor("", channel, roles_of_user(user), ip=ip))


def add_panels(count: int) -> Iterator[int]:
    """Upload `count` more panels; yield the size of each batch saved."""
    actors = [acting(email) for email in UPLOADING]
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
    chance = random.Random(last)  # noqa: S311 (the same each time)
    brands = [*DATA["brands"]]
    account = chance.choices(range(3), (6, 1, 3))[0]
    frequency = [0.6**index for index in range(len(brands))]
    brand = "LMW" if account == 1 else chance.choices(brands, frequency)[0]
    panels = made_up(chance, brand, last + 1, count)
    name = f"{brand.lower()}-{last + 1}.csv"
    send(actors[account], name, panels, is_wrong=False)


def made_up(chance: random.Random, brand: str, first: int, count: int) -> list[Panel]:
    """Return `count` made-up panels of a brand, numbered from `first`."""
    supplier, licensee = DATA["brands"][brand]
    models = chance.sample(WATTS, chance.randint(1, 3))
    panels = []
    for index in range(count):
        watts = models[index * len(models) // count]
        serial = f"{brand}{watts}{first + index:09}"
        panels.append(Panel(supplier, licensee, f"{brand}-{watts}M", serial))
    return panels


def send(actor: Actor, name: str, panels: list[Panel], *, is_wrong: bool) -> int | None:
    """Upload panels; return the id of the upload, or None if they are refused."""
    file = File(csv_text([FIELDS.values(), *panels]).encode(), name)
    with suppress(*[ValidationError] if is_wrong else []):
        return uploads.save(file, DECLARED, actor).upload_id
    return None
