"""Killed in the middle: what was begun is all there, with its event, or not at all."""

import http.client
import itertools
import os
import random
import re
import threading
import time
import urllib.parse
import urllib.request

import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditEvent, PanelSerial, StcCalculation, Upload
from spv.services import audit, demo, ledger_proof
from spv.services.replay import replay
from tests.conftest import dispose, load, make_app
from tests.examples import GOOD_SOLAR
from tests.panels import panels_csv
from tests.server import serve

ROUNDS = 5
UPLOADS = int(os.environ.get("SPV_KILLS", "5"))
numbers = itertools.count()


def calculate_until_it_dies(address, answered):
    """Send calculations one after the other; count those that were answered."""
    query = urllib.parse.urlencode(GOOD_SOLAR)
    while True:
        try:
            with urllib.request.urlopen(
                f"{address}/api/stc/v1/calculation?{query}"
            ) as a:
                a.read()
                answered.append(1)
        except (OSError, http.client.HTTPException):
            return


def one_round(url, work):
    """Serve, load from four threads, kill; what they were answered."""
    answered = []
    with serve(url) as (address, process):
        threads = [
            threading.Thread(target=work, args=(address, answered)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.2, 0.7))
        process.kill()
        for thread in threads:
            thread.join()
    return answered


def test_killed_while_calculating(database_url):
    answered = sum(
        len(one_round(database_url, calculate_until_it_dies)) for _ in range(ROUNDS)
    )
    app = make_app(database_url)
    with app.app_context():
        count = sa.func.count()
        saved = db.session.scalar(sa.select(count).select_from(StcCalculation))
        logged = db.session.scalar(sa.select(count).select_from(AuditEvent))
        assert saved == logged >= answered > 0
        assert audit.verify()[0].problem == ""
        assert replay().differences == []
    dispose(app)


def upload_until_it_dies(address, answered):
    """Sign in and send files one after the other; keep where each was recorded."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def token(path):
        page = browser.open(address + path).read().decode()
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    try:
        person = {"email": demo.VSP_USER, "password": demo.PASSWORD}
        form = urllib.parse.urlencode(person | {"csrf_token": token("/sign-in")})
        browser.open(address + "/sign-in", form.encode()).read()
        answers = {"csrf_token": token("/panels/upload"), "declaration": "yes"}
        while True:
            body = in_parts(answers, panels_csv(1000, f"EX{next(numbers)}-"))
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            request = urllib.request.Request(f"{address}/panels/upload", body, kind)
            answered.append(browser.open(request).geturl())
    except (OSError, http.client.HTTPException):
        return


def in_parts(answers, data):
    """A form with a file, as a browser sends it."""
    part = '--x\r\nContent-Disposition: form-data; name="'
    lines = [f'{part}{name}"\r\n\r\n{value}' for name, value in answers.items()]
    lines.append(f'{part}file"; filename="panels.csv"\r\n')
    return "\r\n".join([*lines, data.decode(), "--x--\r\n"]).encode()


def test_killed_while_uploading(database_url):
    """Every upload that was answered is whole, none is there in part.

    SPV_KILLS=50 kills as often as that.
    """
    load(database_url)
    answered = [
        int(address.rsplit("/", 1)[1])
        for _ in range(UPLOADS)
        for address in one_round(database_url, upload_until_it_dies)
    ]
    app = make_app(database_url)
    with app.app_context():
        ours = Upload.filename == "panels.csv"
        saved = set(db.session.scalars(sa.select(Upload.id).where(ours)))
        assert answered
        assert set(answered) <= saved
        rows = sa.select(PanelSerial.upload_id, sa.func.count()).join(Upload)
        counted = dict(db.session.execute(rows.where(ours).group_by("upload_id")).all())
        assert counted == dict.fromkeys(saved, 1000)
        assert [report.problem for report in audit.verify()] == ["", ""]
        assert ledger_proof.verify().problems == []
    dispose(app)
