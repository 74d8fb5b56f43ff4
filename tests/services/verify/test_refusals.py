"""The verification of refusals: its memory, and which problem follows from which."""

import hashlib
import tracemalloc

import pytest
import sqlalchemy as sa

from spv import clock
from spv.database import nested_batch
from spv.extensions import db
from spv.models import AccountDay, Conflict, RefusedSerial
from spv.rules.accounts import Role
from spv.services import audit_log
from spv.services.authorisation import authorised_transaction
from spv.services.ledger import refusals
from spv.services.ledger.refusals import Refusal, Taken
from spv.services.verify import checks
from tests.panels import panels_csv, refused, upload
from tests.proof import log_problems


def refuse(numbers, actor, upload_id, holder, rows=20):
    """Write down refusals of some rows of an upload of another account."""
    taken = [Taken(n, f"EX{n:06}", upload_id, holder) for n in range(1, rows + 1)]
    with nested_batch():
        for number in numbers:
            sha256 = hashlib.sha256(str(number).encode()).hexdigest()
            with authorised_transaction(actor, Role.UPLOADER) as sequence:
                sent, at = {"body_sha256": sha256}, clock.now()
                refusal = Refusal("No.", taken=taken)
                refusals.record(refusal, sent, actor, at, sequence)


@pytest.mark.long
@pytest.mark.every_database(long=True)
def test_memory_does_not_grow_with_refusals(vsp, other, monkeypatch):
    monkeypatch.setattr(audit_log, "SLICE", 50)  # or thousands would be needed
    upload_id = upload(panels_csv(20), vsp).upload_id
    peaks = []
    checks.verify()  # and keep what every verification keeps
    for numbers in (range(100), range(100, 400)):
        refuse(numbers, other, upload_id, vsp.account_id)
        tracemalloc.start()
        found = checks.verify()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.sentences == []
    assert found.counts["refused upload"] >= 400
    assert peaks[1] < 1.5 * peaks[0], peaks


@pytest.mark.every_database
def test_counts_of_days_follow_from_what_they_are_counted_from(
    demonstration, vsp, other
):
    upload(panels_csv(2), vsp)
    refused(panels_csv(2), other)
    number = db.session.scalar(sa.select(sa.func.max(Conflict.refused_upload_id)))
    db.session.execute(sa.update(AccountDay).values(marked=77))
    db.session.commit()
    problems = log_problems()
    assert len(problems) == db.session.query(AccountDay).count()
    assert all(each.endswith(" are wrong") for each in problems)
    of_it = RefusedSerial.refused_upload_id == number
    db.session.execute(sa.delete(RefusedSerial).where(of_it))
    db.session.commit()
    found = checks.verify()
    words = f"refused upload {number}: its serial numbers were changed"
    assert found.sentences == [words]
    assert found.problems["refusals"].following == len(problems)
