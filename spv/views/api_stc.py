"""The API of the calculator: JSON, without a key, rate-limited."""

from typing import Any

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
        if name not in _parameters():
            return api_error(422, [{"field": name[:40], "message": _unknown(name)}])
        if len(values) > 1:
            return api_error(422, [{"field": name, "message": f"Give {name} once."}])
    result = calculations.show(
        calculations.save(request.args.to_dict(), current_actor("api"))
    )
    return jsonify(_to_json(result))


def _to_json(result: calculations.Result) -> dict[str, Any]:
    numbers, estimate = result.numbers, result.estimate
    rating = numbers["rating"]
    return {
        "result": "Successful",
        "reference": result.reference,
        "systemType": result.installation.system_type.value,
        "certificates": numbers["certificates"],
        "zone": numbers["zone"],
        "rating": None if rating is None else float(rating),
        "deemingPeriod": numbers["deeming_years"],
        "yearsUsed": numbers["years"],
        "working": [
            {
                "label": step.label,
                "operation": step.operation,
                "result": step.result,
                "unit": step.unit,
                "source": step.figure.source if step.figure else None,
                "link": step.figure.link if step.figure else None,
            }
            for step in result.calculation.steps
        ],
        "warnings": list(result.calculation.warnings),
        "estimate": {
            "price": float(estimate.price),
            "ceiling": float(estimate.ceiling),
            "dollars": float(estimate.dollars),
        },
        "rulesVersion": result.rules_version,
        "calculatedAt": result.calculated_at.isoformat(),
        "resultUrl": url_for("stc.show", reference=result.reference, _external=True),
    }


def _parameters() -> list[str]:
    """Return the names of the calculator's parameters, in the document's order."""
    operation = openapi.operations("STC calculator")["calculate"]
    return [parameter["name"] for parameter in operation["parameters"]]


def _unknown(name: str) -> str:
    known = ", ".join(_parameters())
    return f"There is no parameter “{name[:40]}”. The parameters are {known}."
