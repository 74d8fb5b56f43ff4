"""The profile of the Developer Portal: subscriptions, their keys and requests."""

from typing import Any

from flask import Blueprint, Response, flash
from werkzeug.wrappers import Response as BaseResponse

from spv import access, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.developer import SubscriptionForm
from spv.rules.refusal import Refusal
from spv.services.api import idempotency, subscriptions
from spv.services.ledger import declarations

bp = Blueprint("subscriptions", __name__, url_prefix="/developer")
ONE = "/subscriptions/<number:subscription_id>"
KEY = f"{ONE}/keys/<key_kind:kind>"


@bp.get("/profile")
def index() -> Response:
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
    except Refusal as refusal:
        return _profile(form.refused(refusal), about=about)
    return _profile(form, about=about, secret=key)


@bp.post(f"{KEY}/regenerate")
@limiter.limit("60 per minute")
def regenerate(subscription_id: int, kind: str) -> BaseResponse:
    """Make a key anew."""
    subscriptions.regenerate(subscription_id, kind, current_actor())
    flash(f"The {kind} key is a new one. The old one does not work any more.")
    return pages.done("subscriptions.index")


@bp.post(f"{ONE}/rename")
@limiter.limit("60 per minute")
def rename(subscription_id: int) -> BaseResponse:
    """Give a subscription another name."""
    form, actor = SubscriptionForm(), current_actor()
    try:
        subscriptions.rename(subscription_id, form.answers, actor)
    except Refusal as refusal:
        return _profile(form.refused(refusal), about=(subscription_id, "rename"))
    flash("The subscription has a new name.")
    return pages.done("subscriptions.index")


@bp.post(f"{ONE}/cancel")
@limiter.limit("60 per minute")
def cancel(subscription_id: int) -> BaseResponse:
    """End a subscription."""
    subscriptions.cancel(subscription_id, current_actor())
    flash("The subscription is cancelled. Its keys do not work any more.")
    return pages.done("subscriptions.index")


@bp.get(f"{ONE}/requests")
def requests(subscription_id: int) -> Response:
    """What a subscription's systems have sent, and were answered."""
    actor = current_actor()
    return pages.render(
        "subscriptions/_requests.html",
        title="Requests",
        subscription=subscriptions.find(subscription_id, actor, also_cancelled=True),
        requests=idempotency.of(subscription_id, actor),
    )


def _profile(form: SubscriptionForm, **context: Any) -> Response:
    actor = current_actor()
    return pages.render(
        "subscriptions/_index.html",
        title="Profile",
        form=form,
        subscriptions=subscriptions.mine(actor),
        cancelled=subscriptions.cancelled(actor),
        standing=declarations.standing(actor.account_id),
        **context,
    )
