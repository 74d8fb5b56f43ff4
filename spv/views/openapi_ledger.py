"""The ledger's part of the OpenAPI document: its operations and what they take."""

import json
from typing import Any

from apispec import APISpec
from marshmallow import Schema

from spv.access import INVALID_KEY, KEY_HEADER, KEY_PARAMETER, MISSING_KEY
from spv.views import openapi_examples as examples
from spv.views.openapi_schemas import (
    ErrorsSchema,
    Items,
    Marked,
    Marking,
    NoAccess,
    OneStatus,
    Receipt,
    Serials,
    Statuses,
)

BASE = "/api/serial-number-ledger/v1"
SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"keyInAddress": []}]


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
    left = {"X-RateLimit-Remaining": _header("Requests that are left this minute")}
    responses = more["responses"]
    if ONCE in more.get("parameters", ()):
        again = _header("true where it is the first answer again", "string")
        left["Idempotent-Replayed"] = again
        wait = {"Retry-After": _header("Seconds to wait, where one is in flight")}
        responses["409"]["headers"] = {"Idempotent-Replayed": again} | wait
    for status in ("200", "201"):
        if status in responses:
            responses[status]["headers"] = left
    common = _common(has_body="requestBody" in more)
    return {
        "operationId": name,
        "tags": ["Serial number ledger"],
        "summary": summary,
        "description": description,
        "security": SECURITY,
        **more,
        "responses": dict(sorted((common | responses).items())),
    }


def _common(*, has_body: bool) -> dict[str, Any]:
    """What every operation may answer."""
    of_code = examples.of_code
    keys = {"missing": json.loads(MISSING_KEY), "invalid": json.loads(INVALID_KEY)}
    named = {name: {"value": value} for name, value in keys.items()}
    common = {
        "401": _response("No key, or a bad one", NoAccess, examples=named),
        "403": _wrong("Not allowed any more", of_code("forbidden")),
        "429": _wrong("Too many requests", of_code("too_many_requests")),
        "503": _wrong("Not ready", of_code("service_unavailable")),
    }
    common["429"]["headers"] = {"Retry-After": _header("Seconds to wait")}
    if has_body:
        kind, large = "unsupported_media_type", "request_entity_too_large"
        common["400"] = _wrong("The body is not JSON", of_code("not_json"))
        common["413"] = _wrong("The body is too large", of_code(large))
        common["415"] = _wrong("The body is of another kind", of_code(kind))
    else:
        common["422"] = _wrong("No such parameter", of_code("unknown_parameter"))
    return common


def _header(description: str, kind: str = "integer") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


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
