"""Generated requests are answered as the OpenAPI document says."""

from uuid import uuid4

import pytest
import schemathesis
from hypothesis import assume, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from spv import demo, guide
from spv.rules.faults import Fault
from spv.rules.ledger.rows import COLUMNS
from spv.rules.text import BLANKS, is_unseen
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
    return body | {"otherReason": ""} if text.strip(BLANKS) else body


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


def trimmed(value):
    """Remove the blanks around all texts of a body, as the server does."""
    if isinstance(value, str):
        return value.strip(BLANKS)
    if isinstance(value, dict):
        return {name: trimmed(each) for name, each in value.items()}
    return [*map(trimmed, value)] if isinstance(value, list) else value


def is_bad_for_its_blanks(path, body):
    """Say whether a body is too long only with blanks that do not count."""
    name = {
        UPLOADS: "Items",
        INVALIDATIONS: "InvalidationRequest",
        PANELS[1]: "PanelCheck",
    }
    if path not in name or not isinstance(body, dict):
        return False
    components = guide.openapi()["components"]
    schema = components["schemas"][name[path]] | {"components": components}
    is_good = Draft202012Validator(schema).is_valid
    return is_good(trimmed(body)) and not is_good(body)


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
        assume(not is_bad_for_its_blanks(PANELS[1], case.body))
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

    @settings(max_examples=times)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        assume(not is_bad_for_its_blanks(path, case.body))
        if mode is GenerationMode.POSITIVE and path in (UPLOADS, INVALIDATIONS):
            if path == UPLOADS:
                case.body = with_visible_names(case.body)
                assume(is_undamaged(case.body))
            else:
                case.body = with_fitting_reason(case.body)
                read = map(COLUMNS["serial_number"].read, case.body["serialNumbers"])
                assume(not any(isinstance(each, Fault) for each in read))
            # A key that was used before with another body would rightly be refused.
            case.headers = dict(case.headers or {}) | {"Idempotency-Key": uuid4().hex}
        case.call_and_validate(headers={HEADER: system.key})

    every_answer()
