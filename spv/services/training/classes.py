"""Classes: open one, show its board, play the agency's part, end it.

Only a demonstration has classes. Agency staff are the trainers.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import TrainingClass, TrainingPlace, User, UserSession
from spv.rules.accounts import Role, StaffRole, Status
from spv.rules.errors import ConflictError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import applications
from spv.services.actor import Actor
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from spv.services.authorisation import (
    authorised_transaction,
    require,
    roles_of_user,
    suspension_of,
)
from spv.services.training.evidence import missing_of

LASTS = timedelta(days=1)
MOST_PLACES = 60
MOST_SHOWN = 50
# Without letters that look like others.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_HAS_TRAINER = TrainingClass.trainer_id.is_not(None)
DECLINED = "The trainer has declined this, so that you see what it looks like."
SUSPENDED = "The trainer has suspended this, so that you see what it looks like."


class Act(StrEnum):
    """An act of the trainer in the part of the agency."""

    APPROVE = "approve"
    DECLINE = "decline"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"


class Seat(NamedTuple):
    """A place on the board: which exercises are done, and what the agency can do.

    `missing` has a sentence for each exercise, "" for one that is done.
    """

    place: TrainingPlace
    missing: list[str]
    seen_at: datetime | None
    acts: list[Act]


def is_over(of_class: TrainingClass) -> bool:
    """Tell whether a class has ended."""
    return of_class.ends_at <= clock.now()


def index() -> Sequence[Any]:
    """Return the classes of trainers, the newest first, with the places taken."""
    is_its = TrainingPlace.class_id == TrainingClass.id
    taken = select(func.count()).where(is_its).scalar_subquery()
    query = select(TrainingClass, taken).where(_HAS_TRAINER)
    query = query.options(joinedload(TrainingClass.trainer)).limit(MOST_SHOWN)
    return db.session.execute(query.order_by(TrainingClass.id.desc())).all()


def show(class_id: int) -> tuple[TrainingClass, Sequence[TrainingPlace]]:
    """Return a class of a trainer and its places; raises NotFoundError."""
    query = select(TrainingClass).where(TrainingClass.id == class_id, _HAS_TRAINER)
    return require(db.session.scalar(query)), places_of(class_id)


def board(places: Sequence[TrainingPlace]) -> list[Seat]:
    """Return the places of a class as its trainer sees them."""
    query = select(UserSession.user_id, func.max(UserSession.seen_at))
    users = [place.user_id for place in places]
    query = query.where(UserSession.user_id.in_(users)).group_by(UserSession.user_id)
    seen = dict(db.session.execute(query).all())
    missing, subjects = missing_of(places), _subjects(places)
    return [
        Seat(
            place, missing[place.id], seen.get(place.user_id),
            [act for act in Act if place.id in subjects[act]],
        )
        for place in places
    ]  # fmt: skip


def play(
    act: Act, places: Sequence[TrainingPlace], actor: Actor
) -> tuple[int, list[str]]:
    """Act as the agency for each place to which the act applies.

    Returns how many succeeded, and the reasons of the others: one trainee's mistake
    must not hold up a class. Each is a transaction with the event that the agency's own
    pages would write.
    """
    done, refused = 0, []
    for subject, number in _subjects(places)[act].values():
        try:
            match act:
                case Act.APPROVE:
                    applications.approve(number, actor)
                case Act.DECLINE:
                    applications.decline(number, {"reason": DECLINED}, actor)
                case Act.SUSPEND:
                    reason = {"reason": SUSPENDED}
                    suspensions.suspend(subject, number, reason, actor)
                case Act.REINSTATE:
                    suspensions.reinstate(subject, number, {}, actor)
            done += 1
        except ConflictError as error:
            refused.append(str(error))
    return done, refused


def assess_alone(place: TrainingPlace, actor: Actor) -> None:
    """Let the app approve the application of somebody who practises alone.

    It does so as a member of the demonstration's staff. Raises ConflictError if there
    is nothing to assess, or if a trainer does it.
    """
    if place.of_class.trainer_id is not None:
        raise ConflictError("Your trainer plays the agency, and assesses applications.")
    query = select(User).where(User.is_staff, User.removed_at.is_(None))
    assessors = query.where(User.staff_role != StaffRole.AUDITOR).order_by(User.id)
    users = db.session.scalars(assessors).all()
    user = next((each for each in users if not suspension_of(each.id, None)), None)
    if user is None:
        raise ConflictError(
            "This demonstration has no agency staff who could assess it."
        )
    staff = Actor(user.email, actor.channel, roles_of_user(user), user.id)
    done, refused = play(Act.APPROVE, [place], staff)
    if not done:
        nothing = "You have no application waiting to be assessed."
        raise ConflictError(refused[0] if refused else nothing)


def _subjects(
    places: Sequence[TrainingPlace],
) -> dict[Act, dict[int, tuple[Subject, int]]]:
    """Return, for each act, its subject for each place: a kind and an id.

    The subject is an application, an account, or a person without an account.
    """
    by_user = {place.user_id: place.id for place in places}
    applied = {
        by_user[each.user_id]: (Subject.PERSON, each.id)
        for each in applications.of_users([*by_user])
        if each.status == Status.SUBMITTED
    }
    accounts = [each.user.account_id for each in places if each.user.account_id]
    suspended = {
        Subject.ACCOUNT: suspensions.reasons(Subject.ACCOUNT, accounts),
        Subject.PERSON: suspensions.reasons(Subject.PERSON, by_user),
    }
    subjects = {Act.APPROVE: applied, Act.DECLINE: applied}
    subjects |= {Act.SUSPEND: {}, Act.REINSTATE: {}}
    for place in places:
        account = place.user.account_id
        kind = Subject.ACCOUNT if account else Subject.PERSON
        number = account or place.user_id
        act = Act.REINSTATE if number in suspended[kind] else Act.SUSPEND
        subjects[act][place.id] = kind, number
    return subjects


def open_class(answers: Mapping[str, str], actor: Actor) -> int:
    """Open a class with a number of places; return its id. Raises ValidationError."""
    count = read_all(answers, {"places": _read_places})["places"]
    with authorised_transaction(actor, Role.ASSESSOR):
        at = clock.now()
        opened = new_class(at, count, actor.user_id)
        audit_log.act(
            "training.class_opened", actor, at, changed=[opened],
            training_class=opened.id, places=count,
        )  # fmt: skip
        return opened.id


def end(class_id: int, actor: Actor) -> None:
    """End a class at once: nobody can enter it or go on. Raises NotFoundError."""
    with authorised_transaction(actor, Role.ASSESSOR):
        of_class, _ = show(class_id)
        if is_over(of_class):
            raise ConflictError("This class has ended already.")
        of_class.ends_at = clock.now()
        audit_log.act(
            "training.class_ended", actor, of_class.ends_at, changed=[of_class],
            training_class=class_id,
        )  # fmt: skip


def new_class(at: datetime, count: int, trainer_id: int | None = None) -> TrainingClass:
    """Make a class; one without a trainer is for somebody who practises alone."""
    code = "".join(secrets.choice(LETTERS) for _ in range(6))
    made = TrainingClass(
        code=code, trainer_id=trainer_id, place_count=count, opened_at=at,
        ends_at=at + LASTS,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def places_of(class_id: int) -> Sequence[TrainingPlace]:
    """Return the places of a class, in the order in which they were taken."""
    query = select(TrainingPlace).where(TrainingPlace.class_id == class_id)
    query = query.options(*LOADED).order_by(TrainingPlace.id)
    return db.session.scalars(query).all()


def _read_places(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    if 0 < number <= MOST_PLACES:
        return number
    raise ValueError(f"Enter a number of places from 1 to {MOST_PLACES}.")


LOADED = (
    joinedload(TrainingPlace.of_class),
    joinedload(TrainingPlace.user).joinedload(User.account),
)
