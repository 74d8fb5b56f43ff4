"""Every act writes one event, in the transaction in which it is done."""

import io

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, ProductFile
from spv.policy import POLICIES
from spv.services.accounts import applications, contacts, users
from spv.services.agency import desk, products, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.ledger.refused_files import File
from tests.api import subscribe
from tests.panels import DECLARED, panels_csv, refused, upload
from tests.people import (
    APPLICATION,
    KIM,
    NEW_PASSWORD,
    PASSWORD,
    acting,
    browser_of,
    events,
    user_of,
)
from tests.products import LIST, list_csv

CONTACT = {"legal_name": "New Pty Ltd", "abn": "51824753556", "email": "n@x.au"}
FILES = {
    "contacts.csv": b"Legal name,ABN,Email\nNew Pty Ltd,51824753556,n@x.au\n",
    "panels.csv": panels_csv(3),
}
SUBSCRIPTION = "/developer/subscriptions/{subscription}"
TOM = "/account/users/{tom}"
pytestmark = pytest.mark.usefixtures("private_people")
# Endpoint: user, address, form, event.
ACTS = {
    "sign_in.register": (None, "/sign-up", KIM, "user.signed_up"),
    "sign_in.create": (
        None, "/sign-in", {"email": demo.STAFF, "password": demo.PASSWORD},
        "user.signed_in",
    ),
    "sign_in.sign_out": (demo.STAFF, "/sign-out", {}, "user.signed_out"),
    "sign_in.sign_out_everywhere": (
        demo.STAFF, "/sign-out-everywhere", {}, "user.signed_out_everywhere",
    ),
    "account.change_password": (
        demo.STAFF, "/account/password",
        NEW_PASSWORD | {"current_password": demo.PASSWORD}, "user.password_changed",
    ),
    "account.use_link": (
        None, "/password/{token}", NEW_PASSWORD, "user.password_set",
    ),
    "account.apply": (
        "new@x.au", "/account/apply", APPLICATION, "application.submitted",
    ),
    "account.upgrade": (
        demo.GENERAL, "/account/upgrade", APPLICATION, "application.submitted",
    ),
    "account.add_user": (
        demo.VSP_ADMIN, "/account/users/new", {"name": "N", "email": "n@x.au"},
        "user.added",
    ),
    "account.change_user": (demo.VSP_ADMIN, TOM, {"name": "T"}, "user.changed"),
    "account.remove_user": (demo.VSP_ADMIN, TOM + "/remove", {}, "user.removed"),
    "account.make_user_link": (
        demo.VSP_ADMIN, TOM + "/password-link", {}, "user.password_link_made",
    ),
    "staff.approve": (
        demo.STAFF, "/staff/applications/{application}/approve", {},
        "application.approved",
    ),
    "staff.decline": (
        demo.STAFF, "/staff/applications/{application}/decline", {"reason": "No."},
        "application.declined",
    ),
    "staff_accounts.make_link": (
        demo.ASSESSOR, "/staff/people/{tom}/password-link", {},
        "user.password_link_made",
    ),
    "staff_accounts.add_staff": (
        demo.STAFF, "/staff/people",
        {"name": "Pat", "email": "pat@x.au", "role": "auditor"}, "staff.created",
    ),
    "staff_accounts.change_role": (
        demo.STAFF, "/staff/people/{robin}/role", {"role": "auditor"},
        "staff.role_changed",
    ),
    "staff_accounts.remove_staff": (
        demo.STAFF, "/staff/people/{robin}/remove", {}, "staff.removed",
    ),
    "staff_accounts.suspend": (
        demo.ASSESSOR, "/staff/people/{tom}/suspend", {"reason": "No."},
        "user.suspended",
    ),
    "staff_accounts.reinstate": (
        demo.ASSESSOR, "/staff/accounts/{suspended}/reinstate", {},
        "account.reinstated",
    ),
    "account.close_notice": (
        demo.VSP_ADMIN, "/account/notice?last={notice}", {}, "user.link_notice_closed",
    ),
    "staff.save_contact": (demo.STAFF, "/staff/contacts", CONTACT, "contact.saved"),
    "staff.load_contacts": (
        demo.STAFF, "/staff/contacts/file", {"file": "contacts.csv"},
        "contacts.loaded",
    ),
    "uploads.create": (
        demo.VSP_USER, "/panels/upload", DECLARED | {"file": "panels.csv"},
        "upload.recorded",
    ),
    "invalidations.create": (
        demo.VSP_USER, "/panels/invalidate",
        {"selected": "1", "reason": "Ineligible panel"}, "rows.marked_invalid",
    ),
    "declarations.make": (
        demo.SUPPLIER, "/panels/declaration", {"declaration": "yes"},
        "declaration.made",
    ),
    "developer.subscribe": (
        demo.VSP_USER, "/developer/products/serial-number-ledger",
        {"name": "New", "terms": "yes"}, "subscription.created",
    ),
    "developer.show_key": (
        demo.VSP_USER, SUBSCRIPTION + "/keys/primary/show", {}, "key.shown",
    ),
    "developer.regenerate": (
        demo.VSP_ADMIN, SUBSCRIPTION + "/keys/test/regenerate", {}, "key.regenerated",
    ),
    "developer.rename": (
        demo.VSP_USER, SUBSCRIPTION + "/rename", {"name": "N"},
        "subscription.renamed",
    ),
    "developer.cancel": (
        demo.VSP_ADMIN, SUBSCRIPTION + "/cancel", {}, "subscription.cancelled",
    ),
    "staff.remove_contact": (
        demo.STAFF, "/staff/contacts/{contact}/remove", {}, "contact.removed",
    ),
    "staff_products.load": (
        demo.STAFF, "/staff/products", {"kept_file": ""}, "products.loaded",
    ),
    "staff.start_verification": (
        demo.STAFF, "/staff/verify", {}, "verification.started",
    ),
    # For other users, this list is no event.
    "panels.check": (
        demo.STAFF, "/panels/check", {"serial_numbers": "EX1"}, "ledger.searched",
    ),
    "staff.see": (
        demo.STAFF, "/staff/seen", {"finding": "the first"}, "finding.seen",
    ),
}  # fmt: skip
# Their events are in the chain of calculations, which has tests of its own.
CALCULATIONS = {"stc.calculate", "stc.calculate_batch"}
# Their events are tested in test_api_ledger.
SYSTEMS = {"api_ledger.create", "api_ledger.check", "api_ledger.invalidate"}
# Their events are tested in test_second_factor.
CODES = {"second_factor.add", "second_factor.answer", "second_factor.remove"}
# Their events are tested in test_training.
TRAINING = {
    *(f"training.{name}" for name in ("enter", "practise_alone", "answer", "reset",
                                      "give_account", "assess")),
    *(f"classes.{name}" for name in ("open_class", "act", "reset", "end",
                                     "move_clock")),
}  # fmt: skip
# They check a file or a list, and store nothing.
NOTHING = {"uploads.check_file", "panel_check.check", "panel_check.check_by_api",
           "developer.send", "verify.check", "second_factor.renew"}  # fmt: skip


