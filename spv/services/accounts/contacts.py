"""Nominated contacts: whom organisations have named to the agency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.database import insert
from spv.extensions import db
from spv.models import AccountApplication, NominatedContact
from spv.rules.accounts import Role, format_abn, read_contact, read_contacts, same_words
from spv.rules.errors import NotFoundError
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MOST_FOUND = 200
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Match:
    """One field of an application beside what the agency knows; `known` may be none."""

    words: str
    given: str
    known: str
    matches: bool


def find(text: str = "") -> Sequence[NominatedContact]:
    """Contacts whose name, ABN or address contains a text, by name."""
    words = text.replace("\0", "").strip()[:LONGEST_SEARCH]
    query = select(NominatedContact).order_by(NominatedContact.legal_name)
    if words:
        query = query.where(
            NominatedContact.legal_name.icontains(words, autoescape=True)
            | NominatedContact.email.icontains(words, autoescape=True)
            | NominatedContact.abn.startswith(words.replace(" ", ""), autoescape=True)
        )
    return db.session.scalars(query.limit(MOST_FOUND)).all()


def save(answers: Mapping[str, Any], actor: Actor) -> None:
    """Keep a contact instead of what was known of the same ABN; ValidationError."""
    contact = read_contact(answers)
    with authorised_transaction(actor, Role.STAFF):
        _keep([contact])
        audit_log.act("contact.saved", actor, clock.now(), **contact)


def load(data: bytes, actor: Actor) -> int:
    """Keep every contact of a CSV file, or none; how many.

    ValidationError on `file`.
    """
    contacts = read_contacts(data)
    with authorised_transaction(actor, Role.STAFF):
        _keep(contacts)
        audit_log.act("contacts.loaded", actor, clock.now(), contacts=contacts)
    return len(contacts)


def remove(contact_id: int, actor: Actor) -> None:
    """Forget a contact; NotFoundError."""
    with authorised_transaction(actor, Role.STAFF):
        contact = db.session.get(NominatedContact, contact_id)
        if contact is None:
            raise NotFoundError
        db.session.delete(contact)
        audit_log.act("contact.removed", actor, clock.now(), abn=contact.abn)


def compare(application: AccountApplication) -> list[Match]:
    """Each field of an application that the agency can check, and what it knows."""
    abn, email = application.abn, application.user.email
    by_abn = NominatedContact.abn == abn
    query = select(NominatedContact).where(by_abn | (NominatedContact.email == email))
    contact = db.session.scalar(query.order_by(by_abn.desc(), NominatedContact.id))
    contact = contact or NominatedContact(legal_name="", abn="", email="")
    name = application.legal_name
    return [
        _match("ABN", format_abn(abn), format_abn(contact.abn)),
        _match("Legal entity name", name, contact.legal_name),
        _match("Contact person’s email", email, contact.email),
    ]


def _match(words: str, given: str, known: str) -> Match:
    return Match(words, given, known, same_words(given, known))


def _keep(contacts: list[dict[str, str]]) -> None:
    keeping = insert(NominatedContact)
    new = {name: keeping.excluded[name] for name in ("legal_name", "email")}
    replacing = keeping.on_conflict_do_update(index_elements=["abn"], set_=new)
    db.session.execute(replacing, contacts)
