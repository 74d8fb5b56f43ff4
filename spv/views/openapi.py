"""The OpenAPI document, and the shape of what the APIs answer."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from spv.views import openapi_ledger
from spv.views.openapi_schemas import ErrorsSchema

TITLE = "Solar Panel Validation"
NUMBER = r"^([0-9]{1,6}(\.[0-9]{1,6})?|\.[0-9]{1,6})$"


class StepSchema(Schema):
    """One line of the working."""

    label = fields.String(required=True)
    operation = fields.String(required=True)
    result = fields.String(required=True)
    unit = fields.String(required=True)
    source = fields.String(
        attribute="figure.source", dump_default=None, allow_none=True
    )
    link = fields.String(attribute="figure.link", dump_default=None, allow_none=True)


class EstimateSchema(Schema):
    """What the certificates may be worth, in dollars."""

    price = fields.Float(required=True)
    ceiling = fields.Float(required=True)
    dollars = fields.Float(required=True)


class CalculationSchema(Schema):
    """A calculation with its working."""

    result = fields.Constant("Successful", required=True)
    reference = fields.String(required=True)
    resultUrl = fields.Url(required=True)  # noqa: N815
    systemType = fields.String(  # noqa: N815
        attribute="installation.system_type.value", required=True
    )
    certificates = fields.Integer(attribute="numbers.certificates", required=True)
    zone = fields.Integer(attribute="numbers.zone", allow_none=True)
    rating = fields.Float(attribute="numbers.rating", allow_none=True)
    deemingPeriod = fields.Integer(  # noqa: N815
        attribute="numbers.deeming_years", allow_none=True
    )
    yearsUsed = fields.Integer(  # noqa: N815
        attribute="numbers.years", allow_none=True
    )
    working = fields.List(
        fields.Nested(StepSchema), attribute="calculation.steps", required=True
    )
    warnings = fields.List(
        fields.String(), attribute="calculation.warnings", required=True
    )
    estimate = fields.Nested(EstimateSchema, required=True)
    rulesVersion = fields.String(attribute="rules_version", required=True)  # noqa: N815
    calculatedAt = fields.AwareDateTime(  # noqa: N815
        attribute="calculated_at", format="iso", required=True
    )


_DATE = {
    "type": "string",
    "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})$",
}
_PRICE = {"type": "string", "pattern": r"^([0-9]{1,6}(\.[0-9]{1,2})?|\.[0-9]{1,2})$"}
_POSTCODE = {"type": "string", "pattern": "^[0-9]{4}$"}
_DECIMAL = {"type": "string", "pattern": NUMBER}
PARAMETERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "system_type": (
        {
            "type": "string",
            "enum": ["solar_deemed", "wind_deemed", "hydro_deemed", "battery"],
        },
        "The system type",
        "solar_deemed",
    ),
    "installation_date": (
        _DATE,
        "Day of installation, YYYY-MM-DD or DD/MM/YYYY",
        "2026-11-22",
    ),
    "rated_power_kw": (_DECIMAL, "Solar, wind, hydro: rated power output in kW", "6.6"),
    "calculation_period": (
        {"type": "string", "enum": ["1", "5", "10", "max"]},
        "Solar: 1, 5, 10 or max; wind and hydro: 1 or 5",
        "10",
    ),
    "postcode": (_POSTCODE, "Solar: postcode of the installation address", "2150"),
    "resource_hours": (_DECIMAL, "Wind, hydro: assessed hours a year, optional", ""),
    "nominal_kwh": (_DECIMAL, "Battery: nominal capacity in kWh", ""),
    "usable_kwh": (_DECIMAL, "Battery: usable capacity in kWh", ""),
    "stc_price": (_PRICE, "Price of one STC in dollars, optional; at most 40", ""),
}


@cache
def document() -> dict[str, Any]:
    """The document, made once."""
    spec = APISpec(
        title=TITLE,
        version="1",
        openapi_version="3.1.0",
        info={"description": "Not a government service. For estimates and training."},
        plugins=[MarshmallowPlugin()],
    )
    openapi_ledger.add(spec)
    spec.path("/api/stc/v1/calculation", operations={"get": _calculation()})
    return spec.to_dict()


def _calculation() -> dict[str, Any]:
    return {
        "operationId": "calculate",
        "tags": ["STC calculator"],
        "summary": "Certificates of one system, with the working",
        "description": "No key is needed. Each calculation is saved and logged, "
        "without anything about who asked. At most 300 a minute from one network.",
        "parameters": [_parameter(name) for name in PARAMETERS],
        "responses": {
            "200": _response("The calculation", CalculationSchema),
            "422": _response("Something has to be corrected", ErrorsSchema),
            "429": _response("Too many requests; see Retry-After", ErrorsSchema),
        },
    }


def _parameter(name: str) -> dict[str, Any]:
    schema, description, example = PARAMETERS[name]
    parameter = {
        "name": name,
        "in": "query",
        "required": name in ("system_type", "installation_date"),
        "description": description,
        "schema": schema,
    }
    return parameter | ({"example": example} if example else {})


def _response(description: str, schema: type[Schema]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
