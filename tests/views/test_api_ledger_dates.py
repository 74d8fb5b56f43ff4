"""The last second of a declaration, and the first second after it, over the API."""

from datetime import timedelta

import time_machine
from sqlalchemy import event

from spv.extensions import db
from spv.models import Declaration, Upload
from spv.rules.text import format_date
from spv.services.ledger import declarations
from tests.api import TICKED, items, system_of
from tests.panels import stored
from tests.proof import log_problems
from tests.start_days import STARTS, begin_of, end_of, last_day_of

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
PAGE = "http://localhost/panels/declaration"


def lapsed(until):
    """Return the error of an upload after the last day of a declaration."""
    first, last = format_date(until + DAY), format_date(until)
    status = f"lapsed on {first}; it was current until {last}"
    return {
        "code": "declaration_not_current",
        "message": f"The declaration for API users {status}. "
        f"Make it at {PAGE}, then send this again.",
        "currentUntil": until.isoformat(),
        "renewAt": PAGE,
    }


def sent_at(moment, system, number):
    """Upload one item at a moment, and return the response."""
    with time_machine.travel(moment, tick=False):
        return system.send(body=items(1, start=number))


def test_to_the_second_for_many_days(demonstration, other):
    """The declaration is made in the first or last second of a day in Sydney."""
    with time_machine.travel(begin_of(STARTS[0]) - DAY):
        system = system_of(demonstration, other)
    for number, made in enumerate(STARTS, 1):
        until = last_day_of(made)
        end = end_of(until)
        moment = begin_of(made) if number % 2 else end_of(made) - SECOND
        with time_machine.travel(moment, tick=False):
            assert declarations.make(TICKED, other).until == until, made
        answer = sent_at(end - SECOND, system, number)
        assert answer.status_code == 201, made
        assert answer.json["declarationCurrentUntil"] == until.isoformat(), made
        for after in (end, end + SECOND):
            answer = sent_at(after, system, 1000 + number)
            assert answer.status_code == 403, (made, after)
            assert answer.json == {
                "result": "Unsuccessful",
                "errors": [lapsed(until)],
            }, made
    assert stored() == len(STARTS)
    assert log_problems() == []


def test_one_reading_of_the_clock(demonstration, other):
    """Midnight passes before the response is made: it has what was recorded."""
    system = system_of(demonstration, other)
    until = declarations.declaration_status(other.account_id).until
    answers = []
    for body in (items(1), items(1)):  # recorded, then recorded before
        with time_machine.travel(end_of(until) - SECOND, tick=False) as traveller:

            def go_on(_, traveller=traveller):
                traveller.shift(2)

            event.listen(db.session, "after_commit", go_on)
            answer = system.send(body=body)
            event.remove(db.session, "after_commit", go_on)
        answers.append((answer.status_code, answer.json["declarationCurrentUntil"]))
    db.session.rollback()
    (upload,) = db.session.query(Upload).filter(Upload.channel == "api")
    assert upload.received_at == end_of(until) - SECOND
    assert db.session.get_one(Declaration, upload.declaration_id).expires_on == until
    assert answers == [(201, until.isoformat()), (200, until.isoformat())]
