"""An address of every route, naming things that are there."""

import itertools

from flask import url_for

from spv import demo
from spv.extensions import db
from spv.models import NominatedContact, RefusedUpload
from spv.rules.stc.batch import template_text
from spv.services.accounts import applications, contacts, sign_in, users
from spv.services.ledger import uploads
from spv.services.stc import batches, calculations
from spv.services.training import classes
from tests.api import subscribe
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, refused, upload
from tests.people import APPLICATION, KIM, WEB, acting, user_of

LEDGER = ("uploads.", "panels.", "invalidations.", "developer.", "staff.refused",
          "staff_accounts.subscription")  # fmt: skip
OF_ACCOUNT = {"account_id", "number"}  # what is suspended is an account
NAMED = {"filename": "spv.css", "name": "template", "kind": "primary",
         "serial_number": "EX000001", "part": 1, "page": "api", "subject": "accounts",
         "file": "event", "form": "csv", "event_id": 1,
         "exercise_number": 4}  # fmt: skip
counter = itertools.count(1)


def made_for(argument, owner):  # noqa: C901 (one case for each kind)
    """Something new for an address to name, in the account of `owner`."""
    number = next(counter)
    match argument:
        case "user_id" | "token":
            person = {"name": "New", "email": f"new{number}@x.au"}
            link = users.add(person, acting(owner))
            return user_of(person["email"]).id if argument == "user_id" else link.token
        case "application_id":
            person = KIM | {"email": f"kim{number}@x.au"}
            sign_in.sign_up(person, WEB)
            applications.submit(APPLICATION, acting(person["email"]))
            return applications.waiting()[-1].id
        case "contact_id":
            contact = {"legal_name": "New", "abn": "51824753556", "email": "n@x.au"}
            contacts.save(contact, acting(demo.STAFF))
            return db.session.query(NominatedContact).filter_by(email="n@x.au").one().id
        case "reference":
            return calculations.save(GOOD_SOLAR, WEB)
        case "class_id":
            return classes.open_class({"places": "2"}, acting(demo.STAFF))
        case "code":
            actor = acting(demo.VSP_USER)
            upload_id = made_in_the_ledger("upload_id", actor, f"C{number}-")
            code = uploads.show(upload_id, actor).event.code
            db.session.rollback()  # what comes later is to be seen
            return code
        case "subscription_id":
            return subscribe(acting(owner), f"Line {number}")
        case _ if argument in NAMED:
            return NAMED[argument]
        case _:
            return made_in_the_ledger(argument, acting(owner), f"A{number}-")


def made_in_the_ledger(argument, actor, prefix):
    """An upload, a row of it, its marking, or its refusal when it is sent again."""
    upload_id = upload(panels_csv(2, prefix), actor).upload_id
    match argument:
        case "upload_id":
            return upload_id
        case "row_id":
            return uploads.show(upload_id, actor).rows[0].id
        case "invalidation_id":
            return mark([f"{prefix}000001"], actor)
        case "refused_id":
            refused(panels_csv(2, prefix), actor)
            return db.session.scalar(db.select(db.func.max(RefusedUpload.id)))


def address_of(app, rule, owner=demo.GENERAL):
    """An address of a route, naming things that are there."""
    if rule.endpoint.startswith(LEDGER):
        owner = demo.VSP_ADMIN if owner == demo.GENERAL else owner
    values = {name: made_for(name, owner) for name in rule.arguments - OF_ACCOUNT}
    values |= dict.fromkeys(rule.arguments & OF_ACCOUNT, acting(owner).account_id)
    if rule.endpoint in ("staff_accounts.change_role", "staff_accounts.remove_staff"):
        values["user_id"] = user_of(demo.AUDITOR).id
    if rule.endpoint in ("uploads.problems", "uploads.new_rows"):
        values["reference"] = refused(panels_csv(2, "WRONG"), acting(owner)).reference
    if rule.endpoint in ("stc.show_batch", "stc.batch_document"):
        values["reference"] = batches.save(template_text().encode(), WEB)
    with app.test_request_context():
        return url_for(rule.endpoint, **values)
