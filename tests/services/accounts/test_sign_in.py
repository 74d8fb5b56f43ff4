"""Signing up, in and out: passwords, waiting, sessions that end."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from argon2 import extract_parameters

from spv.extensions import db
from spv.models import AuditEvent, SignInTries, UserSession
from spv.rules.errors import ValidationError
from spv.services.accounts import passwords, sessions, sign_in, users
from tests.conftest import HASHER
from tests.people import (
    KIM,
    PASSWORD,
    WEB,
    at_once,
    events,
    everybody,
    try_sign_in,
    twice,
    user_of,
)

pytestmark = pytest.mark.every_database

WRONG = "The email address or the password is wrong."
RIGHT = {"email": "kim@x.au", "password": PASSWORD}
START = datetime(2026, 11, 22, tzinfo=UTC)


def test_sign_up_and_in(kim):
    assert user_of("kim@x.au").name == "Kim Doe"
    user = sessions.resume(try_sign_in(" Kim@X.au ", PASSWORD))
    assert (user.email, user.account_id) == ("kim@x.au", None)
    assert events() == ["user.signed_up", "user.signed_in"]


def test_the_password_is_kept_as_argon2id(kim):
    found = extract_parameters(user_of("kim@x.au").password_hash)
    assert found.type.name == "ID"


def test_a_password_costs_what_is_recommended():
    found = extract_parameters(HASHER.hash(PASSWORD))
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19_456, 2, 1)


def test_signing_up_with_an_address_in_use_changes_nothing(kim):
    other = "nine yellow umbrellas"
    sign_in.sign_up(KIM | twice(other, name="Eve"), WEB)
    assert user_of("kim@x.au").name == "Kim Doe"
    assert try_sign_in("kim@x.au", other) == WRONG
    assert events()[:2] == ["user.signed_up", "user.sign_up_refused"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "Enter the full name."),
        ({"name": "a\0b"}, "name", "an invisible character"),
        ({"email": "kim"}, "email", "Enter an email address such as"),
        ({"password": "short"}, "password", "at least 12 characters"),
        ({"password": "x" * 201}, "password", "at most 200 characters"),
        ({"password": "Summer2026!!"}, "password", "first that would be guessed"),
        ({"password_again": "another"}, "password_again", "Enter the same password"),
    ],
)
def test_what_signing_up_refuses(app, change, field, words):
    if "password" in change:
        change = twice(**change)
    with pytest.raises(ValidationError) as error:
        sign_in.sign_up(KIM | change, WEB)
    assert list(error.value.problems) == [field]
    assert words in error.value.problems[field]
    assert everybody() == set()
    assert events() == []


@pytest.mark.parametrize(
    "password", ["مرحبا بالعالم الكبير", "\0 null and more null", "☀️ panel ☀️ lemon"]
)
def test_any_letters_make_a_password(app, password):
    sign_in.sign_up(KIM | twice(password), WEB)
    assert sessions.resume(try_sign_in("kim@x.au", password))
    assert try_sign_in("kim@x.au", password + " ") == WRONG


def test_the_same_letters_from_another_keyboard(app):
    sign_in.sign_up(KIM | twice("ze\u0301bra crossing nine"), WEB)
    assert sessions.resume(try_sign_in("kim@x.au", "z\u00e9bra crossing nine"))


def test_the_right_password_several_times_at_once(app, kim):
    """A double click is no attack."""
    errors = at_once(
        *[lambda: sessions.resume(sign_in.sign_in(RIGHT, WEB)) or 1 / 0] * 4
    )
    assert errors == []
    assert not db.session.query(SignInTries).count()


def test_what_is_typed_as_an_address_is_not_kept(kim):
    """It may be the password, typed into the wrong field."""
    try_sign_in("my secret password", "x")
    try_sign_in("kim@x.au", "wrong")
    query = sa.select(AuditEvent.details).where(AuditEvent.event.like("%failed"))
    unknown, known = db.session.scalars(query)
    assert unknown == '{"ip":"203.0.113.7","subject":0}'
    assert f'"subject":{user_of("kim@x.au").id}' in known


@pytest.mark.parametrize("letters", ["a" + "\u0301" * 40_000 + "\u0316" * 40_000])
def test_no_text_takes_long_to_read(kim, letters):
    """Normalising takes a time that grows with the square of the length."""
    start = time.perf_counter()
    assert try_sign_in("kim@x.au", letters) == WRONG
    given = twice(letters, name=letters)
    with pytest.raises(ValidationError, match="at most 200"):
        sign_in.sign_up(KIM | given, WEB)
    assert time.perf_counter() - start < 1


def test_a_new_sign_in_ends_the_one_before_it(kim):
    first = try_sign_in("kim@x.au", PASSWORD)
    second = sign_in.sign_in(RIGHT, WEB, first)
    assert sessions.resume(first) is None
    assert sessions.resume(second)


def test_a_removed_or_unset_user_cannot_sign_in(kim):
    user = user_of("kim@x.au")
    user.password_hash = None
    db.session.commit()
    assert try_sign_in("kim@x.au", PASSWORD) == WRONG
    assert not passwords.matches(None, PASSWORD)


@pytest.mark.parametrize(
    ("times", "minutes", "last"),
    [(4, 29, 30), (12 * 4 - 1, 15, 15)],
    ids=["30 minutes without a request", "12 hours whatever happens"],
)
def test_a_session_ends_after(kim, times, minutes, last):
    with time_machine.travel(START, tick=False) as clock:
        token = try_sign_in("kim@x.au", PASSWORD)
        for _ in range(times):
            clock.shift(timedelta(minutes=minutes))
            assert sessions.resume(token)
        clock.shift(timedelta(minutes=last))
        assert sessions.resume(token) is None


def test_the_database_does_not_have_the_token(kim):
    token = try_sign_in("kim@x.au", PASSWORD)
    assert db.session.query(UserSession).one().token_hash != token
    assert sessions.resume(token + "x") is None


def test_signing_out_ends_this_session_and_everywhere_all(kim):
    first, second, third = (try_sign_in("kim@x.au", PASSWORD) for _ in range(3))
    sign_in.sign_out(first, kim)
    assert [bool(sessions.resume(t)) for t in (first, second, third)] == [0, 1, 1]
    sign_in.sign_out_everywhere(kim)
    assert [bool(sessions.resume(t)) for t in (first, second, third)] == [0, 0, 0]


def test_a_new_password_ends_the_other_sessions(kim):
    mine, stolen = (try_sign_in("kim@x.au", PASSWORD) for _ in range(2))
    new = "seven lemon bicycles"
    users.change_password(twice(new, current_password=PASSWORD), mine, kim)
    assert sessions.resume(mine)
    assert sessions.resume(stolen) is None
    assert try_sign_in("kim@x.au", PASSWORD) == WRONG
    assert sessions.resume(try_sign_in("kim@x.au", new))
