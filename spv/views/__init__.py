"""The pages and the API: read the form, call one service, answer."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from spv.views import (
    account,
    api,
    contacts,
    file_check,
    health,
    home,
    invalidations,
    panels,
    passwords,
    serial_check,
    sign_in,
    staff,
    stc,
    stc_batch,
    uploads,
    users,
)


class ReferenceConverter(BaseConverter):
    """The unguessable part of an address."""

    regex = "[A-Za-z0-9_-]{16}"


class NumberConverter(IntegerConverter):
    """The number of a row: plain digits, and none that a database cannot hold."""

    regex = "[0-9]{1,10}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


class RowConverter(IntegerConverter):
    """The number of a row of the ledger, of which there may be very many."""

    regex = "[0-9]{1,18}"


class TokenConverter(BaseConverter):
    """The secret part of a password link."""

    regex = "[A-Za-z0-9_-]{43}"


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    app.url_map.converters["reference"] = ReferenceConverter
    app.url_map.converters["number"] = NumberConverter
    app.url_map.converters["row"] = RowConverter
    app.url_map.converters["token"] = TokenConverter
    for module in (
        stc_batch, stc, home, sign_in, passwords, account, users, staff, contacts,
        panels, uploads, invalidations, serial_check, file_check, api, health,
    ):  # fmt: skip
        app.register_blueprint(module.bp)
