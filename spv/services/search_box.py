"""Find what the text of the search box names, among all that the actor may see."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import defer, joinedload

from spv import clock
from spv.database import contains
from spv.extensions import db
from spv.models import (
    Account,
    Invalidation,
    RefusedUpload,
    StcBatch,
    StcCalculation,
    Upload,
    User,
)
from spv.rules.accounts import Role, format_abn
from spv.rules.ledger.search import Criteria, Sought, read_search
from spv.rules.text import pluralise
from spv.services.actor import Actor
from spv.services.ledger import search
from spv.services.ledger.rows import visible

MOST = 20  # of each kind
NEWEST = 2_000  # refused uploads, whose file names are searched


class Kind(StrEnum):
    """The kinds of things that can be found, in the words of the page."""

    SERIAL = "Serial numbers"
    UPLOAD = "Uploads"
    INVALIDATION = "Invalidations"
    CALCULATION = "STC calculations"
    BATCH = "STC calculations of a file"
    ACCOUNT = "Accounts"
    PERSON = "People"
    ALONE = "People without an account"
    REFUSED = "Refused uploads"


class Hit(NamedTuple):
    """Something that was found: the key of its page, its name, and what it is."""

    key: Any
    name: str
    about: str


class Group(NamedTuple):
    """The first things of a kind that were found, and whether there are more."""

    kind: Kind
    hits: Sequence[Hit]
    has_more: bool = False


class Found(NamedTuple):
    """The text as it was read, and what was found, by kind."""

    sought: Sought
    groups: Sequence[Group]

    @property
    def only(self) -> tuple[Kind, Hit] | None:
        """The one thing that was found, if there is just one."""
        hits = [(group.kind, hit) for group in self.groups for hit in group.hits]
        return hits[0] if len(hits) == 1 else None


def find(text: str, actor: Actor) -> Found:
    """Return what a text names. Things of other accounts are not found."""
    sought = read_search(text)
    groups: list[Group] = []
    if {Role.STAFF, Role.UPLOADER} & actor.roles:
        groups += _of_ledger(sought, actor)
    if sought.reference:
        is_it = StcCalculation.reference == sought.reference
        found = _group(Kind.CALCULATION, select(StcCalculation).where(is_it))
        if not found.hits:
            batch = select(StcBatch).where(StcBatch.reference == sought.reference)
            found = _group(Kind.BATCH, batch.options(defer(StcBatch.document)))
        groups.append(found)
    if Role.STAFF in actor.roles:
        groups += _for_staff(sought)
    return Found(sought, [group for group in groups if group.hits])


def _of_ledger(sought: Sought, actor: Actor) -> Iterator[Group]:
    if sought.serial_number:
        yield _serials(sought.serial_number, actor)
    if sought.upload:
        own = visible(actor) & (Upload.id == sought.upload)
        yield _group(Kind.UPLOAD, select(Upload).where(own))
    if sought.invalidation:
        own = visible(actor, Invalidation) & (Invalidation.id == sought.invalidation)
        yield _group(Kind.INVALIDATION, select(Invalidation).where(own))


def _for_staff(sought: Sought) -> Iterator[Group]:
    """Yield accounts and people. They are few, so all names are read."""
    accounts = select(Account).order_by(Account.legal_name)
    if sought.abn:
        yield _group(Kind.ACCOUNT, accounts.where(Account.abn == sought.abn))
    if sought.name:
        is_it = contains(sought.name, Account.legal_name)
        yield _group(Kind.ACCOUNT, accounts.where(is_it))
        named = contains(sought.name, User.name, User.email)
        people = select(User).where(User.removed_at.is_(None), named)
        found = db.session.scalars(people.order_by(User.email).limit(MOST + 1)).all()
        for kind, has_account in ((Kind.PERSON, True), (Kind.ALONE, False)):
            some = [each for each in found if bool(each.account_id) is has_account]
            yield Group(kind, [*map(_hit, some[:MOST])], len(found) > MOST)
        yield _refused(sought)


def _refused(sought: Sought) -> Group:
    """Return the refused upload with a number, and recent ones by file name."""
    newest = select(RefusedUpload.id).order_by(RefusedUpload.id.desc()).limit(NEWEST)
    is_new = RefusedUpload.id.in_(newest.subquery().select())
    is_named = is_new & contains(sought.name, RefusedUpload.filename)
    is_it = (RefusedUpload.id == sought.refused) | is_named
    account = joinedload(RefusedUpload.account)
    query = select(RefusedUpload).options(defer(RefusedUpload.report), account)
    query = query.where(is_it)
    return _group(Kind.REFUSED, query.order_by(RefusedUpload.id.desc()))


def _group(kind: Kind, query: Select[Any]) -> Group:
    found = db.session.scalars(query.limit(MOST + 1)).all()
    return Group(kind, [*map(_hit, found[:MOST])], len(found) > MOST)


def _serials(beginning: str, actor: Actor) -> Group:
    """Return the serial number, or else serial numbers that begin with the text.

    A serial number has one row for each time it was recorded. Only its last row can be
    valid.
    """
    most = 2 * MOST + 1
    rows = search.matching_rows(Criteria(beginning), actor, most)
    newest = {row.serial_number: row for row in rows}
    if beginning in newest:
        return Group(Kind.SERIAL, [_hit(newest[beginning])])
    if len(rows) == most and len(newest) > 1:
        newest.popitem()  # there may be newer rows of this one
    hits = [*map(_hit, newest.values())]
    return Group(Kind.SERIAL, hits[:MOST], len(hits) > MOST or len(rows) == most)


def _hit(found: Any) -> Hit:
    moment, rows = clock.format_moment, partial(pluralise, one="row")
    match found:
        case Upload(id=key):
            name = f"Upload {key}"
            about = f"{rows(found.row_count)}, {moment(found.received_at)}"
        case Invalidation(id=key):
            name, when = f"Invalidation {key}", moment(found.made_at)
            about = f"{rows(found.row_count)}, {found.reason}, {when}"
        case StcCalculation(reference=key):
            name, certificates = f"STC calculation {key}", found.certificates
            about = f"{pluralise(certificates, 'STC')}, {moment(found.calculated_at)}"
        case StcBatch(reference=key):
            name, systems = f"File {key}", pluralise(found.calculated, "system")
            stcs = pluralise(found.certificates, "STC")
            about = f"{stcs} for {systems}, {moment(found.calculated_at)}"
        case Account(id=key, legal_name=name):
            about = f"ABN {format_abn(found.abn)}"
        case User(name=name, email=about):
            key = found.account_id or found.id
        case RefusedUpload(id=key, filename=name):
            when, whose = moment(found.refused_at), found.account.legal_name
            about = f"Refused on {when}, of {whose}"
        case _:
            key, name = found.id, found.serial_number
            status = "Invalid" if found.invalidation_id else "Valid"
            model = f"{found.model_number} of {found.supplier_name}"
            about = f"{status}, {model}, {found.legal_name}"
    return Hit(key, name, about)
