"""The states of pages that people see, by the person who sees them.

Contact sheets show them, and a long test holds their width and what axe says of them.
"""

from functools import partial
from urllib.parse import urlencode

from spv.rules.ledger.csv_upload import SAMPLES
from tests.browser.state_steps import (
    confirm,
    does,
    fill,
    first,
    key,
    mark,
    row,
    sends,
    solar,
    ticks,
    unfold,
)
from tests.browser.test_accounts import demonstrated, go, heading, press, set_password
from tests.browser.test_accounts import sign_in as signed_in
from tests.browser.test_agency_second_factor import turn_on
from tests.browser.training_states import TRAINEE, TRAINER
from tests.examples import BATTERY
from tests.panels import NAMES, panels_csv
from tests.people import PASSWORD
from tests.products import LIST, list_csv
from tests.webkit import SECONDS

VSP, SIGNS_UP, TRAINS = "VSP, administrator", "Somebody who signs up", "Trainee"
TAKEN = "/panels?serial_number=HE440000111"  # which was sent again
SERIALS = "HE440000001\nHE440000002\nHE44000O003\nHE440000119\nPAL-0001\nBS/415/0000501"
WRONG = panels_csv(4, "WRONG") + f"{NAMES},1.5E+12\r\n,B,C,X100\r\n".encode()
REPEATED = panels_csv(3, "STATE")
WARNED = panels_csv(3, "WARN") + f"{NAMES},99999999\r\n{NAMES},LP123456\r\n".encode()


