"""Users of a demonstration, and browsers that they have signed in with."""

import threading

import sqlalchemy as sa
from flask import current_app

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, User
from spv.services import audit_log
from spv.services.accounts import sign_in
from spv.services.actor import Actor, visitor
from spv.services.authorisation import roles_of_user

WEB = visitor("web", "203.0.113.7")
ABN = "51824753556"
PASSWORD = "purple tractor moon"


def twice(password, **answers):
    """The answers of a form for a new password, and others."""
    return {"password": password, "password_again": password, **answers}


NEW_PASSWORD = twice(PASSWORD)
KIM = {"name": "Kim Doe", "email": "kim@x.au", **NEW_PASSWORD}
APPLICATION = {
    "legal_name": "Kim Pty Ltd",
    "abn": ABN,
    "phone": "02 5550 0100",
    "account_types": ["verification_service_provider"],
}


def user_of(email):
    """The user who signs in with an address."""
    return sign_in.user_of(email)


def acting(email):
    """The actor for a user."""
    user = user_of(email)
    return sign_in.acting_as(user, Actor("", "web", roles_of_user(user)))


def browser_of(app, email, password=demo.PASSWORD):
    """A browser with which a user has signed in."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 303, answer.text
    db.session.rollback()
    return client


def try_sign_in(email, password, browser="", ip=WEB.ip):
    """The token of the new session, or the error's sentence."""
    answers, actor = {"email": email, "password": password}, visitor("web", ip)
    try:
        return sign_in.sign_in(answers, actor, browser=browser)
    except ValueError as error:
        return str(error)


def events():
    """The names of the registry's events, oldest first."""
    db.session.rollback()
    query = sa.select(AuditEvent.event).where(AuditEvent.chain == audit_log.REGISTRY)
    return list(db.session.scalars(query.order_by(AuditEvent.sequence)))


def everybody():
    """The email addresses of all users who are not removed."""
    return set(
        db.session.scalars(sa.select(User.email).where(User.removed_at.is_(None)))
    )


def at_once(*works):
    """Call several functions at once, each in a thread; return their errors."""
    app, errors = current_app._get_current_object(), []
    barrier = threading.Barrier(len(works))

    def run(work):
        with app.app_context():
            barrier.wait()
            try:
                work()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return errors
