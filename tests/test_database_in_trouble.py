"""The database is locked, read-only or down: a 503 soon, and no endless waits."""

import contextlib
import io
import threading
import time

import flask
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from spv import clock, database, demo, readiness
from spv.extensions import db
from spv.services import audit_log
from spv.services.actor import visitor
from spv.services.ledger import search
from spv.services.training import clock as training_clock
from spv.services.verify import checks
from tests.api import System, items, system_of
from tests.conftest import dispose, make_app
from tests.panels import DECLARED, panels_csv, stored
from tests.people import acting, browser_of
from tests.proof import log_problems

pytestmark = pytest.mark.every_database(fresh=True)


@pytest.fixture
def short_limits(app, monkeypatch):
    """Make new connections of requests wait only a few tenths of a second."""
    monkeypatch.setattr(database, "BUSY", 200)
    monkeypatch.setitem(database.LIMITS, "lock_timeout", 200)
    monkeypatch.setattr(readiness, "WAIT", 100)
    monkeypatch.setattr(readiness, "TRY_EVERY", 0)


def reconnect():
    """Close the connections of the test itself, which have no limits."""
    db.session.rollback()
    db.engine.dispose()


@contextlib.contextmanager
def lock_held():
    """Hold the lock that every change needs, as a frozen server does."""
    engine = sa.create_engine(db.engine.url)
    with engine.connect() as connection:
        connection.execute(sa.text("UPDATE audit_chains SET hash = hash"))
        yield
    engine.dispose()


def send_file(browser):
    """Upload a file of ten rows through the page."""
    file = (io.BytesIO(panels_csv(10, "EXF")), "panels.csv")
    form = DECLARED | {"file": file}
    return browser.post("/panels/upload", data=form)


def unavailable(answer):
    """Check that an answer is a 503 that says when to come back; return its text."""
    assert answer.status_code == 503, answer.text
    assert 0 < int(answer.headers["Retry-After"]) < 60
    return answer.text


def test_a_lock_that_stays_is_503_and_reading_goes_on(demonstration, short_limits):
    system = system_of(demonstration, acting(demo.VSP_ADMIN))
    browser = browser_of(demonstration, demo.VSP_USER)
    reconnect()
    with lock_held():
        assert "busy with another long operation" in unavailable(send_file(browser))
        answer = system.send(body=items(3))
        assert '"code":"service_unavailable"' in unavailable(answer).replace(" ", "")
        assert browser.get("/panels").status_code == 200
    assert stored() == 0
    assert system.send(body=items(3)).status_code == 201
    assert send_file(browser).status_code == 303
    assert log_problems() == []


def test_a_frozen_transaction_is_ended(app, monkeypatch):
    """It had the lock. When it wakes up it fails, and leaves nothing."""
    if db.engine.dialect.name == "sqlite":
        return  # SQLite is on the same machine
    monkeypatch.setitem(database.LIMITS, "idle_in_transaction_session_timeout", 300)
    reconnect()
    with app.test_request_context(), pytest.raises(sa.exc.DBAPIError) as error:
        act_after(0.8)
    assert database.trouble(error.value)
    act_after(0)
    assert checks.verify().counts["event"] == 1


def act_after(seconds):
    """Take the lock, wait, and write an event."""
    with audit_log.registry_transaction():
        time.sleep(seconds)
        audit_log.act("test", visitor("web"), clock.now())


def test_each_connection_of_a_request_has_its_limits(app):
    if db.engine.dialect.name == "sqlite":
        names, limits = ["PRAGMA busy_timeout"], [database.BUSY]
        free = [database.BUSY_OF_COMMANDS]
    else:
        names = [f"SELECT setting FROM pg_settings WHERE name = '{name}'"
                 for name in database.LIMITS]  # fmt: skip
        limits, free = [str(each) for each in database.LIMITS.values()], ["0"] * 3
    reconnect()
    with app.test_request_context(), db.engine.connect() as connection:
        assert [connection.exec_driver_sql(each).scalar() for each in names] == limits
        if db.engine.dialect.name == "postgresql":
            driver = connection.connection.dbapi_connection
            given = driver.info.get_parameters()
            assert given.items() >= {k: str(v) for k, v in database.TCP.items()}.items()
    reconnect()
    with db.engine.connect() as connection:  # that of a command
        assert [connection.exec_driver_sql(each).scalar() for each in names] == free


def test_a_page_waits_for_a_locked_log_only_once(demonstration, monkeypatch):
    """The clock of a demonstration is in the log, and every page asks for the day."""
    if db.engine.dialect.name == "sqlite":
        return  # readers never wait
    monkeypatch.setattr(training_clock, "KNOWN_FOR", 0.2)
    other = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    with other.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE")
        days = training_clock.Days()
        first, second = (seconds_of(lambda: days(clock.now())) for _ in range(2))
    assert first > 0.2  # as long as what was read is known
    assert second < first / 4


