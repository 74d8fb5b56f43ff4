"""Log lines without secrets: no keys that came in an address, no password links."""

import logging
import re

from flask import Flask

# They write addresses down: flask run, and the servers of the documents.
SERVERS = ("werkzeug", "waitress", "gunicorn.access", "gunicorn.error")
_QUERY = re.compile(r"""\?[^\s"']+""")
_LINK = re.compile(r"(?<=/)[\w-]{43,}")  # tokens have 43 characters


def init_app(app: Flask) -> None:
    """Clean every line of the app and of its servers, wherever it is written to."""
    for logger in (app.logger, *map(logging.getLogger, SERVERS)):
        if _clean not in logger.filters:
            logger.addFilter(_clean)


def _clean(record: logging.LogRecord) -> bool:
    """Take queries and tokens out of a line; every line is written."""
    message = _QUERY.sub("?…", record.getMessage())
    record.msg, record.args = _LINK.sub("…", message), ()
    return True
