"""Who is there, what they may do, and what somebody is told who may not."""

from itertools import groupby
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import (
    Flask,
    Response,
    abort,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask_login import LoginManager, UserMixin, current_user, login_user
from limits import parse
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as BaseResponse

from spv import demo, pages, security
from spv.config import ConfigurationError
from spv.extensions import db, limiter, network
from spv.policy import POLICIES
from spv.rules.accounts import Role
from spv.rules.errors import ForbiddenError
from spv.rules.ledger.declaration import DeclarationStatus
from spv.services.accounts import sessions
from spv.services.actor import Actor, visitor
from spv.services.api import subscriptions
from spv.services.api.subscriptions import ApiClient

login_manager = LoginManager()

# As Azure API Management has them, on which the real registry's API sits.
KEY_HEADER, KEY_PARAMETER = "Ocp-Apim-Subscription-Key", "subscription-key"
MISSING_KEY = (
    '{"statusCode":401,"message":"Access denied due to missing subscription key. Make '
    'sure to include subscription key when making requests to an API."}'
)
INVALID_KEY = (
    '{"statusCode":401,"message":"Access denied due to invalid subscription key. Make '
    'sure to provide a valid key for an active subscription."}'
)
BAD_KEYS = parse("60 per minute")  # from one network; good keys are not held up
_IN_MEMORY = FixedWindowRateLimiter(MemoryStorage())  # while the other storage is away


class CurrentUser(UserMixin):  # type: ignore[misc]
    """Who has signed in, to flask-login: known by the token in the cookie."""

    def __init__(self, person: sessions.SignedIn) -> None:
        self.person = person

    def get_id(self) -> str:
        """The token, whose hash is in the database."""
        return self.person.token


def init_app(app: Flask) -> None:
    """Guard every route; let templates ask what may be done."""
    login_manager.session_protection = None  # the session is a row, and can be ended
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(_load)
    app.before_request(_guard)
    app.before_request(_end_reading)
    app.after_request(_forget)
    _refuse_demonstration_users(app)
    app.add_template_global(may)
    app.add_template_global(menu)
    app.add_template_global(person)
    app.add_template_global(declaration)


def _refuse_demonstration_users(app: Flask) -> None:
    """Their password is known to everyone."""
    with app.app_context():
        found = not pages.is_demonstration() and demo.is_there()
        db.engine.dispose()  # a server may fork from here on
    if found:
        raise ConfigurationError(
            "Production refuses the demonstration users in its database: give it a "
            "DATABASE_URL of its own."
        )


def person() -> sessions.SignedIn | None:
    """Who has signed in."""
    return current_user.person if current_user.is_authenticated else None


def roles() -> frozenset[Role]:
    """The roles of who makes this request."""
    someone = person()
    return someone.roles if someone else frozenset({Role.VISITOR})


def may(endpoint: str) -> bool:
    """Whether who makes this request may enter a route."""
    return not roles().isdisjoint(POLICIES[endpoint].roles)


def menu() -> list[tuple[str, list[tuple[str, str]]]]:
    """The navigation of who makes this request: groups of endpoints and their words.

    What stands in no group is one of its own, without a name.
    """
    mine = roles()
    shown = [(n, p) for n, p in POLICIES.items() if p.menu and mine & p.roles]
    return [
        (group, [(name, policy.menu) for name, policy in members])
        for (group, _), members in groupby(
            shown, key=lambda item: (item[1].group, item[1].group or item[0])
        )
    ]


def api_client() -> ApiClient:
    """The system whose key this request has; only where the guard lets systems in."""
    found: ApiClient = g.system
    return found


def declaration() -> DeclarationStatus | None:
    """How the declaration for API users stands of who makes this request, if of any."""
    someone = person()
    is_uploader = someone is not None and Role.UPLOADER in someone.roles
    return someone.declaration if someone and is_uploader else None


def current_actor(channel: str = "web") -> Actor:
    """Who makes this request, by which way in; programs are never known by cookie."""
    ip = request.remote_addr or ""
    someone = None if channel == "api" else person()
    if someone is None:
        return visitor(channel, ip)
    return Actor(
        someone.email,
        channel,
        someone.roles,
        user_id=someone.user_id,
        account_id=someone.account_id,
        ip=ip,
    )


def sign_in(token: str) -> None:
    """Put a new session's token in the cookie, and nothing of what was there before."""
    session.clear()
    if someone := sessions.resume(token):
        login_user(CurrentUser(someone))


def sign_out() -> None:
    """Take everything out of the cookie."""
    session.clear()


def local(address: str) -> str:
    """An address to go on to, if it is one of ours; otherwise home."""
    path = address.replace("\\", "/")
    ours = path.startswith(f"{request.script_root}/") and not path.startswith("//")
    return path if ours and path.isprintable() else url_for("site.index")


def _load(token: str) -> CurrentUser | None:
    someone = sessions.resume(token)
    return CurrentUser(someone) if someone else None


def _guard() -> BaseResponse | None:
    if request.endpoint is None:
        return None  # there is no such route, which is answered further on
    policy = POLICIES.get(request.endpoint)
    if policy is None:
        abort(403)  # a route that nobody thought about is for nobody
    if Role.SYSTEM in policy.roles:
        return _enter_by_key()
    if Role.VISITOR in policy.roles or may(request.endpoint):
        return None
    if person() is None:
        return _to_sign_in()
    allowed = [role for role in Role if role in policy.roles]
    if len(allowed) > 2:
        raise ForbiddenError(f"This is not for {' or '.join(roles())}.")
    raise ForbiddenError(f"This is for {' or '.join(allowed)}.")


def _end_reading() -> None:
    """Hold no transaction open while a body comes in, or an answer goes out, slowly."""
    db.session.rollback()


def _enter_by_key() -> BaseResponse | None:
    """Systems come with the key of a subscription, and never with a cookie."""
    key = request.headers.get(KEY_HEADER, request.args.get(KEY_PARAMETER)) or ""
    found = subscriptions.find_client(key, request.remote_addr or "") if key else None
    if found is None:
        if limiter.enabled and not _may_try_another_key():
            raise TooManyRequests(retry_after=BAD_KEYS.get_expiry())
        return Response(
            INVALID_KEY if key else MISSING_KEY,
            401,
            {"WWW-Authenticate": f'AzureApiManagementKey name="{KEY_HEADER}"'},
            mimetype="application/json",
        )
    g.system = found
    return None


def _may_try_another_key() -> bool:
    """Count a key that is no good."""
    try:
        return limiter.limiter.hit(BAD_KEYS, "key", network())
    except StorageError:
        return _IN_MEMORY.hit(BAD_KEYS, "key", network())


def _to_sign_in() -> BaseResponse:
    url = url_for("sign_in.new", next=_here())
    if not pages.wants_partial():
        return redirect(url, 303)
    # A redirect would put the sign-in page inside of this one.
    return Response(status=401, headers={"HX-Redirect": url})


def _here() -> str | None:
    """The page that somebody was on, to come back to."""
    if request.method == "GET" and not pages.wants_partial():
        query = request.query_string.decode("utf-8", "replace")
        return _address(request.script_root + request.path, query)
    try:
        page = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:  # it is no address
        return None
    if page.netloc != request.host or "/password/" in page.path:
        return None
    return _address(page.path, page.query)


def _address(path: str, query: str) -> str:
    """An address to come back to, without a key that a system put into it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [pair for pair in pairs if pair[0] != KEY_PARAMETER]
    return path + (f"?{urlencode(kept)}" if kept else "")


def _forget(response: Response) -> Response:
    """What somebody sees who has signed in, no browser keeps."""
    if request.endpoint != "static":
        policy = POLICIES.get(request.endpoint or "")
        private = policy is not None and Role.VISITOR not in policy.roles
        has_token = request.endpoint in security.PRIVATE_ADDRESSES
        if private or has_token or "_user_id" in session:
            response.headers["Cache-Control"] = "no-store"
    return response
