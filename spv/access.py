"""Authentication and authorisation: the user or API client of each request."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import flask
from flask import Flask, Response, current_app, g, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from spv import demo, pages, security
from spv.config import ConfigurationError
from spv.extensions import db, limiter, network
from spv.policy import MENU, POLICIES, UNPROVEN, Group, needs_account
from spv.rules.accounts import Role
from spv.rules.errors import AccountNeeded, ForbiddenError, Suspended
from spv.rules.ledger.statements import DeclarationStatus
from spv.services.accounts import sessions, users
from spv.services.actor import Actor, visitor
from spv.services.api import subscriptions
from spv.services.api.subscriptions import ApiClient

login_manager = LoginManager()

# The words of Azure API Management, on which the real registry's API runs.
KEY_HEADER, KEY_PARAMETER = "Ocp-Apim-Subscription-Key", "subscription-key"
MISSING_KEY = (
    '{"statusCode":401,"message":"Access denied due to missing subscription key. Make '
    'sure to include subscription key when making requests to an API."}'
)
INVALID_KEY = (
    '{"statusCode":401,"message":"Access denied due to invalid subscription key. Make '
    'sure to provide a valid key for an active subscription."}'
)
# Counted by network; valid keys are not limited.
bad_keys = limiter.shared_limit("60 per minute", "key", key_func=network)
# Endpoints that read no cookie. The APIs read none either.
WITHOUT_COOKIES = {"static", "site.alive", "site.ready"}


class CurrentUser(UserMixin):  # type: ignore[misc]
    """A signed-in user for flask-login, which knows the token in the cookie."""

    def __init__(self, person: sessions.SignedIn) -> None:
        self.person = person

    def get_id(self) -> str:
        """Return the token, whose hash is in the database."""
        return self.person.token


def init_app(app: Flask) -> None:
    """Guard every route, and let templates ask what the user may do."""
    login_manager.session_protection = None  # a session is a row, which can be deleted
    # Not `login_manager.init_app`: besides this, it only reads the session after every
    # response, even of a static file, for a "remember me" cookie, which spv does not
    # have.
    app.login_manager = login_manager  # type: ignore[attr-defined]
    login_manager.user_loader(_load_user)
    app.before_request(_authorise)
    # No transaction stays open while a slow body arrives, or a slow answer is sent.
    app.before_request(_end_reading)
    app.after_request(_forbid_caching)
    _refuse_demonstration_users(app)
    for function in (may, menu, person, declaration):
        app.add_template_global(function)


def _refuse_demonstration_users(app: Flask) -> None:
    """Raise ConfigurationError if production has demonstration users.

    Everybody knows their password.
    """
    with app.app_context():
        try:
            found = {} if pages.is_demonstration() else demo.sign_ins()
        except SQLAlchemyError:  # no database yet, or no tables: see /readyz
            found = {}
        db.session.remove()
        db.engine.dispose()  # the server may fork after this
    if found:
        sentence = "Production refuses the demonstration users in its database: give "
        raise ConfigurationError(sentence + "it a DATABASE_URL of its own.")


def person() -> sessions.SignedIn | None:
    """Return the user who made the request; None for a visitor."""
    if "_user_id" not in session:
        return None  # a visitor: flask-login would take longer to say so
    user: Any = current_user._get_current_object()  # once, as each use looks it up
    return user.person if user.is_authenticated else None


def token() -> str:
    """Return the token of the user's session; "" for a visitor."""
    user = person()
    return user.token if user else ""


def roles() -> frozenset[Role]:
    """Return the roles of the user or visitor who made the request."""
    user = person()
    return user.roles if user else frozenset({Role.VISITOR})


def _is_api() -> bool:
    """Tell whether the request is one to an API. The APIs do not read cookies."""
    return request.path.startswith("/api/")


def may(endpoint: str) -> bool:
    """Tell whether the user who made the request may use a route."""
    return not roles().isdisjoint(POLICIES[endpoint])


def menu() -> list[Group]:
    """Return the user's navigation: the pages that they may open, in groups."""
    views = current_app.view_functions  # production has no training
    mine = roles()
    groups = [
        group._replace(pages={
            name: words for name, words in group.pages.items()
            if name in views and not mine.isdisjoint(POLICIES[name])
        }) for group in MENU
    ]  # fmt: skip
    return [group for group in groups if group.pages]


def api_client() -> ApiClient:
    """Return the API client of this request, on routes that are for API clients."""
    return g.system  # type: ignore[no-any-return]


def declaration() -> DeclarationStatus | None:
    """Return the status of the API declaration; None unless the user can upload."""
    user = person()
    return user.declaration if user and Role.UPLOADER in user.roles else None


def current_actor(channel: str = "web") -> Actor:
    """Return the user or visitor as an actor; in the API, cookies are not read."""
    ip = request.remote_addr or ""
    user = None if channel == "api" else person()
    if user is None:
        return visitor(channel, ip)
    return Actor(user.email, channel, user.roles, user.user_id, user.account_id, ip=ip)