def seconds_of(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start


def read_only(url):
    """Return the address of the same database, for reading only."""
    url = sa.make_url(url)
    if url.drivername == "sqlite":
        return f"sqlite:///file:{url.database}?mode=ro&uri=true"
    options = {"options": "-c default_transaction_read_only=on"}
    return url.update_query_dict(options).render_as_string(hide_password=False)


def test_a_read_only_database(demonstration, database_url):
    system = system_of(demonstration, acting(demo.VSP_ADMIN))
    browser = browser_of(demonstration, demo.VSP_USER)
    db.session.execute(sa.text("UPDATE user_sessions SET seen_at = started_at"))
    db.session.commit()
    app = make_app(read_only(database_url), RATELIMIT_ENABLED=False)
    app.config["WTF_CSRF_ENABLED"] = False
    reader = app.test_client()
    reader.set_cookie("session", browser.get_cookie("session").value)
    sentence = "The database can only be read at the moment: nothing can be saved."
    assert reader.get("/panels").status_code == 200
    assert sentence in unavailable(send_file(reader))
    assert sentence in unavailable(System(app, system.key).send(body=items(3)))
    ready = reader.get("/readyz")
    assert sentence in unavailable(ready)
    assert ready.json == {"status": "not ready", "reason": sentence}
    dispose(app)


def test_ready_while_others_write_but_not_while_the_lock_stays(
    client, short_limits, monkeypatch, caplog
):
    """A problem is logged when it begins and when it ends."""
    with lock_held():
        assert client.get("/readyz").status_code == 200  # it may be a long write
        monkeypatch.setattr(readiness, "PATIENCE", 0)
        for _ in range(3):
            assert "change has not finished" in unavailable(client.get("/readyz"))
    assert client.get("/readyz").status_code == 200
    logged = [record.message for record in caplog.records]
    assert len(logged) == 2, logged
    assert "lock" in logged[0]  # in the words of the database
    assert logged[1].startswith("Ready again. (request ")


def test_asking_for_readiness_costs_nothing(app, client):
    connections = []
    event = (db.engine, "checkout", lambda *_: connections.append(1))
    assert client.get("/readyz").status_code == 200
    sa.event.listen(*event)
    for _ in range(20):
        assert client.get("/readyz").status_code == 200
    sa.event.remove(*event)
    assert connections == []


def test_no_request_waits_for_the_attempt_of_another(app, client, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(readiness, "TRY_EVERY", 0)
    with lock_held():
        other = threading.Thread(target=app.test_client().get, args=["/readyz"])
        other.start()
        while not app.extensions["spv_probe"].lock.locked():
            time.sleep(0.001)
        assert client.get("/readyz").status_code == 200
        assert other.is_alive()
    other.join()


def test_no_transaction_is_open_while_a_file_is_sent(demonstration, monkeypatch):
    monkeypatch.setattr(search, "EXPORT_SLICE", 20)
    # This client reads an answer piece by piece.
    monkeypatch.setattr(demonstration, "test_client_class", FlaskClient)
    browser = browser_of(demonstration, demo.STAFF)
    reconnect()
    answer = browser.get("/panels/found.csv")
    pieces = 0
    for _ in answer.response:
        pieces += 1
        assert db.engine.pool.checkedout() == 0
    assert pieces > 10
    answer.close()


def test_a_request_that_comes_too_late_is_not_saved(demonstration):
    """A frozen server wakes up to requests that the proxy has answered with 504."""
    system = system_of(demonstration, acting(demo.VSP_ADMIN))
    long_ago = f"t={time.time() - database.ANSWER_WITHIN - 1:.3f}"
    answer = system.send(body=items(3), X_Request_Start=long_ago, Idempotency_Key="k0")
    assert "nothing was saved" in unavailable(answer)
    assert stored() == 0
    for number, start in enumerate([f"t={time.time():.3f}", "t=1", "x", "t=9" * 99]):
        body = items(3, start=1 + 3 * number)
        key = f"k{number}"
        sent = system.send(body=body, X_Request_Start=start, Idempotency_Key=key)
        assert sent.status_code == 201, (start, sent.text)


def test_a_missing_table_is_503_and_a_wrong_statement_is_not(app, client):
    db.session.execute(sa.text("ALTER TABLE stc_calculations RENAME TO away"))
    db.session.commit()
    unavailable(client.get("/stc/0000000000000000"))
    with pytest.raises(sa.exc.IntegrityError) as wrong:
        db.session.execute(sa.text("INSERT INTO audit_chains (name) VALUES ('x')"))
    assert database.trouble(wrong.value) == ""


def test_a_connection_lost_after_the_answer_was_made_does_not_spoil_it(
    app, client, monkeypatch
):
    """The server froze then, and the database ended the request's transaction."""
    monkeypatch.setitem(database.LIMITS, "idle_in_transaction_session_timeout", 100)
    reconnect()

    def freeze(_app, **_):
        db.session.execute(sa.text("SELECT 1"))
        time.sleep(0.3)

    with flask.request_finished.connected_to(freeze, app):
        assert client.get("/stc").status_code == 200
    assert client.get("/stc/0000000000000000").status_code == 404


def test_every_connection_is_in_use(database_url):
    pool = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1}
    app = make_app(database_url, SQLALCHEMY_ENGINE_OPTIONS=pool)
    with app.app_context():
        held = db.engine.connect()
    unavailable(app.test_client().get("/stc/0000000000000000"))
    unavailable(app.test_client().get("/readyz"))
    held.close()
    dispose(app)


def test_a_change_waits_for_one_lock_only(demonstration):
    """PostgreSQL counts `lock_timeout` for each lock, so a second wait would be longer.

    Then a transaction of a frozen server could get the lock next, and keep it as long.
    """
    if database.is_sqlite():
        return  # it has one writer
    browsers = [browser_of(demonstration, demo.VSP_USER) for _ in range(3)]
    reconnect()
    waiting = sa.text("SELECT locktype FROM pg_locks WHERE NOT granted")
    watcher = sa.create_engine(db.engine.url, isolation_level="AUTOCOMMIT")
    with watcher.connect() as connection:
        with lock_held():
            threads = [threading.Thread(target=send_file, args=(b,)) for b in browsers]
            for thread in threads:
                thread.start()
            found = []
            while len(found) < len(threads):
                found = connection.scalars(waiting).all()
            kinds = {*found}
        for thread in threads:
            thread.join()
    watcher.dispose()
    assert kinds == {"advisory", "transactionid"}
