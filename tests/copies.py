"""Copies of a database, which can be put back."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from spv.extensions import db

GUARDS = ("audit_events_UPDATE", "audit_events_DELETE")


class SqliteCopies:
    """Copies of a SQLite database in files, which can be put back."""

    def __init__(self, url, folder):
        self.path, self.folder, self.count = sa.make_url(url).database, folder, 0

    def take(self):
        """Copy the database; return what `put_back` takes."""
        self.count += 1
        copy = Path(self.folder, f"copy-{self.count}.sqlite")
        _copy(self.path, copy)
        return copy

    def put_back(self, copy):
        """Make the database what it was when the copy was taken."""
        _copy(copy, self.path)

    def unguarded(self):
        """Return an engine that nothing stops: no trigger, and no foreign key."""
        engine = sa.create_engine(f"sqlite:///{self.path}", poolclass=sa.NullPool)

        @sa.event.listens_for(engine, "connect")
        def _remove_guards(connection, _record):
            for name in GUARDS:
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")

        return engine


def _copy(source, target):
    with (
        contextlib.closing(sqlite3.connect(source)) as one,
        contextlib.closing(sqlite3.connect(target)) as two,
    ):
        one.backup(two)


class PostgresCopies:
    """Copies of a PostgreSQL database as statements, which put it back."""

    def __init__(self, database):
        self.database = database

    def take(self):
        """Copy the database; return what `put_back` takes."""
        return self.database.script_of_rows()

    def put_back(self, copy):
        """Make the database what it was when the copy was taken."""
        self.database.connection.execute(copy)

    def unguarded(self):
        """Return an engine that nothing stops: no trigger, and no foreign key."""
        options = {"options": "-c session_replication_role=replica"}
        return sa.create_engine(
            self.database.url, poolclass=sa.NullPool, connect_args=options
        )


@pytest.fixture
def copies(request, app, database_url, tmp_path_factory):
    """Copies of the database of a test."""
    if db.engine.dialect.name == "sqlite":
        return SqliteCopies(database_url, tmp_path_factory.mktemp("copies"))
    return PostgresCopies(request.getfixturevalue("postgres_database"))


@pytest.fixture(scope="session")
def made():
    """What `made_once` has made in this worker."""
    return {}


@pytest.fixture
def made_once(request, copies, made, database_url):
    """A function that makes rows for the first of its tests, and then puts them back.

    It is given a function that belongs to one fixture, and returns what that returned.
    """

    def make(function):
        people = "demonstration" in request.fixturenames
        key = database_url, people, function.__module__, function.__qualname__
        if key in made:
            db.session.rollback()
            copies.put_back(made[key][1])
        else:
            result = function()
            db.session.rollback()
            made[key] = result, copies.take()
        return made[key][0]

    return make
