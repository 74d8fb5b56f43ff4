"""The API of the ledger: JSON, with the key of a subscription, without cookies."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from spv.access import KEY_PARAMETER, api_client
from spv.errors import api_error
from spv.extensions import limiter, request_id
from spv.rules.accounts import KeyKind
from spv.rules.ledger import json_api
from spv.rules.ledger.json_api import ITEMS, BodyRefused, ItemsRefused, without_data
from spv.rules.ledger.rows import escape_invisible
from spv.rules.ledger.search import list_of_cells
from spv.services.api import idempotency, ledger_api
from spv.services.api.idempotency import RequestLogEntry
from spv.services.api.ledger_api import Done
from spv.services.ledger import lookup
from spv.services.ledger.declarations import NotCurrent
from spv.services.ledger.lookup import Checked, Result

bp = Blueprint("api_ledger", __name__, url_prefix="/api/serial-number-ledger/v1")
LARGEST = 2_000_000  # bytes
ONLY_CHECK = "validate-only"
STATUS = {Result.VALID: "valid", Result.INVALID: "invalid", Result.MISSING: "not_found"}
_KEY = re.compile(r"[!-~]{1,255}")

# Counted by account: more subscriptions do not allow more requests.
limited = limiter.shared_limit(
    "120 per minute",
    "ledger",
    key_func=lambda: f"account {api_client().actor.account_id}",
)


@bp.before_request
def _begin_log() -> None:
    """Begin the entry of the log, once the key of the request was found valid."""
    path = escape_invisible(request.path.removeprefix(str(bp.url_prefix)), 100)
    only_check = request.args.get(ONLY_CHECK, "false") != "false"
    checks = f"?{ONLY_CHECK}" if only_check else ""
    words = f"{request.method} {path}{checks}"[:200]
    g.entry = RequestLogEntry(api_client(), words, x_request_id=request_id())


@bp.after_request
def _complete_log(response: Response) -> Response:
    """Log the request and its response, but not if the rate limit has stopped it."""
    entry: RequestLogEntry | None = g.get("entry")
    if entry and response.status_code != 429:
        answer = response.get_json(silent=True) or {}
        entry.summary, errors = without_data(answer), answer.get("errors")
        if errors and not entry.outcome:
            more = f" and {len(errors) - 1:,} more" if len(errors) > 1 else ""
            entry.outcome = f"{errors[0].get('code', 'refused')}{more}"
        idempotency.complete(entry, response.status_code, response.get_data())
    return response


@bp.post("/serial-numbers")
@limited
def create() -> ResponseReturnValue:
    """Upload serial numbers, or with `validate-only` check what would be recorded."""
    return _do_once(ledger_api.upload, _upload_json)


@bp.post("/invalidations")
@limited
def invalidate() -> ResponseReturnValue:
    """Mark serial numbers as invalid with a reason, or only check them."""
    return _do_once(ledger_api.mark, _invalidation_json)


@bp.post("/serial-numbers/check")
@limited
def check() -> ResponseReturnValue:
    """Answer the status of up to 1,000 serial numbers."""
    check_parameters()
    serials = json_api.read_serials(json_api.read_object(json_body(), ITEMS))
    checked = lookup.check_list(list_of_cells(serials), api_client().actor)
    totals = {STATUS[result]: checked.totals[result] for result in Result}
    g.entry.item_count = len(checked.entries)
    g.entry.outcome = ", ".join(f"{count} {status}" for status, count in totals.items())
    return {
        "result": "Successful",
        "totals": totals,
        "repeated": checked.repeated,
        "serialNumbers": [_status_json(each) for each in checked.entries],
    }


@bp.get("/serial-numbers/<serial:serial_number>", merge_slashes=False)
@limited
def show(serial_number: str) -> ResponseReturnValue:
    """Answer the status of one serial number."""
    check_parameters()
    listed = list_of_cells([serial_number])
    (checked,) = lookup.check_list(listed, api_client().actor).entries
    g.entry.outcome = STATUS[checked.result]
    return {"result": "Successful", **_status_json(checked)}


def json_body() -> bytes:
    """Return the request body; raise BodyRefused if its type or size is wrong."""
    encoding = request.content_encoding or "identity"
    if request.mimetype != "application/json" or encoding != "identity":
        sentence = "Send JSON, not compressed, with Content-Type: application/json."
        raise BodyRefused("unsupported_media_type", sentence, status=415)
    request.max_content_length = LARGEST + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = None
    # Flask does not refuse a body without a length, but cuts it off at the limit.
    if body is None or len(body) > LARGEST:
        sentence = "The body is larger than 2 MB. Send fewer items at a time."
        raise BodyRefused("request_entity_too_large", sentence, status=413)
    return body


def check_parameters(allowed: str | None = None) -> None:
    """Raise BodyRefused for unknown parameters, such as `validate-only` misspelt."""
    for name in request.args:
        if name not in (allowed, KEY_PARAMETER):
            known = f" Use {allowed}." if allowed else ""
            sentence = f"Unknown parameter “{escape_invisible(name)}”.{known}"
            raise BodyRefused("unknown_parameter", sentence, escape_invisible(name))


def _is_only_check() -> bool:
    """Tell whether to store nothing, on request or because the test key was used."""
    check_parameters(allowed=ONLY_CHECK)
    values = request.args.getlist(ONLY_CHECK)
    if values not in ([], ["true"], ["false"]):
        sentence = f"{ONLY_CHECK} must be true or false."
        raise BodyRefused("bad_parameter", sentence, ONLY_CHECK)
    return values == ["true"] or api_client().kind is KeyKind.TEST


def _do_once(
    act: Callable[..., Done], to_json: Callable[[Done], dict[str, Any]]
) -> ResponseReturnValue:
    """Run an action, or replay the response stored for its Idempotency-Key."""
    only_check, body, key = _is_only_check(), json_body(), _idempotency_key()
    entry: RequestLogEntry = g.entry
    sha256 = hashlib.sha256(request.path.encode() + b"\n" + body).hexdigest()
    with idempotency.once(entry, None if only_check else key, sha256) as stored:
        if stored:
            entry.outcome = "the first answer again"
            status, content = stored
            headers, kind = {"Idempotent-Replayed": "true"}, "application/json"
            return Response(content, status, headers, mimetype=kind)
        try:
            actor = replace(entry.client.actor, request_id=entry.row_id)
            done = ledger_api.find_done(entry.upload_id, entry.invalidation_id)
            done = done or act(body, actor, only_check=only_check)
        except ItemsRefused as error:
            entry.item_count = error.item_count
            raise
    entry.item_count, entry.upload_id = done.rows, done.upload_id
    entry.invalidation_id = done.invalidation_id
    entry.outcome = "recorded" if done.is_new else "recorded before, nothing added"
    answer = {"result": "Successful", **to_json(done)}
    if only_check:
        entry.outcome, answer["validateOnly"] = "checked, nothing stored", True
    return answer, 201 if done.is_new else 200


def _idempotency_key() -> str | None:
    """Return the Idempotency-Key, if there is one; raises BodyRefused."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        must = "must be 1 to 255 visible ASCII characters, without spaces."
        raise BodyRefused("bad_parameter", f"Idempotency-Key {must}", "Idempotency-Key")
    return key


