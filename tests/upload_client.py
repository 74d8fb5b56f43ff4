"""The example client of the upload API in a process of its own, and what has come."""

import os
import subprocess
import sys

import sqlalchemy as sa

from spv.extensions import db
from spv.models import PanelSerial, Upload
from tests.proof import log_problems
from tests.server import ROOT

CLIENT = ROOT / "docs" / "examples" / "upload_csv.py"


def start(key, path, address, *options):
    """Begin to upload a file."""
    command = [sys.executable, CLIENT, path, "--url", address, *options]
    return subprocess.Popen(
        command, env=os.environ | {"SPV_KEY": key}, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    """The exit code of a client, and the last that it said."""
    said = process.communicate()[1].splitlines()
    return process.returncode, said[-1]


def run(*what):
    """Upload a file: the exit code, and the last that was said."""
    return finish(start(*what))


def written(path, data):
    """A file with some content."""
    path.write_bytes(data)
    return path


def uploads_of(prefix):
    """How many rows each upload has whose serial numbers begin so."""
    db.session.rollback()
    ours = PanelSerial.serial_number.startswith(prefix)
    query = sa.select(sa.func.count()).where(ours).group_by(PanelSerial.upload_id)
    return list(db.session.scalars(query.order_by(PanelSerial.upload_id)))


def uploads():
    """How many uploads there are, of whatever."""
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Upload))


def assert_proven():
    """The log and the ledger tell the same."""
    assert log_problems() == []
