"""The Flask extensions, which `create_app` binds, and the base of all tables."""

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, g, request
from flask_htmx import HTMX
from flask_limiter import Limiter
from flask_login import current_user
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import JSON, DateTime, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

from spv.rules.text import network_of

LONGEST_TOKEN = 300  # characters
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. Raises ValueError if it has no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """Convert a moment to UTC; without the zone for SQLite, which stores none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Any) -> Any:
        """Return a stored moment in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables. Migrations need fixed names for constraints."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime, list[str]: JSON, dict[str, Any]: JSON
        },
    )  # fmt: skip


class Csrf(CSRFProtect):  # type: ignore[misc]
    """CSRF protection that refuses a forged token instead of failing on it.

    The secret of a demonstration is known, so a signed token can hold anything.
    """

    def protect(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a form whose token is missing, wrong, or not a token at all."""
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        try:
            super().protect(*args, **kwargs)
        except TypeError:
            self._error_response("The CSRF token is invalid.")

    def _get_csrf_token(self) -> str | None:
        token = super()._get_csrf_token()
        # A longer token is not ours, and might unpack to a thousand times its length.
        return token if token and len(token) <= LONGEST_TOKEN else None


db = SQLAlchemy(model_class=Base)
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Index the rows that meet a condition; a name with `uq_` makes it unique."""
    some, unique = text(where), name.startswith("uq_")
    return Index(name, *columns, unique=unique,
                 sqlite_where=some, postgresql_where=some)  # fmt: skip


migrate = Migrate(directory=str(Path(__file__).parents[1] / "migrations"))
csrf = Csrf()
htmx = HTMX()


def network() -> str:
    """Return the network that this request comes from."""
    return network_of(request.remote_addr or "127.0.0.1")


def request_id() -> str:
    """Return the id of this request, from a reverse proxy or random."""
    if "request_id" not in g:
        sent = request.headers.get("X-Request-Id", "")
        is_id = REQUEST_ID.fullmatch(sent)
        is_kept = is_id and current_app.config["SPV_PROXIES"]
        g.request_id = sent if is_kept else secrets.token_hex(8)
    return str(g.request_id)


def _user_or_network() -> str:
    """Return the user whose requests a limit counts; for a visitor, the network."""
    # Many users may share a network, such as a class. The APIs do not read cookies.
    if not request.path.startswith("/api/") and current_user.is_authenticated:
        return f"user {current_user.person.user_id}"
    return network()


limiter = Limiter(key_func=_user_or_network)


def secret_keys() -> list[str]:
    """Return every valid secret, the current one last, as itsdangerous wants it."""
    config = current_app.config
    return [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]]
