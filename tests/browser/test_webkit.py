"""The same pages in WebKit and Firefox: Back, what is copied, and the main tasks."""

import itertools
import os
import time

import pytest
from stdnum.au import abn

from tests import firefox, webkit
from tests.browser.test_every_page import ADDRESSES, PEOPLE, SMALL
from tests.panels import NAMES, panels_csv
from tests.people import PASSWORD

pytestmark = pytest.mark.browser
# How each is started, whether it is here, and Debian's packages of it.
BROWSERS = {
    "webkit": (webkit.webkit, webkit.IS_HERE, "webkit2gtk-driver xvfb"),
    "firefox": (firefox.firefox, firefox.COMMAND, "firefox-esr"),
}
BOTH = ["webkit", pytest.param("firefox", marks=pytest.mark.long)]
LONG = [pytest.param(name, marks=pytest.mark.long) for name in BROWSERS]
ANSWERS = {
    "rated_power_kw": "6.6", "installation_date": "2026-06-30",
    "calculation_period": "10", "postcode": "2150", "stc_price": "38.5",
}  # fmt: skip
VALUES = "return Object.fromEntries(new FormData(document.querySelector(arguments[0])))"
SET = """arguments[0].value = arguments[1]; ["input", "change"].forEach(
    what => arguments[0].dispatchEvent(new Event(what, {bubbles: true})))"""
WIDE = "return document.documentElement.scrollWidth - innerWidth"
COUNT = "#found strong"
CONTROL, END = "\ue009", "\ue010"  # keys, as the protocol names them
number = itertools.count(1)


@pytest.fixture(scope="session")
def browser(request):
    """Return the window of a browser, one for all tests of a worker."""
    start, is_here, packages = BROWSERS[request.param]
    if not is_here:
        reason = f"no {request.param} here: apt-get install {packages}"
        if os.environ.get("SPV_REQUIRE_BROWSER") == "1":
            pytest.fail(f"SPV_REQUIRE_BROWSER is set, but there is {reason}")
        pytest.skip(reason)
    with start() as window:
        yield window


@pytest.fixture
def window(browser, address):
    """Return the window, in which nobody has signed in."""
    browser.go = lambda path: browser.open(address + path)
    browser.go("/healthz")
    browser.send("DeleteAllCookies")
    while browser.send("GetCookies"):  # WebKit on a busy machine deletes them later
        time.sleep(0.05)
    return browser


def sign_in(window, words):
    window.go("/sign-in")
    window.click("main button", words)
    window.find("button", "Sign out")


def choose(window, css, value):
    """Choose a value of a list, or a day, whose keys are not the same everywhere."""
    window.execute(SET, window.find(css), value)


def fill_in(window):
    """Fill in the calculator for a solar system, as somebody types."""
    window.go("/stc?system_type=solar_deemed")
    choose(window, "[name=installation_date]", ANSWERS["installation_date"])
    window.click(f"[name=calculation_period][value='{ANSWERS['calculation_period']}']")
    for name in ("rated_power_kw", "stc_price", "postcode"):
        window.type(f"[name={name}]", ANSWERS[name])
    window.find("#postcode-note", "Zone 3")


def answers(window, form):
    """Return the fields of a form that are filled in, by name."""
    values = window.execute(VALUES, form)
    return {k: v for k, v in values.items() if v and k != "csrf_token"}


@pytest.mark.parametrize(
    "words",
    ["", pytest.param("Agency staff", marks=pytest.mark.long)],
    ids=["visitor", "staff"],
)
@pytest.mark.parametrize("browser", BOTH, indirect=True)
def test_back_to_the_calculator_shows_every_answer(window, words):
    if words:
        sign_in(window, words)
    fill_in(window)
    window.click("a", "Many systems")
    window.find("[name=file]")
    window.back()
    window.find("#postcode-note", "Zone 3")
    expected = ANSWERS | {"system_type": "solar_deemed"}
    assert answers(window, "form[data-keep]") == expected


@pytest.mark.parametrize("browser", BOTH, indirect=True)
def test_back_after_sign_out_shows_no_key(window):
    sign_in(window, "VSP, administrator")
    subscribe(window)
    window.click("button", "Sign out")
    window.find("h1", "Sign in")
    window.back()
    window.find("form[action*='next=/developer/profile']")
    assert window.execute("return document.querySelector('#secret')") is None


def subscribe(window):
    """Subscribe to the API, and show a key."""
    window.go("/developer/products/serial-number-ledger")
    window.type("[name=name]", f"Back {next(number)} of {id(window)}")
    window.click("[name=terms]")
    window.click("main button", "Subscribe")
    window.find("h1", "Profile")
    window.click("main button", "Show")
    window.find("#secret")


def send(window, tmp_path, data):
    """Make the declaration, and send a file."""
    path = tmp_path / "panels.csv"
    path.write_bytes(data)
    window.go("/panels/upload")
    window.click("[name=declaration]")
    window.type("[name=file]", str(path))
    window.click("#send button", "Upload")


def upload(window, tmp_path, count):
    """Upload some rows; return how their serial numbers begin."""
    prefix = f"WK{next(number)}-{window.execute('return Date.now()')}-"
    send(window, tmp_path, panels_csv(count, prefix))
    window.find("[role=status]", "File upload successful")
    return prefix


