"""What the API's document and its page show: codes of errors, bodies, answers."""

import json
from typing import Any

# Every `code` of an error, and what it means.
CODES = {
    "bad_request": "The request cannot be read, or its host is not one of this site.",
    "not_json": "The body is not JSON in UTF-8, or has a field twice.",
    "unsupported_media_type": "It is not application/json, or it is compressed.",
    "request_entity_too_large": "The body has more than 2 MB.",
    "not_an_object": "The body, or an item, is not a JSON object.",
    "unknown_field": "There is no such field.",
    "unknown_parameter": "There is no such parameter.",
    "bad_parameter": "A parameter or header has a value that it cannot have.",
    "missing": "A field is missing or empty.",
    "not_text": "A value is not a text in quotation marks.",
    "no_items": "The list is empty.",
    "too_many_items": "The list has more than 1,000 items.",
    "spreadsheet_damage": "A spreadsheet has changed the serial number (1.23457E+12).",
    "character": "A character cannot be used in a serial number.",
    "hidden_character": "There is a character that cannot be seen, or a line break.",
    "too_short": "The serial number has fewer than 3 characters.",
    "too_long": "The value has too many characters.",
    "no_digit": "The serial number has no digit.",
    "duplicate": "The same serial number is in an earlier item.",
    "bad_reason": "The reason is not of the list, or its text is missing or too much.",
    "already_valid": "The ledger has the serial number as valid already.",
    "already_invalid": "The serial number has been marked as invalid already.",
    "not_yours": "Your account has not uploaded this serial number.",
    "declaration_not_current": "The declaration for API users has to be made.",
    "forbidden": "The account may not do this any more.",
    "in_flight": "A request with the same Idempotency-Key is still under way.",
    "idempotency_key_reused": "The Idempotency-Key came with another body before.",
    "too_many_requests": "More requests than allowed: see Retry-After.",
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "The address is there, but not for this method: see Allow.",
    "conflict": "The ledger changed just then. Send it again.",
    "internal_server_error": "Something went wrong here. Send it again: it is safe.",
    "service_unavailable": "The database does not answer. Try again in a minute.",
}
ITEM = {
    "supplierName": "Example Panel Supply Pty Ltd",
    "licensee": "Example Module Works",
    "modelNumber": "EX-440",
}
WRONG_ROW = {
    "row": 2,
    "field": "serialNumber",
    "code": "spreadsheet_damage",
    "message": "A spreadsheet program has changed the serial number. Format the column "
    "as text, then paste the serial numbers again from where they came from.",
    "value": "1.23457E+12",
}
HELD_ROW = WRONG_ROW | {
    "code": "already_valid",
    "message": "The ledger has it as valid already, recorded by your account (recorded "
    "on 22 November 2026). Leave the row out. To correct what was recorded, mark it as "
    "invalid first.",
    "value": "EXAMPLE-0002",
}


def example(prefix: str = "EXAMPLE") -> dict[str, Any]:
    """A body that can be sent as it stands; another prefix has other serial numbers."""
    serials = (f"{prefix}-{number:04}" for number in (1, 2))
    return {"serialNumbers": [ITEM | {"serialNumber": serial} for serial in serials]}


ACCEPTED = {
    "result": "Successful",
    "uploadId": 17,
    "accepted": 2,
    "recordedAt": "2026-11-22T03:15:00+00:00",
    "declarationCurrentUntil": "2027-02-22",
}
MARKING = {
    "serialNumbers": ["EXAMPLE-0001", "EXAMPLE-0002"],
    "reason": "Incorrect model number",
}
MARKED = {
    "result": "Successful",
    "invalidationId": 5,
    "marked": 2,
    "markedAt": "2026-11-22T03:20:00+00:00",
}
STATUS: dict[str, Any] = {
    "serialNumber": "EXAMPLE-0001",
    "status": "valid",
    "own": True,
    **ITEM,
    "reason": None,
    "hints": [],
}
STATUSES = {
    "result": "Successful",
    "totals": {"valid": 1, "invalid": 0, "not_found": 0},
    "repeated": 0,
    "serialNumbers": [STATUS],
}
LAPSED = {
    "code": "declaration_not_current",
    "message": "The declaration for API users: Lapsed on 23 February 2027; it was "
    "current until 22 February 2027. Make it at https://spv.agency.example/panels/"
    "declaration, then send this again.",
    "currentUntil": "2027-02-22",
    "renewAt": "https://spv.agency.example/panels/declaration",
}


PYTHON = """import json, os, urllib.error, urllib.request

body = {body}
request = urllib.request.Request(
    "{url}",
    json.dumps(body).encode(),
    {{"Content-Type": "application/json", "{header}": os.environ["SPV_KEY"]}},
)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


def python(url: str, header: str, body: Any) -> str:
    """A program that sends a body as it stands, with the key of the environment."""
    return PYTHON.format(url=url, header=header, body=json.dumps(body, indent=4))


def failed(*errors: dict[str, Any]) -> dict[str, Any]:
    """The body of an answer that says what is wrong."""
    return {"result": "Unsuccessful", "errors": list(errors)}


def of_code(code: str) -> dict[str, Any]:
    """The body of an answer with one error, as its code says it."""
    return failed({"code": code, "message": CODES[code]})
