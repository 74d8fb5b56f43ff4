"""The pages and the APIs: read the form, call one service, answer."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

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


class ReferenceConverter(BaseConverter):
    """The unguessable part of an address."""

    regex = "[A-Za-z0-9_-]{16}"


class NumberConverter(IntegerConverter):
    """The id of a row: plain digits, at most what the database can store."""

    regex = "[0-9]{1,10}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


class RowConverter(IntegerConverter):
    """The id of a row of the ledger, which may have very many rows."""

    regex = "[0-9]{1,18}"


class SerialConverter(BaseConverter):
    """A serial number, or another text in its place, which may contain slashes.

    Every serial number has a digit, so the address `check` beside it hides none.
    """

    part_isolating = False
    regex = r"(?!check/*\Z)[\s\S]+"


class TokenConverter(BaseConverter):
    """The secret part of a password link."""

    regex = "[A-Za-z0-9_-]{43}"


def init_app(app: Flask) -> None:
    """Register the converters of addresses, and every blueprint."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the result comes first
    app.url_map.converters |= {
        "number": NumberConverter,
        "reference": ReferenceConverter,
        "row": RowConverter,
        "serial": SerialConverter,
        "token": TokenConverter,
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
