"""The API does what its document says, also for requests that nobody thought of."""

from uuid import uuid4

import pytest
import schemathesis
from hypothesis import assume, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from spv import demo
from spv.rules.ledger.rows import Fault, read_serial
from spv.rules.text import is_unseen
from tests.api import HEADER, INVALIDATIONS, UPLOADS, items, system_of
from tests.endurance import repeated
from tests.people import acting

SELECTORS = {chr(code) for code in range(0xFE00, 0xFE10)}
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
STC = ("GET", "/api/stc/v1/calculation")
LEDGER = [
    ("POST", UPLOADS),
    ("POST", f"{UPLOADS}/check"),
    ("GET", f"{UPLOADS}/{{serialNumber}}"),
    ("POST", INVALIDATIONS),
]


def with_visible_names(body):
    """The same, a plain letter for what cannot be seen: that is beyond a schema."""

    def seen(text):
        return "".join("x" if is_unseen(c) or c in SELECTORS else c for c in text)

    return {
        "serialNumbers": [
            {n: text if n == "serialNumber" else seen(text) for n, text in item.items()}
            for item in body["serialNumbers"]
        ]
    }


def can_be_taken(path, body):
    """Whether a body has nothing that is beyond a schema.

    That is: the same serial number twice, what a spreadsheet has damaged, and which
    reason goes with a text.
    """
    if path == INVALIDATIONS:
        text = body.get("otherReason", "")
        return text.isalnum() if body["reason"] == "Other" else not text.strip()
    serials = [read_serial(item["serialNumber"]) for item in body["serialNumbers"]]
    faults = [serial for serial in serials if isinstance(serial, Fault)]
    assert {fault.code for fault in faults} <= {"spreadsheet_damage"}, body
    return not faults and len({*serials}) == len(serials)


def operation_of(app, method, path):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)[path][method]


@repeated(25, 500)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_calculation_is_as_described(app, mode, times):
    operation = operation_of(app, *STC)

    @settings(max_examples=times, deadline=None)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        # Which parameters go together is beyond a schema: such a 422 is right.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    every_answer()


@repeated(10, 200)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), LEDGER, ids=str)
def test_every_answer_of_the_ledger_is_as_described(
    demonstration, method, path, mode, times
):
    """All checks. What no schema can say of a list is left out of what should pass."""
    system = system_of(demonstration, acting(demo.VSP_USER))
    assert system.send(body=items(20)).status_code == 201
    operation = operation_of(demonstration, method, path)

    @settings(max_examples=times, deadline=None)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        if mode is GenerationMode.POSITIVE and path in (UPLOADS, INVALIDATIONS):
            if path == UPLOADS:
                case.body = with_visible_names(case.body)
            assume(can_be_taken(path, case.body))
            # One that came before with another body is rightly refused.
            case.headers = dict(case.headers or {}) | {"Idempotency-Key": uuid4().hex}
        case.call_and_validate(headers={HEADER: system.key})

    every_answer()
