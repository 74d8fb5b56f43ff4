"""The second step of a sign-in: a code, after the right password.

Between the steps there is no session. The browser has a signed ticket.
"""

from itsdangerous import BadData, TimestampSigner

from spv import clock
from spv.extensions import db, secret_keys
from spv.models import SecondFactor, User
from spv.rules.errors import ValidationError
from spv.services import audit_log
from spv.services.accounts import sessions
from spv.services.accounts.second_factors import (
    REFUSED,
    WRONG,
    log_code,
    of_user,
    try_code,
)
from spv.services.accounts.sessions import digest
from spv.services.accounts.sign_in import HalfSignIn, acting_as
from spv.services.actor import Actor
from spv.services.authorisation import require, suspension_of

LASTS = 600  # seconds


def ticket(half: HalfSignIn) -> str:
    """Return the signed text with which a browser goes on with a sign-in.

    It is of no use without a code. It ends with the password under which it was made,
    with the next code of the user, and after 10 minutes.
    """
    user = db.session.get_one(User, half.user_id)
    return _signer(user, require(of_user(user.id))).sign(str(user.id)).decode()


def holder(text: str) -> User | None:
    """Return the user of a ticket, if it still holds."""
    number = text.partition(".")[0]
    is_number = number.isdecimal() and number.isascii() and len(number) < 10
    user = db.session.get(User, int(number)) if is_number else None
    factor = of_user(user.id) if user and not user.removed_at else None
    if user is None or factor is None:
        return None
    try:
        _signer(user, factor).unsign(text, max_age=LASTS)
    except BadData:
        return None
    return user


def finish_sign_in(
    text: str, code: str, actor: Actor, instead_of: str = "", browser: str = ""
) -> str:
    """Start a session for the user of a ticket, and return its token.

    Without a ticket that holds the token is empty. `instead_of` and `browser` are as in
    `sign_in`. Raises ValidationError, TooManyFailures after many wrong codes, and
    Suspended.
    """
    with audit_log.registry_transaction():
        user, at, token = holder(text), clock.now(), ""
        if user is None:
            return ""
        if suspended := suspension_of(user.id, user.account_id):
            raise suspended
        factor = require(of_user(user.id))
        event = try_code(code, factor, at, "user.signed_in")
        if event != REFUSED:
            token = sessions.start(user, at, instead_of, second_factor_at=at)
            sessions.remember_browser(user, browser, at)
        log_code(event, acting_as(user, actor), at, factor)
    if not token:
        raise ValidationError({"code": WRONG})
    return token


def _signer(user: User, factor: SecondFactor) -> TimestampSigner:
    # The secret of a demonstration is known, but nobody knows these.
    parts = [user.password_hash or "", factor.sealed, str(factor.last_step)]
    parts += factor.recovery
    return TimestampSigner(secret_keys(), digest(" ".join(parts)))
