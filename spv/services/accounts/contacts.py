"""Nominated contacts: the people whom organisations have named to the agency."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from spv import clock
from spv.database import contains, insert
from spv.extensions import db
from spv.models import AccountApplication, NominatedContact
from spv.rules import accounts as rules
from spv.rules.accounts import Role
from spv.rules.text import search_text
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require

MOST_CONTACTS = 200


class Match(NamedTuple):
    """A field of an application beside the contact's; `known` may be empty."""

    words: str
    given: str
    known: str

    @property
    def matches(self) -> bool:
        """Return whether both have the same words."""
        return rules.same_words(self.given, self.known)


def find(text: str = "") -> Sequence[NominatedContact]:
    """Return the contacts whose name, email or beginning of ABN has a text, by name.

    There is one extra row if there are more than a page shows.
    """
    text = search_text(text)
    abn = NominatedContact.abn.startswith(text.replace(" ", ""), autoescape=True)
    columns = NominatedContact.legal_name, NominatedContact.email
    query = select(NominatedContact).where(contains(text, *columns) | abn)
    query = query.order_by(NominatedContact.legal_name).limit(MOST_CONTACTS + 1)
    return db.session.scalars(query).all()


def save(answers: Mapping[str, Any], actor: Actor) -> None:
    """Save a contact in place of the one with the same ABN; raises ValidationError."""
    contact = rules.read_contact(answers)
    with authorised_transaction(actor, Role.STAFF_ADMINISTRATOR):
        saved = _save([contact])
        audit_log.act("contact.saved", actor, clock.now(), changed=saved, **contact)


def load(data: bytes, actor: Actor) -> int:
    """Save all contacts of a CSV file, or none; return their number.

    Raises ValidationError on `file`.
    """
    contacts = rules.read_contacts(data)
    with authorised_transaction(actor, Role.STAFF_ADMINISTRATOR):
        saved, at = _save(contacts), clock.now()
        audit_log.act("contacts.loaded", actor, at, changed=saved, contacts=contacts)
    return len(contacts)


def remove(contact_id: int, actor: Actor) -> None:
    """Delete a contact; raises NotFoundError."""
    with authorised_transaction(actor, Role.STAFF_ADMINISTRATOR):
        contact = require(db.session.get(NominatedContact, contact_id))
        db.session.delete(contact)
        about = {"changed": [contact], "abn": contact.abn}
        audit_log.act("contact.removed", actor, clock.now(), **about)


def compare(application: AccountApplication) -> list[Match]:
    """Compare an application with the contact of its ABN, or else of its email."""
    abn, email = application.abn, application.user.email
    by_abn = NominatedContact.abn == abn
    query = select(NominatedContact).where(by_abn | (NominatedContact.email == email))
    contact = db.session.scalar(query.order_by(by_abn.desc(), NominatedContact.id))
    contact = contact or NominatedContact(legal_name="", abn="", email="")
    return [
        Match("ABN", rules.format_abn(abn), rules.format_abn(contact.abn)),
        Match("Legal entity name", application.legal_name, contact.legal_name),
        Match("Contact person’s email", email, contact.email),
    ]


def _save(contacts: list[dict[str, str]]) -> Sequence[NominatedContact]:
    query = insert(NominatedContact)
    new = {name: query.excluded[name] for name in ("legal_name", "email")}
    query = query.on_conflict_do_update(index_elements=["abn"], set_=new)
    saved = query.returning(NominatedContact)
    as_saved = {"populate_existing": True}
    return db.session.scalars(saved, contacts, execution_options=as_saved).all()
