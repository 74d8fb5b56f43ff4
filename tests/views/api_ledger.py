"""Checks of answers of the ledger's API, for tests."""

import json

from spv.extensions import db
from spv.models import Invalidation, Upload
from tests.api import UPLOADS
from tests.endurance import measured
from tests.panels import stored
from tests.proof import log_problems

CHECK = f"{UPLOADS}/check"


def refused(answer, case, *statuses):
    """Check the body of an error answer, and its status; return the errors."""
    assert 400 <= answer.status_code < 500, (case, answer.status, answer.text[:300])
    assert not statuses or answer.status_code in statuses, (case, answer.text[:300])
    assert answer.is_json, case
    told = {"warnings"} if answer.json.get("warnings") else set()
    assert answer.json.keys() == {"result", "errors"} | told, case
    assert answer.json["result"] == "Unsuccessful", case
    assert answer.json["errors"], case
    for error in answer.json["errors"]:
        assert error.keys() >= {"code", "message"}, (case, error)
        assert error.keys() <= {"row", "field", "code", "message", "value"}, case
        assert len(json.dumps(error)) < 2_000, (case, len(json.dumps(error)))
    return answer.json["errors"]


def timed(case, send):
    """Return the answer, which must take less than a second of the processor's time."""
    answer, took = measured(send)
    assert took < 1, (case, took)
    return answer


def counted():
    """Count the uploads and invalidations."""
    db.session.rollback()
    return db.session.query(Upload).count(), db.session.query(Invalidation).count()


def proven():
    """Check that the ledger and the log agree."""
    assert log_problems() == []


def unchanged(before):
    """Check that nothing was stored or marked since it was counted."""
    assert counted() == before
    assert stored() == 0
    proven()
