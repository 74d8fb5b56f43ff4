"""Agency staff: made by whoever runs the app, never through the web."""

from spv import clock
from spv.extensions import db
from spv.models import User
from spv.rules.people import read_email
from spv.rules.text import read_all
from spv.services import audit, sessions
from spv.services.actor import operator
from spv.services.errors import ConflictError
from spv.services.new_passwords import Link, new_link
from spv.services.sign_in import user_of
from spv.services.transaction import transaction


def create(email: str, name: str = "") -> Link:
    """Make somebody agency staff; the link with which they set a password.

    A person who has signed up becomes staff; whatever password they chose is void, as
    nobody knows whether the address is theirs. ConflictError for people of an account.
    """
    email = read_all({"email": email}, {"email": read_email})["email"]
    at = clock.now()
    with transaction():
        user = user_of(email) or User(name=name or email, email=email, created_at=at)
        if user.account_id or user.is_staff:
            what = "agency staff" if user.is_staff else "a user of an account"
            raise ConflictError(f"{email} is {what} already.")
        user.is_staff, user.password_hash = True, None
        link = new_link(user, at)
        db.session.add(user)
        db.session.flush()
        sessions.end(user.id)
        audit.act("staff.created", operator(), at, subject=user.id, email=email)
    return link
