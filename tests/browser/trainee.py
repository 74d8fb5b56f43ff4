"""A trainee who does the exercises by clicking and typing in Chromium."""

import json
import re
import subprocess

from playwright.sync_api import expect

from spv.demo import PASSWORD
from spv.rules.accounts import TYPE_WORDS
from spv.rules.training.material import EXERCISES
from tests.browser.test_accounts import go, press
from tests.browser.test_marking import confirm, found
from tests.browser.test_uploads import choose
from tests.trainees import NUMBER, Trainee

LABELS = {
    "legal_name": "Legal entity name",
    "abn": "Australian Business Number (ABN)",
    "phone": "Phone number",
}
SYSTEM = {
    "rated_power_kw": "Rated power output (kW)",
    "installation_date": "Installation date",
    "postcode": "Postcode of Installation Address",
}
DONE = (200, 303)


class ChromiumTrainee(Trainee):
    """A trainee with a page of Chromium. `check` is called once on each page of use."""

    def __init__(self, tab, check=lambda tab: None):
        self.tab, self.check, self.seen = tab, check, set()

    def look(self):
        """Check a page that was not seen before."""
        if self.tab.url not in self.seen:
            self.check(self.tab)
            self.seen.add(self.tab.url)

    def get(self, path):
        self.tab.goto(path)
        return self.tab.content()

    def follow(self, words):
        """Follow a link to another page, and look at it."""
        with self.tab.expect_navigation():
            go(self.tab, words)
        self.look()

    def go_there(self, name):
        """Begin an exercise: open its page, and follow its link."""
        self.page(name)
        self.look()
        self.follow("Go there")

    def submit(self, button, expected=DONE, within=None):
        """Press a button; wait until the server has answered as it should."""
        place = within or self.tab
        with self.tab.expect_response(
            lambda each: each.request.method == "POST"
        ) as sent:
            place.get_by_role("button", name=button).first.click()
        assert sent.value.status in expected, (button, sent.value.status)
        if 422 in expected:
            expect(self.tab.locator(".govuk-error-summary").first).to_be_visible()
        self.tab.wait_for_load_state()
        return self.tab.content()

    def enter(self, code, name):
        self.tab.goto(f"/training/join?code={code}" if code else "/training")
        fields = self.tab.get_by_label("First name or nickname")
        (fields.first if code else fields.last).fill(name)
        self.submit("Enter" if code else "Begin")

    def file(self, name):
        self.page(name)
        file = EXERCISES[NUMBER[name] - 1].file
        with self.tab.expect_download() as download:
            go(self.tab, f"Download {file}")
        return download.value.path().read_bytes()

    def apply(self, expected=DONE, **answers):
        facts = self.facts("apply")
        self.go_there("apply")
        self.fill_account(facts, answers)
        return self.submit("Submit", expected)

    def upgrade(self, *types):
        facts = self.facts("upgrade")
        self.go_there("upgrade")
        self.fill_account(facts, {})
        for each in types:
            self.tab.get_by_label(TYPE_WORDS[each]).check()
        self.submit("Next")
        return self.submit("Submit")

    def fill_account(self, facts, answers):
        """Fill in the details of an account."""
        values = {"legal_name": facts["Legal entity name"], "abn": facts["ABN"],
                  "phone": facts["Phone"]} | answers  # fmt: skip
        for name, value in values.items():
            self.tab.get_by_label(LABELS[name]).fill(value)

    def assess(self):
        self.page("upgrade" if "Done" in self.page("assessed") else "assessed")
        return self.submit("Let the app assess it")

    def give_account(self):
        self.page("upload")
        return self.submit("Give me the account")

    def upload(self, data, expected=DONE, declaration="yes", check_only=""):
        self.go_there("upload")
        self.tab.get_by_label("I make this declaration").set_checked(bool(declaration))
        choose(self.tab, data)
        return self.submit("Check only" if check_only else "Upload", expected)

    def declare(self, declaration="yes", expected=DONE):
        self.go_there("declare")
        self.follow("Declaration for API Users")
        self.tab.get_by_label("I make this declaration").set_checked(bool(declaration))
        return self.submit("Make the declaration", expected)

    def subscribe(self, name="Training"):
        self.go_there("subscribe")
        self.follow("Products")
        self.follow("Serial Number Ledger")
        self.tab.get_by_label("Name of the subscription").fill(name)
        self.tab.get_by_label("I agree to the terms of use").check()
        return self.submit("Subscribe")

    def show_key(self, kind="primary"):
        self.go_there("subscribe")
        self.follow("Profile")
        self.submit(re.compile(f"^Show the {kind} key", re.IGNORECASE))
        if self.tab.get_by_label("Password").count():
            self.tab.get_by_label("Password").fill(PASSWORD)
            self.submit("Show")
        return self.tab.locator("#secret").input_value()

    def send_rows(self, key, rows=None):
        """Run the command of the page; return the status and the answer."""
        rows = rows or self.file("send")
        self.page("send")
        command = self.tab.get_by_label("Command").input_value()
        command = command.replace("YOUR-KEY", key).replace("@rows.json", "@-")
        done = subprocess.run(
            command + ' -sS -w "\\n%{http_code}"', shell=True, check=True, input=rows,
            capture_output=True,
        )  # fmt: skip
        answer, status = done.stdout.decode().rsplit("\n", 1)
        return int(status), json.loads(answer)

    def mark(self, serial, reason="Incorrect model number"):
        self.go_there("correct")
        self.tab.get_by_label("Serial number", exact=True).fill(serial)
        press(self.tab, "Search")
        found(self.tab, re.compile("^[12] rows?$"))
        self.tab.get_by_label(f"Select {serial}").check()
        press(self.tab, "Mark as invalid")
        self.look()
        confirm(self.tab, reason)
        expect(self.tab.locator(".spv-done")).to_have_text("1 row marked as invalid")

    def calculate(self, **answers):
        facts = self.facts("calculate")
        self.go_there("calculate")
        self.tab.select_option("[name=system_type]", "solar_deemed")
        if self.tab.get_by_role("button", name="Continue").is_visible():
            press(self.tab, "Continue")
        values = {
            "rated_power_kw": facts["Rated power output"].removesuffix(" kW"),
            "installation_date": self.day(facts["Installation date"]),
            "postcode": facts["Postcode"],
        } | answers  # fmt: skip
        for name, value in values.items():
            self.tab.get_by_label(SYSTEM[name]).fill(value)
        self.tab.get_by_label("Maximum deeming period").check()
        press(self.tab, "Calculate")
        expect(self.tab.get_by_role("heading", level=1)).to_contain_text("STCs")
        self.look()
        return self.tab.content()

    def answer(self, name, text, expected=DONE):
        self.page(name)
        self.tab.get_by_label(EXERCISES[NUMBER[name] - 1].question).fill(text)
        return self.submit("Keep this answer", expected)

    def check_panels(self, serials):
        self.go_there("check")
        self.tab.get_by_label("Serial numbers").fill(serials)
        press(self.tab, "Check panels")
        expect(self.tab.get_by_text("Not found", exact=True).first).to_be_visible()
        self.look()
        return self.tab.content()
