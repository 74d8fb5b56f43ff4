"""Killed in the middle: a calculation and its event are both there, or neither is."""

import http.client
import random
import threading
import time
import urllib.parse
import urllib.request

import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditEvent, StcCalculation
from spv.services import audit
from spv.services.replay import replay
from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.server import serve

ROUNDS = 5


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


def one_round(url):
    """Serve, load from four threads, kill; how many calculations were answered."""
    answered = []
    with serve(url) as (address, process):
        threads = [
            threading.Thread(target=calculate_until_it_dies, args=(address, answered))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.1, 0.5))
        process.kill()
        for thread in threads:
            thread.join()
    return len(answered)


def test_killed_while_calculating(database_url):
    answered = sum(one_round(database_url) for _ in range(ROUNDS))
    app = make_app(database_url)
    with app.app_context():
        count = sa.func.count()
        saved = db.session.scalar(sa.select(count).select_from(StcCalculation))
        logged = db.session.scalar(sa.select(count).select_from(AuditEvent))
        assert saved == logged >= answered > 0
        assert audit.verify()[0].problem == ""
        assert replay().differences == []
    dispose(app)