def filled(address):
    """An address with the numbers of existing rows."""
    tom = user_of(demo.VSP_USER).id
    names = {
        "tom": tom,
        "application": applications.waiting()[0].id,
        "contact": contacts.find()[0].id,
        "robin": user_of(demo.ASSESSOR).id,
    }
    if "{suspended}" in address:
        names["suspended"] = user_of(demo.GENERAL).account_id
        answers, staff = {"reason": "No."}, acting(demo.STAFF)
        suspensions.suspend(Subject.ACCOUNT, names["suspended"], answers, staff)
    if "{notice}" in address:
        users.make_link(tom, acting(demo.STAFF))
        (notice,) = users.link_notices(acting(demo.VSP_ADMIN))
        names["notice"] = notice.sequence
    if "{subscription}" in address:
        names["subscription"] = subscribe(acting(demo.VSP_USER))
    if address == "/staff/products":
        products.preview(File(list_csv(*LIST), "list.csv"), acting(demo.STAFF))
    if address == "/staff/seen":
        upload(panels_csv(2), acting(demo.VSP_USER))
        refused(panels_csv(2), acting(demo.OTHER_VSP))
    if "{token}" in address:
        names["token"] = users.make_link(tom, acting(demo.VSP_ADMIN)).token
    return address.format(**names)


