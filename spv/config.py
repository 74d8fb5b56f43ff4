"""Settings: a demonstration by default; production starts only if it is safe."""

import csv
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from flask.helpers import get_debug_flag
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from spv.rules.secrets import SHORTEST, weakness

SECRETS = ("SECRET_KEY", "SPV_LOG_KEY")
QUOTAS = ("SPV_VISITOR_ROWS", "SPV_VISITOR_ROWS_IN_ALL")
FILES = ("spv.sqlite", "checkpoints.txt")  # in the instance folder
LONGEST = 36_500  # days
LONGEST_SESSION = 720  # minutes, whatever its user does
ENDLESS = 10**9  # rows a day: more than any server can save
DATABASES = ("sqlite:///", "postgresql+psycopg://")
# Names that are not settings: tests, benchmarks and examples read them.
OTHER_NAMES = {
    "SPV_BENCH_PANELS", "SPV_BROWSER", "SPV_KEY", "SPV_TEST_DATABASE_URL",
    "SPV_REQUIRE_BROWSER", "SPV_REQUIRE_LIBREOFFICE", "SPV_REQUIRE_POSTGRES",
}  # fmt: skip
LEAST_LIKENESS = 0.9  # from 0 to 1: of a misspelt name to the one that is meant
_LOG_NAME = re.compile(r"[A-Za-z0-9._/-]{1,100}")
_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)


class ConfigurationError(RuntimeError):
    """A setting with which spv does not start; the message is one line."""


def _number(text: str) -> int:
    if (number := _whole(text)) < 0:
        raise ValueError("must be a number, such as 1.")
    return number


def _whole(text: str) -> int:
    """Read a whole number; -1 if it is not one, or has more than 12 digits."""
    return int(text) if text.isdecimal() and len(text) <= 12 else -1


def _span(text: str, unit: str, most: int, example: int) -> int:
    if not 1 <= _whole(text) <= most:
        raise ValueError(f"must be a number of {unit}, such as {example}.")
    return int(text)


_days = partial(_span, unit="days", most=LONGEST, example=1)
_minutes = partial(_span, unit="minutes", most=LONGEST_SESSION, example=15)


def _environment(text: str) -> str:
    if text not in ("demo", "production"):
        raise ValueError("must be demo or production.")
    return text


def _products(text: str) -> str:
    if text not in ("warn", "refuse"):
        raise ValueError("must be warn or refuse.")
    return text


def _on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("must be on or off.")
    return text == "on"


def _list(text: str) -> tuple[str, ...]:
    """Read values separated by commas; quotation marks protect a comma in a value."""
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    return tuple(value.strip() for line in lines for value in line if value.strip())


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in _list(text))
    if not hosts or not all(map(_HOST.fullmatch, hosts)):
        names = "names of hosts without a port, such as spv.agency.example"
        raise ValueError(f"must be {names}, separated by commas.")
    return hosts


def _storage(url: str) -> str:
    """Read where requests are counted. Valkey has the protocol of Redis."""
    found = url.replace("valkey", "redis", 1)
    if not found.startswith(("memory://", "redis://", "rediss://")):
        raise ValueError("must begin with memory://, redis://, valkey:// or rediss://.")
    try:
        int(urlsplit(found).path.strip("/") or 0)  # the number of the database
        if found.startswith("redis"):
            redis.ConnectionPool.from_url(found).make_connection()  # not opened
    except (ValueError, TypeError):
        raise ValueError("is not a complete URL.") from None
    return found


def _log_name(text: str) -> str:
    if not _LOG_NAME.fullmatch(text):
        raise ValueError("must be a name such as spv.agency.example.")
    return text


def _setting(default: Any, read: Callable[[str], Any] = str, name: str = "") -> Any:
    """Make a field that is read from the environment, by default under its own name.

    `read` turns the text into the value. It raises ValueError with the end of a
    sentence that begins with the name.
    """
    return field(default=default, metadata={"read": read, "name": name})


