"""The past of a demonstration: what it has, that it is true, and the same each time."""

from collections import Counter
from itertools import pairwise

import pytest
import sqlalchemy as sa

from spv import clock, demo, demo_past
from spv.extensions import db
from spv.models import (
    AccountApplication,
    AccountDay,
    ApiRequest,
    AuditEvent,
    Conflict,
    Invalidation,
    LookAlike,
    PanelSerial,
    RefusedUpload,
    StcCalculation,
    Subscription,
    Upload,
)
from spv.rules.ledger.statements import REASONS
from spv.services import audit_log
from spv.services.ledger.declarations import declaration_status
from spv.services.verify import checks
from spv.services.verify.calculations import replay
from tests.people import acting

YEAR_AND_A_HALF = 537  # days: 77 weeks, from one Monday morning to another


def pairs_of(*columns, where=True):
    """Every combination of the values of some columns."""
    query = sa.select(*columns).where(where)
    return {tuple(row) for row in db.session.execute(query)}


def said():
    """Everything of before this week: moments, names and numbers, but no secrets."""
    today = clock.today()
    monday = clock.first_moment_of(today - demo_past.DAY * today.weekday())
    return [
        pairs_of(at, *columns, where=at < monday)
        for at, *columns in (
            (Upload.received_at, Upload.filename, Upload.sha256, Upload.channel),
            (Invalidation.made_at, Invalidation.row_count, Invalidation.reason),
            (StcCalculation.calculated_at, StcCalculation.certificates),
            (AuditEvent.at, AuditEvent.event, AuditEvent.actor, AuditEvent.channel),
        )
    ]


def agency_finds():
    """Conflicts, look-alikes, much that is marked or refused, and always “Other”."""
    conflicts = pairs_of(Conflict.account_id, Conflict.holder_id)
    assert len(conflicts) >= 3
    (suspect,) = pairs_of(LookAlike.account_id)
    assert db.session.query(LookAlike).count() == 12
    of_suspect = AccountDay.account_id == suspect[0]
    rows = sa.select(sa.func.sum(AccountDay.recorded)).where(of_suspect)
    recorded = db.session.scalar(rows)
    weeks = [
        day for day in db.session.query(AccountDay).where(of_suspect) if day.marked
    ]
    assert len(weeks) >= 8
    assert all(day.marked_other == day.marked for day in weeks)
    assert sum(day.marked > 0.05 * recorded for day in weeks) >= 4
    late = clock.now() - 28 * demo_past.DAY
    refused = sa.select(RefusedUpload.account_id).where(RefusedUpload.refused_at > late)
    counts = Counter(db.session.scalars(refused))
    assert counts.most_common(1)[0][0] == suspect[0]
    assert counts[suspect[0]] >= 10
    found = pairs_of(RefusedUpload.channel, RefusedUpload.conflict_count > 0)
    assert found == {(way, has) for way in ("web", "api") for has in (True, False)} | {
        ("command", True), ("command", False),
    }  # fmt: skip


@pytest.mark.every_database(long=True)
def test_the_past_is_true_and_has_every_kind(app):
    assert demo_past.load()
    found = checks.verify()
    assert found.sentences == []
    assert 22_000 < found.counts["row"] < 24_000
    assert replay().sentences == []
    for chain in audit_log.CHAINS:
        times = [event.at for event in audit_log.events_of(chain)]
        assert all(one <= other for one, other in pairwise(times))
        assert (clock.now() - times[0]).days > YEAR_AND_A_HALF
        assert times[-1] <= clock.now()
    uploading = {acting(email).account_id for email in demo.UPLOADING}
    by = pairs_of(Upload.account_id, Upload.channel)
    assert {(one, way) for one in uploading for way in ("web", "api")} < by
    assert pairs_of(Invalidation.reason) == {(reason,) for reason in REASONS}
    assert pairs_of(Invalidation.upload_id.is_not(None)) == {(True,), (False,)}
    statuses = pairs_of(AccountApplication.status)
    assert statuses == {("submitted",), ("approved",), ("declined",)}
    assert pairs_of(ApiRequest.status) == {(200,), (201,), (403,), (409,), (422,)}
    assert len(pairs_of(Subscription.cancelled_at)) == 2
    systems = pairs_of(StcCalculation.system_type, StcCalculation.zone)
    assert {("solar_deemed", zone) for zone in (1, 2, 3, 4)} < systems
    assert {kind for kind, _ in systems} == {
        "solar_deemed", "wind_deemed", "hydro_deemed", "battery",
    }  # fmt: skip
    refused = AuditEvent.event == "upload.refused"
    assert db.session.query(AuditEvent).where(refused).count() > 40
    of_serial = sa.select(PanelSerial.serial_number).group_by(PanelSerial.serial_number)
    again = of_serial.having(sa.func.count() > 1)
    assert len(db.session.scalars(again).all()) > 100  # marked, and uploaded again
    agency_finds()
    current = {
        email: declaration_status(acting(email).account_id).is_current
        for email in demo.UPLOADING
    }
    assert current == {demo.VSP_USER: True, demo.SUPPLIER: False, demo.OTHER_VSP: True}


@pytest.mark.long
def test_the_past_is_made_whole_or_not_at_all_and_the_same_each_time(app, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setitem(demo_past.PLAN, "applicants", [{"abn": "no number"}])
        with pytest.raises(KeyError):
            demo_past.load()
    assert db.session.query(AuditEvent).count() == 0
    assert demo_past.load()
    first = said()
    assert list(map(len, first))[:2] == [209, 46]
    assert not demo_past.load()
    assert said() == first
    assert app.test_cli_runner().invoke(args=["demo", "reset"]).exit_code == 0
    db.session.rollback()
    assert said() == first


def test_only_a_demonstration_has_another_time(app):
    with clock.at(clock.now() - demo_past.DAY):
        before = clock.now()
        assert clock.now() > before
    assert (clock.now() - before).days == 1
    app.config["SPV_ENVIRONMENT"] = "production"
    with pytest.raises(RuntimeError), clock.at(before):
        pass
