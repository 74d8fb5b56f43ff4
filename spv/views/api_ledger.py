"""The API of the ledger: JSON, with the key of a subscription, and never a cookie."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from flask import Blueprint, Response, g, jsonify, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from spv.access import KEY_PARAMETER, api_client
from spv.errors import api_error
from spv.extensions import limiter
from spv.rules.accounts import KeyKind
from spv.rules.ledger.json_upload import BodyRefused, ItemsRefused
from spv.rules.ledger.rows import escape_invisible
from spv.services.actor import Actor
from spv.services.api import idempotency, ledger_api
from spv.services.api.idempotency import (
    IdempotencyConflict,
    RequestLogEntry,
    StoredResponse,
)
from spv.services.api.ledger_api import Done
from spv.services.ledger.declarations import NotCurrent
from spv.services.ledger.lookup import Checked, Result

bp = Blueprint("api_ledger", __name__, url_prefix="/api/serial-number-ledger/v1")
LARGEST = 2_000_000  # bytes
ONLY_CHECK = "validate-only"
STATUS = {Result.VALID: "valid", Result.INVALID: "invalid", Result.MISSING: "not_found"}
_KEY = re.compile(r"[!-~]{1,255}")

# By account: more subscriptions do not allow more requests.
limited = limiter.shared_limit(
    "120 per minute",
    "ledger",
    key_func=lambda: f"account {api_client().actor.account_id}",
)


class Act(Protocol):
    """A service that does something with a body, or only checks it."""

    def __call__(self, body: bytes, actor: Actor, *, only_check: bool) -> Done: ...


@bp.post("/serial-numbers")
@limited
def create() -> Response:
    """Upload serial numbers, or with `validate-only` check what would come of it."""
    return _once(ledger_api.upload, _receipt)


@bp.post("/invalidations")
@limited
def invalidate() -> Response:
    """Mark serial numbers invalid with a reason, or only check them."""
    return _once(ledger_api.mark, _marked)


@bp.post("/serial-numbers/check")
@limited
def check() -> Response:
    """What the ledger says of up to 1,000 serial numbers."""
    _known_parameters()
    checked = ledger_api.check(_body(), api_client().actor)
    totals = {STATUS[result]: checked.totals[result] for result in Result}
    asked = _asked()
    asked.item_count = len(checked.entries)
    asked.outcome = ", ".join(f"{count} {word}" for word, count in totals.items())
    return jsonify(
        result="Successful",
        totals=totals,
        repeated=checked.repeated,
        serialNumbers=[_told(each) for each in checked.entries],
    )


@bp.get("/serial-numbers/<serial:serial_number>", merge_slashes=False)
@limited
def show(serial_number: str) -> Response:
    """What the ledger says of one serial number."""
    _known_parameters()
    told = _told(ledger_api.status(serial_number, api_client().actor))
    _asked().outcome = told["status"]
    return jsonify(result="Successful", **told)


@bp.after_request
def _write_down(response: Response) -> Response:
    """Keep what was asked and answered."""
    if "system" not in g or response.status_code == 429:
        return response
    asked, errors = _asked(), (response.get_json(silent=True) or {}).get("errors")
    if errors and not asked.outcome:
        more = f" and {len(errors) - 1:,} more" if len(errors) > 1 else ""
        asked.outcome = f"{errors[0].get('code', 'refused')}{more}"
    idempotency.complete(asked, response.status_code, response.get_data(), api_client())
    return response


def _asked() -> RequestLogEntry:
    """This request, as it is kept."""
    if "asked" not in g:
        path = escape_invisible(request.path.removeprefix(str(bp.url_prefix)), 100)
        checks = f"?{ONLY_CHECK}" if request.args.get(ONLY_CHECK) else ""
        g.asked = RequestLogEntry(f"{request.method} {path}{checks}"[:200])
    found: RequestLogEntry = g.asked
    return found


def _body() -> bytes:
    """The body of a request, if it is JSON by its header and not too large."""
    encoding = request.content_encoding or "identity"
    if request.mimetype != "application/json" or encoding != "identity":
        sentence = "Send JSON, not compressed, with Content-Type: application/json."
        raise BodyRefused("unsupported_media_type", sentence, status=415)
    request.max_content_length = LARGEST + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large() from None
    if len(body) > LARGEST:  # where no length was given, it is cut off there
        raise _too_large()
    return body


def _too_large() -> BodyRefused:
    sentence = "The body has more than 2 MB. Send fewer items at a time."
    return BodyRefused("request_entity_too_large", sentence, status=413)


def _known_parameters(*names: str) -> None:
    """A parameter that is misspelt must not be passed over: it may be validate-only."""
    for name in request.args:
        if name not in (*names, KEY_PARAMETER):
            known = f" There is {names[0]}." if names else ""
            sentence = f"There is no parameter “{escape_invisible(name)}”.{known}"
            raise BodyRefused("unknown_parameter", sentence, escape_invisible(name))


def _wants_check() -> bool:
    """Whether nothing is to be stored: so for the test key, and for who asks for it."""
    _known_parameters(ONLY_CHECK)
    wanted = request.args.getlist(ONLY_CHECK)
    if wanted not in ([], ["true"], ["false"]):
        sentence = f"{ONLY_CHECK} is true or false."
        raise BodyRefused("bad_parameter", sentence, ONLY_CHECK)
    return wanted == ["true"] or api_client().kind is KeyKind.TEST


def _once(act: Act, told: Callable[[Done], dict[str, Any]]) -> Response:
    """Do something; with an Idempotency-Key once, and then answer that again."""
    only_check, body, asked = _wants_check(), _body(), _asked()
    try:
        done = _claim(body, only_check)
        if done is None:
            actor = replace(api_client().actor, request_id=asked.claim)
            done = act(body, actor, only_check=only_check)
    except StoredResponse as kept:
        asked.item_count, asked.upload_id = kept.row.item_count, kept.row.upload_id
        asked.invalidation_id = kept.row.invalidation_id
        asked.outcome = "the first answer again"
        headers, kind = {"Idempotent-Replayed": "true"}, "application/json"
        return Response(kept.content, kept.row.status, headers, mimetype=kind)
    except IdempotencyConflict as twin:
        return _refused_twin(twin)
    except NotCurrent as lapsed:
        return _not_current(lapsed)
    except ItemsRefused as refused:
        asked.item_count = refused.item_count
        raise
    asked.outcome = "recorded" if done.is_new else "recorded before, nothing added"
    asked.outcome = "checked, nothing stored" if only_check else asked.outcome
    asked.item_count = done.rows
    only = {"validateOnly": True} if only_check else {}
    response = jsonify(result="Successful", **told(done), **only)
    response.status_code = 201 if done.is_new else 200
    return response


def _claim(body: bytes, only_check: bool) -> Done | None:
    """Take an Idempotency-Key; what was done with it and never answered.

    Where nothing is stored it is not taken.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        sentence = "It has 1 to 255 characters: letters, digits and signs."
        raise BodyRefused("bad_parameter", sentence, "Idempotency-Key")
    if only_check:
        return None
    sha256 = hashlib.sha256(request.path.encode() + b"\n" + body).hexdigest()
    before = idempotency.begin(_asked(), key, sha256, api_client())
    if before is None:
        return None
    if before.upload_id:
        return ledger_api.uploaded(before.upload_id, is_new=True)
    return ledger_api.marked(before.invalidation_id or 0, is_new=True)


def _refused_twin(twin: IdempotencyConflict) -> Response:
    response = api_error(twin.status, [{"code": twin.code, "message": str(twin)}])
    if twin.status == 409:
        response.headers["Retry-After"] = "1"
    return response


def _receipt(done: Done) -> dict[str, Any]:
    _asked().upload_id = done.number
    return {
        "uploadId": done.number,
        "accepted": done.rows,
        "recordedAt": done.at and done.at.isoformat(),
        "declarationCurrentUntil": done.until and done.until.isoformat(),
    }


def _marked(done: Done) -> dict[str, Any]:
    _asked().invalidation_id = done.number
    return {
        "invalidationId": done.number,
        "marked": done.rows,
        "markedAt": done.at and done.at.isoformat(),
    }


def _not_current(lapsed: NotCurrent) -> Response:
    url = url_for("declarations.new", _external=True)
    until = lapsed.declaration_status.until
    error = {
        "code": "declaration_not_current",
        "message": f"{lapsed} Make it at {url}, then send this again.",
        "currentUntil": until.isoformat() if until else None,
        "renewAt": url,
    }
    return api_error(403, [error])


def _told(checked: Checked) -> dict[str, Any]:
    """What is told of one serial number: never who uploaded it."""
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
