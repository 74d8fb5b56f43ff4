"""Judge products by the agency's list of approved products, if one is loaded."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any

from flask import current_app
from sqlalchemy import select

from spv import clock
from spv.database import one_of
from spv.extensions import db
from spv.models import ApprovedProduct
from spv.rules.faults import fault
from spv.rules.ledger.approval import (
    Approved,
    Names,
    NamesOnList,
    keys_of,
    not_approved,
    note_of_model,
)
from spv.rules.ledger.product_list import ordered
from spv.rules.ledger.rows import PRODUCT_FIELDS, CheckedRows
from spv.rules.text import search_key

LOADED = "products.loaded"
COLUMNS = [getattr(ApprovedProduct, name) for name in Approved._fields]
_ONE = select(ApprovedProduct.id).limit(1)  # made once, as every upload executes it


def judge(checked: CheckedRows) -> CheckedRows:
    """Return checked rows with a warning for each name that is not approved today.

    If the setting says so, they are problems instead. Without a list, the rows are
    returned as they are.
    """
    if not checked.panels or not is_loaded():
        return checked
    models = {panel.model_number for panel in checked.panels.values()}
    found = not_approved(checked.panels, _lines(models), clock.today(), _load_names)
    if current_app.config["SPV_PRODUCTS"] == "refuse":
        return replace(checked, not_approved=found)
    warnings = sorted(checked.warnings + found, key=attrgetter("row"))
    return replace(checked, warnings=warnings)


def warning_of(model: str, day: date) -> str:
    """Say why a model is not approved on a day; "" if it is, or nothing is known."""
    if not model or not is_loaded():
        return ""
    lines = _lines([model]).get(search_key(model), [])
    note = note_of_model(model, lines, day, lambda: _names("model_number"))
    return "" if note is None else f"{fault('not_approved').sentence} {note}".strip()


def is_loaded() -> bool:
    """Tell whether there is a list."""
    return db.session.connection().scalar(_ONE) is not None


def current() -> list[Approved]:
    """Return the list, in its order."""
    return ordered(map(Approved._make, db.session.execute(select(*COLUMNS))))


def _lines(models: Iterable[str]) -> dict[str, list[Approved]]:
    """Return the lines of the list with some models, by the model's key."""
    (keys,) = zip(*map(keys_of, ([model] for model in models)), strict=True)
    key = ApprovedProduct.model_number_key
    query = select(key, *COLUMNS).where(one_of(key, sorted({*keys})))
    found: dict[str, list[Approved]] = {}
    for model_key, *values in db.session.execute(query):
        found.setdefault(model_key, []).append(Approved._make(values))
    return found


def _load_names() -> NamesOnList:
    return NamesOnList(*map(_names, PRODUCT_FIELDS))


def _names(field: str) -> Names:
    """Return the names in a column of the list."""
    columns: list[Any] = [
        getattr(ApprovedProduct, f"{field}_key"), getattr(ApprovedProduct, field)
    ]  # fmt: skip
    rows = db.session.execute(select(*columns).distinct()).all()
    return Names({row[0]: row[1] for row in rows})
