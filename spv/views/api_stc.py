"""The API of the calculator: JSON, without a key, rate-limited."""

from flask import Blueprint, Response, jsonify, request, url_for

from spv.access import current_actor
from spv.errors import api_error
from spv.extensions import limiter
from spv.services.stc import calculations
from spv.views import openapi

bp = Blueprint("api_stc", __name__, url_prefix="/api")


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document of everything under /api."""
    server = {"url": request.script_root or "/"}
    return jsonify(openapi.document() | {"servers": [server]})


@bp.get("/stc/v1/calculation")
@limiter.limit("300 per minute")
def calculation() -> Response:
    """Calculate, save and log one system, and answer with the working."""
    if request.method == "HEAD":  # Flask answers it as GET, but it must save nothing
        return Response(mimetype="application/json")
    for name, values in request.args.lists():
        if name not in openapi.PARAMETERS:
            return api_error(422, [{"field": name[:40], "message": _unknown(name)}])
        if len(values) > 1:
            return api_error(422, [{"field": name, "message": f"Give {name} once."}])
    result = calculations.show(
        calculations.save(request.args.to_dict(), current_actor("api"))
    )
    body = openapi.CalculationSchema().dump(result)
    body["resultUrl"] = url_for("stc.show", reference=result.reference, _external=True)
    return jsonify(body)


def _unknown(name: str) -> str:
    known = ", ".join(openapi.PARAMETERS)
    return f"There is no parameter “{name[:40]}”. The parameters are {known}."
