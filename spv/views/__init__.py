"""The pages and the APIs: read the form, call one service, answer."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter

from spv.extensions import csrf
from spv.services.training import clock as training_clock
from spv.views import (
    account,
    api_ledger,
    developer,
    ledger,
    sign_in,
    site,
    staff,
    staff_accounts,
    stc,
    training,
)

# The parts of addresses. Numbers are at most what the database can store.
PARTS = {
    "number": (IntegerConverter, "[0-9]{1,9}"),  # the id of a row
    "reference": (BaseConverter, "[A-Za-z0-9_-]{16}"),  # unguessable
    # The id of a row of the ledger, which may have very many rows.
    "row": (IntegerConverter, "[0-9]{1,18}"),
    "token": (BaseConverter, "[A-Za-z0-9_-]{43}"),  # the secret of a password link
}


class SerialConverter(BaseConverter):
    """A serial number, or any other text, which may contain slashes.

    Every serial number has a digit, so the address `check` beside it hides none.
    """

    part_isolating = False
    regex = r"(?!check/*\Z)[\s\S]+"


def init_app(app: Flask) -> None:
    """Register the converters of addresses, and every blueprint."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the result comes first
    app.url_map.converters |= {"serial": SerialConverter} | {
        name: type(name, (base,), {"regex": regex})
        for name, (base, regex) in PARTS.items()
    }
    for blueprint in (
        stc.bp, site.bp, sign_in.bp, account.bp, sign_in.factor_bp, staff.bp,
        staff_accounts.bp, staff.log_bp, staff.products_bp, ledger.bp,
        ledger.invalidations_bp, ledger.uploads_bp, developer.bp,
        developer.declaration_bp, api_ledger.bp, stc.api_bp, site.check_bp,
        site.verify_bp,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    if app.config["SPV_ENVIRONMENT"] == "demo":
        app.register_blueprint(training.bp)
        app.register_blueprint(training.classes_bp)
        training_clock.init_app(app)
    for api in (api_ledger.bp, site.check_by_api):
        csrf.exempt(api)  # it reads no cookies
