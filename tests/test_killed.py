"""Servers that are killed: each change is complete, with its event, or not there."""

import contextlib
import html
import http.client
import itertools
import random
import re
import threading
import time
import urllib.parse
import urllib.request

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, PanelSerial, StcCalculation, Upload
from spv.services.verify.calculations import replay
from tests.conftest import load, opened
from tests.endurance import repeated
from tests.panels import panels_csv
from tests.proof import log_problems
from tests.server import calculation_url, serve

pytestmark = pytest.mark.every_database

numbers = itertools.count()
MARKED = (
    sa.select(PanelSerial.invalidation_id, sa.func.count())
    .where(PanelSerial.invalidation_id.is_not(None))
    .group_by(PanelSerial.invalidation_id)
)


def calculate_until_it_dies(address, answered):
    """Send calculations one after the other; note those that were answered."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            with urllib.request.urlopen(calculation_url(address)) as answer:
                answer.read()
                answered.append(1)


def one_round(url, work, acts):
    """Serve four threads, kill the server after some acts; return their answers."""
    answered = []
    with serve(url) as (address, process):
        threads = [
            threading.Thread(target=work, args=(address, answered)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 60
        while len(answered) < acts and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.2))
        process.kill()
        for thread in threads:
            thread.join()
    return answered


@pytest.mark.every_database(long=True)
@repeated(1, 20)
def test_killed_while_calculating(database_url, times):
    answered = sum(
        len(one_round(database_url, calculate_until_it_dies, 20)) for _ in range(times)
    )
    with opened(database_url):
        count = sa.func.count()
        saved = db.session.scalar(sa.select(count).select_from(StcCalculation))
        logged = db.session.scalar(sa.select(count).select_from(AuditEvent))
        assert saved == logged >= answered > 0
        assert log_problems() == []
        assert replay().sentences == []


class Person:
    """A user with a browser, who signs in, uploads files and marks them as invalid."""

    def __init__(self, address):
        cookies = urllib.request.HTTPCookieProcessor()
        self.browser, self.address = urllib.request.build_opener(cookies), address
        self.send("/sign-in", "/sign-in", email=demo.VSP_USER, password=demo.PASSWORD)

    def hidden(self, path):
        """Return the hidden fields of a page."""
        page = self.browser.open(self.address + path).read().decode()
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page)
        return {name: html.unescape(value) for name, value in found}

    def send(self, page, path, **answers):
        """Fill in the form of a page; return the address of the answer."""
        form = urllib.parse.urlencode(self.hidden(page) | answers)
        return self.browser.open(self.address + path, form.encode()).geturl()

    def upload(self):
        """Upload a file of 1,000 rows."""
        answers = self.hidden("/panels/upload") | {"declaration": "yes"}
        body = in_parts(answers, panels_csv(1000, f"EX{next(numbers)}-"))
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        request = urllib.request.Request(f"{self.address}/panels/upload", body, kind)
        return self.browser.open(request).geturl()


def work_until_it_dies(address, answered):
    """Upload files and mark every other one as invalid; note each answer's address."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        person = Person(address)
        while True:
            answered.append(person.upload())
            upload_id = answered[-1].rsplit("/", 1)[1]
            dialog = f"/panels/invalidate?all_matching=yes&upload={upload_id}"
            answers = {"reason": "Ineligible panel"}
            answered.append(person.send(dialog, "/panels/invalidate", **answers))
            answered.append(person.upload())


def in_parts(answers, data):
    """Return the body of a form with a file, as a browser sends it."""
    part = '--x\r\nContent-Disposition: form-data; name="'
    lines = [f'{part}{name}"\r\n\r\n{value}' for name, value in answers.items()]
    lines.append(f'{part}file"; filename="panels.csv"\r\n')
    return "\r\n".join([*lines, data.decode(), "--x--\r\n"]).encode()


@pytest.mark.every_database(long=True)
@repeated(1, 50)
def test_killed_while_uploading_and_marking(database_url, times):
    """Every act that was answered is complete, and no act is there in part."""
    load(database_url)
    answered = {"uploads": set(), "invalidations": set()}
    for _ in range(times):
        for address in one_round(database_url, work_until_it_dies, 12):
            *_, kind, number = address.split("/")
            answered[kind].add(int(number))
    with opened(database_url):
        ours = Upload.filename == "panels.csv"
        saved = set(db.session.scalars(sa.select(Upload.id).where(ours)))
        assert answered["uploads"] <= saved
        marked = dict(db.session.execute(MARKED).all())
        assert answered["uploads"]
        assert answered["invalidations"]
        assert answered["invalidations"] <= marked.keys()
        assert {*marked.values()} == {1000}
        rows = sa.select(PanelSerial.upload_id, sa.func.count()).join(Upload)
        counted = dict(db.session.execute(rows.where(ours).group_by("upload_id")).all())
        assert counted == dict.fromkeys(saved, 1000)
        assert log_problems() == []