CALCULATE = does(press, "Calculate")
SERIAL = first(".spv-two a.govuk-link")
# Each state: its name, where it begins, and the steps that lead to it.
VISITOR = [
    ("first page", "/"),
    ("calculator", "/stc"),
    ("calculator, solar", "/stc?system_type=solar_deemed"),
    ("calculator, wind", "/stc?system_type=wind_deemed"),
    ("calculator, battery", "/stc?system_type=battery"),
    ("calculator, errors", solar(postcode="21", rated_power_kw="6,6"), CALCULATE),
    ("result, solar", solar(), CALCULATE),
    ("result, working", solar(), CALCULATE, unfold("Every step")),
    ("result, proof", solar(), CALCULATE, unfold("Proof")),
    ("result, too late", solar(installation_date="2020-05-01"), CALCULATE),
    ("result, battery", "/stc?" + urlencode(BATTERY), CALCULATE),
    ("result, both", solar(), CALCULATE, does(go, "Add a battery"),
     fill("Nominal capacity (kWh)", "13.5"), fill("Usable capacity (kWh)", "13"),
     CALCULATE),
    ("my last results", "/stc"),
    ("many systems", "/stc/batch"),
    ("many systems, no file", "/stc/batch", CALCULATE),
    ("check panels", "/check-panels"),
    ("check panels, answers", "/check-panels", fill("Serial numbers", SERIALS),
     does(press, "Check panels")),
    ("check panels, errors", "/check-panels", does(press, "Check panels")),
    ("check a file", "/check-a-file"),
    ("check a file, good", "/check-a-file",
     *sends(SAMPLES["good-sample"].encode(), "Check")),
    ("check a file, problems", "/check-a-file",
     *sends(SAMPLES["bad-sample"].encode(), "Check")),
    ("check a file, warnings", "/check-a-file", *sends(WARNED, "Check")),
    ("find, visitor", "/find?q=HE44"),
    ("verify a receipt", "/verify"),
    ("verify, nothing given", "/verify", does(press, "Verify")),
    ("verify, does not hold", "/verify", fill("Event", "{}"), fill("Proof", "x"),
     does(press, "Verify")),
    ("verify, printed receipt", solar(), CALCULATE, unfold("Proof"),
     first("a[href*='/verify/']", "^http")),
    ("sign in", "/sign-in"),
    ("sign in, to go on", "/panels/upload"),
    ("sign in, refused", "/sign-in", fill("Email address", "kim@x.au"),
     fill("Password", "wrong password"), does(press, "Sign in")),
    ("sign up", "/sign-up"),
    ("sign up, errors", "/sign-up", does(press, "Sign up")),
    ("help", "/help"),
    ("help for programmers", "/help/api"),
    ("not found", "/nowhere"),
]  # fmt: skip
NEWCOMER = [
    ("portal, no account", "/sign-up", fill("Full name", "Kim Doe"),
     fill("Email address", "kim@new.example"), set_password, does(press, "Sign up"),
     does(heading, "Sign in"), partial(signed_in, email="kim@new.example")),
    ("upload, no account", "/panels/upload"),
    ("applications, none", "/account/applications"),
    ("apply for an account", "/account/apply"),
    ("apply, errors", "/account/apply", does(press, "Submit")),
    ("applications, submitted", "/account/apply", fill("Legal entity name", "Kim & Co"),
     fill("Australian Business Number (ABN)", "51 824 753 556"),
     fill("Phone number", "02 5550 0100"),
     lambda page: page.get_by_label("Verification Service Provider").check(),
     does(press, "Submit")),
    ("portal, waiting", "/"),
    ("second factor, set up", "/account/second-factor"),
    ("second factor, wrong code", "/account/second-factor", fill("Code", "000000"),
     does(press, "Turn it on")),
    ("second factor, recovery codes", "/account/second-factor", turn_on),
    ("second factor, on", "/account/second-factor"),
    ("sign in, code", "/sign-in", fill("Email address", "kim@new.example"),
     fill("Password", PASSWORD), does(press, "Sign in")),
    ("sign in, wrong code", "/sign-in/code", fill("Code", "1"), does(press, "Sign in")),
]  # fmt: skip
GENERAL = [
    ("portal, General account", "/"),
    ("my account, General", "/account"),
    ("upload, General account", "/panels/upload"),
    ("upgrade", "/account/upgrade"),
    ("upgrade, errors", "/account/upgrade", fill("Phone number", "1"),
     does(press, "Next")),
    ("upgrade, review", "/account/upgrade",
     lambda page: page.get_by_label("Supplier").check(), does(press, "Next")),
]  # fmt: skip
UPLOADER = [
    ("portal, VSP", "/"),
    ("menu", "/", lambda page: page.set_viewport_size({"width": 375, "height": 700}),
     does(press, "Menu")),
    ("search", "/panels"),
    ("search, ticks", "/panels?status=valid", ticks),
    ("search, all matching", "/panels?status=valid",
     lambda page: page.get_by_label("Select all that matched search criteria").check(),
     lambda page: page.locator(".spv-tick:checked").first.wait_for()),
    ("search, more criteria", "/panels", unfold("More criteria")),
    ("search, no row", "/panels?serial_number=NONE"),
    ("search, errors", "/panels?recorded_from=32.1&upload=x"),
    ("mark as invalid", "/panels?status=valid", mark),
    ("mark as invalid, errors", "/panels?status=valid", confirm),
    ("mark as invalid, nothing ticked", "/panels/invalidate"),
    ("serial number, valid", "/panels?status=valid", SERIAL),
    ("serial number, invalid", "/panels?status=invalid", SERIAL),
    ("upload", "/panels/upload"),
    ("upload, paste", "/panels/upload", unfold("Paste rows")),
    ("upload, nothing chosen", "/panels/upload", does(press, "Upload")),
    ("upload, checked", "/panels/upload", *sends(REPEATED, "Check only")),
    ("upload, problems", "/panels/upload", *sends(WRONG, "Upload", declared=True)),
    ("upload, warnings", "/panels/upload", *sends(WARNED, "Upload", declared=True)),
    ("upload, receipt", "/panels/upload", *sends(REPEATED, "Upload", declared=True)),
    ("upload, proof", "/panels/uploads", row("Recorded"), unfold("Proof")),
    ("upload, valid already", "/panels/upload",
     *sends(panels_csv(5, "STATE"), "Upload", declared=True)),
    ("uploads", "/panels/uploads"),
    ("receipt, part invalid", "/panels/uploads", row("Part invalid")),
    ("mark a whole upload", "/panels/uploads", row("Recorded"),
     does(go, "Mark the whole upload as invalid")),
    ("invalidation, done", "/panels/uploads", row("Recorded"),
     does(go, "Mark the whole upload as invalid"),
     lambda page: page.locator("#reason").select_option("Ineligible panel"),
     does(press, "Mark as invalid")),
    ("invalidations", "/panels/invalidations"),
    ("invalidation", "/panels/invalidations", row("Invalidation")),
    ("look up a list", "/panels/check"),
    ("look up a list, answers", "/panels/check", fill("Serial numbers", SERIALS),
     does(press, "Check")),
    ("declaration", "/panels/declaration"),
    ("declaration, errors", "/panels/declaration", does(press, "Make the declaration")),
    ("find, many", "/find?q=HE44"),
    ("find, nothing", "/find?q=nothing like this"),
    ("account", "/account"),
    ("account applications", "/account/applications"),
    ("users", "/account/users"),
    ("add a user", "/account/users/new"),
    ("add a user, errors", "/account/users/new", does(press, "Add user")),
    ("password link", "/account/users/new", fill("Full name", "Lou Smith"),
     fill("Email address", "lou@vsp.example"), does(press, "Add user")),
    ("own password", "/account/password"),
    ("second factor, shared", "/account/second-factor"),
    ("developer portal", "/developer"),
    ("products", "/developer/products"),
    ("product", "/developer/products/serial-number-ledger"),
    ("subscribe, errors", "/developer/products/serial-number-ledger",
     does(press, "Subscribe")),
    ("profile", "/developer/profile"),
    ("profile, key shown", "/developer/profile", key),
    ("requests", "/developer/profile", first("main a", "^Requests of")),
    ("apis", "/developer/apis"),
    ("reference", "/developer/apis/serial-number-ledger"),
    ("console, answer", "/developer/apis/serial-number-ledger",
     does(press, "Send with the test key"),
     lambda page: page.locator("#answer h3").wait_for()),
    ("requests, details", "/developer/profile", first("main a", "^Requests of"),
     unfold("Details")),
    ("no permission", "/staff/applications"),
]  # fmt: skip
OTHER = [
    ("portal, another VSP", "/"),
    ("declaration, another VSP", "/panels/declaration"),
]
STAFF = [
    ("desk", "/"),
    ("desk, a note that is too long", "/", unfold("Seen"),
     lambda page: page.get_by_label("Note").first.fill("x" * 1_001),
     lambda page: page.locator("details[open] button").click()),
    ("refused uploads", "/staff/refused"),
    ("accounts", "/staff/accounts"),
    ("accounts, lapsing", "/staff/accounts?lapsing=yes"),
    ("account overview", "/staff/accounts", row("Saltbush")),
    ("applications to assess", "/staff/applications"),
    ("application", "/staff/applications", first("main a", "Southern Solar")),
    ("application, no reason", "/staff/applications", first("main a", "Southern Solar"),
     does(press, "Decline")),
    ("contacts", "/staff/contacts"),
    ("people", "/staff/people"),
    ("people, staff, errors", "/staff/people", unfold("Add a member of staff"),
     does(press, "Add to staff")),
    ("person, staff", "/staff/people", first("main a", "Noor Haddad")),
    ("person", "/staff/people", first("#people a", "Luca Romano")),
    ("person, no reason", "/staff/people", first("#people a", "Luca Romano"),
     does(press, "Suspend")),
    ("staff, account", "/staff/people", first("#people a", "Example Panel Supply")),
    ("approved products", "/staff/products"),
    ("approved products, wrong file", "/staff/products",
     *sends(list_csv("S,L,A,x,"), "Look at the changes")),
    ("approved products, changes", "/staff/products",
     *sends(list_csv(*LIST), "Look at the changes")),
    ("staff, subscription", "/staff/people", first("#people a", "Example Verification"),
     first("main a[href*='/subscriptions/']")),
    ("search, staff", "/panels"),
    ("serial number, refused since", TAKEN, SERIAL),
    ("refused upload", TAKEN, SERIAL, first("main a", "^refused upload")),
    ("uploads, staff", "/panels/uploads"),
    ("receipt, part invalid, staff", "/panels/uploads", row("Part invalid")),
    ("receipt, marked invalid", "/panels/uploads?before=163", row("Marked invalid")),
    ("invalidations, staff", "/panels/invalidations"),
    ("find, staff", "/find?q=example"),
    ("audit log", "/staff/audit"),
    ("audit log, one action", "/staff/audit?event=upload.refused"),
    ("audit log, no event", "/staff/audit?from_day=2001-01-01&to_day=2001-01-02"),
    ("audit log, errors", "/staff/audit?account=nobody&kind=upload&key=x"),
    ("event", "/staff/audit?event=upload.recorded", first("main td a")),
    ("event with states", "/staff/audit?event=user.added", first("main td a")),
    ("calculations", "/staff/calculations"),
    ("calculations, none", "/staff/calculations?postcode=9999"),
    ("calculations, errors", "/staff/calculations?reference=x"),
    ("calculation", "/staff/calculations", first("main td a")),
    ("calculation, replayed", "/staff/calculations", first("main td a"),
     does(go, "Replay")),
    ("verification, none", "/staff/verify"),
    ("verification, proved", "/staff/verify", does(press, "Verify now"),
     lambda page: page.get_by_text("Proved: ").first.wait_for()),
]  # fmt: skip
# The words of their sign-in cards. Visitors and those who sign up or train have none.
STATES = {
    "": VISITOR,
    SIGNS_UP: NEWCOMER,
    "General account": GENERAL,
    VSP: UPLOADER,
    TRAINS: TRAINEE,
    "Another VSP": OTHER,
    "Agency staff": STAFF + TRAINER,
}


def visitor_of(page, words):
    """Let the person with these words visit the pages."""
    page.set_default_timeout(1000 * SECONDS)
    if words not in ("", SIGNS_UP, TRAINS):
        demonstrated(page, words)


def show(page, address, *steps):
    """Bring a page to a state."""
    page.goto(address)
    for step in steps:
        step(page)
    page.wait_for_load_state("networkidle")
