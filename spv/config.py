"""Settings: a demonstration by default; production refuses to be half set."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environs import Env

DEMONSTRATION_KEY = "demonstration-only"
STORAGES = ("memory://", "redis://", "rediss://")
ENDLESS = 10**9  # rows a day; no machine saves more
DATABASES = ("sqlite:///", "postgresql+psycopg://")


class ConfigurationError(RuntimeError):
    """A setting that spv will not start with; the message is one clear line."""


@dataclass(kw_only=True)
class Config:
    """What Flask reads. Sizes in bytes, ages in seconds."""

    SQLALCHEMY_DATABASE_URI: str
    SECRET_KEY: str = DEMONSTRATION_KEY
    SPV_ENVIRONMENT: str = "demo"
    # How many reverse proxies stand before the app, whose headers are then believed.
    SPV_PROXIES: int = 0
    RATELIMIT_ENABLED: bool = True
    # How many rows visitors may save in a day: from one network, and all of them. A
    # row takes a kilobyte. Beyond the second, single calculations are still saved.
    SPV_VISITOR_ROWS: int = 50_000
    SPV_VISITOR_ROWS_IN_ALL: int = 500_000
    SESSION_COOKIE_SECURE: bool = False
    TESTING: bool = False

    # A connection that the database has closed is replaced, not answered with a 500.
    SQLALCHEMY_ENGINE_OPTIONS: dict[str, bool] = field(
        default_factory=lambda: {"pool_pre_ping": True}
    )
    # Where requests are counted: in the memory of this process, or for several
    # processes together. While that is away, each process counts for itself.
    RATELIMIT_STORAGE_URI: str = "memory://"
    RATELIMIT_STORAGE_OPTIONS: dict[str, Any] = field(
        default_factory=lambda: {
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            "wrap_exceptions": True,
        }
    )
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED: bool = True
    RATELIMIT_HEADERS_ENABLED: bool = True
    SESSION_COOKIE_HTTPONLY: bool = True
    SESSION_COOKIE_SAMESITE: str = "Lax"
    # A page may stay open all day; the token ends with the session.
    WTF_CSRF_TIME_LIMIT: None = None
    MAX_CONTENT_LENGTH: int = 5_010_000  # a file of 5 MB, and the form around it
    # A field of a megabyte gets its sentence (422), like any other wrong answer.
    MAX_FORM_MEMORY_SIZE: int = 2_000_000
    # Addresses of static files change with their content.
    SEND_FILE_MAX_AGE_DEFAULT: int = 31_536_000


def from_environment(instance_path: str) -> Config:
    """The settings of this process; ConfigurationError if they are not complete."""
    env = Env()
    folder = Path(instance_path)
    url = env.str("DATABASE_URL", "") or f"sqlite:///{folder / 'spv.sqlite'}"
    if not url.startswith(DATABASES):
        raise ConfigurationError(
            f"DATABASE_URL must begin with {' or '.join(DATABASES)}."
        )
    if url.startswith("sqlite"):
        folder.mkdir(parents=True, exist_ok=True)
    settings = Config(
        SQLALCHEMY_DATABASE_URI=url,
        SECRET_KEY=env.str("SECRET_KEY", "") or DEMONSTRATION_KEY,
        SPV_ENVIRONMENT=env.str("SPV_ENVIRONMENT", "") or "demo",
        SPV_PROXIES=_number(env.str("SPV_PROXIES", "") or "0"),
        RATELIMIT_STORAGE_URI=_storage(env.str("RATELIMIT_STORAGE_URI", "")),
        RATELIMIT_ENABLED=_on(env.str("SPV_RATE_LIMITS", "") or "on"),
    )
    for name in ("SPV_VISITOR_ROWS", "SPV_VISITOR_ROWS_IN_ALL"):
        default = getattr(settings, name) if settings.RATELIMIT_ENABLED else ENDLESS
        setattr(settings, name, _number(env.str(name, "") or str(default), name))
    settings.SESSION_COOKIE_SECURE = settings.SPV_ENVIRONMENT == "production"
    _check(settings)
    return settings


def _number(text: str, name: str = "SPV_PROXIES") -> int:
    if not text.isdecimal():
        raise ConfigurationError(f"{name} must be a number, such as 1.")
    return int(text)


def _storage(url: str) -> str:
    """Return where requests are counted. Valkey is spoken to as Redis is."""
    found = (url or "memory://").replace("valkey", "redis", 1)
    if not found.startswith(STORAGES):
        known = ", ".join((*STORAGES[:-1], "valkey://"))
        raise ConfigurationError(
            f"RATELIMIT_STORAGE_URI must begin with {known} or {STORAGES[-1]}."
        )
    return found


def _on(text: str) -> bool:
    if text not in ("on", "off"):
        raise ConfigurationError("SPV_RATE_LIMITS must be on or off.")
    return text == "on"


def _check(settings: Config) -> None:
    if settings.SPV_ENVIRONMENT not in ("demo", "production"):
        raise ConfigurationError("SPV_ENVIRONMENT must be demo or production.")
    if settings.SPV_ENVIRONMENT == "demo":
        return
    if settings.SECRET_KEY == DEMONSTRATION_KEY or len(settings.SECRET_KEY) < 32:
        raise ConfigurationError(
            "Production needs a SECRET_KEY of its own, at least 32 characters long."
        )
    if not settings.RATELIMIT_ENABLED:
        raise ConfigurationError("Production does not run with SPV_RATE_LIMITS=off.")