@dataclass(kw_only=True)
class Config:
    """The configuration of Flask. Sizes are in bytes, times in seconds."""

    SQLALCHEMY_DATABASE_URI: str = _setting(MISSING, name="DATABASE_URL")
    SECRET_KEY: str = _setting("demonstration-only")
    # Earlier secrets: values that they signed or encrypted are still valid.
    SECRET_KEY_FALLBACKS: tuple[str, ...] = _setting((), _list)
    # Seals the events of the audit log, and signs its checkpoints. Events that earlier
    # secrets sealed are still valid.
    SPV_LOG_KEY: str = _setting("demonstration-only")
    SPV_LOG_KEY_FALLBACKS: tuple[str, ...] = _setting((), _list)
    # The name of the log in its checkpoints. No other log should have the same name.
    SPV_LOG_NAME: str = _setting("spv", _log_name)
    # The file to which checkpoints are added.
    SPV_CHECKPOINTS: str = _setting("")
    SPV_ENVIRONMENT: str = _setting("demo", _environment)
    # The hosts that the app answers to; if empty, all hosts.
    SPV_HOSTS: tuple[str, ...] = _setting((), _hosts)
    # The number of reverse proxies before the app, whose headers are then trusted.
    SPV_PROXIES: int = _setting(0, _number)
    SPV_HSTS_SECONDS: int = _setting(31_536_000, _number)
    RATELIMIT_ENABLED: bool = _setting(True, _on_or_off, name="SPV_RATE_LIMITS")
    # The rows that visitors may save in a day, from one network and in all. A row takes
    # a kilobyte. Beyond the second limit, single calculations are still saved.
    SPV_VISITOR_ROWS: int = _setting(50_000, _number)
    SPV_VISITOR_ROWS_IN_ALL: int = _setting(500_000, _number)
    # Whether a product that is not approved is a warning or an error.
    SPV_PRODUCTS: str = _setting("warn", _products)
    # How many days data is kept before the nightly job deletes it.
    SPV_DAYS_REFUSED_FILES: int = _setting(1, _days)
    SPV_DAYS_REFUSAL_REPORTS: int = _setting(30, _days)
    SPV_DAYS_BATCH_DOCUMENTS: int = _setting(1, _days)
    SPV_DAYS_IDEMPOTENCY: int = _setting(1, _days)
    SPV_DAYS_API_REQUESTS: int = _setting(30, _days)
    SPV_DAYS_SESSIONS: int = _setting(1, _days)
    SPV_DAYS_SIGN_IN_COUNTERS: int = _setting(1, _days)
    SPV_DAYS_BROWSERS: int = _setting(365, _days)
    SPV_DAYS_VERIFICATIONS: int = _setting(365, _days)
    # How long a session of agency staff lasts without a request.
    SPV_MINUTES_STAFF_IDLE: int = _setting(15, _minutes)
    # How people reach the agency. A demonstration says that there is no agency.
    SPV_AGENCY_CONTACT: str = _setting("")
    SESSION_COOKIE_SECURE: bool = False
    TESTING: bool = False

    # `pool_pre_ping` replaces connections that the database has closed.
    SQLALCHEMY_ENGINE_OPTIONS: dict[str, int] = field(
        default_factory=lambda: {"pool_pre_ping": True, "pool_timeout": 10}
    )
    # Requests are counted in the memory of this process, or in a storage for several
    # processes. While that storage is down, each process counts for itself.
    RATELIMIT_STORAGE_URI: str = _setting("memory://", _storage)
    RATELIMIT_STORAGE_OPTIONS: dict[str, Any] = field(
        default_factory=lambda: {
            "socket_connect_timeout": 0.5, "socket_timeout": 0.5,
            "wrap_exceptions": True,
        }
    )  # fmt: skip
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED: bool = True
    RATELIMIT_HEADERS_ENABLED: bool = True
    SESSION_COOKIE_HTTPONLY: bool = True
    SESSION_COOKIE_SAMESITE: str = "Lax"
    # A page may stay open all day: its token is valid as long as the session.
    WTF_CSRF_TIME_LIMIT: None = None
    MAX_CONTENT_LENGTH: int = 5_010_000  # a file of 5 MB, and its form
    # A field of a megabyte gets an error beside it (422), like any other wrong answer.
    MAX_FORM_MEMORY_SIZE: int = 2_000_000


# The name of each setting in the environment, and its field.
SETTINGS: dict[str, Field[Any]] = {
    each.metadata["name"] or each.name: each
    for each in fields(Config)
    if "read" in each.metadata
}


