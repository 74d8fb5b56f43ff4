"""Compare the list of approved products with the log."""

import json
from collections.abc import Iterator

from sqlalchemy import select

from spv.models import ApprovedProduct
from spv.rules.ledger.approval import Approved
from spv.rules.ledger.product_list import digest
from spv.services import audit_log
from spv.services.ledger.approved import COLUMNS, LOADED
from spv.services.verify.comparison import read
from spv.services.verify.findings import Findings

KIND = "approved products"
NAME = "the list of approved products"


def check(findings: Findings) -> None:
    """Compare the list with the digest of the last event, and its keys with its names.

    The whole list is in memory: it has 30,000 lines at most.
    """
    findings.add_all(KIND, _wrong(findings))


def _wrong(findings: Findings) -> Iterator[str]:
    expected = digest([])
    for event in audit_log.events_of(audit_log.REGISTRY, LOADED):
        try:
            details = json.loads(event.details)
            before, after = details["before"], details["after"]
        except (ValueError, KeyError, TypeError):
            yield f"event {event.sequence} cannot be read"
            continue
        if before != expected:
            yield f"{NAME}: event {event.sequence} replaced a list that was not loaded"
        expected = after
    key = ApprovedProduct.__table__.c
    keys = (key.supplier_name_key, key.licensee_key, key.model_number_key)
    lines, wrong_keys = [], 0
    for row in read(select(*COLUMNS, *keys)):
        findings.read("approved product")
        line = Approved._make(row[: len(COLUMNS)])
        lines.append(line)
        wrong_keys += line.keys != tuple(row[len(COLUMNS) :])
    if digest(lines) != expected:
        yield f"{NAME}: not the one that the log tells of"
    if wrong_keys:
        yield f"{NAME}: the search keys of names were changed"
