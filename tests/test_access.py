"""Access: every route with every role, and with the ids of another account."""

import re
from itertools import chain

import pytest

from spv import demo
from spv.extensions import db
from spv.policy import AGENCY, EVERYONE, MENU, POLICIES
from spv.rules.accounts import Role
from spv.services.accounts import users
from tests.addresses import address_of
from tests.conftest import opened
from tests.people import WEB, acting, browser_of, user_of

HTMX = {"HX-Request": "true"}
PASSWORDS = ("account.open_link", "account.use_link", "account.change_password")
ORDINARY = "ordinary@general.example"
# One person for each role, by its letter in the table below.
PEOPLE = {
    "V": None,
    "P": "jordan@panelcheck.example",
    "G": ORDINARY,
    "U": demo.VSP_USER,
    "A": demo.GENERAL,
    "M": demo.VSP_ADMIN,  # an administrator (A) of an account that uploads (U)
    "D": demo.AUDITOR,
    "E": demo.ASSESSOR,
    "S": demo.STAFF,  # an administrator of staff
}
ROLES = {"V": Role.VISITOR, "P": Role.PERSON, "G": Role.GENERAL, "U": Role.UPLOADER,
         "A": Role.ADMINISTRATOR, "M": Role.ADMINISTRATOR, "D": Role.STAFF,
         "E": Role.ASSESSOR, "S": Role.STAFF_ADMINISTRATOR}  # fmt: skip
# The letters whose routes a person may use, if it is more than their own.
ALSO = {"M": "AUM", "E": "DE", "S": "DES"}
# A second copy of the policy, so that nobody opens a route by mistake.
MATRIX = {
    "VPGUAD": {
        "static", "site.index", "site.find", "site.help", "site.alive", "site.ready",
        "stc.new",
        "stc.calculate", "stc.show", "stc.new_batch", "stc.calculate_batch",
        "stc.batch_template", "stc.show_batch", "stc.batch_document",
        "api_stc.document", "api_stc.calculation", "api_stc.rules", "sign_in.new",
        "sign_in.create", "sign_in.sign_up",
        "sign_in.register", "sign_in.sign_out", "account.open_link",
        "account.use_link", "second_factor.ask", "second_factor.answer",
        "uploads.new_check", "uploads.check_file",
        "uploads.sample", "panel_check.new", "panel_check.check",
        "panel_check.check_by_api", "verify.new", "verify.check", "verify.keys",
        "verify.show", "verify.download", "training.index", "training.new",
        "training.enter", "training.practise_alone",
    },
    "PGUAD": {
        "sign_in.sign_out_everywhere", "account.edit_password",
        "account.change_password", "account.close_notice",
        "second_factor.show", "second_factor.add",
        "second_factor.new", "second_factor.renew", "second_factor.remove",
    },
    "PGUA": {
        "account.show", "account.list_applications", "training.exercise",
        "training.file", "training.answer", "training.give_account", "training.assess",
        "training.new_reset", "training.reset",
    },
    "P": {"account.new", "account.apply"},
    "GUA": {"account.list_users"},
    "UD": {
        "uploads.index", "uploads.show", "panels.index", "panels.export",
        "panels.show", "invalidations.index", "invalidations.show",
        "invalidations.rows", "panels.new_check", "panels.check",
    },
    "UE": {"invalidations.new", "invalidations.create"},
    "U": {
        "declarations.new", "declarations.make", "developer.index",
        "developer.products", "developer.product", "developer.subscribe",
        "developer.apis", "developer.reference", "developer.console", "developer.send",
        "developer.profile", "developer.show_key", "developer.rename",
        "developer.requests", "uploads.new", "uploads.create", "uploads.problems",
        "uploads.new_rows",
    },
    "A": {
        "account.edit", "account.upgrade", "account.new_user", "account.add_user",
        "account.edit_user",
        "account.change_user", "account.remove_user", "account.make_user_link",
    },
    "M": {"developer.regenerate", "developer.cancel"},
    # API clients: no cookie gives access.
    "K": {
        "api_ledger.create", "api_ledger.check", "api_ledger.show",
        "api_ledger.invalidate",
    },
    "D": {
        "staff.index", "staff.applications", "staff.application",
        "staff.list_contacts", "staff.verify", "staff.start_verification",
        "staff.refused", "staff_log.index", "staff_log.show", "staff_log.export",
        "staff_log.list_calculations", "staff_log.calculation", "staff_log.counts",
        "staff_accounts.people", "staff_accounts.person", "staff_accounts.account",
        "staff_accounts.subscription", "staff_products.index",
        "staff_products.export",
        "staff_accounts.index", "staff.months", "staff.list_refused", "classes.board",
        "classes.show_clock",
    },
    "E": {
        "staff.approve", "staff.decline", "staff_accounts.make_link",
        "staff_accounts.suspend", "staff_accounts.reinstate", "staff.see",
        "classes.open_class", "classes.act", "classes.reset", "classes.end",
        "classes.move_clock",
    },
    "S": {
        "staff.save_contact", "staff.load_contacts", "staff.remove_contact",
        "staff_accounts.add_staff", "staff_accounts.change_role",
        "staff_accounts.remove_staff", "staff_products.load",
    },
}  # fmt: skip
ALLOWED = {name: letters for letters, names in MATRIX.items() for name in names}


