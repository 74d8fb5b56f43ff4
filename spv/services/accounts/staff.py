"""Agency staff: made by whoever runs the app, never through the web."""

from spv import clock
from spv.extensions import db
from spv.models import User
from spv.rules.people import read_email, read_name
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import known_browsers, sessions
from spv.services.accounts.password_links import Link, new_link
from spv.services.accounts.sign_in import user_of
from spv.services.actor import operator
from spv.services.errors import ConflictError


def create(email: str, name: str = "") -> Link:
    """Make somebody agency staff; the link with which they set a password.

    A person who has signed up becomes staff; whatever password they chose is void, as
    nobody knows whether the address is theirs. Somebody who is staff gets a new link.
    ConflictError for people of an account.
    """
    given = {"email": email, "name": name or email.partition("@")[0]}
    person = read_all(given, {"email": read_email, "name": read_name})
    at = clock.now()
    with audit_log.turn():
        user = user_of(person["email"]) or User(**person, created_at=at)
        if user.account_id:
            raise ConflictError(f"{user.email} is a user of an account already.")
        link = new_link(user, at)
        event = "user.password_link_made" if user.is_staff else "staff.created"
        if not user.is_staff:
            user.is_staff, user.password_hash = True, None
            db.session.add(user)
            db.session.flush()
            sessions.end(user.id)
            known_browsers.forget(user.id)
        audit_log.act(event, operator(), at, subject=user.id, email=user.email)
    return link
