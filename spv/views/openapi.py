"""The OpenAPI document: spv/openapi.yaml, parsed at its first use."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from spv.rules.ledger.reasons import REASONS
from spv.rules.stc.system_types import SystemType

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
def document() -> dict[str, Any]:
    """Return the document as it is served."""
    return {name: part for name, part in _parsed().items() if name != _SHARED}


@cache
def operations(tag: str) -> dict[str, dict[str, Any]]:
    """Return the operations with a tag by their id, each with its method and path."""
    return {
        operation["operationId"]: {"method": method.upper(), "path": path, **operation}
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    }


def error_codes() -> dict[str, str]:
    """Return the meaning of each error code."""
    codes: dict[str, str] = _parsed()[_SHARED]["error-codes"]
    return codes
