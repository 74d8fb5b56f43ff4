"""The Developer Portal, and the Declaration for API Users, which it needs."""

import json

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, guide, pages
from spv.access import KEY_HEADER, current_actor
from spv.extensions import limiter
from spv.forms import accounts as forms
from spv.rules.accounts import KeyKind
from spv.services.accounts import applications
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from spv.services.api import idempotency, subscriptions
from spv.services.ledger import declarations

bp = Blueprint("developer", __name__, url_prefix="/developer")
declaration_bp = Blueprint("declarations", __name__, url_prefix="/panels/declaration")
PRODUCT = "Serial Number Ledger"
API = "Serial number ledger"  # the tag of its operations in the OpenAPI document


@bp.get("")
def index() -> Response:
    """Show the steps from the declaration to the console."""
    return pages.render("developer/_index.html", "Developer Portal")


@bp.get("/products")
def products() -> Response:
    """List the products: there is one."""
    return pages.render("developer/_products.html", "Products")


@bp.get("/products/serial-number-ledger")
def product(form: forms.SubscribeForm | None = None) -> Response:
    """Show the product and the account's subscriptions to it."""
    actor = current_actor()
    return pages.render(
        "developer/_product.html", PRODUCT, form or forms.SubscribeForm(),
        subscriptions=subscriptions.mine(actor),
        declaration_status=declarations.declaration_status(actor.account_id),
    )  # fmt: skip


@bp.post("/products/serial-number-ledger")
@limiter.limit("60 per minute")
@pages.submits(forms.SubscribeForm, product)
def subscribe(form: forms.SubscribeForm) -> BaseResponse:
    """Subscribe, and go on to the profile, where the keys are."""
    subscriptions.subscribe(form.answers, current_actor())
    return pages.done("developer.profile", f"You have subscribed to {PRODUCT}.")


@bp.get("/apis")
def apis() -> Response:
    """List the APIs: there is one."""
    return pages.render("developer/_apis.html", "APIs")


@bp.get("/apis/serial-number-ledger")
def reference(
    form: forms.ConsoleForm | None = None, answer: Response | None = None
) -> Response:
    """Show the request URL, headers, schema, examples, console and error codes."""
    operations = guide.operations(API)
    body = operations["uploadSerialNumbers"]["requestBody"]["content"]
    example = json.dumps(body["application/json"]["example"], indent=2)
    # Each account gets its own serial numbers: the ledger refuses those of others.
    actor = current_actor()
    example = example.replace("EXAMPLE-", f"EXAMPLE-{actor.account_id}-")
    return pages.render(
        "developer/_reference.html", API, form or forms.ConsoleForm(body=example),
        operations=operations.values(),
        schemas=guide.openapi()["components"]["schemas"],
        url=url_for("api_ledger.create", _external=True), example=example,
        subscriptions=subscriptions.mine(actor), answer=answer, key_header=KEY_HEADER,
        codes=guide.error_codes(),
    )  # fmt: skip


@bp.get("/console")
def console() -> BaseResponse:
    """Go to the console, which is on the page of the reference."""
    return redirect(url_for("developer.reference", _anchor="console"))


@bp.post("/console")
@limiter.limit("60 per minute")
@pages.submits(forms.ConsoleForm, reference)
def send(form: forms.ConsoleForm) -> Response:
    """Send a request with the test key, which stores nothing, and show the answer."""
    key = subscriptions.test_key(form.subscription.data or "", current_actor())
    return reference(form, _call_api(form.body.data or "", key))


def _call_api(body: str, key: str) -> Response:
    """Let the API answer a request as it would answer one from outside."""
    app, url = current_app, url_for("api_ledger.create")
    sent = app.test_request_context(
        url.removeprefix(request.script_root),
        request.url_root,
        method="POST",
        data=body.encode(),
        content_type="application/json",
        headers={KEY_HEADER: key},
        environ_base={"REMOTE_ADDR": request.remote_addr},
    )
    with app.app_context(), sent:  # so that nothing is shared with this request
        return app.full_dispatch_request()


