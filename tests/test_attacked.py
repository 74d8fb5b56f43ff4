"""The sign-in attacked over HTTP, as it is served: guesses, and a stopwatch."""

import http.cookiejar
import re
import statistics
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditEvent, SignInFailures
from spv.services import demo
from tests.server import serve

THREADS, GUESSES = 8, 125
TRIES = 200


class Attacker:
    """A browser without scruples."""

    def __init__(self, address):
        self.address = address + "/sign-in"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.open = urllib.request.build_opener(jar).open
        with self.open(self.address) as page:
            found = re.search(r'csrf_token" value="([^"]+)"', page.read().decode())
        self.token = found[1]

    def guess(self, email, password="wrong"):
        """The status of one try, its text, and the seconds that it took."""
        form = {"csrf_token": self.token, "email": email, "password": password}
        data = urllib.parse.urlencode(form).encode()
        start = time.perf_counter()
        try:
            with self.open(self.address, data) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        return status, text.decode(), time.perf_counter() - start


@pytest.fixture
def people(request, database_url, demonstration):
    """A demonstration, served."""
    with serve(database_url) as (address, _process):
        yield address


def test_a_thousand_guesses_from_eight_threads(people):
    statuses = []

    def attack():
        attacker = Attacker(people)
        statuses.extend(attacker.guess(demo.VSP_USER)[0] for _ in range(GUESSES))

    threads = [threading.Thread(target=attack) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == THREADS * GUESSES
    assert sorted(set(statuses)) == [422, 429]
    assert statuses.count(422) == 5
    assert (
        db.session.query(AuditEvent).filter_by(event="user.sign_in_failed").count() == 5
    )
    assert db.session.query(SignInFailures).one().failures == 5
    status, text, _ = Attacker(people).guess(demo.VSP_USER, demo.PASSWORD)
    assert (status, "waits until" in text) == (429, True)


def test_known_and_unknown_addresses_take_as_long(people):
    """Interleaved, each address tried once: 200 known ones and 200 unknown ones."""
    from spv.models import User

    known = [f"known{number}@x.au" for number in range(TRIES)]
    unknown = [f"other{number}@x.au" for number in range(TRIES)]
    staff = db.session.query(User).filter_by(email=demo.STAFF).one()
    rows = [
        {"name": "K", "email": email, "password_hash": staff.password_hash,
         "is_staff": False, "is_administrator": False, "is_demonstration": True,
         "created_at": staff.created_at}
        for email in known
    ]  # fmt: skip
    db.session.execute(sa.insert(User), rows)
    db.session.commit()
    attacker, seconds = Attacker(people), {"known": [], "unknown": []}
    for pair in zip(known, unknown, strict=True):
        for kind, email in zip(seconds, pair, strict=True):
            status, text, took = attacker.guess(email)
            assert status == 422
            assert "The email address or the password is wrong." in text
            seconds[kind].append(took)
    one, other = map(statistics.median, seconds.values())
    print(f"median of known {one * 1000:.2f} ms, of unknown {other * 1000:.2f} ms")
    assert abs(one - other) < 0.005