def sign_in(token: str) -> None:
    """Empty the cookie, and put the token of a new session into it."""
    session.clear()
    if user := _load_user(token):
        login_user(user)


def local_address(address: str) -> str:
    """Return an address if it is in this app; otherwise the home page."""
    path = address.replace("\\", "/")
    ours = path.startswith(f"{request.script_root}/") and not path.startswith("//")
    return path if ours and path.isprintable() else url_for("site.index")


def _load_user(token: str) -> CurrentUser | None:
    try:
        # A polling page must not keep the session of an absent user alive.
        user = sessions.resume(token, is_used="poll" not in request.args)
    except Suspended as error:
        g.suspended = error
        return None
    return CurrentUser(user) if user else None


def _refuse_suspended() -> None:
    """Raise Suspended, once: from the next request on, the user is a visitor."""
    # Not in `person`, which pages of other errors call as well.
    is_personal = not (request.endpoint in WITHOUT_COOKIES or _is_api())
    if is_personal and "_user_id" in session and not person() and "suspended" in g:
        session.clear()
        raise g.suspended


def _authorise() -> BaseResponse | None:
    """Let a request through, ask for a sign-in or a key, or raise ForbiddenError."""
    if request.endpoint is None:
        return None  # no such route: the answer is 404 or 405
    policy = POLICIES.get(request.endpoint)
    if policy is None:
        flask.abort(403)  # a route without a policy is closed to all
    if Role.SYSTEM in policy:
        return _authenticate_client()
    _refuse_suspended()
    # Check UNPROVEN first: it has the static files, and they must not read the session.
    may_prove_later = request.endpoint in UNPROVEN or _is_api()
    if not may_prove_later and Role.UNPROVEN in roles():
        return _redirect(url_for("second_factor.show"))
    if Role.VISITOR in policy or may(request.endpoint):
        return None
    if person() is None:
        return _redirect(url_for("sign_in.new", next=current_page()))
    raise _refusal(policy)


def _end_reading() -> None:
    if db.session.registry.has():
        db.session.rollback()


def _refusal(policy: frozenset[Role]) -> ForbiddenError:
    """Return the error for a user who has none of the roles of a route."""
    allowed = [role for role in Role if role in policy]
    if len(allowed) > 2:
        first = next(role for role in Role if role in roles())
        return ForbiddenError(f"This is not for {first}.")
    sentence = f"This is for {' or '.join(allowed)}."
    if needs_account(roles(), policy):
        return AccountNeeded(sentence, users.administrators(current_actor()))
    return ForbiddenError(sentence)


def _authenticate_client() -> BaseResponse | None:
    """Find the API client by its subscription key; cookies are not read."""
    key = request.headers.get(KEY_HEADER, request.args.get(KEY_PARAMETER)) or ""
    client = subscriptions.find_client(key, request.remote_addr or "") if key else None
    if client:
        g.system = client
        return None
    headers = {"WWW-Authenticate": f'AzureApiManagementKey name="{KEY_HEADER}"'}
    body = INVALID_KEY if key else MISSING_KEY
    with bad_keys:
        return Response(body, 401, headers, mimetype="application/json")


def _redirect(url: str) -> BaseResponse:
    """Redirect to a page, also in place of a part of a page that HTMX asked for."""
    if not pages.wants_partial():
        return flask.redirect(url, 303)
    # HTMX would follow a plain redirect, and put the page inside the current one.
    return Response(status=401, headers={"HX-Redirect": url})


def current_page() -> str | None:
    """Return the address of the user's page, to come back to after the sign-in."""
    if request.method == "GET" and not pages.wants_partial():
        path = request.script_root + request.path
        query = request.query_string.decode("utf-8", "replace")
    else:
        address = request.headers.get("HX-Current-URL") or request.referrer or ""
        try:
            _, host, path, query, _ = urlsplit(address)
        except ValueError:  # it is not an address
            return None
        if host != request.host or "/password/" in path or not _can_be_opened(path):
            return None
    pairs = parse_qsl(query, keep_blank_values=True)  # perhaps with a subscription key
    kept = [pair for pair in pairs if pair[0] != KEY_PARAMETER]
    return path + (f"?{urlencode(kept)}" if kept else "")


def _can_be_opened(path: str) -> bool:
    """Tell whether there is a page at a path, and not only an address of a form."""
    routes = current_app.url_map.bind("")
    try:
        return bool(routes.match(path.removeprefix(request.script_root), "GET"))
    except HTTPException:
        return False


def _forbid_caching(response: Response) -> Response:
    """Tell browsers not to cache pages of signed-in users or with secret addresses."""
    if "public" not in response.headers.get("Cache-Control", ""):  # no static file
        policy = POLICIES.get(request.endpoint or "")
        private = policy is not None and Role.VISITOR not in policy
        has_token = request.endpoint in security.PRIVATE_ADDRESSES
        if private or has_token or "_user_id" in session:
            response.headers["Cache-Control"] = "no-store"
    return response
