"""Retention: what is kept, and deleted after its days, and what is never deleted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock, demo
from spv.config import SETTINGS
from spv.extensions import db
from spv.models import (
    ApiRequest,
    AuditCheck,
    AuditEvent,
    KnownBrowser,
    RefusedFile,
    RefusedUpload,
    StcBatch,
)
from spv.rules.stc.batch import template_text
from spv.services import retention
from spv.services.accounts import sign_in
from spv.services.agency import products
from spv.services.ledger.refused_files import File
from spv.services.stc import batches
from tests.api import UPLOADS, items, system_of
from tests.panels import panels_csv, refused
from tests.people import KIM, PASSWORD, WEB, acting, try_sign_in
from tests.products import LIST, list_csv
from tests.proof import log_problems

pytestmark = pytest.mark.every_database

SECOND = timedelta(seconds=1)
# A setting that says when, of rows that keep the moment itself.
SETTING_OF = {"refusal report": "SPV_DAYS_REFUSAL_REPORTS"}


def end_of(term, at):
    """The moment from which something of a moment is deleted."""
    if term.name == "visitor counter":  # it counts a day in Sydney
        return clock.first_moment_of(clock.day_of(at) + timedelta(days=1))
    setting = term.setting or SETTING_OF.get(term.name)
    days = SETTINGS[setting].default if setting else 1
    return at + timedelta(days=days)


@pytest.fixture
def full(demonstration, other, app):
    """One of each thing that is deleted some day, all of this moment."""
    with time_machine.travel(clock.now(), tick=False) as moment:
        at = clock.now()
        db.session.query(RefusedFile).delete()  # those of the demonstration
        db.session.query(RefusedUpload).update({"report": None})
        db.session.commit()
        refused(panels_csv(2), other)
        products.preview(File(list_csv(*LIST), "list.csv"), acting(demo.STAFF))
        batches.save(template_text().encode(), WEB)
        system = system_of(app, other)
        assert system.send(UPLOADS, items(2), Idempotency_Key="one").status_code == 201
        sign_in.sign_up(KIM, WEB)
        answers = {"email": KIM["email"], "password": PASSWORD}
        assert sign_in.sign_in(answers, WEB, browser="b" * 22)
        try_sign_in("nobody@x.au", "a wrong password")
        times = dict.fromkeys(("started_at", "seen_at", "finished_at"), at)
        db.session.add(AuditCheck(started_by="Kim", **times))
        db.session.commit()
        yield moment, at


def test_each_is_kept_for_its_days_and_then_deleted(full):
    moment, at = full
    events = db.session.query(AuditEvent).count()
    ends = {term.name: end_of(term, at) for term in retention.TERMS}
    for end in sorted({*ends.values()}):
        due = {name for name in ends if ends[name] == end}
        assert not any(retention.forget(end - SECOND).values())
        assert {name for name, n in retention.forget(end).items() if n} == due
    assert db.session.query(AuditEvent).count() == events
    moment.shift(timedelta(days=366))
    assert log_problems() == []


def test_a_batch_loses_its_document_alone_and_a_request_its_answer(full):
    _, at = full
    retention.forget(at + timedelta(days=1))
    batch, request = (
        db.session.query(StcBatch).one(),
        db.session.query(ApiRequest).one(),
    )
    assert (batch.document, batch.row_count > 0) == (None, True)
    assert (request.answer, request.idempotency_key, request.status) == (
        None,
        None,
        201,
    )


def test_a_term_is_a_setting(full, app):
    _, at = full
    app.config["SPV_DAYS_API_REQUESTS"] = 2
    assert retention.forget(at + timedelta(days=2, seconds=-1))["API request"] == 0
    assert retention.forget(at + timedelta(days=2))["API request"] == 1


def test_many_rows_are_deleted_in_several_transactions(demonstration, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    at = clock.now()
    rows = [
        {"user_id": 1, "browser_hash": str(n), "signed_in_at": at} for n in range(10)
    ]
    db.session.execute(sa.insert(KnownBrowser), rows)
    db.session.commit()
    assert retention.forget(at + timedelta(days=366))["known browser"] == 10