@pytest.mark.parametrize("browser", BOTH, indirect=True)
def test_back_to_the_search_shows_what_was_searched(window, tmp_path):
    sign_in(window, "VSP, user")
    upload(window, tmp_path, 2)
    prefix = upload(window, tmp_path, 3)
    window.go("/panels")
    window.type("[role=search] [name=serial_number]", prefix)
    choose(window, "[role=search] [name=status]", "valid")
    choose(window, "[role=search] [name=recorded_from]", "2026-01-01")
    window.find("#found a[href*='recorded_from=2026-01-01']")
    searched = answers(window, "main form[role=search]")
    assert len(searched) == 3
    # What was typed last and not searched for is not kept, here and in the rows.
    script = """document.querySelector("[role=search] [name=licensee]").value = "x" """
    window.execute(script)
    window.click("#found tbody a", prefix)
    window.find(".spv-timeline")
    window.back()
    window.find(COUNT, "3 rows")
    assert answers(window, "main form[role=search]") == searched
    window.type("[role=search] [name=serial_number]", END + "000002")
    window.find(COUNT, "1 row")


@pytest.mark.parametrize("browser", BOTH, indirect=True)
def test_it_says_copied_only_when_it_was(window):
    fill_in(window)
    window.click("#calculate")
    window.find("h1", "45 STCs")
    window.click("summary", "Every step")
    window.click("[data-copy]", "Copy")
    window.find("[data-copy]", "Copied")
    window.click("summary", "Change the price")
    window.execute("document.querySelector('#stc_price').value = ''")
    window.type("#stc_price", CONTROL + "v")
    pasted = window.execute("return document.querySelector('#stc_price').value")
    assert pasted.startswith("Zone: Postcode 2150")
    window.execute("""document.execCommand = () => false;
        Object.defineProperty(navigator, "clipboard", {value: undefined})""")
    window.click("[data-copy]", "Copied")
    window.find("[data-copy]", "Selected, not copied")


def from_the_calculator_to_an_invalidation(window, tmp_path):
    """Calculate, upload two rows, find one, mark it, and look at its history."""
    fill_in(window)
    window.click("#calculate")
    window.find("h1", "45 STCs")
    sign_in(window, "VSP, user")
    serial = upload(window, tmp_path, 2) + "000002"
    window.go("/panels")
    window.type("[role=search] [name=serial_number]", serial)
    window.find(f"#found a[href*='serial_number={serial}']")
    window.click("[name=selected]")
    window.click("#found button", "Mark as invalid")
    choose(window, "#dialog [name=reason]", "Ineligible panel")
    window.click("#dialog button", "Mark as invalid")
    window.find(".spv-done", "1 row marked as invalid")
    window.go(f"/panels?serial_number={serial}")
    window.click("#found tbody a", serial)
    window.find(".spv-timeline", "Marked as invalid")


@pytest.mark.long
@pytest.mark.parametrize("browser", BOTH, indirect=True)
def test_from_the_calculator_to_an_invalidation(window, tmp_path):
    from_the_calculator_to_an_invalidation(window, tmp_path)


def fill(window, **fields):
    for name, text in fields.items():
        window.type(f"main [name={name}]", text)


def becomes_an_account(window):
    """Sign up, apply for an account, and be approved by agency staff."""
    moment = str(window.execute("return Date.now()"))
    email, digits = f"kim{moment}@guidance.example", moment[-9:]
    window.go("/sign-up")
    fill(window, name="Kim Doe", email=email)
    fill(window, password=PASSWORD, password_again=PASSWORD)
    window.click("main button", "Sign up")
    window.find("h1", "Sign in")
    window.go("/sign-in")  # without what a password manager has filled in
    fill(window, email=email, password=PASSWORD)
    window.click("main button", "Sign in")
    window.find("button", "Sign out")
    window.go("/account/apply")
    fill(window, legal_name=f"Kim {moment} Pty Ltd", phone="02 5550 0100")
    fill(window, abn=abn.calc_check_digits(digits) + digits)
    window.click("main button", "Submit")
    window.find("h1", "Account applications")
    window.click("button", "Sign out")
    sign_in(window, "Agency staff")
    window.go("/staff/applications")
    window.click("main a", f"Kim {moment} Pty Ltd")
    window.click("main button", "Approve")
    window.find("[role=status]", "Approved")
    window.click("button", "Sign out")
    window.find("h1", "Sign in")


@pytest.mark.parametrize("browser", LONG, indirect=True)
def test_the_whole_walk(window, tmp_path):
    becomes_an_account(window)
    from_the_calculator_to_an_invalidation(window, tmp_path)
    send(window, tmp_path, panels_csv(2, "BAD") + f"{NAMES},1.5E+12\r\n".encode())
    window.find(".govuk-error-summary", "Correct 1 of 3 rows")
    window.go("/panels/declaration")
    window.click("[name=declaration]")
    window.click("main button", "Make the declaration")
    window.find("[role=status]", "Current until")
    subscribe(window)
    window.click("[data-copy=secret]", "Copy")
    window.find("[data-copy=secret]", "Copied")
    window.click("main a", "Hide")
    window.find("main button", "Show")
    upload(window, tmp_path, 4)
    window.click("main a", "Mark the whole upload as invalid")
    choose(window, "[name=reason]", "Ineligible panel")
    window.click(".spv-ask button", "Mark as invalid")
    window.find(".spv-done", "4 rows marked as invalid")


@pytest.mark.parametrize("browser", LONG, indirect=True)
@pytest.mark.parametrize("role", PEOPLE, ids=str)
def test_every_page_fits_a_narrow_window(window, role):
    if words := PEOPLE[role]:
        sign_in(window, words)
    window.send("SetWindowRect", width=320, height=700)  # or as narrow as it can be
    for path in (path for path, whom in ADDRESSES if whom is role):
        window.go(path)
        window.find("h1")
        assert window.execute(WIDE) <= 0, path
        assert window.execute(SMALL) == [], path
    window.send("SetWindowRect", width=1280, height=900)
