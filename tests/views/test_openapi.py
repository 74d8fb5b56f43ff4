"""Generated requests are answered as the OpenAPI document says."""

from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from spv import demo
from spv.rules.faults import Fault
from spv.rules.ledger.rows import COLUMNS
from spv.rules.text import is_unseen
from tests.api import HEADER, INVALIDATIONS, UPLOADS, items, system_of
from tests.endurance import repeated
from tests.people import acting

SELECTORS = {chr(code) for code in range(0xFE00, 0xFE10)}
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# What is refused for its meaning, which a schema cannot say.
DAMAGE = {"spreadsheet_damage", "lost_characters", "not_a_serial_number", "missing",
          "character"}  # fmt: skip
PANELS = ("POST", "/api/panel-check/v1/serial-numbers")
STC = ("GET", "/api/stc/v1/calculation")
LEDGER = [
    ("POST", UPLOADS),
    ("POST", f"{UPLOADS}/check"),
    ("GET", f"{UPLOADS}/{{serialNumber}}"),
    ("POST", INVALIDATIONS),
]


def visible(text):
    """Replace invisible characters: a schema cannot exclude them."""
    return "".join("x" if is_unseen(c) or c in SELECTORS else c for c in text)


def with_visible_names(body):
    """Replace the invisible characters of names."""
    return {
        "serialNumbers": [
            {n: t if n == "serialNumber" else visible(t) for n, t in item.items()}
            for item in body["serialNumbers"]
        ]
    }


def with_fitting_reason(body):
    """Give "Other" a text, and no other reason one: a schema cannot say that."""
    text = body.get("otherReason", "")
    if body["reason"] == "Other":
        return body | {"otherReason": text if text.isalnum() else "Why"}
    return body if not text.strip() else body | {"otherReason": ""}


def is_undamaged(body):
    """Say whether no value is damaged, and no serial number is given twice."""
    read = [
        column.read(item[column.json_name])
        for item in body["serialNumbers"]
        for column in COLUMNS.values()
    ]
    faults = {value.code for value in read if isinstance(value, Fault)}
    assert faults <= DAMAGE, body
    serials = read[len(COLUMNS) - 1 :: len(COLUMNS)]
    return not faults and len({*serials}) == len(serials)


def operation_of(app, method, path):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)[path][method]


@repeated(10, 500)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_calculation_is_as_described(app, mode, times):
    operation = operation_of(app, *STC)

    @settings(max_examples=times)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        # A schema cannot say which parameters go together: such a 422 is right.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    every_answer()


@repeated(5, 200)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_check_of_panels_is_as_described(app, mode, times):
    operation = operation_of(app, *PANELS)

    @settings(max_examples=times)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        # A schema cannot say which days are, and which characters are invisible.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    every_answer()


@repeated(5, 200)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), LEDGER, ids=str)
def test_every_answer_of_the_ledger_is_as_described(
    demonstration, method, path, mode, times
):
    """All checks of schemathesis, with good requests and with bad ones."""
    system = system_of(demonstration, acting(demo.VSP_USER))
    assert system.send(body=items(20)).status_code == 201
    operation = operation_of(demonstration, method, path)

    # Nearly every text is a good reason, so few bad ones are found by chance.
    @settings(max_examples=times, suppress_health_check=[HealthCheck.filter_too_much])
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        if mode is GenerationMode.POSITIVE and path in (UPLOADS, INVALIDATIONS):
            if path == UPLOADS:
                case.body = with_visible_names(case.body)
                assume(is_undamaged(case.body))
            else:
                case.body = with_fitting_reason(case.body)
            # A key that was used before with another body would rightly be refused.
            case.headers = dict(case.headers or {}) | {"Idempotency-Key": uuid4().hex}
        case.call_and_validate(headers={HEADER: system.key})

    every_answer()
