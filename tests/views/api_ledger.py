"""What answers of the ledger's API have in common, for tests."""

import json

from spv.extensions import db
from spv.models import Invalidation, Upload
from spv.services import audit_log
from spv.services.verify import ledger as ledger_verification
from tests.api import UPLOADS
from tests.endurance import measured
from tests.panels import stored

CHECK = f"{UPLOADS}/check"


def refused(answer, told, *statuses):
    """It has the one error body, and one of some statuses, or else any of 4xx."""
    assert 400 <= answer.status_code < 500, (told, answer.status, answer.text[:300])
    assert not statuses or answer.status_code in statuses, (told, answer.text[:300])
    assert answer.is_json, told
    assert answer.json.keys() == {"result", "errors"}, told
    assert answer.json["result"] == "Unsuccessful", told
    assert answer.json["errors"], told
    for error in answer.json["errors"]:
        assert error.keys() >= {"code", "message"}, (told, error)
        assert error.keys() <= {"row", "field", "code", "message", "value"}, told
        assert len(json.dumps(error)) < 2_000, (told, len(json.dumps(error)))
    return answer.json["errors"]


def timed(told, ask):
    """The answer, which took less than a second of this machine."""
    answer, took = measured(ask)
    assert took < 1, (told, took)
    return answer


def counted():
    """How many uploads and markings there are."""
    db.session.rollback()
    return db.session.query(Upload).count(), db.session.query(Invalidation).count()


def proven():
    """The ledger and the log are whole."""
    problems = ledger_verification.verify().problems
    assert problems == []
    assert {chain.problem for chain in audit_log.verify()} == {""}


def unchanged(before):
    """Nothing was stored or marked since it was counted, and all is whole."""
    assert counted() == before
    assert stored() == 0
    proven()
