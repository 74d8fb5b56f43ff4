"""The OpenAPI document, and the API of the calculator: JSON, without a key."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from flask import Blueprint, Response, jsonify, request, url_for

from spv.access import current_actor
from spv.errors import api_error
from spv.extensions import limiter
from spv.rules.ledger.reasons import REASONS
from spv.rules.stc.figures import (
    ANNOUNCED,
    FIGURES,
    LAST_CHECKED,
    RULES_VERSION,
    Figure,
)
from spv.rules.stc.system_types import SystemType
from spv.services.stc import calculations

bp = Blueprint("api_stc", __name__, url_prefix="/api")
_FILE = Path(__file__).parents[1] / "openapi.yaml"
_SHARED = "x-shared"


@cache
def _parsed() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    body = content["components"]["schemas"]["Marking"]
    body["properties"]["reason"]["enum"].extend(REASONS)
    calculation = content["paths"]["/api/stc/v1/calculation"]["get"]
    system_type = calculation["parameters"][0]
    system_type["schema"]["enum"].extend(map(str, SystemType))
    return content


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document as it is served."""
    return {name: part for name, part in _parsed().items() if name != _SHARED}


@cache
def operations(tag: str) -> dict[str, dict[str, Any]]:
    """Return the operations with a tag by their id, each with its method and path."""
    return {
        operation["operationId"]: {"method": method.upper(), "path": path, **operation}
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    }


def error_codes() -> dict[str, str]:
    """Return the meaning of each error code."""
    codes: dict[str, str] = _parsed()[_SHARED]["error-codes"]
    return codes


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document of everything under /api."""
    server = {"url": request.script_root or "/"}
    return jsonify(openapi() | {"servers": [server]})


@bp.get("/stc/v1/calculation")
@limiter.limit("300 per minute")
def calculation() -> Response:
    """Calculate, save and log one system, and answer with the working."""
    if request.method == "HEAD":  # Flask answers it as GET, but it must save nothing
        return Response(mimetype="application/json")
    operation = operations("STC calculator")["calculate"]
    parameters = [parameter["name"] for parameter in operation["parameters"]]
    for name, values in request.args.lists():
        if name not in parameters:
            known = f"The parameters are {', '.join(parameters)}."
            unknown = f"There is no parameter “{name[:40]}”. {known}"
            return api_error(422, [{"field": name[:40], "message": unknown}])
        if len(values) > 1:
            return api_error(422, [{"field": name, "message": f"Give {name} once."}])
    result = calculations.show(
        calculations.save(request.args.to_dict(), current_actor("api"))
    )
    return jsonify(_to_json(result))


@bp.get("/stc/v1/rules")
@limiter.limit("300 per minute")
def rules() -> Response:
    """Answer every figure of the calculator and the announced changes."""
    answer = jsonify(
        {
            "result": "Successful",
            "rulesVersion": RULES_VERSION,
            "lastChecked": LAST_CHECKED.isoformat(),
            "figures": [_figure(figure) for figure in FIGURES.values()],
            "announced": [
                {
                    "announcedOn": each.on.isoformat(),
                    "from": each.first_day.isoformat(),
                    "systemTypes": each.system_types,
                    "sentence": each.sentence,
                    "title": each.title,
                    "link": each.link,
                }
                for each in ANNOUNCED
            ],
        }
    )
    answer.add_etag()
    answer.cache_control.no_cache = True  # ask each time whether it has changed
    answer.make_conditional(request)
    return answer


def _figure(figure: Figure) -> dict[str, Any]:
    names = ("name", "title", "unit", "source", "link", "copy")
    return {name: getattr(figure, name) for name in names} | {
        "checked": figure.checked.isoformat(),
        "values": [
            {"from": day.isoformat(), "value": _plain(value)}
            for day, value in figure.values
        ],
    }


def _plain(value: Any) -> Any:
    """Return the value of a figure as JSON has it."""
    if isinstance(value, tuple):
        return [*map(_plain, value)]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _to_json(result: calculations.Result) -> dict[str, Any]:
    numbers, estimate = result.numbers, result.estimate
    rating, day = numbers["rating"], result.installation.installation_date
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
                "source": step.figure.source,
                "link": step.figure.link,
                "from": step.figure.since(day).isoformat(),
            }
            for step in result.installation.working()
        ],
        "warnings": result.calculation.warnings,
        "estimate": None
        if result.none_left
        else {
            "price": float(estimate.price),
            "ceiling": float(estimate.ceiling),
            "dollars": float(estimate.dollars),
        },
        "rulesVersion": result.rules_version,
        "calculatedAt": result.calculated_at.isoformat(),
        "resultUrl": url_for("stc.show", reference=result.reference, _external=True),
    }
