"""Places of trainees: enter a class, answer, be given an account, reset.

A trainee has a user and an organisation of their own, which nobody else uses, and gives
nothing but a first name or a nickname. The password is that of every demonstration, so
that a trainee who was signed out can come back.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial

from sqlalchemy import func, select, update

from spv import clock
from spv.extensions import Model, db
from spv.models import (
    Account,
    NominatedContact,
    TrainingClass,
    TrainingPlace,
    User,
    UserSession,
)
from spv.rules.accounts import AccountType, Role, Status, in_order
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.text import read_all, read_text, search_key
from spv.rules.training.material import PHONE, Exercise, Material
from spv.services import audit_log
from spv.services.accounts import applications, passwords, sessions
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction
from spv.services.training.classes import LOADED, new_class, places_of
from spv.services.training.evidence import material_of

DOMAIN = "@training.example"
MOST_ALONE = 300  # people who practise alone at the same time
LONGEST_NAME = 40
LONGEST_ANSWER = 60
CONFIRMATION = "reset"
_NOT_LETTERS = re.compile("[^a-z]+")
_password_hash = lru_cache(passwords.hash_of)  # one for all, as everybody knows it
_read_name = partial(read_text, what="your first name or nickname", most=LONGEST_NAME)


def is_trainee(email: str) -> bool:
    """Tell whether an email address is that of a trainee."""
    return email.endswith(DOMAIN)


def place_of(user_id: int) -> TrainingPlace | None:
    """Return the place of a trainee, with its class."""
    query = select(TrainingPlace).filter_by(user_id=user_id)
    return db.session.scalar(query.options(*LOADED))


def enter(answers: Mapping[str, str], actor: Actor, instead_of: str = "") -> str:
    """Give somebody a place in the class of a code; return the token of a session.

    `instead_of` is the token of the session that the browser had before, which ends.
    Raises ValidationError.
    """
    given = read_all(answers, {"code": _read_code, "name": _read_name})
    with audit_log.registry_transaction():
        at = clock.now()
        query = select(TrainingClass).filter_by(code=given["code"])
        of_class = db.session.scalar(query.where(TrainingClass.ends_at > at))
        if of_class is None or of_class.trainer_id is None:
            raise ValidationError({
                "code": "No open class has this code. Ask your trainer for the code."
            })  # fmt: skip
        places = places_of(of_class.id)
        if len(places) >= of_class.place_count:
            raise ValidationError({"code": "Every place of this class is taken."})
        if search_key(given["name"]) in {search_key(each.user.name) for each in places}:
            raise ValidationError({
                "name": "Somebody in this class has this name. Enter another. If it is "
                "you, sign in with your email address: your trainer can see it."
            })  # fmt: skip
        return _enter(of_class, given["name"], actor, at, instead_of)


def practise_alone(
    answers: Mapping[str, str], actor: Actor, instead_of: str = ""
) -> str:
    """Let somebody practise without a class, and return their session's token.

    Raises ValidationError, and ConflictError while too many people do so.
    """
    name = read_all(answers, {"name": _read_name})["name"]
    with audit_log.registry_transaction():
        at = clock.now()
        query = select(func.count()).select_from(TrainingClass)
        alone = TrainingClass.trainer_id.is_(None), TrainingClass.ends_at > at
        if (db.session.scalar(query.where(*alone)) or 0) >= MOST_ALONE:
            raise ConflictError("Too many people practise just now. Try again later.")
        return _enter(new_class(at, 1), name, actor, at, instead_of)


def answer(
    place: TrainingPlace, exercise: Exercise, answers: Mapping[str, str], actor: Actor
) -> None:
    """Keep the answer to the question of an exercise. Raises ValidationError."""

    def read(text: str) -> str:
        what = f"an answer to “{exercise.question}”"
        return read_text(text, what, LONGEST_ANSWER).replace(",", "").upper()

    typed = read_all(answers, {"answer": read})["answer"]
    with authorised_transaction(actor, _role(actor)):
        (mine,) = _again([place])
        mine.answers = {**mine.answers, exercise.name: typed}
        audit_log.act(
            "training.answered", actor, clock.now(), changed=[mine],
            exercise=exercise.number, answer=typed,
        )  # fmt: skip


def give_account(place: TrainingPlace, actor: Actor) -> None:
    """Give a trainee the account that later exercises need, without an application."""
    with authorised_transaction(actor, _role(actor)):
        (mine,) = _again([place])
        at, user, given = clock.now(), mine.user, material_of(mine)
        statuses = [each.status for each in applications.of_users([user.id])]
        if Status.SUBMITTED in statuses:
            raise ConflictError(
                "Your application waits to be assessed: that comes first."
            )
        account = user.account or Account(
            legal_name=given.legal_name, abn=given.abn, phone=PHONE, created_at=at,
            account_types=[],
        )  # fmt: skip
        types = {*account.account_types, AccountType.GENERAL, AccountType.VSP}
        if user.account and types == {*account.account_types}:
            return  # they have it already
        account.account_types = in_order(types)
        user.account, user.is_administrator = account, True
        audit_log.act("training.account_given", actor, at, changed=[account, user])


def reset(places: Sequence[TrainingPlace], text: str, actor: Actor) -> None:
    """Reset places: each gets a new user, a new organisation and new files.

    Trainees stay signed in, as their new user. Nothing is deleted, so the log stays
    whole. `text` is what was typed to confirm it. Raises ValidationError.
    """
    if text.strip().lower() != CONFIRMATION:
        sentence = f"Type {CONFIRMATION} to confirm that you start again."
        raise ValidationError({"confirmation": sentence})
    if not places:
        raise ConflictError("Nobody has a place here yet. Nothing was done.")
    with authorised_transaction(actor, _role(actor)):
        at, changed = clock.now(), list[Model]()
        for place in _again(places):
            before = place.user
            before.removed_at = at
            place.user, contact = _new_person(before.name, at)
            place.answers = {}
            of_user = update(UserSession).where(UserSession.user_id == before.id)
            db.session.execute(of_user.values(user_id=place.user.id))
            changed += [before, place.user, contact, place]
        audit_log.act(
            "training.reset", actor, at, changed=changed,
            places=[place.id for place in places],
        )  # fmt: skip


def _role(actor: Actor) -> Role:
    """Return the role of a trainer or a trainee, which may have no account yet."""
    if actor.account_id:
        return Role.GENERAL
    return Role.PERSON if Role.PERSON in actor.roles else Role.ASSESSOR


def _again(places: Sequence[TrainingPlace]) -> Sequence[TrainingPlace]:
    """Read places again inside a transaction, as they may have changed."""
    query = select(TrainingPlace).where(TrainingPlace.id.in_([p.id for p in places]))
    query = query.options(*LOADED).order_by(TrainingPlace.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _enter(
    of_class: TrainingClass, name: str, actor: Actor, at: datetime, instead_of: str
) -> str:
    user, contact = _new_person(name, at)
    place = TrainingPlace(of_class=of_class, user=user, answers={}, entered_at=at)
    db.session.add(place)
    token = sessions.start(user, at, instead_of)
    is_alone = of_class.trainer_id is None
    audit_log.act(
        "training.entered", actor, at,
        changed=[user, contact, place, *[of_class] * is_alone],
        training_class=of_class.id, name=name, subject=user.id,
    )  # fmt: skip
    return token


def _new_person(name: str, at: datetime) -> tuple[User, NominatedContact]:
    """Make a user, and the contact that their organisation has nominated."""
    plain = unicodedata.normalize("NFKD", name).lower()
    letters = _NOT_LETTERS.sub("", plain)[:20] or "trainee"
    user = User(
        name=name, email=f"{letters}-{secrets.token_hex(3)}{DOMAIN}", created_at=at,
        password_hash=_password_hash(passwords.DEMONSTRATION),
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    given = Material(user.id, clock.day_of(at))
    details = {"legal_name": given.legal_name, "abn": given.abn}
    contact = NominatedContact(**details, email=user.email)
    db.session.add(contact)
    return user, contact


def _read_code(text: str) -> str:
    code = "".join(text.split()).upper()
    if len(code) != 6:
        raise ValueError("Enter the six letters of the code.")
    return code
