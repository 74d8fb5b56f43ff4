"""Setting up a second factor, replacing and removing it; what the log has of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, SecondFactor
from spv.rules.errors import ConflictError, ForbiddenError, ValidationError
from spv.services.accounts import second_factors, sessions
from spv.services.accounts.second_factors import WRONG
from spv.services.agency import staff
from tests.people import PASSWORD, acting, events, try_sign_in, user_of
from tests.proof import log_problems
from tests.second_factors import START, STEP, code_of, enrol, finish, half, is_in

KIM = "kim@x.au"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.mark.every_database
def test_other_sessions_end_with_the_set_up(kim, clock):
    """A session in which nobody gave a code does not become trusted."""
    other = try_sign_in(KIM, PASSWORD)
    _, _, token = enrol(KIM)
    assert (is_in(other), is_in(token)) == (False, True)
    late = try_sign_in(KIM, PASSWORD)
    assert not isinstance(late, str)
    # Even a session that somebody puts beside it is worth nothing without a code.
    added = sessions.start(user_of(KIM), datetime.now(UTC))
    db.session.commit()
    assert not is_in(added)


def test_two_sessions_set_up_at_once(kim):
    """The second one would replace the factor of the first, without a code of it."""
    tokens = [try_sign_in(KIM, PASSWORD) for _ in range(2)]
    set_ups = [second_factors.set_up("", kim) for _ in tokens]
    first, second = zip(set_ups, tokens, strict=True)
    secret = first[0].secret
    second_factors.add(first[0].sealed, code_of(secret), first[1], kim)
    code = code_of(second[0].secret)
    with pytest.raises(ForbiddenError):
        second_factors.add(second[0].sealed, code, second[1], kim)
    assert is_in(finish(half(KIM), code_of(secret, 1)))


def test_a_set_up_is_of_one_user_and_lasts_an_hour(kim, clock, private_people):
    token = try_sign_in(KIM, PASSWORD)
    set_up = second_factors.set_up("", kim)
    assert second_factors.set_up(set_up.sealed, kim) == set_up
    lou = acting(KIM).__class__("lou@x.au", "web", user_id=kim.user_id + 1)
    clock.shift(timedelta(hours=1, seconds=1))
    code = code_of(set_up.secret)
    with pytest.raises(ValidationError, match="code is wrong"):
        second_factors.add(set_up.sealed, code, token, kim)
    with pytest.raises(ValidationError, match="code is wrong"):
        second_factors.add("", "000000", token, kim)
    assert second_factors._secret_of_set_up(set_up.sealed, lou) == ""


def test_replacing_and_removing_need_a_code_of_the_last_ten_minutes(kim, clock):
    secret, codes, token = enrol(KIM)
    clock.shift(timedelta(minutes=10))
    set_up = second_factors.set_up("", kim)
    for act in (
        lambda: second_factors.add(set_up.sealed, code_of(set_up.secret), token, kim),
        lambda: second_factors.remove(token, kim),
    ):
        with pytest.raises(ForbiddenError):
            act()
    second_factors.confirm(code_of(secret), token, kim)
    with pytest.raises(ValidationError):
        second_factors.confirm(code_of(secret), token, kim)
    second_factors.add(set_up.sealed, code_of(set_up.secret), token, kim)
    clock.shift(STEP)
    assert finish(half(KIM), code_of(secret)) == WRONG
    assert finish(half(KIM), codes[0]) == WRONG
    second_factors.remove(token, kim)
    assert is_in(try_sign_in(KIM, PASSWORD))
    assert events()[-2:] == ["second_factor.removed", "user.signed_in"]
    assert log_problems() == []


def test_staff_of_production_may_only_replace_it(demonstration, private_people):
    _, _, token = enrol(demo.STAFF, demo.PASSWORD)
    demonstration.config["SPV_ENVIRONMENT"] = "production"
    with pytest.raises(ConflictError, match="Set it up again"):
        second_factors.remove(token, acting(demo.STAFF))


def test_it_ends_with_the_user_and_when_somebody_becomes_staff(kim):
    """Nobody has proved yet that the address is that of the person who signed up."""
    enrol(KIM)
    staff.create(KIM)
    assert db.session.query(SecondFactor).count() == 0
    assert log_problems() == []


def test_an_event_says_what_was_changed(kim):
    enrol(KIM)
    query = sa.select(AuditEvent).where(AuditEvent.event == "second_factor.added")
    event = db.session.scalars(query).one()
    (state,) = json.loads(event.details)["states"]["second_factors"].values()
    assert state.keys() == {"user_id", "sealed", "recovery", "created_at"}
    assert len(state["sealed"]) == len(state["recovery"]) == 64
    assert event.actor == KIM


@pytest.mark.parametrize("value", ["sealed = 'x'", "recovery = '[]'"])
def test_a_change_without_an_event_is_found(kim, value):
    enrol(KIM)
    db.session.execute(sa.text(f"UPDATE second_factors SET {value}"))
    db.session.commit()
    (problem,) = log_problems()
    assert "second factor 1" in problem


def test_one_that_was_put_into_the_database_is_found(kim):
    enrol(KIM)
    second_factors.reset(KIM)
    assert log_problems() == []
    values = {"sealed": "x", "recovery": [], "last_step": 0}
    at = datetime.now(UTC)
    db.session.add(SecondFactor(user_id=kim.user_id, created_at=at, **values))
    db.session.commit()
    (problem,) = log_problems()
    assert "second factor" in problem
