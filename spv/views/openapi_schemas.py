"""What the ledger's API takes and answers: the schemas of its document."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Regexp

from spv.rules.ledger.reasons import LONGEST_REASON, REASONS
from spv.rules.ledger.rows import LONGEST_NAME, MOST_ROWS
from spv.views.openapi_examples import CODES


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
            "Required where the reason is Other; refused with any other reason",
            Length(max=LONGEST_REASON),
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
        "code": _text("Why, as a word", OneOf([*CODES])),
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
