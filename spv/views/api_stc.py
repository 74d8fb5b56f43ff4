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
from spv.rules.ledger.statements import REASONS
from spv.rules.stc import figures
from spv.rules.stc.system_types import SystemType
from spv.services.stc import calculations

bp = Blueprint("api_stc", __name__, url_prefix="/api")
_FILE = Path(__file__).parents[1] / "openapi.yaml"


@cache
def _parsed() -> tuple[dict[str, Any], dict[str, str]]:
    """Return the OpenAPI document, and the meaning of each error code."""
    content: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    body = content["components"]["schemas"]["Marking"]
    body["properties"]["reason"]["enum"].extend(REASONS)
    calculation = content["paths"]["/api/stc/v1/calculation"]["get"]
    system_type = calculation["parameters"][0]
    system_type["schema"]["enum"].extend(map(str, SystemType))
    shared = content.pop("x-shared")
    return content, shared["error-codes"]


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document as it is served."""
    return _parsed()[0]


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
    return _parsed()[1]


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
    reference = calculations.save(request.args.to_dict(), current_actor("api"))
    return jsonify(_to_json(calculations.show(reference)))


@bp.get("/stc/v1/rules")
@limiter.limit("300 per minute")
def rules() -> Response:
    """Answer every figure of the calculator and the announced changes."""
    content = {
        "result": "Successful",
        "rulesVersion": figures.RULES_VERSION,
        "lastChecked": figures.LAST_CHECKED,
        "figures": [_figure(figure) for figure in figures.FIGURES.values()],
        "announced": [
            {
                "announcedOn": each.on,
                "from": each.first_day,
                "systemTypes": each.system_types,
                "sentence": each.sentence,
                "title": each.title,
                "link": each.link,
            }
            for each in figures.ANNOUNCED
        ],
    }
    answer = jsonify(_plain(content))
    answer.add_etag()
    answer.cache_control.no_cache = True  # ask each time whether it has changed
    answer.make_conditional(request)
    return answer


def _figure(figure: figures.Figure) -> dict[str, Any]:
    names = ("name", "title", "unit", "source", "link", "copy", "checked")
    dated = [{"from": day, "value": value} for day, value in figure.values]
    return {name: getattr(figure, name) for name in names} | {"values": dated}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, with each value inside."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_plain, value)]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _to_json(result: calculations.Result) -> dict[str, Any]:
    saved, estimate = result.saved, result.estimate
    day = result.installation.installation_date
    in_dollars = ("price", "ceiling", "dollars")
    shown = {name: float(getattr(estimate, name)) for name in in_dollars}
    return {
        "result": "Successful",
        "reference": saved.reference,
        "systemType": saved.system_type,
        "certificates": saved.certificates,
        "zone": saved.zone,
        "rating": None if saved.rating is None else float(saved.rating),
        "deemingPeriod": saved.deeming_years,
        "yearsUsed": saved.years,
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
        "estimate": None if result.none_left else shown,
        "rulesVersion": saved.rules_version,
        "calculatedAt": saved.calculated_at.isoformat(),
        "resultUrl": url_for("stc.show", reference=saved.reference, _external=True),
    }
