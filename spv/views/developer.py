"""The Developer Portal: products, APIs, a console, subscriptions and their keys."""

import json
from typing import Any

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, pages
from spv.access import KEY_HEADER, current_actor
from spv.extensions import limiter
from spv.forms.accounts import SubscribeForm, SubscriptionForm
from spv.rules.errors import ValidationError
from spv.services.api import idempotency, subscriptions
from spv.services.ledger import declarations
from spv.views import openapi

bp = Blueprint("developer", __name__, url_prefix="/developer")
PRODUCT = "Serial Number Ledger"
API = "Serial number ledger"  # the tag of its operations in the OpenAPI document


@bp.get("")
def index() -> Response:
    """Show the way from the declaration to the console."""
    return pages.render("developer/_index.html", title="Developer Portal")


@bp.get("/products")
def products() -> Response:
    """List the products: there is one."""
    return pages.render("developer/_products.html", title="Products")


@bp.get("/products/serial-number-ledger")
def product() -> Response:
    """Show the product and the account's subscriptions to it."""
    return _product(SubscribeForm())


@bp.post("/products/serial-number-ledger")
@limiter.limit("60 per minute")
def subscribe() -> BaseResponse:
    """Subscribe, and go on to the profile, where the keys are."""
    form = SubscribeForm()
    try:
        subscriptions.subscribe(form.answers, current_actor())
    except ValidationError as error:
        return _product(form.refused(error))
    flash(f"You have subscribed to {PRODUCT}.")
    return pages.done("developer.profile")


@bp.get("/apis")
def apis() -> Response:
    """List the APIs: there is one."""
    return pages.render("developer/_apis.html", title="APIs")


@bp.get("/apis/serial-number-ledger")
def reference() -> Response:
    """Show the request URL, headers, schema, examples and every error code."""
    operations = openapi.operations(API)
    body = operations["uploadSerialNumbers"]["requestBody"]["content"]
    example = json.dumps(body["application/json"]["example"], indent=2)
    # Each account gets its own serial numbers: the ledger refuses those of another.
    account_id = current_actor().account_id
    return pages.render(
        "developer/_reference.html",
        title=API,
        operations=operations.values(),
        schemas=openapi.document()["components"]["schemas"],
        url=url_for("api_ledger.create", _external=True),
        example=example.replace("EXAMPLE-", f"EXAMPLE-{account_id}-"),
        key_header=KEY_HEADER,
        codes=openapi.error_codes(),
    )


@bp.get("/console")
def console() -> Response:
    """Show Swagger UI. Requests from it never store anything."""
    return pages.render("developer/_console.html", title="Console")


def _product(form: SubscribeForm) -> Response:
    actor = current_actor()
    return pages.render(
        "developer/_product.html",
        title=PRODUCT,
        form=form,
        subscriptions=subscriptions.mine(actor),
        standing=declarations.declaration_status(actor.account_id),
    )


ONE = "/subscriptions/<number:subscription_id>"
KEY = f"{ONE}/keys/<key_kind:kind>"


@bp.get("/profile")
def profile() -> Response:
    """Show the subscriptions, with their keys hidden."""
    return _profile(SubscriptionForm(formdata=None))


@bp.post(f"{KEY}/show")
@limiter.limit("60 per minute")
def show_key(subscription_id: int, kind: str) -> Response:
    """Show one key, until the user leaves the page."""
    form, user = SubscriptionForm(), access.person()
    proof = (user.token if user else "", form.password.data or "")
    about = (subscription_id, kind)
    try:
        key = subscriptions.show_key(subscription_id, kind, proof, current_actor())
    except ValidationError as error:
        return _profile(form.refused(error), about=about)
    return _profile(form, about=about, secret=key)


@bp.post(f"{KEY}/regenerate")
@limiter.limit("60 per minute")
def regenerate(subscription_id: int, kind: str) -> BaseResponse:
    """Replace a key by a new one."""
    subscriptions.regenerate(subscription_id, kind, current_actor())
    flash(f"The {kind} key is new. The old one no longer works.")
    return pages.done("developer.profile")


@bp.post(f"{ONE}/rename")
@limiter.limit("60 per minute")
def rename(subscription_id: int) -> BaseResponse:
    """Give a subscription another name."""
    form = SubscriptionForm()
    try:
        subscriptions.rename(subscription_id, form.answers, current_actor())
    except ValidationError as error:
        return _profile(form.refused(error), about=(subscription_id, "rename"))
    flash("The subscription has a new name.")
    return pages.done("developer.profile")


@bp.post(f"{ONE}/cancel")
@limiter.limit("60 per minute")
def cancel(subscription_id: int) -> BaseResponse:
    """End a subscription."""
    subscriptions.cancel(subscription_id, current_actor())
    flash("The subscription is cancelled. Its keys no longer work.")
    return pages.done("developer.profile")


@bp.get(f"{ONE}/requests")
def requests(subscription_id: int) -> Response:
    """List what the systems of a subscription sent, and the answers they got."""
    actor = current_actor()
    return pages.render(
        "developer/_requests.html",
        title="Requests",
        subscription=subscriptions.find(subscription_id, actor, also_cancelled=True),
        requests=idempotency.requests_of(subscription_id, actor),
    )


def _profile(form: SubscriptionForm, **context: Any) -> Response:
    actor = current_actor()
    return pages.render(
        "developer/_profile.html",
        title="Profile",
        form=form,
        subscriptions=subscriptions.mine(actor),
        cancelled=subscriptions.cancelled(actor),
        standing=declarations.declaration_status(actor.account_id),
        **context,
    )
