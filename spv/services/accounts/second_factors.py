"""The second factor: codes of an authenticator app (RFC 6238), or recovery codes.

A sign-in asks for a code after the right password. Between these two steps there is no
session: the browser has a signed ticket.
"""

import base64
import secrets
import textwrap
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.fernet import InvalidToken
from flask import current_app
from itsdangerous import BadData, TimestampSigner
from pyotp import TOTP, random_base32
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import select

from spv import clock
from spv.extensions import db, secret_keys
from spv.models import SecondFactor, User, UserSession
from spv.rules.errors import ConflictError, ForbiddenError, ValidationError
from spv.services import audit_log
from spv.services.accounts import sessions, sign_in
from spv.services.accounts.sessions import SignedIn, digest
from spv.services.accounts.tries import count_try, end_wait, take_back
from spv.services.actor import OPERATOR, Actor
from spv.services.authorisation import require, suspension_of
from spv.services.encryption import fernet

ISSUER = "Solar Panel Validation"
# Before some acts, a code is asked for again when the last one is older than this.
FRESH = timedelta(minutes=10)
SET_UP_LASTS, TICKET_LASTS = 3_600, 600  # seconds
SEAL, SET_UP = "seal of second factors", "second factor that is set up"
RECOVERY_CODES, RECOVERY_BYTES = 10, 10  # 80 bits are 16 letters and digits
_READ_AS = str.maketrans("018", "OIB", " -\t\r\n")  # no code has these digits
RECOVERED, REFUSED = "second_factor.recovery_code_used", "second_factor.code_refused"
WRONG = (
    "This code is wrong, too old, or was used already. Enter the code that the app "
    "shows now."
)
CHANGED = "Your session or second factor has changed. Nothing was done. Sign in again."
REQUIRED = "Agency staff need a second factor. Set it up again instead of removing it."


class SetUp(NamedTuple):
    """A secret that a user puts into an app, before a code confirms it.

    `sealed` is the secret encrypted, for a cookie. `address` is the QR code's text.
    A shared demonstration user (`is_shared`) cannot confirm it.
    """

    sealed: str
    secret: str
    address: str
    is_shared: bool


def of_user(user_id: int | None) -> SecondFactor | None:
    """Return the second factor of a user, if there is one."""
    return db.session.scalar(select(SecondFactor).filter_by(user_id=user_id))


def is_stale(person: SignedIn) -> bool:
    """Tell whether a user has a second factor, and has given no code lately."""
    return person.has_second_factor and not _is_fresh(person.second_factor_at)


def set_up(sealed: str, actor: Actor) -> SetUp:
    """Return the secret that the actor is setting up, or else a new one."""
    secret = _secret_of_set_up(sealed, actor)
    if not secret:
        secret = random_base32()
        text = f"{actor.user_id} {secret}"
        sealed = fernet(SET_UP).encrypt(text.encode()).decode()
    address = TOTP(secret).provisioning_uri(name=actor.name, issuer_name=ISSUER)
    user = db.session.get_one(User, actor.user_id)
    return SetUp(sealed, secret, address, sign_in.is_shared(user))


def add(
    sealed: str, code: str, token: str, actor: Actor, browser: str = ""
) -> list[str]:
    """Add the second factor that was set up, or replace one; return recovery codes.

    All sessions but the one with `token` are revoked: nobody gave a code in them.
    Raises ValidationError, ForbiddenError.
    """
    secret = _secret_of_set_up(sealed, actor)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    with audit_log.registry_transaction():
        (user, session, factor), at = _trusted(token, actor), clock.now()
        step = matching_step(secret, code, at) if secret else 0
        if not step:
            raise ValidationError({"code": WRONG})
        event = "second_factor.replaced" if factor else "second_factor.added"
        factor = factor or SecondFactor(user_id=user.id)
        factor.sealed = fernet(SEAL).encrypt(secret.encode()).decode()
        factor.recovery = [digest(_plain(each)) for each in codes]
        factor.last_step, factor.created_at = step, at
        db.session.add(factor)
        session.second_factor_at = at
        sessions.revoke(user.id, but_token=token, but_browser=browser)
        audit_log.act(event, actor, at, changed=[factor])
    return codes


def remove(token: str, actor: Actor) -> None:
    """Remove the actor's second factor. Raises ConflictError, ForbiddenError."""
    with audit_log.registry_transaction():
        user, _, factor = _trusted(token, actor)
        if user.is_staff and current_app.config["SPV_ENVIRONMENT"] != "demo":
            raise ConflictError(REQUIRED)
        if factor is None:
            raise ConflictError("Your second factor is off already.")
        db.session.delete(factor)
        audit_log.act("second_factor.removed", actor, clock.now(), changed=[factor])


def reset(email: str) -> None:
    """Remove a lost second factor, and end the sessions; or raise ConflictError."""
    with audit_log.registry_transaction():
        user = sign_in.user_of(email)
        removed = forget(user) if user else []
        if not user or not removed:
            raise ConflictError(f"Nobody with a second factor signs in as {email}.")
        end_wait(f"the second factor of {user.id}")
        about = {"subject": user.id, "email": user.email, "changed": removed}
        audit_log.act("second_factor.reset", OPERATOR, clock.now(), **about)


def forget(user: User) -> list[SecondFactor]:
    """End a user's sessions and delete their second factor; return it, if any.

    This runs in the caller's transaction.
    """
    sessions.revoke(user.id)
    factor = of_user(user.id)
    if factor:
        db.session.delete(factor)
    return [factor] if factor else []


