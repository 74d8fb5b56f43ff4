"""The OpenAPI document has the routes, limits, codes and words of the code."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import spv
from spv import access, guide
from spv.rules.faults import FAULTS
from spv.rules.ledger import panel_check
from spv.rules.ledger.rows import LONGEST_NAME, MOST_ROWS
from spv.rules.ledger.serial_number import LONGEST_SERIAL, SHORTEST_SERIAL, read_serial
from spv.rules.ledger.statements import LONGEST_REASON, REASONS
from spv.views import api_ledger

DOCUMENT = guide.openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
# What only the problems of files have.
CODES_OF_FILES = {
    "bare_quote", "heading_row", "extra_cell", "heading_missing", "heading_repeated",
    "heading_unknown", "no_heading",
}  # fmt: skip


def operations():
    """Each operation of the document, with its method and path."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield {"method": method.upper(), "path": path, **operation}


def test_it_has_every_route_of_the_api_and_no_other(app):
    routes = {
        (method, re.sub("<.*?>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and rule.endpoint != "api_stc.document"
    }
    described = {(o["method"], re.sub("{.*?}", "{}", o["path"])) for o in operations()}
    assert described == routes


def test_what_is_shared_is_not_served(client):
    served = client.get("/api/openapi.json").json
    assert served == {**DOCUMENT, "servers": [{"url": "/"}]}
    assert list(served) == ["openapi", "info", "paths", "components", "servers"]


def test_its_limits():
    for name in ("Items", "Serials", "InvalidationRequest"):
        serials = SCHEMAS[name]["properties"]["serialNumbers"]
        assert (serials["minItems"], serials["maxItems"]) == (1, MOST_ROWS)
    panels = SCHEMAS["PanelCheck"]["properties"]
    assert panels["serialNumbers"]["maxItems"] == panel_check.MOST_BY_API
    assert panels["modelNumber"]["maxLength"] == LONGEST_NAME
    checked = SCHEMAS["CheckedPanels"]["properties"]["serialNumbers"]["items"]
    statuses = checked["properties"]["status"]["enum"]
    assert {*statuses} == {result.name.lower() for result in panel_check.Result}
    for name in ("supplierName", "licensee", "modelNumber"):
        assert SCHEMAS["Item"]["properties"][name]["maxLength"] == LONGEST_NAME
    invalidation = SCHEMAS["InvalidationRequest"]["properties"]
    assert invalidation["otherReason"]["maxLength"] == LONGEST_REASON
    assert invalidation["reason"]["enum"] == list(REASONS)
    assert api_ledger.LARGEST == 2_000_000
    for operation in operations():
        if "413" in operation["responses"]:
            assert "2 MB" in operation["responses"]["413"]["description"]
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "Idempotency-Key":
                pattern = f"^{api_ledger._KEY.pattern}$"
                assert parameter["schema"]["pattern"] == pattern


@pytest.mark.parametrize("schema", ["Item", "InvalidationRequest"])
def test_its_pattern_of_serial_numbers_is_the_rule(schema):
    properties = SCHEMAS[schema]["properties"]
    described = properties.get("serialNumber") or properties["serialNumbers"]["items"]
    pattern = re.compile(described["pattern"])
    lengths = (SHORTEST_SERIAL - 1, SHORTEST_SERIAL, LONGEST_SERIAL, LONGEST_SERIAL + 1)
    texts = [f"A1{chr(code)}Z" for code in range(0x180)]
    texts += ["X" * (length - 1) + "1" for length in lengths] + ["XYZ", " \tAB12\n", ""]
    for text in texts:
        assert bool(pattern.search(text)) is isinstance(read_serial(text), str), text


def test_its_keys_and_statuses():
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes["key"]["name"] == access.KEY_HEADER
    assert schemes["keyInAddress"]["name"] == access.KEY_PARAMETER
    statuses = list(api_ledger.STATUS.values())
    assert SCHEMAS["Status"]["properties"]["status"]["enum"] == statuses
    assert list(SCHEMAS["Totals"]["properties"]) == statuses
    one, every = SCHEMAS["OneStatus"]["properties"], SCHEMAS["Status"]["properties"]
    assert one == {**every, "result": one["result"]}


def test_its_codes_are_those_of_the_code():
    """Each code of the document is in the code, and the other way round."""
    codes = {*SCHEMAS["Error"]["properties"]["code"]["enum"]}
    assert codes == {*guide.error_codes(), "too_many_rows"}
    files = Path(spv.__file__).parent.rglob("*.py")
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    text += "".join(f' Fault("{fault.code}")' for fault in FAULTS.values())
    of_http = {status.name.lower() for status in HTTPStatus}
    assert codes - {*re.findall(r'"([a-z_]+)"', text)} <= of_http
    raised = r'(?:Fault|Refused|Error|Conflict)\((?:\s*\d+,)?\s*"([a-z]+_[a-z_]+)"'
    found = {*re.findall(raised, text), *re.findall(r'"code": "([a-z_]+)"', text)}
    assert len(found) > 12
    assert found <= codes | CODES_OF_FILES


def examples():
    """Each example of the document with the schema that it belongs to."""
    for operation in operations():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = operation["responses"].values()
        for body in [*bodies, *(each for each in answers if "content" in each)]:
            content = body["content"]["application/json"]
            for example in examples_of(body):
                yield content["schema"], example


def examples_of(response):
    """The examples of a body: one, several by name, or none."""
    content = response["content"]["application/json"]
    named = [each["value"] for each in content.get("examples", {}).values()]
    return named or [content[name] for name in ("example",) if name in content]


def test_its_examples_are_of_their_schemas():
    count = 0
    for schema, example in examples():
        validator = Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}})
        assert [*validator.iter_errors(example)] == [], example
        count += 1
    assert count > 40
