"""The Developer Portal: products, APIs with their reference, a console."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import KEY_HEADER, current_actor
from spv.extensions import limiter
from spv.forms.developer import SubscribeForm
from spv.rules.refusal import Refusal
from spv.services.api import subscriptions
from spv.services.ledger import declarations
from spv.views import openapi, openapi_examples
from spv.views.openapi_ledger import BASE

bp = Blueprint("developer", __name__, url_prefix="/developer")
PRODUCT, API = "Serial Number Ledger", "Serial number ledger"


@bp.get("")
def index() -> Response:
    """The ways on."""
    return pages.render("developer/_index.html", title="Developer Portal")


@bp.get("/products")
def products() -> Response:
    """The list of products, which has one."""
    return pages.render("developer/_products.html", title="Products")


@bp.get("/products/serial-number-ledger")
def product() -> Response:
    """The product, and one's subscriptions to it."""
    return _product(SubscribeForm())


@bp.post("/products/serial-number-ledger")
@limiter.limit("60 per minute")
def subscribe() -> BaseResponse:
    """Subscribe; on to the profile, where the keys are."""
    form = SubscribeForm()
    try:
        subscriptions.subscribe(form.answers, current_actor())
    except Refusal as refusal:
        return _product(form.refused(refusal))
    flash(f"You have subscribed to {PRODUCT}.")
    return pages.done("subscriptions.index")


@bp.get("/apis")
def apis() -> Response:
    """The list of APIs, which has one."""
    return pages.render("developer/_apis.html", title="APIs")


@bp.get("/apis/serial-number-ledger")
def reference() -> Response:
    """Request URLs, headers, schema, examples that run as they stand, every error."""
    actor, url = current_actor(), url_for("serial_numbers.create", _external=True)
    # Of one's own account: what another has recorded would be refused.
    example = openapi_examples.example(f"EXAMPLE-{actor.account_id}")
    return pages.render(
        "developer/_reference.html",
        title=API,
        operations=list(_operations()),
        schemas=openapi.document()["components"]["schemas"],
        url=url,
        example=json.dumps(example, indent=2),
        python=openapi_examples.python(url, KEY_HEADER, example),
        key_header=KEY_HEADER,
        codes=openapi_examples.CODES,
    )


@bp.get("/console")
def console() -> Response:
    """Swagger UI, with which nothing is ever stored."""
    return pages.render("developer/_console.html", title="Console")


def _operations() -> Iterator[dict[str, Any]]:
    """The operations of the document, each with its method and path."""
    for path, methods in openapi.document()["paths"].items():
        for method, operation in methods.items():
            if path.startswith(BASE):
                yield {"method": method.upper(), "path": path, **operation}


def _product(form: SubscribeForm) -> Response:
    actor = current_actor()
    return pages.render(
        "developer/_product.html",
        title=PRODUCT,
        form=form,
        subscriptions=subscriptions.mine(actor),
        standing=declarations.standing(actor.account_id),
    )
