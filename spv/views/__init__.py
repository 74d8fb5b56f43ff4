"""The pages and the API: read the form, call one service, answer."""

from flask import Flask, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv.views import api, health, stc, stc_batch


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    for module in (stc_batch, stc, api, health):
        app.register_blueprint(module.bp)
    app.add_url_rule("/", "home", _home)


def _home() -> BaseResponse | Response:
    """The calculator is the way in."""
    return redirect(url_for("stc.new"))
