"""Find what the text of the search box names, among all that the actor may see."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from spv import clock
from spv.extensions import db
from spv.models import Account, Invalidation, StcCalculation, Upload, User
from spv.rules.accounts import Role, format_abn
from spv.rules.formatting import pluralise
from spv.rules.ledger.criteria import Criteria
from spv.rules.search_box import Sought, read_search
from spv.services.accounts.users import contains
from spv.services.actor import Actor
from spv.services.ledger import search
from spv.services.ledger.rows import visible

MOST = 20  # of each kind


class Kind(StrEnum):
    """The kinds of things that can be found, in the words of the page."""

    SERIAL = "Serial numbers"
    UPLOAD = "Uploads"
    INVALIDATION = "Invalidations"
    CALCULATION = "STC calculations"
    ACCOUNT = "Accounts"
    PERSON = "People"


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
    """Return what a text names. What is another account's is not found."""
    sought = read_search(text)
    groups: list[Group] = []
    if {Role.STAFF, Role.UPLOADER} & actor.roles:
        groups += _of_ledger(sought, actor)
    if sought.reference:
        is_it = StcCalculation.reference == sought.reference
        query = select(StcCalculation).where(is_it)
        groups.append(_group(Kind.CALCULATION, query, _calculated))
    if Role.STAFF in actor.roles:
        groups += _for_staff(sought)
    return Found(sought, [group for group in groups if group.hits])


def _of_ledger(sought: Sought, actor: Actor) -> Iterator[Group]:
    if sought.serial_number:
        yield _serials(sought.serial_number, actor)
    if sought.upload:
        own = visible(actor) & (Upload.id == sought.upload)
        yield _group(Kind.UPLOAD, select(Upload).where(own), _upload)
    if sought.invalidation:
        own = visible(actor, Invalidation) & (Invalidation.id == sought.invalidation)
        yield _group(Kind.INVALIDATION, select(Invalidation).where(own), _invalidation)


def _for_staff(sought: Sought) -> Iterator[Group]:
    """Yield accounts and people. They are few, so all names are read."""
    accounts = select(Account).order_by(Account.legal_name)
    if sought.abn:
        found = accounts.where(Account.abn == sought.abn)
        yield _group(Kind.ACCOUNT, found, _account)
    if sought.name:
        found = accounts.where(contains(sought.name, Account.legal_name))
        yield _group(Kind.ACCOUNT, found, _account)
        people = select(User).where(
            User.removed_at.is_(None), contains(sought.name, User.name, User.email)
        )
        yield _group(Kind.PERSON, people.order_by(User.email), _person)


def _group(kind: Kind, query: Select[Any], hit: Callable[[Any], Hit]) -> Group:
    found = db.session.scalars(query.limit(MOST + 1)).all()
    return Group(kind, [hit(each) for each in found[:MOST]], len(found) > MOST)


def _serials(beginning: str, actor: Actor) -> Group:
    """Return the serial number, or else those that begin so.

    A serial number has a row for each time that it was recorded. Its last one is valid,
    or none is.
    """
    most = 2 * MOST + 1
    rows = search.matching_rows(Criteria(beginning), actor, most)
    newest = {row.serial_number: row for row in rows}
    if beginning in newest:
        return Group(Kind.SERIAL, [_serial(newest[beginning])])
    if len(rows) == most and len(newest) > 1:
        newest.popitem()  # there may be newer rows of this one
    hits = [_serial(row) for row in newest.values()]
    return Group(Kind.SERIAL, hits[:MOST], len(hits) > MOST or len(rows) == most)


def _serial(row: Any) -> Hit:
    status = "Invalid" if row.invalidation_id else "Valid"
    about = f"{status}, {row.model_number} of {row.supplier_name}, {row.legal_name}"
    return Hit(row.id, row.serial_number, about)


def _upload(upload: Upload) -> Hit:
    about = f"{pluralise(upload.row_count, 'row')}, {_moment(upload.received_at)}"
    return Hit(upload.id, f"Upload {upload.id}", about)


def _invalidation(made: Invalidation) -> Hit:
    rows = pluralise(made.row_count, "row")
    about = f"{rows}, {made.reason}, {_moment(made.made_at)}"
    return Hit(made.id, f"Invalidation {made.id}", about)


def _calculated(saved: StcCalculation) -> Hit:
    about = f"{pluralise(saved.certificates, 'STC')}, {_moment(saved.calculated_at)}"
    return Hit(saved.reference, f"STC calculation {saved.reference}", about)


def _account(account: Account) -> Hit:
    name = account.legal_name
    return Hit(name, name, f"ABN {format_abn(account.abn)}")


def _person(user: User) -> Hit:
    return Hit(user.email, user.name, user.email)


_moment = clock.format_moment