def is_allowed(letter, endpoint):
    """Tell whether the person of a letter may use a route."""
    return not {*ALSO.get(letter, letter)}.isdisjoint(ALLOWED[endpoint])


@pytest.fixture
def world(demonstration):
    """A demonstration in which a General account also has an ordinary user."""
    link = users.add({"name": "Ordinary", "email": ORDINARY}, acting(demo.GENERAL))
    answers = {"password": demo.PASSWORD, "password_again": demo.PASSWORD}
    users.use_link(link.token, answers, WEB)
    return demonstration


def routes(app):
    """Yield the rule of every address with each of its methods."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield rule, method


def test_every_route_has_a_policy_and_every_policy_a_route(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == POLICIES.keys() == ALLOWED.keys()


def test_a_route_without_a_policy_is_closed_to_all(sqlite_url):
    with opened(sqlite_url) as app:
        app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        assert app.test_client().get("/forgotten").status_code == 403


def browsers_of(world, letter):
    """Yield a browser for each route; a new one if a session may have ended."""
    email, browser = PEOPLE[letter], None
    while True:
        if browser is None:
            browser = browser_of(world, email) if email else world.test_client()
        endpoint = yield browser
        if endpoint.startswith("sign_in.") or endpoint in PASSWORDS:
            browser = None


@pytest.mark.parametrize("letter", PEOPLE)
def test_every_route_with_every_role(world, letter):
    walked, browsers = 0, browsers_of(world, letter)
    browser = next(browsers)
    owner = PEOPLE[letter] if letter == "M" else demo.GENERAL
    for rule, method in routes(world):
        with browser.open(address_of(world, rule, owner), method=method) as answer:
            case = (letter, method, rule.rule, answer.status)
            if ALLOWED[rule.endpoint] == "K":
                assert answer.status_code == 401, case
                assert "missing subscription key" in answer.text, case
            elif letter == "A" and ALLOWED[rule.endpoint] == "M":
                assert answer.status_code == 404, case  # the account has none of these
            elif rule.endpoint == "panel_check.check_by_api":
                assert answer.status_code == 415, case  # it needs no key, but JSON
            elif is_allowed(letter, rule.endpoint):
                assert answer.status_code in (200, 302, 303, 409, 422), case
                assert "next=" not in answer.headers.get("Location", ""), case
                assert_tags(answer)
            elif letter == "V":
                assert answer.status_code == 303, case
                assert answer.location.startswith("/sign-in"), case
            else:
                assert answer.status_code == 403, case
        browser, walked = browsers.send(rule.endpoint), walked + 1
    assert walked >= 56


@pytest.mark.every_database(alone=True)
@pytest.mark.parametrize("letter", ["V", "P", "A", "U", "S"])
def test_every_page_is_there(world, letter):
    """Each page that the person may open, as its SQL may differ on PostgreSQL."""
    browser = next(browsers_of(world, letter))
    for rule, method in routes(world):
        if method == "GET" and is_allowed(letter, rule.endpoint):
            # Nobody has given a password before this page.
            right = (303,) if rule.endpoint == "second_factor.ask" else (200, 302, 422)
            with browser.get(address_of(world, rule)) as answer:
                assert answer.status_code in right, (rule.rule, answer.status)
                assert_tags(answer)


def assert_tags(answer):
    """Check the blanks in tags, which can be lost where a template is wrapped."""
    for tag in re.findall(r"<[a-z](?:[^<>'\"]|\"[^\"]*\")*>", answer.text):
        between = tag.split('"')[2::2]
        assert all(re.match(r"[\s/>]", part) for part in between), tag


def test_every_unsafe_route_needs_a_token(world):
    """Users who may not use the route are told that first."""
    browsers = {
        letter: browser_of(world, email) if email else world.test_client()
        for letter, email in PEOPLE.items()
    }
    world.config["WTF_CSRF_ENABLED"] = True
    unsafe = [rule for rule, method in routes(world) if method != "GET"]
    assert len(unsafe) >= 20
    for rule in unsafe:
        if rule.rule.startswith("/api/"):
            continue  # the APIs read no cookies
        letter = ALLOWED[rule.endpoint][0]
        answer = browsers[letter].post(address_of(world, rule))
        assert answer.status_code == 400, rule.endpoint
        assert "This form has expired" in answer.text


@pytest.mark.parametrize("stranger", [demo.SUPPLIER, demo.OTHER_VSP])
def test_things_of_another_account_are_not_found(world, stranger):
    owned = [
        (rule, method)
        for rule, method in routes(world)
        if any(name.endswith(("_id", "reference")) for name in rule.arguments)
        and POLICIES[rule.endpoint] != EVERYONE
        and not POLICIES[rule.endpoint] <= AGENCY
    ]
    assert {rule.endpoint for rule, _ in owned} == {
        "account.edit_user", "account.change_user", "account.remove_user",
        "account.make_user_link",
        "uploads.show", "uploads.problems", "uploads.new_rows", "panels.show",
        "invalidations.show", "invalidations.rows", "developer.show_key",
        "developer.regenerate", "developer.rename", "developer.cancel",
        "developer.requests",
    }  # fmt: skip
    browser = browser_of(world, stranger)
    for rule, method in owned:
        address = address_of(world, rule)
        form = {"name": "Taken over"}
        assert browser.open(address, method=method, data=form).status_code == 404
    db.session.rollback()
    assert users.find("Taken over") == []


def test_the_navigation_has_what_the_user_may_use(world):
    for letter, email in PEOPLE.items():
        browser = browser_of(world, email) if email else world.test_client()
        page = browser.get("/stc").text
        for name, words in chain(*(group.pages.items() for group in MENU)):
            shown = f">{words}</a>" in page
            assert shown is is_allowed(letter, name), (letter, name)


def test_a_role_that_is_removed_is_gone_at_the_next_request(world):
    users.change(
        user_of(ORDINARY).id, {"name": "O", "administrator": True}, acting(demo.GENERAL)
    )
    browser = browser_of(world, ORDINARY)
    assert browser.get("/account/users/new").status_code == 200
    users.change(user_of(ORDINARY).id, {"name": "O"}, acting(demo.GENERAL))
    answer = browser.get("/account/users/new")
    assert answer.status_code == 403
    assert "This is for administrators of an account." in answer.text


def test_roles_of_the_table_are_those_of_the_people(world):
    for letter, email in PEOPLE.items():
        assert email is None or ROLES[letter] in acting(email).roles
