"""A server freezes in an upload: the other goes on, nothing is lost or doubled."""

import signal
import threading
import time
import urllib.error

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import Upload
from tests.conftest import load, opened
from tests.proof import log_problems
from tests.server import serve
from tests.test_killed import Person

FROZEN_FOR = 9  # seconds


def keep_uploading(person, recorded, refused, end):
    """Upload files until the end; note the address and time of each record."""
    while not end.is_set():
        try:
            recorded.append((person.upload(), time.monotonic()))
        except urllib.error.HTTPError as error:
            refused.append((error.code, error.headers["Retry-After"]))
            error.close()
            time.sleep(0.5)


@pytest.mark.long
@pytest.mark.postgresql
def test_the_other_server_goes_on(postgres_url):
    """The frozen server has the lock, so others wait until its transaction is ended."""
    load(postgres_url)
    frozen, other, refused, end = [], [], [], threading.Event()
    with serve(postgres_url) as (one, process), serve(postgres_url) as (two, _):
        work = [(Person(one), frozen) for _ in range(4)]
        work += [(Person(two), other) for _ in range(2)]
        threads = [
            threading.Thread(target=keep_uploading, args=(*each, refused, end))
            for each in work
        ]
        for thread in threads:
            thread.start()
        time.sleep(3)
        freeze_with_the_lock(process, postgres_url)
        since = time.monotonic()
        time.sleep(FROZEN_FOR)
        process.send_signal(signal.SIGCONT)
        time.sleep(2)
        end.set()
        for thread in threads:
            thread.join()
    assert any(since < at < since + 10 for _, at in other)
    assert set(refused) == {(503, "5")}
    with opened(postgres_url):
        ours = Upload.filename == "panels.csv"
        saved = set(db.session.scalars(sa.select(Upload.id).where(ours)))
        answered = [int(url.rsplit("/", 1)[1]) for url, _ in frozen + other]
        assert len(set(answered)) == len(answered)
        assert set(answered) <= saved
        assert log_problems() == []


def freeze_with_the_lock(process, url):
    """Stop a server at a moment when it has the lock that every change needs."""
    holders = sa.text(
        "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid) "
        "WHERE state = 'idle in transaction' AND mode = 'RowShareLock' "
        "AND relation = 'audit_chains'::regclass "
        "AND now() - state_change > interval '0.2 s'"
    )
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for _ in range(200):
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.4)
            if connection.scalar(holders):
                break
            process.send_signal(signal.SIGCONT)
            time.sleep(0.03)
        else:
            pytest.fail("The server never had the lock when it was stopped.")
    engine.dispose()