ONE = "/subscriptions/<number:subscription_id>"
KEY = f"{ONE}/keys/<any({','.join(KeyKind)}):kind>"


@bp.get("/profile")
def profile(
    form: forms.SubscriptionForm | None = None,
    subscription_id: int = 0,
    kind: str = "rename",
    secret: str = "",
) -> Response:
    """Show the subscriptions, with their keys hidden.

    A form that was sent renames a subscription or, by its kind, shows one of its keys.
    """
    actor = current_actor()
    found = subscriptions.mine(actor)
    return pages.render(
        "developer/_profile.html", "Profile",
        form or forms.SubscriptionForm(formdata=None),
        about=(subscription_id, kind), secret=secret, subscriptions=found,
        suspended=suspensions.reasons(
            Subject.SUBSCRIPTION, (each.id for each in found)
        ),
        cancelled=subscriptions.cancelled(actor),
        declaration_status=declarations.declaration_status(actor.account_id),
    )  # fmt: skip


@bp.post(f"{KEY}/show")
@limiter.limit("60 per minute")
@pages.submits(forms.SubscriptionForm, profile)
def show_key(form: forms.SubscriptionForm, subscription_id: int, kind: str) -> Response:
    """Show one key, until the user leaves the page."""
    proof = (access.token(), form.password.data or "")
    key = subscriptions.show_key(subscription_id, kind, proof, current_actor())
    return profile(form, subscription_id, kind, key)


@bp.post(f"{KEY}/regenerate")
@limiter.limit("60 per minute")
def regenerate(subscription_id: int, kind: str) -> BaseResponse:
    """Replace a key by a new one."""
    subscriptions.regenerate(subscription_id, kind, current_actor())
    message = f"The {kind.capitalize()} Key is new. The old one no longer works."
    return pages.done("developer.profile", message)


@bp.post(f"{ONE}/rename")
@limiter.limit("60 per minute")
@pages.submits(forms.SubscriptionForm, profile)
def rename(form: forms.SubscriptionForm, subscription_id: int) -> BaseResponse:
    """Give a subscription another name."""
    subscriptions.rename(subscription_id, form.answers, current_actor())
    return pages.done("developer.profile", "The subscription has a new name.")


@bp.post(f"{ONE}/cancel")
@limiter.limit("60 per minute")
def cancel(subscription_id: int) -> BaseResponse:
    """End a subscription."""
    subscriptions.cancel(subscription_id, current_actor())
    message = "The subscription is cancelled. Its keys no longer work."
    return pages.done("developer.profile", message)


@bp.get(f"{ONE}/requests")
def requests(subscription_id: int) -> Response:
    """List what the systems of a subscription sent, and the answers they got."""
    found = subscriptions.find(subscription_id, current_actor(), also_cancelled=True)
    only = request.args.get("status", "")
    return pages.render(
        "developer/_requests.html", "Requests",
        subscription=found, requests=idempotency.requests_of(found, only), only=only,
    )  # fmt: skip


@declaration_bp.get("", endpoint="new")
def declaration(form: forms.DeclarationForm | None = None) -> Response:
    """Show the status, the wording, and the declarations that were made."""
    actor = current_actor()
    return pages.render(
        "declarations/_new.html",
        "Declaration for API Users",
        form or forms.DeclarationForm(),
        account=applications.account_of(actor),
        declaration_status=declarations.declaration_status(actor.account_id),
        declarations=declarations.mine(actor),
    )


@declaration_bp.post("", endpoint="make")
@limiter.limit("60 per minute")
@pages.submits(forms.DeclarationForm, declaration)
def declare(form: forms.DeclarationForm) -> BaseResponse:
    """Make the declaration, for three months."""
    made = declarations.make(form.answers, current_actor())
    message = f"Your declaration has been made. {made.status}."
    return pages.done("declarations.new", message)
