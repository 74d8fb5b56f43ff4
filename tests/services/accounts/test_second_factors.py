"""The second factor: which codes are taken, how often somebody may guess."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv.database import nested_batch
from spv.extensions import db
from spv.models import AuditEvent, User
from spv.services.accounts import second_factors, users
from spv.services.accounts.second_factors import WRONG, matching_step
from spv.services.accounts.tries import TooManyFailures
from tests.people import (
    NEW_PASSWORD,
    PASSWORD,
    acting,
    at_once,
    events,
    try_sign_in,
    twice,
    user_of,
)
from tests.proof import log_problems
from tests.second_factors import START, STEP, code_of, enrol, finish, half, is_in

KIM = "kim@x.au"
# RFC 6238, appendix B: the last six of the eight digits with SHA-1.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC = {59: "287082", 1111111109: "081804", 1111111111: "050471",
       1234567890: "005924", 2000000000: "279037", 20000000000: "353130"}  # fmt: skip


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def factor_of(email=KIM):
    db.session.rollback()
    return second_factors.of_user(user_of(email).id)


@pytest.mark.parametrize(("second", "code"), RFC.items())
def test_the_codes_of_the_standard(second, code):
    at = datetime.fromtimestamp(second, UTC)
    assert matching_step(RFC_SECRET, code, at) == second // 30
    assert matching_step(RFC_SECRET, code, at + 3 * STEP) == 0


@pytest.mark.parametrize(
    ("steps", "is_right"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)]
)
def test_clocks_may_differ_by_one_step(kim, clock, steps, is_right):
    secret, _, _ = enrol(KIM)
    clock.shift(10 * STEP)
    assert is_in(finish(half(KIM), code_of(secret, steps))) == is_right


@pytest.mark.every_database
def test_no_code_is_taken_twice(kim, clock):
    """Nor one that is older than the last one, nor that with which it was set up."""
    secret, _, _ = enrol(KIM)
    used = code_of(secret)
    assert finish(half(KIM), used) == WRONG
    clock.shift(STEP)
    code, earlier = code_of(secret, 1), code_of(secret)
    ticket = half(KIM)
    assert is_in(finish(ticket, code[:3] + " " + code[3:]))
    for replayed in (code, earlier):
        assert finish(half(KIM), replayed) == WRONG
    clock.shift(STEP)
    assert finish(half(KIM), code) == WRONG
    clock.shift(STEP)
    assert is_in(finish(half(KIM), code_of(secret)))


@pytest.mark.every_database
def test_at_once_one_of_many_gets_in_with_a_code(kim):
    _, codes, _ = enrol(KIM)
    tickets, tokens = [half(KIM) for _ in range(5)], []
    at_once(*[lambda t=t: tokens.append(finish(t, codes[0])) for t in tickets])
    assert len(tokens) == 5
    assert sum(map(is_in, filter(None, tokens))) == 1
    assert len(factor_of().recovery) == 9


@pytest.mark.every_database
def test_a_recovery_code_is_good_once(kim):
    """As it was typed: in small letters, without hyphens, 0 for O and 1 for I."""
    _, codes, _ = enrol(KIM)
    assert len({*codes}) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)  # of 32: 80 bits
    for left, code in zip(range(9, -1, -1), codes, strict=True):
        typed = code.lower().replace("-", " ").replace("o", "0").replace("i", "1")
        assert is_in(finish(half(KIM), typed))
        assert len(factor_of().recovery) == left
        assert finish(half(KIM), code) == WRONG
    assert events().count("second_factor.recovery_code_used") == 10
    assert log_problems() == []


def test_guesses_of_a_day(kim, clock):
    """Of a million codes, three are right at a time: 30 guesses find one in 10,000."""
    secret, _, _ = enrol(KIM)
    clock.shift(timedelta(days=1))
    ticket, end, tried = half(KIM), START + timedelta(days=2), 0
    factor = second_factors.of_user(user_of(KIM).id)
    db.session.rollback()
    with nested_batch():
        while datetime.now(UTC) < end:
            try:
                second_factors.try_code("000000", factor, datetime.now(UTC), "x")
                tried += 1
            except TooManyFailures as error:
                clock.shift(timedelta(seconds=error.retry_after))
    assert tried == 30
    clock.shift(timedelta(hours=1))
    assert second_factors.holder(ticket) is None
    assert is_in(finish(half(KIM), code_of(secret)))


@pytest.mark.every_database
def test_guesses_at_once_are_counted(kim):
    enrol(KIM)
    ticket, answers = half(KIM), []
    at_once(*[lambda: answers.extend(finish(ticket, "x") for _ in "123")] * 4)
    assert answers.count(WRONG) == 5
    assert len(answers) == 12
    assert all("Try again in" in each for each in answers if each != WRONG)
    assert "administrator" not in max(answers)  # a password link does not help


def test_strangers_cannot_make_somebody_wait_for_a_code(kim, clock):
    secret, _, _ = enrol(KIM)
    try_sign_in(KIM, PASSWORD, "laptop")
    for number in range(120):
        try_sign_in(KIM, "wrong", ip=f"10.1.1.{number}")
    clock.shift(timedelta(hours=2))
    assert is_in(finish(half(KIM), code_of(secret)))


def test_neither_a_link_nor_a_new_password_skips_the_code_or_the_wait(kim, clock):
    secret, _, _ = enrol(KIM)
    for _ in range(5):
        assert finish(half(KIM), "000000") == WRONG
    link = users.new_link(db.session.get_one(User, kim.user_id), datetime.now(UTC))
    db.session.commit()
    before = half(KIM)
    users.use_link(link.token, twice("another purple tractor"), kim)
    assert finish(before, code_of(secret, 1)) == ""  # the password is another one
    ticket = half(KIM, "another purple tractor")
    assert "Try again in 15 minutes." in finish(ticket, code_of(secret, 1))
    clock.shift(timedelta(minutes=15))
    ticket = half(KIM, "another purple tractor")
    token = finish(ticket, code_of(secret))
    wanted = NEW_PASSWORD | {"current_password": "another purple tractor"}
    users.change_password(wanted, token, acting(KIM))
    assert is_in(token)
    clock.shift(STEP)
    assert is_in(finish(half(KIM), code_of(secret)))


def test_a_ticket_ends(kim, clock):
    """After 10 minutes, a sign-in, a change of the factor, and removal of the user."""
    secret, codes, token = enrol(KIM)
    ticket = half(KIM)
    clock.shift(timedelta(minutes=10))
    assert second_factors.holder(ticket)
    clock.shift(timedelta(seconds=1))
    assert finish(ticket, codes[0]) == ""
    ticket = half(KIM)
    assert is_in(finish(ticket, code_of(secret)))
    clock.shift(STEP)
    assert finish(ticket, code_of(secret)) == ""
    ticket = half(KIM)
    second_factors.confirm(codes[0], token, acting(KIM))
    assert finish(ticket, codes[1]) == ""
    ticket = half(KIM)
    second_factors.reset(KIM)
    assert finish(ticket, codes[1]) == ""
    assert second_factors.holder("") is second_factors.holder("9" * 30) is None


def test_a_ticket_is_no_session_and_not_that_of_another(kim, private_people):
    enrol(KIM)
    ticket = half(KIM)
    assert not is_in(ticket)
    lou = user_of(KIM).id + 1
    assert second_factors.holder(f"{lou}.{ticket.partition('.')[2]}") is None
    assert events()[-1] == "second_factor.asked"


def test_what_is_saved_is_not_the_secret(kim):
    secret, codes, _ = enrol(KIM)
    tables = db.metadata.sorted_tables
    saved = str([db.session.execute(sa.select(table)).all() for table in tables])
    assert secret not in saved
    assert not any(code in saved or code.replace("-", "") in saved for code in codes)
    assert factor_of().sealed not in str(db.session.scalars(
        sa.select(AuditEvent.details)).all())  # fmt: skip


@pytest.mark.parametrize("is_fallback", [True, False])
def test_another_secret_key(kim, app, is_fallback):
    """With the old one as a fallback nothing changes; without it, recovery codes do."""
    secret, codes, _ = enrol(KIM)
    fallbacks = (app.config["SECRET_KEY"],) if is_fallback else ()
    app.config |= {"SECRET_KEY": "another", "SECRET_KEY_FALLBACKS": fallbacks}
    assert is_in(finish(half(KIM), code_of(secret, 1))) is is_fallback
    assert is_in(finish(half(KIM), codes[0]))
