"""Attacks on the sign-in: guesses at the same moment, and the work that is done."""

import http.cookiejar
import re
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, SignInTries
from tests.people import browser_of
from tests.server import serve

THREADS = 8


class Attacker:
    """A browser that guesses passwords, in a network of its own."""

    def __init__(self, address, network):
        self.address, self.headers = address + "/sign-in", {"X-Forwarded-For": network}
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.open = urllib.request.build_opener(jar).open
        with self.open(self.address) as page:
            found = re.search(r'csrf_token" value="([^"]+)"', page.read().decode())
        self.token = found[1]

    def guess(self, email, password="wrong"):
        """Guess once; return the status."""
        form = {"csrf_token": self.token, "email": email, "password": password}
        data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.address, data, self.headers)
        try:
            with self.open(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.read()
            return error.code


@pytest.mark.usefixtures("private_people")
@pytest.mark.parametrize("guesses", [5, pytest.param(125, marks=pytest.mark.long)])
def test_guesses_from_eight_threads(database_url, demonstration, guesses):
    """Half of the threads share a network, the others have one each."""
    statuses = []
    with serve(database_url, SPV_PROXIES="1") as (address, _process):

        def attack(number):
            attacker = Attacker(address, f"203.0.113.{max(number, 3)}")
            statuses.extend(attacker.guess(demo.VSP_USER) for _ in range(guesses))

        threads = [threading.Thread(target=attack, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(statuses) == THREADS * guesses
        assert set(statuses) == {422, 429}
        assert statuses.count(422) == 5 * 5  # of five networks
        failed = db.session.query(AuditEvent).filter_by(event="user.sign_in_failed")
        assert failed.count() == 25
        tries = db.session.query(SignInTries).order_by(SignInTries.failures).all()
        assert [each.failures for each in tries] == [5] * 10 + [25]
        last = Attacker(address, "203.0.113.3")
        assert last.guess(demo.VSP_USER, demo.PASSWORD) == 429


@pytest.fixture
def work(demonstration, monkeypatch):
    """A list of the statements executed, and the cost of the passwords compared."""
    done, verify = [], PasswordHasher.verify

    def verified(hasher, password_hash, password):
        done.append(extract_parameters(password_hash))
        return verify(hasher, password_hash, password)

    def executed(_connection, _cursor, statement, *_rest):
        done.append(statement)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    sa.event.listen(db.engine, "before_cursor_execute", executed)
    yield done
    sa.event.remove(db.engine, "before_cursor_execute", executed)


@pytest.mark.every_database
@pytest.mark.parametrize("browser", ["new", "known to another", "forged"])
def test_known_and_unknown_addresses_take_the_same_work(demonstration, work, browser):
    """Also if the addresses have to wait."""
    client = demonstration.test_client()
    if browser == "known to another":
        client = browser_of(demonstration, demo.GENERAL)
        client.post("/sign-out")
    elif browser == "forged":
        client.set_cookie("known_browser", "ImEi.aSVxAA.x")
    client.post("/sign-in", data={"email": "first@x.au"})  # which counts the network
    for count in range(1, 8):
        found = []
        for email in (demo.VSP_USER, "nobody@vsp.example"):
            work.clear()
            form = {"email": email, "password": "wrong"}
            found.append((client.post("/sign-in", data=form).status_code, [*work]))
        assert found[0] == found[1]
        status, done = found[0]
        compared = [each for each in done if not isinstance(each, str)]
        assert (status, len(compared)) == ((422, 1) if count < 6 else (429, 0))
        assert len(done) > 3
