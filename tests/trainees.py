"""A trainee who does the exercises by the forms of the pages, as a browser does."""

import io
import json
import re
from datetime import datetime
from decimal import Decimal
from html import unescape
from urllib.parse import urljoin

import requests

from spv.demo import PASSWORD
from spv.rules.training.material import EXERCISES

UPLOADS = "/api/serial-number-ledger/v1/serial-numbers"
VSP = "verification_service_provider"
NUMBER = {exercise.name: exercise.number for exercise in EXERCISES}
ZONES = {"2000": "1.382", "3000": "1.185", "4000": "1.382", "5000": "1.382",
         "6000": "1.382", "7000": "1.185", "0870": "1.622"}  # fmt: skip


def begin(app, code="", name="Mia"):
    """Return a trainee who entered a class of an application, or practises alone."""
    trainee = Trainee(sender(app.test_client()))
    trainee.enter(code, name)
    return trainee


def sender_to(address):
    """Return the function with which a trainee sends to a server, like a browser."""
    session = requests.Session()

    def send(method, path, data=None, file=None, headers=None):
        answer = session.request(
            method, urljoin(address, path), data=data, headers=headers,
            files={file[0]: file[1:]} if file else None, allow_redirects=False,
        )  # fmt: skip
        return answer.status_code, answer.headers.get("Location", ""), answer.text

    return send


def sender(client):
    """Return the function with which a trainee sends by a client of the application."""

    def send(method, path, data=None, file=None, headers=None):
        if file:
            name, filename, content = file
            data = {**data, name: (io.BytesIO(content), filename)}
        answer = client.open(path, method=method, data=data, headers=headers)
        return answer.status_code, answer.headers.get("Location", ""), answer.text

    return send


