"""Whatever is changed straight in the database, verification finds and names it."""

import re
import threading
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import User
from spv.services import audit_log, checkpoints
from spv.services.accounts import sessions, sign_in, users
from spv.services.stc import calculations
from spv.services.verify import checks
from tests.endurance import repeated
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, upload
from tests.people import KIM, NEW_PASSWORD, WEB, acting, at_once
from tests.tampering import History, Tamperer
from tests.tampering_products import change_approved_product  # noqa: F401
from tests.tampering_refusals import REFUSED  # noqa: F401 (its kinds are added)
from tests.tampering_rows import KINDS

pytestmark = pytest.mark.every_database(long=True)


@pytest.fixture(scope="module")
def histories():
    """The history that was made on each database, by its URL."""
    return {}


@pytest.fixture
def history(demonstration, copies, database_url, histories, tmp_path_factory):
    """The same small ledger for every test of a database."""
    if database_url not in histories:
        file = tmp_path_factory.mktemp("history") / "checkpoints.txt"
        histories[database_url] = History(copies, file)
    db.session.rollback()
    return histories[database_url]


def first_sentences(history, kind, times):
    """Tamper at many places; yield what should be found first, and what is.

    What is done more often than every fifth time, to other rows, is not verified again.
    """
    (tamper, needs_file), done = KINDS[kind], Counter()
    history.copies.put_back(history.whole)
    for seed in range(times):
        with history.copies.unguarded().connect() as connection:
            one = Tamperer(connection, f"{kind} {seed}", history)
            words = tamper(one)
            done[str(one.done)] += 1
            if done[str(one.done)] > times // 5:
                continue
            connection.commit()
        found = checks.verify([history.file] if needs_file else [])
        yield seed, words, [*found.sentences, "nothing"][0]
        history.copies.put_back(history.whole)


@repeated(10, 100)
@pytest.mark.parametrize("kind", KINDS)
def test_every_place_is_found_and_named(history, kind, times):
    results = first_sentences(history, kind, times)
    assert [each for each in results if not re.match(each[1], each[2])] == []


def test_what_nobody_has_touched(history):
    history.copies.put_back(history.whole)
    for files in ([], [history.file]):
        found = checks.verify(files)
        assert found.sentences == []
        assert found.conclusion().startswith("Proved: ")


def acts(number):
    """Do what people do in the app, which differs by the number."""
    user, name = acting(demo.VSP_USER), f"T{number}X"
    upload(panels_csv(5, name), user)
    mark([f"{name}000002", f"{name}000003"], user)
    sign_in.sign_up(KIM | {"email": f"{name}@x.au"}, WEB)
    link = users.make_link(acting(f"{name}@x.au").user_id, acting(demo.STAFF))
    users.use_link(link.token, NEW_PASSWORD, WEB)
    calculations.save(GOOD_SOLAR, WEB)


@repeated(3, 100)
def test_no_false_alarm_while_others_write(app, demonstration, tmp_path, times):
    """Verified again and again, while three threads write and one makes checkpoints."""
    app.config["SPV_CHECKPOINTS"] = str(tmp_path / "checkpoints.txt")
    done, numbers, found = threading.Event(), count(), []

    def write():
        acts(next(numbers))
        while not done.is_set():
            acts(next(numbers))

    def sign():
        while not done.is_set():
            for chain in audit_log.CHAINS:
                checkpoints.make(chain)

    def verify():
        try:
            found.extend(checks.verify() for _ in range(times))
        finally:
            done.set()

    calculations.save(GOOD_SOLAR, WEB)  # or there is nothing to sign
    before = checks.verify().counts
    assert at_once(verify, write, write, write, sign) == []
    assert [each.sentences for each in found] == [[]] * times
    after = checks.verify()
    assert after.sentences == []
    for name in ("event", "upload", "invalidation", "user"):
        assert after.counts[name] >= before[name] + 3


def test_a_fault_is_told_from_those_that_follow(history):
    """Only the first of a row of events that do not fit is a problem."""
    history.copies.put_back(history.whole)
    with history.copies.unguarded().begin() as connection:
        one = Tamperer(connection, 1, history)
        events = one.events(audit_log.REGISTRY)
        for event in events[4:9]:
            one.edit_details(event)
        one.edit_details(events[20])
        one.relink(audit_log.REGISTRY, 5)
    found = checks.verify()
    changed = "was not sealed by spv: it was changed or added"
    assert found.sentences == [f"registry: event {n} {changed}" for n in (5, 21)]
    assert found.problems["registry log"].following == 4
    assert found.problem_count == 2


def test_a_link_that_was_put_into_the_database(history):
    """It sets a password by way of the app, and leaves no trace in the user's row."""
    history.copies.put_back(history.whole)
    user, staff = acting(KIM["email"]), acting(demo.STAFF)
    users.use_link(users.make_link(user.user_id, staff).token, NEW_PASSWORD, WEB)
    assert checks.verify().sentences == []
    for made_before in (False, True):
        if made_before:
            users.make_link(user.user_id, staff)
        until = clock.now() + timedelta(hours=1)
        planted = {"link_hash": sessions.digest("planted"), "link_until": until}
        where = User.id == user.user_id
        db.session.execute(sa.update(User).where(where).values(planted))
        db.session.commit()
        users.use_link("planted", NEW_PASSWORD, WEB)
        problems = checks.verify().sentences
        assert len(problems) == 1 + made_before
        for problem in problems:
            assert problem.startswith(f"user {user.user_id}: the password link of ")


def test_a_key_that_was_replaced_seals_nothing_any_more(app):
    """Somebody who has an earlier key cannot add events to those of a newer one."""
    old, new = "demonstration-only", "another"
    for key, earlier in ((old, ()), (new, (old,)), (old, ())):
        app.config.update(SPV_LOG_KEY=key, SPV_LOG_KEY_FALLBACKS=earlier)
        calculations.save(GOOD_SOLAR, WEB)
    app.config.update(SPV_LOG_KEY=new, SPV_LOG_KEY_FALLBACKS=(old,))
    words = "stc: event 3 was sealed with a log key that had been replaced"
    assert checks.verify().sentences == [words]
