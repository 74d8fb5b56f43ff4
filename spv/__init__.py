"""spv: Solar Panel Validation, an STC calculator and a panel serial number ledger."""

from flask import Flask

from spv import (
    access,
    assets,
    cli,
    config,
    database,
    errors,
    pages,
    second_factor,
    security,
    views,
)
from spv.extensions import csrf, db, htmx, limiter, migrate


def create_app(settings: config.Config | None = None) -> Flask:
    """Build the application; settings come from the environment unless given."""
    app = Flask(__name__, instance_relative_config=True, static_folder=None)
    # No view is asynchronous. Flask would ask that of each function, for each request.
    app.ensure_sync = lambda function: function  # type: ignore
    app.config.from_object(settings or config.from_environment(app.instance_path))
    db.init_app(app)
    migrate.init_app(app, db, render_as_batch=True)
    htmx.init_app(app)
    security.init_app(app)  # before the limiter: it corrects a header of the limiter
    limiter.init_app(app)
    database.init_app(app)
    access.init_app(app)
    csrf.init_app(app)  # after access: users who were signed out are told that first
    second_factor.init_app(app)  # after csrf: it takes codes that were sent
    pages.init_app(app)
    assets.init_app(app)
    errors.init_app(app)
    views.init_app(app)
    cli.init_app(app)
    return app
