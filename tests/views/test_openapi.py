"""Generated requests are answered as the OpenAPI document says."""

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
    """Replace invisible characters of names: a schema cannot exclude them."""

    def visible(text):
        return "".join("x" if is_unseen(c) or c in SELECTORS else c for c in text)

    return {
        "serialNumbers": [
            {
                name: text if name == "serialNumber" else visible(text)
                for name, text in item.items()
            }
            for item in body["serialNumbers"]
        ]
    }


def should_be_accepted(path, body):
    """Say whether a body breaks no rule that a schema cannot express.

    Those are: a serial number given twice, one that a spreadsheet has damaged, and the
    text that goes with a reason.
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
        # A schema cannot say which parameters go together: such a 422 is right.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    every_answer()


@repeated(10, 200)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), LEDGER, ids=str)
def test_every_answer_of_the_ledger_is_as_described(
    demonstration, method, path, mode, times
):
    """All checks of schemathesis, with good requests and with bad ones."""
    system = system_of(demonstration, acting(demo.VSP_USER))
    assert system.send(body=items(20)).status_code == 201
    operation = operation_of(demonstration, method, path)

    @settings(max_examples=times, deadline=None)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        if mode is GenerationMode.POSITIVE and path in (UPLOADS, INVALIDATIONS):
            if path == UPLOADS:
                case.body = with_visible_names(case.body)
            assume(should_be_accepted(path, case.body))
            # A key that was used before with another body would rightly be refused.
            case.headers = dict(case.headers or {}) | {"Idempotency-Key": uuid4().hex}
        case.call_and_validate(headers={HEADER: system.key})

    every_answer()