def _upload_json(done: Done) -> dict[str, Any]:
    warnings = [*map(json_api.to_json, done.warnings)]
    return {
        "uploadId": done.upload_id,
        "accepted": done.rows,
        "recordedAt": done.at and done.at.isoformat(),
        "declarationCurrentUntil": done.until and done.until.isoformat(),
        **({"warnings": warnings} if warnings else {}),
    }


def _invalidation_json(done: Done) -> dict[str, Any]:
    return {
        "invalidationId": done.invalidation_id,
        "marked": done.rows,
        "markedAt": done.at and done.at.isoformat(),
    }


@bp.errorhandler(NotCurrent)
def _not_current(error: NotCurrent) -> Response:
    url = url_for("declarations.new", _external=True)
    until = error.declaration_status.until
    answer = {
        "code": "declaration_not_current",
        "message": f"{error} Make it at {url}, then send this again.",
        "currentUntil": until and until.isoformat(),
        "renewAt": url,
    }
    return api_error(error.http_status, [answer])


def _status_json(checked: Checked) -> dict[str, Any]:
    """Return the status of a serial number, but never who uploaded it."""
    row = checked.row
    return {
        "serialNumber": row.serial_number if row else checked.listed.entry,
        "status": STATUS[checked.result],
        "own": checked.is_own,
        "supplierName": row.supplier_name if row else None,
        "licensee": row.licensee if row else None,
        "modelNumber": row.model_number if row else None,
        "reason": row.reason if row else None,
        "hints": list(checked.hints),
    }
