"""The ledger's part of the OpenAPI document: its operations and what they take."""

import json
from typing import Any

from apispec import APISpec
from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Regexp

from spv.access import INVALID_KEY, KEY_HEADER, KEY_PARAMETER, MISSING_KEY
from spv.rules.marking import LONGEST_REASON, REASONS
from spv.rules.serial_rows import LONGEST_NAME, MOST_ROWS
from spv.views import openapi_examples as examples

BASE = "/api/serial-number-ledger/v1"
SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"keyInAddress": []}]


def _text(description: str, *checks: Any, **more: Any) -> fields.String:
    return fields.String(
        validate=list(checks), metadata={"description": description}, **more
    )


def _number(description: str) -> fields.Integer:
    return fields.Integer(metadata={"description": description})


def _list(of: Any) -> fields.List[Any]:
    most = Length(min=1, max=MOST_ROWS)
    return fields.List(of, required=True, validate=most)


_NAME = (Length(min=1, max=LONGEST_NAME), Regexp(r"\S"))
_SERIAL = Regexp(r"^[ \t\r\n]*(?=[^0-9]*[0-9])[A-Za-z0-9._/:+#()\-]{3,60}[ \t\r\n]*$")
_SERIAL_WORDS = (
    "3 to 60 letters A to Z, digits and - . _ / : + # ( ), with at least one digit; "
    "kept in capitals. What a spreadsheet has damaged is refused."
)
Item = Schema.from_dict(
    {
        "supplierName": _text("As registered with the CEC", *_NAME, required=True),
        "licensee": _text("As registered with the CEC", *_NAME, required=True),
        "modelNumber": _text("As registered with the CEC", *_NAME, required=True),
        "serialNumber": _text(_SERIAL_WORDS, _SERIAL, required=True),
    },
    name="Item",
)
Items = Schema.from_dict({"serialNumbers": _list(fields.Nested(Item))}, name="Items")
Serials = Schema.from_dict({"serialNumbers": _list(fields.String())}, name="Serials")
Marking = Schema.from_dict(
    {
        "serialNumbers": _list(_text(_SERIAL_WORDS, _SERIAL)),
        "reason": _text("Why", OneOf(REASONS), required=True),
        "otherReason": _text(
            "Required where the reason is Other", Length(max=LONGEST_REASON)
        ),
    },
    name="Marking",
)
Fields = dict[str, fields.Field[Any]]
_SUCCESS: Fields = {"result": _text("", OneOf(["Successful"]), required=True)}
_ONLY: Fields = {"validateOnly": fields.Boolean()}
Receipt = Schema.from_dict(
    _SUCCESS
    | _ONLY
    | {
        "uploadId": fields.Integer(required=True, allow_none=True),
        "accepted": fields.Integer(required=True),
        "recordedAt": fields.AwareDateTime(required=True, allow_none=True),
        "declarationCurrentUntil": fields.Date(required=True, allow_none=True),
    },
    name="Receipt",
)
Marked = Schema.from_dict(
    _SUCCESS
    | _ONLY
    | {
        "invalidationId": fields.Integer(required=True, allow_none=True),
        "marked": fields.Integer(required=True),
        "markedAt": fields.AwareDateTime(required=True, allow_none=True),
    },
    name="Marked",
)
_STATUS: Fields = {
    "serialNumber": fields.String(required=True),
    "status": _text("What the ledger says", OneOf(["valid", "invalid", "not_found"]),
                    required=True),
    "own": fields.Boolean(required=True),
    "supplierName": fields.String(required=True, allow_none=True),
    "licensee": fields.String(required=True, allow_none=True),
    "modelNumber": fields.String(required=True, allow_none=True),
    "reason": _text("Why it is invalid", required=True, allow_none=True),
    "hints": fields.List(fields.String(), required=True),
}  # fmt: skip
Status = Schema.from_dict(_STATUS, name="Status")
OneStatus = Schema.from_dict(_SUCCESS | _STATUS, name="OneStatus")
Totals = Schema.from_dict(
    {name: fields.Integer(required=True) for name in ("valid", "invalid", "not_found")},
    name="Totals",
)
Statuses = Schema.from_dict(
    _SUCCESS
    | {
        "totals": fields.Nested(Totals, required=True),
        "repeated": _number("How many came more than once; each is told of once"),
        "serialNumbers": fields.List(fields.Nested(Status), required=True),
    },
    name="Statuses",
)
ErrorSchema = Schema.from_dict(
    {
        "row": _number("Which item, from 1; where it is about one"),
        "field": fields.String(),
        "code": _text("Why, as a word", OneOf([*examples.CODES])),
        "message": fields.String(required=True),
        "value": _text("What was found there"),
        "currentUntil": fields.Date(allow_none=True),
        "renewAt": fields.Url(),
    },
    name="Error",
)
_ERRORS: Fields = {
    "result": _text("", OneOf(["Unsuccessful"]), required=True),
    "errors": fields.List(fields.Nested(ErrorSchema), required=True),
}
ErrorsSchema = Schema.from_dict(_ERRORS, name="Errors")
NoAccess = Schema.from_dict(
    {
        "statusCode": fields.Integer(required=True),
        "message": fields.String(required=True),
    },
    name="NoAccess",
)


