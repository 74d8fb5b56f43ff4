"""The pages and the API: read the form, call one service, answer."""

from flask import Flask, Response, redirect, url_for
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as BaseResponse

from spv.views import api, health, stc, stc_batch


class ReferenceConverter(BaseConverter):
    """The unguessable part of an address."""

    regex = "[A-Za-z0-9_-]{16}"


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    app.url_map.converters["reference"] = ReferenceConverter
    for module in (stc_batch, stc, api, health):
        app.register_blueprint(module.bp)
    app.add_url_rule("/", "home", _home)


def _home() -> BaseResponse | Response:
    """The calculator is the way in."""
    return redirect(url_for("stc.new"))