def from_environment(instance_path: str) -> Config:
    """Return the settings of this process; ConfigurationError if one is wrong."""
    _refuse_unknown_names()
    given: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if text := os.environ.get(name):
            try:
                text.encode()  # the bytes of the environment may be anything
                given[setting.name] = setting.metadata["read"](text)
            except UnicodeError:
                raise ConfigurationError(f"{name} must be UTF-8 text.") from None
            except ValueError as wrong:
                raise ConfigurationError(f"{name} {wrong}") from None
    database, checkpoints = (Path(instance_path, name) for name in FILES)
    defaults: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}",
        "SPV_CHECKPOINTS": str(checkpoints),
    }
    if given.get("RATELIMIT_ENABLED") is False:
        defaults |= dict.fromkeys(QUOTAS, ENDLESS)
    settings = Config(**defaults | given)
    settings.SESSION_COOKIE_SECURE = settings.SPV_ENVIRONMENT == "production"
    url = settings.SQLALCHEMY_DATABASE_URI
    if settings.SPV_DAYS_API_REQUESTS < settings.SPV_DAYS_IDEMPOTENCY:
        raise ConfigurationError(
            "SPV_DAYS_API_REQUESTS must be at least SPV_DAYS_IDEMPOTENCY: requests are "
            "deleted with their keys."
        )
    if problem := _risk(settings) or _prepare(url, instance_path):
        raise ConfigurationError(problem)
    return settings


def _refuse_unknown_names() -> None:
    """Refuse a misspelt name, which may be meant to be SPV_ENVIRONMENT."""
    for name in sorted(os.environ.keys() - SETTINGS.keys() - OTHER_NAMES):
        meant = get_close_matches(name.upper(), SETTINGS, 1, LEAST_LIKENESS)
        if name.upper().startswith("SPV_") or meant:
            hint = f" Did you mean {meant[0]}?" if meant else ""
            raise ConfigurationError(f"{name} is not a setting.{hint}")


def _risk(settings: Config) -> str:
    """Return the setting that production refuses, as a sentence; "" if none."""
    if settings.SPV_ENVIRONMENT != "production":
        return ""
    if get_debug_flag():
        return "Production does not run in debug mode, with FLASK_DEBUG or --debug."
    if not settings.RATELIMIT_ENABLED:
        return "Production does not run with SPV_RATE_LIMITS=off."
    return _risk_of_secrets(settings)


def _risk_of_secrets(settings: Config) -> str:
    """Return the secret that production refuses, as a sentence; "" if none."""
    for name in SECRETS:
        secret, earlier = getattr(settings, name), f"{name}_FALLBACKS"
        if len(secret) < SHORTEST:
            length = f"at least {SHORTEST} characters long"
            return f"Production needs a {name} of its own, {length}."
        named = [(each, earlier) for each in getattr(settings, earlier)]
        for each, place in [*named, (secret, name)]:
            if wrong := weakness(each):
                need = "Production needs secrets that nobody can guess"
                return f"{need}, and one in {place} {wrong}."
    of_log = {*settings.SPV_LOG_KEY_FALLBACKS, settings.SPV_LOG_KEY}
    others = {*settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY}
    if {*map(str.lower, of_log)} & {*map(str.lower, others)}:
        return "Production needs a SPV_LOG_KEY that is not its SECRET_KEY."
    return ""


def _prepare(url: str, instance_path: str) -> str:
    """Make the folder of an SQLite file; say why the database cannot be used, or ""."""
    if not url.startswith(DATABASES):
        return f"DATABASE_URL must begin with {' or '.join(DATABASES)}."
    try:
        address = make_url(url)
        _, options = address.get_dialect()().create_connect_args(address)
        if not url.startswith("sqlite"):
            make_conninfo(**options)
            return ""
    except (ArgumentError, ValueError, TypeError, ProgrammingError):
        return "DATABASE_URL is not a complete URL, or has options that do not exist."
    database = address.database or ""
    file = Path(instance_path, database)  # as Flask-SQLAlchemy finds it
    if not database or database.startswith((":", "file:")):
        example = "sqlite:////var/lib/spv/spv.sqlite"
        return f"DATABASE_URL must name a file, such as {example}."
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        paths = [path for path in (file.parent, file) if path.exists()]
        if all(os.access(path, os.W_OK) for path in paths) and not file.is_dir():
            return ""
    owner = "The file and its folder must belong to the user who runs spv."
    return f"DATABASE_URL: {file} cannot be written. {owner}"