def sent(data):
    """The data of a form, with its file opened, or what is there to be named."""
    if "kept_file" in data:
        return {"kept_file": db.session.scalar(sa.select(ProductFile.reference))}
    if "finding" in data:
        data = {"finding": desk.show().new[0].finding.name}
    return {n: (io.BytesIO(FILES[v]), v) if n == "file" else v for n, v in data.items()}


def test_every_route_that_changes_something_is_here(app):
    unsafe = {
        rule.endpoint for rule in app.url_map.iter_rules() if "POST" in rule.methods
    }
    assert unsafe == ACTS.keys() | CALCULATIONS | CODES | NOTHING | SYSTEMS | TRAINING
    assert unsafe < POLICIES.keys()


@pytest.mark.parametrize("endpoint", ACTS)
def test_one_act_one_event(demonstration, endpoint):
    email, address, data, event = ACTS[endpoint]
    client = demonstration.test_client()
    if email == "new@x.au":
        client.post("/sign-up", data=KIM | {"email": email})
        client = browser_of(demonstration, email, PASSWORD)
    elif email:
        client = browser_of(demonstration, email)
    address, before = filled(address), events()
    answer = client.post(address, data=sent(data))
    assert answer.status_code in (200, 303), answer.text
    assert events() == [*before, event]
    last = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc()))
    found = last.first()
    assert found.channel == "web"
    assert '"ip":"127.0.0.1"' in found.details
    assert found.actor == (email or found.actor)
    assert demo.PASSWORD not in found.details
    assert PASSWORD not in found.details


@pytest.mark.parametrize("endpoint", [e for e in ACTS if ACTS[e][0]])
def test_without_its_event_nothing_is_done(demonstration, endpoint, monkeypatch):
    """The event is the last step: if it cannot be written, nothing else is."""
    email, address, data, _event = ACTS[endpoint]
    if email == "new@x.au":
        return  # there is no such user
    client, address = browser_of(demonstration, email), filled(address)

    def state():
        db.session.rollback()
        tables = db.metadata.sorted_tables
        left_aside = ("sign_in_tries", "user_sessions")
        return [
            db.session.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in tables
            if table.name not in left_aside
        ]

    before = state()
    db.session.execute(sa.text("ALTER TABLE audit_events RENAME TO away"))
    db.session.commit()
    demonstration.config["PROPAGATE_EXCEPTIONS"] = False
    demonstration.testing = False
    assert client.post(address, data=sent(data)).status_code in (500, 503)
    db.session.rollback()
    db.session.execute(sa.text("ALTER TABLE away RENAME TO audit_events"))
    db.session.commit()
    assert state() == before


def test_a_failed_sign_in_is_an_event_and_a_refused_form_is_none(demonstration):
    client, before = demonstration.test_client(), events()
    client.post("/sign-in", data={"email": "nobody@x.au", "password": "x"})
    client.post("/sign-up", data={})
    assert events() == [*before, "user.sign_in_failed"]


def test_a_calculation_does_not_keep_the_network_address(demonstration):
    from tests.examples import GOOD_SOLAR

    browser_of(demonstration, demo.VSP_USER).post("/stc", data=GOOD_SOLAR)
    query = sa.select(AuditEvent).where(AuditEvent.chain == "stc")
    (event,) = db.session.scalars(query)
    assert event.actor == demo.VSP_USER
    assert "127.0.0.1" not in event.details


def test_the_log_names_the_user_who_was_added(demonstration):
    users.add({"name": "New", "email": "new@x.au"}, acting(demo.VSP_ADMIN))
    event = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc()))
    assert f'"subject":{user_of("new@x.au").id}' in event.first().details
