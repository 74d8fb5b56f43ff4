"""The pages and the API: read the form, call one service, answer."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from spv.extensions import csrf
from spv.rules.accounts import KeyKind
from spv.views import (
    account,
    api_ledger,
    api_stc,
    declarations,
    developer,
    invalidations,
    panels,
    sign_in,
    site,
    staff,
    stc,
    uploads,
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


class KeyKindConverter(BaseConverter):
    """Which key of a subscription."""

    regex = "|".join(KeyKind)


class SerialConverter(BaseConverter):
    """A serial number, or what somebody takes for one: there may be slashes in it.

    `check` is the address beside it. A serial number has a digit, so it hides none.
    """

    part_isolating = False
    regex = r"(?!check/*\Z)[\s\S]+"


class TokenConverter(BaseConverter):
    """The secret part of a password link."""

    regex = "[A-Za-z0-9_-]{43}"


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the result comes first
    app.url_map.converters["reference"] = ReferenceConverter
    app.url_map.converters["number"] = NumberConverter
    app.url_map.converters["row"] = RowConverter
    app.url_map.converters["serial"] = SerialConverter
    app.url_map.converters["token"] = TokenConverter
    app.url_map.converters["key_kind"] = KeyKindConverter
    for module in (
        stc, site, sign_in, account, staff, panels, uploads, invalidations,
        declarations, developer, api_ledger, api_stc,
    ):  # fmt: skip
        app.register_blueprint(module.bp)
    csrf.exempt(api_ledger.bp)  # it takes no cookies