def confirm(code: str, token: str, actor: Actor) -> None:
    """Note in the actor's session that they have given a code.

    Raises ValidationError, TooManyFailures, and ForbiddenError if the session ended.
    """
    with audit_log.registry_transaction():
        at, session = clock.now(), sessions.find(token)
        factor = of_user(actor.user_id)
        if session is None or factor is None:
            raise ForbiddenError(CHANGED)
        event = try_code(code, factor, at, "second_factor.confirmed")
        if event != REFUSED:
            session.second_factor_at = at
        log_code(event, actor, at, factor, purpose="confirm who they are")
    if event == REFUSED:
        raise ValidationError({"code": WRONG})


def matching_step(secret: str, code: str, at: datetime) -> int:
    """Return the time step of an authenticator app's code; 0 if none is near a moment.

    Clocks may differ by one step, which is 30 seconds.
    """
    verify = TOTP(secret).verify_and_get_timecode
    try:
        return verify(code.replace(" ", ""), for_time=at, valid_window=1)
    except OTPVerificationError:
        return 0


def try_code(code: str, factor: SecondFactor, at: datetime, success: str) -> str:
    """Try a code, in the caller's transaction; return the name of the event.

    It is `success` after a code of an authenticator app. No code is accepted twice.
    Failures count for the user; only somebody who knows the password can cause them.
    """
    counter = count_try(f"the second factor of {factor.user_id}", "code", "")
    secret, recovery = _decrypted(SEAL, factor.sealed), digest(_plain(code))
    step = matching_step(secret, code, at) if secret else 0
    if step > factor.last_step:
        factor.last_step, event = step, success
    elif recovery in factor.recovery:
        factor.recovery = [each for each in factor.recovery if each != recovery]
        event = RECOVERED
    else:
        return REFUSED
    take_back([counter])
    return event


def log_code(
    event: str, actor: Actor, at: datetime, factor: SecondFactor, **purpose: str
) -> None:
    """Append the event of a code that was tried."""
    used = {"changed": [factor], "left": len(factor.recovery), **purpose}
    audit_log.act(event, actor, at, **(used if event == RECOVERED else {}))


def ticket(user: User) -> str:
    """Return the signed text with which a browser goes on with a sign-in.

    It is useless without a code. It expires after 10 minutes, when the password
    changes, or when the user's next code is accepted.
    """
    return _signer(user, require(of_user(user.id))).sign(str(user.id)).decode()


def holder(text: str) -> User | None:
    """Return the user of a ticket that is still valid."""
    number = text.partition(".")[0]
    is_number = number.isdecimal() and number.isascii() and len(number) < 10
    user = db.session.get(User, int(number)) if is_number else None
    factor = of_user(user.id) if user and not user.removed_at else None
    if user is None or factor is None:
        return None
    try:
        _signer(user, factor).unsign(text, max_age=TICKET_LASTS)
    except BadData:
        return None
    return user


def finish_sign_in(
    text: str, code: str, actor: Actor, instead_of: str = "", browser: str = ""
) -> str:
    """Start a session for the user of a ticket, and return its token.

    Returns "" if the ticket is not valid. `instead_of` and `browser` are as in
    `sign_in`. Raises ValidationError, TooManyFailures and Suspended.
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
            token = sessions.start(user, at, instead_of, browser, second_factor_at=at)
        actor = sign_in.acting_as(user, actor)
        log_code(event, actor, at, factor, purpose="sign in")
    if not token:
        raise ValidationError({"code": WRONG})
    return token


def _signer(user: User, factor: SecondFactor) -> TimestampSigner:
    # The secret of a demonstration is known, but nobody knows these.
    secret = user.password_hash or "", factor.sealed, str(factor.last_step)
    parts = [*secret, *factor.recovery]
    return TimestampSigner(secret_keys(), digest(" ".join(parts)))


def _trusted(token: str, actor: Actor) -> tuple[User, UserSession, SecondFactor | None]:
    """Return the actor, their session and their second factor.

    Raises ForbiddenError if the session has ended, or if there is a second factor and
    no code was given lately, and ConflictError for a shared demonstration user.
    """
    user, session = db.session.get_one(User, actor.user_id), sessions.find(token)
    sign_in.check_may_change(user)
    factor = of_user(user.id)
    if session is None or (factor and not _is_fresh(session.second_factor_at)):
        raise ForbiddenError(CHANGED)
    return user, session, factor


def _is_fresh(given_at: datetime | None) -> bool:
    return given_at is not None and clock.now() - given_at < FRESH


def _secret_of_set_up(sealed: str, actor: Actor) -> str:
    """Return the secret that the actor is setting up; "" if there is none."""
    number, _, secret = _decrypted(SET_UP, sealed, SET_UP_LASTS).partition(" ")
    return secret if number == str(actor.user_id) else ""


def _decrypted(purpose: str, sealed: str, lasts: int | None = None) -> str:
    """Return a text; "" if it is too old, or the key that encrypted it is not known."""
    try:
        return fernet(purpose).decrypt(sealed, ttl=lasts).decode()
    except InvalidToken:
        return ""


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(textwrap.wrap(text, 4))


def _plain(code: str) -> str:
    """Return a recovery code as it is hashed, however it was typed."""
    return code.upper().translate(_READ_AS)