class Trainee:
    """A trainee, and the function that sends: (method, path, data, file, headers).

    It returns the status, the address of a redirection or "", and the text.
    """

    def __init__(self, send):
        self.send = send

    def get(self, path):
        status, location, text = self.send("GET", path)
        assert status in (200, 302, 303), (path, status, text)
        return self.get(location) if location else text

    def token(self, path):
        """The token of the forms on a page; "" if there is none."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path))
        return found[1] if found else ""

    def post(self, path, data, file=None, expected=(200, 303), token_from="/training"):
        """Send a form with the token of a page; return the page that follows."""
        sent = {"csrf_token": self.token(token_from), **data}
        status, location, text = self.send("POST", path, sent, file)
        assert status in expected, (path, status, text)
        return self.get(location) if location else text

    def enter(self, code, name):
        """Enter a class, or practise alone without a code."""
        if code:
            self.post("/training/join", {"code": code, "name": name})
        else:
            self.post("/training/alone", {"name": name})

    def page(self, name):
        """The text of an exercise's page."""
        return self.get(f"/training/exercises/{NUMBER[name]}")

    def facts(self, name):
        """The rows of the summary on an exercise's page: key to value."""
        row = r"<dt[^>]*>\s*([^<]*?)\s*</dt>\s*<dd[^>]*>\s*([^<]*?)\s*</dd>"
        return {k: unescape(v) for k, v in re.findall(row, self.page(name))}

    def file(self, name):
        """The file of an exercise, in bytes."""
        status, _, text = self.send("GET", f"/training/exercises/{NUMBER[name]}/file")
        assert status == 200
        return text.encode()

    def missing(self):
        """What each exercise still lacks, from the page of all of them; "" for none."""
        items = re.findall(
            r"<li><a[^>]*/exercises/\d+\">.*?</li>", self.get("/training"), re.S
        )
        sentences = [re.search(r'spv-soft">(.*?)</span>', item) for item in items]
        return [unescape(found[1]) if found else "" for found in sentences]

    def lacks(self, name):
        """What one exercise still lacks."""
        return self.missing()[NUMBER[name] - 1]

    def apply(self, expected=(200, 303), **answers):
        """Apply for an account with the facts of the exercise, or other answers."""
        return self.send_account("apply", answers, expected)

    def send_account(self, name, answers, expected=(200, 303)):
        """Send the details of the account that an exercise gives, with some answers."""
        facts, path = self.facts(name), f"/account/{name}"
        names = {"legal_name": "Legal entity name", "abn": "ABN", "phone": "Phone"}
        form = {field: facts[words] for field, words in names.items()} | answers
        return self.post(path, form, expected=expected, token_from=path)

    def upgrade(self, *types):
        return self.send_account("upgrade", {"account_types": list(types)})

    def assess(self):
        return self.post("/training/assess", {})

    def upload(self, data, expected=(200, 303), **fields):
        """Upload a file with its declaration."""
        page = self.get("/panels/upload")
        version = re.search(r'name="wording_version" value="([^"]+)"', page)[1]
        form = {"declaration": "yes", "wording_version": version, **fields}
        file, path = ("file", "rows.csv", data), "/panels/upload"
        return self.post(path, form, file, expected, path)

    def declare(self, declaration="yes", expected=(200, 303)):
        page = self.get("/panels/declaration")
        version = re.search(r'name="wording_version" value="([^"]+)"', page)[1]
        form = {"declaration": declaration, "wording_version": version}
        path = "/panels/declaration"
        return self.post(path, form, expected=expected, token_from=path)

    def subscribe(self, name="Training"):
        path = "/developer/products/serial-number-ledger"
        page = self.get(path)
        version = re.search(r'name="terms_version" value="([^"]+)"', page)[1]
        self.post(
            path, {"name": name, "terms": "yes", "terms_version": version},
            token_from=path,
        )  # fmt: skip

    def show_key(self, kind="primary"):
        """Show a key; return it."""
        page = self.get("/developer/profile")
        path = re.search(rf'action="([^"]*{kind}[^"]*)"', page)[1]
        page = self.post(unescape(path), {}, token_from="/developer/profile")
        return re.search(r'id="secret" value="([^"]+)"', page)[1]

    def send_rows(self, key, rows=None):
        """Send rows by API; return the status and the answer."""
        body = rows if rows is not None else self.file("send")
        headers = {"Ocp-Apim-Subscription-Key": key, "Content-Type": "application/json"}
        status, _, text = self.send("POST", UPLOADS, body, None, headers)
        return status, json.loads(text)

    def mark(self, serial, reason="Incorrect model number"):
        """Find a serial number, and mark its row as invalid."""
        page = self.get(f"/panels?serial_number={serial}")
        row = re.search(r'name="selected" value="(\d+)"', page)[1]
        page = self.get(f"/panels/invalidate?selected={row}")
        hidden = re.findall(
            r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page
        )
        form = {name: unescape(value) for name, value in hidden} | {"reason": reason}
        return self.post("/panels/invalidate", form, token_from="/panels")

    def calculate(self, **answers):
        """Calculate the trainee's system; return the page of its result."""
        facts = self.facts("calculate")
        form = {
            "system_type": "solar_deemed", "calculation_period": "max",
            "rated_power_kw": facts["Rated power output"].removesuffix(" kW"),
            "installation_date": self.day(facts["Installation date"]),
            "postcode": facts["Postcode"],
        }  # fmt: skip
        return self.post("/stc", form | answers, token_from="/stc")

    @staticmethod
    def day(words):
        """A day in words as a form has it."""
        return datetime.strptime(words, "%d %B %Y").date().isoformat()

    def answer(self, name, text, expected=(200, 303)):
        """Answer the question of an exercise."""
        path = f"/training/exercises/{NUMBER[name]}"
        return self.post(path, {"answer": text}, expected=expected)

    def give_account(self):
        """Be given the account that the later exercises need."""
        return self.post("/training/account", {})

    def get_account(self, trainer=None):
        """Do exercises 1 to 3. The app is the agency if there is no trainer."""
        for act in (self.apply, lambda: self.upgrade(VSP)):
            act()
            trainer.act("approve") if trainer else self.assess()

    def mended(self):
        """The file to mend with its three rows as the labels have them."""
        lines = self.file("mend").decode().split("\r\n")
        serial = lines[1].split(",")[3][:-3]
        for row, number in ((2, 542), (5, 545), (7, 547)):
            names = lines[row].split(",")[:2]
            lines[row] = ",".join([*names, "TSC-415M", f"{serial}{number}"])
        return "\r\n".join(lines).encode()

    def wrong_serial(self):
        """The serial number with the wrong model number in the first file."""
        return self.file("upload").decode().split("\r\n")[4].split(",")[3]

    def by_hand(self):
        """The certificates of the trainee's system, worked out by hand."""
        facts = self.facts("calculate")
        power = Decimal(facts["Rated power output"].removesuffix(" kW"))
        years = 2031 - int(facts["Installation date"][-4:])
        return int(power * Decimal(ZONES[facts["Postcode"]]) * years)

    def do_all(self, trainer=None):
        """Do every exercise, one after the other."""
        self.get_account(trainer)
        self.do_the_rest()

    def do_the_rest(self):
        """Do exercises 4 to 12."""
        self.upload(self.file("upload"))
        self.upload(self.file("mend"), expected=(422,))
        self.upload(self.mended())
        self.declare()
        self.subscribe()
        status, answer = self.send_rows(self.show_key())
        assert (status, answer["accepted"]) == (201, 3)
        self.mark(self.wrong_serial())
        self.upload(self.file("correct"))
        self.answer("calculate", str(self.by_hand()))
        result = self.calculate()
        self.answer("log", re.search(r"Event ([\d,]+) of the calculations", result)[1])
        self.answer("check", self.not_found())

    def check_panels(self, serials):
        """Check serial numbers; return the page of the answers."""
        path = "/check-panels"
        return self.post(path, {"serials": serials}, token_from=path)

    def not_found(self):
        """Check the panels of the installation; return the one that is not found."""
        text = r'<textarea[^>]* id="serials"[^>]*>([^<]+)<'
        box = re.search(text, self.page("check"))
        page = self.check_panels(box[1])
        return next(
            serial for serial in box[1].split()
            if re.search(rf"{serial}(?:(?!TSC)[\s\S])*?Not found", page)
        )  # fmt: skip


class Trainer(Trainee):
    """A trainer, who sends as a member of agency staff."""

    board = ""  # the address of the class that was opened last

    def sign_in(self, email):
        form = {"email": email, "password": PASSWORD}
        self.post("/sign-in", form, token_from="/sign-in")

    def open_class(self, places=30):
        """Open a class; return its code."""
        token = self.token("/training")
        form = {"csrf_token": token, "places": str(places)}
        status, self.board, text = self.send("POST", "/training/classes", form)
        assert status == 303, text
        return re.search(r"\?code=([A-Z]{6})", self.get(self.board))[1]

    def act(self, act, place=""):
        """Play the part of the agency for a place, or for all."""
        return self.post(f"{self.board}/act", {"act": act, "place": place})

    def places(self):
        """The ids of the places, in the order of the board."""
        found = re.findall(r'name="place" value="(\d+)"', self.get(self.board))
        return [*dict.fromkeys(found)]

    def reset(self, place="", confirmation="reset", expected=(303,)):
        form = {"confirmation": confirmation, "place": place}
        return self.post(f"{self.board}/reset", form, expected=expected)