ONLY_CHECK = {
    "name": "validate-only",
    "in": "query",
    "description": "true: only check, and store nothing. It needs no declaration.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "For retries without fear: for a day, the same key and body are "
    "given the first answer again. Choose a new one, such as a UUID, for each body.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
SERIAL = {
    "name": "serialNumber",
    "in": "path",
    "required": True,
    "description": "The serial number; / as %2F, # as %23",
    "schema": {"type": "string", "minLength": 1},
    "example": "EXAMPLE-0001",
}


def add(spec: APISpec) -> None:
    """Add the ledger's operations and how systems are known."""
    keys = {"type": "apiKey", "description": "A key of a subscription"}
    header, query = {"in": "header", "name": KEY_HEADER}, {"in": "query"}
    spec.components.security_scheme("key", keys | header)
    spec.components.security_scheme(
        "keyInAddress", keys | query | {"name": KEY_PARAMETER}
    )
    for path, method, operation in _operations():
        spec.path(BASE + path, operations={method: operation})


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        ("/serial-numbers", "post", _upload()),
        ("/serial-numbers/check", "post", _check()),
        ("/serial-numbers/{serialNumber}", "get", _show()),
        ("/invalidations", "post", _invalidate()),
    ]


def _upload() -> dict[str, Any]:
    failed, wrong, held = examples.failed, examples.WRONG_ROW, examples.HELD_ROW
    again = "The same rows were recorded before, or they were only checked"
    return _operation(
        "uploadSerialNumbers",
        "Upload panel serial numbers",
        "All items are recorded, or none. The account’s Declaration for API Users has "
        "to be current. Rows are counted from 1, the first item.",
        parameters=[ONLY_CHECK, ONCE],
        requestBody=_body(Items, examples.example()),
        responses={
            "200": _answer(again, Receipt, examples.ACCEPTED),
            "201": _answer("Recorded", Receipt, examples.ACCEPTED),
            "403": _wrong("The declaration is not current", failed(examples.LAPSED)),
            "409": _wrong("The ledger holds some as valid", failed(held)),
            "422": _wrong("Something is wrong with the items", failed(wrong)),
        },
    )


def _check() -> dict[str, Any]:
    serials = {"serialNumbers": examples.MARKING["serialNumbers"]}
    return _operation(
        "checkSerialNumbers",
        "Check up to 1,000 serial numbers",
        "Each is found and valid, found but invalid, or not found. Nothing is kept.",
        requestBody=_body(Serials, serials),
        responses={
            "200": _answer("What the ledger says", Statuses, examples.STATUSES),
            "422": _wrong("There is no list of texts", examples.of_code("no_items")),
        },
    )


def _show() -> dict[str, Any]:
    answer = {"result": "Successful", **examples.STATUS}
    return _operation(
        "serialNumberStatus",
        "Check one serial number",
        "Whether it is valid, invalid, or not in the ledger.",
        parameters=[SERIAL],
        responses={"200": _answer("What the ledger says", OneStatus, answer)},
    )


def _invalidate() -> dict[str, Any]:
    gone, of_code = "Some are invalid already, or not yours", examples.of_code
    return _operation(
        "markAsInvalid",
        "Mark serial numbers as invalid",
        "All of them, or none. They have to be valid, and uploaded by your account.",
        parameters=[ONLY_CHECK, ONCE],
        requestBody=_body(Marking, examples.MARKING),
        responses={
            "200": _answer("Marked before, or only checked", Marked, examples.MARKED),
            "201": _answer("Marked as invalid", Marked, examples.MARKED),
            "409": _wrong(gone, of_code("already_invalid")),
            "422": _wrong("Something is wrong with the list", of_code("bad_reason")),
        },
    )


def _operation(
    name: str, summary: str, description: str, **more: Any
) -> dict[str, Any]:
    """An operation, with what every one of them may answer."""
    of_code, responses = examples.of_code, more["responses"]
    keys = {"missing": json.loads(MISSING_KEY), "invalid": json.loads(INVALID_KEY)}
    named = {name: {"value": value} for name, value in keys.items()}
    common = {
        "401": _response("No key, or none that is good", NoAccess, examples=named)
    }
    common["429"] = _wrong("Too many requests", of_code("too_many_requests"))
    common["429"]["headers"] = {"Retry-After": _header("Seconds to wait")}
    if "requestBody" in more:
        kind, large = "unsupported_media_type", "request_entity_too_large"
        common["400"] = _wrong("The body is not JSON", of_code("not_json"))
        common["413"] = _wrong("The body is too large", of_code(large))
        common["415"] = _wrong("The body is of another kind", of_code(kind))
    else:
        common["422"] = _wrong("No such parameter", of_code("unknown_parameter"))
    common.setdefault("403", _wrong("Not allowed any more", of_code("forbidden")))
    left = {"X-RateLimit-Remaining": _header("Requests that are left this minute")}
    for status in ("200", "201"):
        if status in responses:
            responses[status]["headers"] = left
    return {
        "operationId": name,
        "tags": ["Serial number ledger"],
        "summary": summary,
        "description": description,
        "security": SECURITY,
        **more,
        "responses": dict(sorted((common | responses).items())),
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "integer"}}


def _body(schema: type[Schema], example: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"required": True, "content": content}


def _answer(description: str, schema: type[Schema], example: Any) -> dict[str, Any]:
    return _response(description, schema, example=example)


def _wrong(description: str, example: Any) -> dict[str, Any]:
    return _response(description, ErrorsSchema, example=example)


def _response(description: str, schema: type[Schema], **shown: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, **shown}}
    return {"description": description, "content": content}
