"""The Developer Portal: products, APIs, a console, subscriptions and their keys."""

import json
from collections.abc import Iterator
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
    except ValidationError as refusal:
        return _product(form.refused(refusal))
    flash(f"You have subscribed to {PRODUCT}.")
    return pages.done("developer.profile")


@bp.get("/apis")
def apis() -> Response:
    """The list of APIs, which has one."""
    return pages.render("developer/_apis.html", title="APIs")


@bp.get("/apis/serial-number-ledger")
def reference() -> Response:
    """Request URLs, headers, schema, examples that run as they stand, every error."""
    actor, url = current_actor(), url_for("api_ledger.create", _external=True)
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
        standing=declarations.declaration_status(actor.account_id),
    )


ONE = "/subscriptions/<number:subscription_id>"
KEY = f"{ONE}/keys/<key_kind:kind>"


@bp.get("/profile")
def profile() -> Response:
    """The subscriptions, with their keys hidden."""
    return _profile(SubscriptionForm(formdata=None))


@bp.post(f"{KEY}/show")
@limiter.limit("60 per minute")
def show_key(subscription_id: int, kind: str) -> Response:
    """One key, shown until the page is left."""
    form, actor, someone = SubscriptionForm(), current_actor(), access.person()
    given = (someone.token if someone else "", form.password.data or "")
    about = (subscription_id, kind)
    try:
        key = subscriptions.show_key(subscription_id, kind, given, actor)
    except ValidationError as refusal:
        return _profile(form.refused(refusal), about=about)
    return _profile(form, about=about, secret=key)


@bp.post(f"{KEY}/regenerate")
@limiter.limit("60 per minute")
def regenerate(subscription_id: int, kind: str) -> BaseResponse:
    """Make a key anew."""
    subscriptions.regenerate(subscription_id, kind, current_actor())
    flash(f"The {kind} key is a new one. The old one does not work any more.")
    return pages.done("developer.profile")


@bp.post(f"{ONE}/rename")
@limiter.limit("60 per minute")
def rename(subscription_id: int) -> BaseResponse:
    """Give a subscription another name."""
    form, actor = SubscriptionForm(), current_actor()
    try:
        subscriptions.rename(subscription_id, form.answers, actor)
    except ValidationError as refusal:
        return _profile(form.refused(refusal), about=(subscription_id, "rename"))
    flash("The subscription has a new name.")
    return pages.done("developer.profile")


@bp.post(f"{ONE}/cancel")
@limiter.limit("60 per minute")
def cancel(subscription_id: int) -> BaseResponse:
    """End a subscription."""
    subscriptions.cancel(subscription_id, current_actor())
    flash("The subscription is cancelled. Its keys do not work any more.")
    return pages.done("developer.profile")


@bp.get(f"{ONE}/requests")
def requests(subscription_id: int) -> Response:
    """What a subscription's systems have sent, and were answered."""
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
