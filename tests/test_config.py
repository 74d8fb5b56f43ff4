"""Settings: a demonstration needs none, production only starts if they are safe."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from dotenv import dotenv_values

from spv.config import OTHER_NAMES, SETTINGS, ConfigurationError, from_environment
from tests.server import ROOT, calculation_url, serve

SECRET = "a secret of production, long enough"
LOG_KEY = "wq2-7Yh!mC4_xR9zLk5sTp8vNb3dGf6j"
PRODUCTION = {
    "SPV_ENVIRONMENT": "production", "SECRET_KEY": SECRET, "SPV_LOG_KEY": LOG_KEY,
}  # fmt: skip


@pytest.fixture
def environment(monkeypatch):
    """No settings; a test sets those that it needs."""
    for name in (*SETTINGS, "FLASK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_demonstration_needs_nothing(environment, tmp_path):
    folder = tmp_path / "instance"
    settings = from_environment(str(folder))
    assert f"sqlite:///{folder}/spv.sqlite" == settings.SQLALCHEMY_DATABASE_URI
    assert folder.is_dir()
    assert settings.RATELIMIT_ENABLED
    assert not settings.SESSION_COOKIE_SECURE


def test_empty_settings_are_ignored(environment, tmp_path):
    for name in SETTINGS:
        environment.setenv(name, "")
    settings = from_environment(str(tmp_path))
    assert settings.SQLALCHEMY_DATABASE_URI.startswith("sqlite:///")
    assert settings.SECRET_KEY == "demonstration-only"


def test_the_example_file_has_the_defaults(environment, tmp_path):
    defaults = from_environment(str(tmp_path))
    for name, value in dotenv_values(ROOT / ".env.example").items():
        environment.setenv(name, value)
    assert from_environment(str(tmp_path)) == defaults


def test_production(environment, tmp_path):
    for name, value in PRODUCTION.items():
        environment.setenv(name, value)
    environment.setenv("DATABASE_URL", "postgresql+psycopg://localhost/spv")
    settings = from_environment(str(tmp_path / "instance"))
    assert settings.SESSION_COOKIE_SECURE
    assert not (tmp_path / "instance").exists()


def test_lists_are_separated_by_commas(environment, tmp_path):
    environment.setenv("SPV_HOSTS", "spv.example, WWW.spv.example,")
    environment.setenv("SECRET_KEY_FALLBACKS", f'one and only , "{SECRET}",')
    settings = from_environment(str(tmp_path))
    assert settings.SPV_HOSTS == ("spv.example", "www.spv.example")
    assert settings.SECRET_KEY_FALLBACKS == ("one and only", SECRET)


def test_a_database_beside_a_read_only_installation(environment, tmp_path):
    instance, folder = tmp_path / "instance", tmp_path / "var/lib/spv"
    environment.setenv("DATABASE_URL", f"sqlite:///{folder}/spv.sqlite")
    from_environment(str(instance))
    assert folder.is_dir()
    assert not instance.exists()
    environment.setenv("DATABASE_URL", "sqlite:///other/spv.sqlite")
    from_environment(str(instance))
    assert (instance / "other").is_dir()  # relative to instance/


def test_every_setting_is_documented():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    table = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?(\w+)=", example, re.M)) == SETTINGS.keys()
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == SETTINGS.keys()


def test_every_name_that_something_reads_is_known():
    """Otherwise the app would refuse to start."""
    places = ("tests/**/*.py", "bench/*.py", "docs/**/*.*", ".ci/*", "Makefile")
    files = [file for place in places for file in ROOT.glob(place) if file.is_file()]
    here = Path(__file__)
    texts = [f.read_bytes().decode("utf-8", "replace") for f in files if f != here]
    names = set(re.findall(r"\bSPV_[A-Z_]*[A-Z]\b", " ".join(texts)))
    assert names - SETTINGS.keys() == OTHER_NAMES


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY of its own, at least 32"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY of its own"),
        ({"SECRET_KEY": "demonstration-only"}, "SECRET_KEY of its own"),
        ({"SECRET_KEY": "x" * 32}, "one in SECRET_KEY repeats itself"),
        ({"SECRET_KEY": "changeme password secret example"}, "well-known words"),
        ({"SECRET_KEY": f"{SECRET} "}, "SECRET_KEY begins or ends with a space"),
        ({"SPV_LOG_KEY": ""}, "SPV_LOG_KEY of its own, at least 32"),
        ({"SPV_LOG_KEY": "x" * 32}, "one in SPV_LOG_KEY repeats itself"),
        ({"SPV_LOG_KEY": SECRET}, "SPV_LOG_KEY that is not its SECRET_KEY"),
        (
            {"SPV_LOG_KEY_FALLBACKS": f'"{SECRET}"'},
            "SPV_LOG_KEY that is not its SECRET_KEY",
        ),
        ({"SPV_LOG_KEY_FALLBACKS": "short"}, "SPV_LOG_KEY_FALLBACKS is sh"),
        ({"SECRET_KEY_FALLBACKS": "demonstration-only"}, "SECRET_KEY_FALLBACKS is sh"),
        ({"SECRET_KEY_FALLBACKS": f"{'7f' * 20}"}, "SECRET_KEY_FALLBACKS repeats"),
        ({"FLASK_DEBUG": "1"}, "does not run in debug mode"),
        ({"SPV_RATE_LIMITS": "off"}, "SPV_RATE_LIMITS=off"),
    ],
)
def test_what_production_refuses(environment, tmp_path, given, words):
    for name, value in (PRODUCTION | given).items():
        environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=words):
        from_environment(str(tmp_path))
    environment.setenv("SPV_ENVIRONMENT", "demo")
    from_environment(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SPV_PROXIES", "one", "SPV_PROXIES must be a number"),
        ("SPV_HSTS_SECONDS", "-1", "SPV_HSTS_SECONDS must be a number"),
        ("SPV_LOG_NAME", "a log", "SPV_LOG_NAME must be a name"),
        ("SPV_RATE_LIMITS", "maybe", "SPV_RATE_LIMITS must be on or off"),
        ("RATELIMIT_STORAGE_URI", "mongodb://x", "must begin with memory://, redis"),
        ("SPV_VISITOR_ROWS", "many", "SPV_VISITOR_ROWS must be a number"),
        ("SPV_ENVIRONMENT", "staging", "SPV_ENVIRONMENT must be demo or production"),
        ("SPV_HOSTS", "https://spv.example/", "SPV_HOSTS must be names of hosts"),
        ("SPV_HOSTS", "spv.example:8443", "SPV_HOSTS must be names of hosts"),
        ("SPV_HOSTS", "*", "SPV_HOSTS must be names of hosts"),
        ("SPV_HOSTS", ",", "SPV_HOSTS must be names of hosts"),
        ("DATABASE_URL", "postgres://x/y", "DATABASE_URL must begin with sqlite:///"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@h:x/d", "is not a complete URL"),
        ("DATABASE_URL", "postgresql+psycopg://h/d?foo=1", "options that do not exist"),
        ("DATABASE_URL", "sqlite:////tmp/x.sqlite?timeout=x", "is not a complete URL"),
        ("DATABASE_URL", "sqlite:///", "DATABASE_URL must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL must name a file"),
        ("DATABASE_URL", "sqlite:////proc/spv/spv.sqlite", "cannot be written"),
        ("DATABASE_URL", "sqlite:////etc/passwd/spv.sqlite", "cannot be written"),
        ("DATABASE_URL", "sqlite:////tmp", "cannot be written"),
        ("RATELIMIT_STORAGE_URI", "redis://h:99999/0", "is not a complete URL.$"),
        ("RATELIMIT_STORAGE_URI", "redis://h/x", "is not a complete URL.$"),
        ("RATELIMIT_STORAGE_URI", "redis://h?socket_timeout=x", "not a complete URL.$"),
        ("RATELIMIT_STORAGE_URI", "redis://h/0?foo=1", "is not a complete URL.$"),
        ("SECRET_KEY", "\udcff" * 40, "SECRET_KEY must be UTF-8 text.$"),
        ("SPV_PROXIES", "1" * 5_000, "SPV_PROXIES must be a number, such as 1.$"),
        ("SPV_DAYS_API_REQUESTS", "1" * 5_000, "must be a number of days"),
        ("SPV_MINUTES_STAFF_IDLE", "1" * 5_000, "must be a number of minutes"),
        ("SPV_ENVIROMENT", "production", "setting. Did you mean SPV_ENVIRONMENT.$"),
        ("spv_environment", "production", "setting. Did you mean SPV_ENVIRONMENT.$"),
        ("SPVHOSTS", "x", "SPVHOSTS is not a setting. Did you mean SPV_HOSTS.$"),
        ("DATABASE_URI", "x", "not a setting. Did you mean DATABASE_URL.$"),
        ("RATELIMIT_STORAGE_URL", "x", "Did you mean RATELIMIT_STORAGE_URI.$"),
        ("SECRET_KEY_FALLBACK", "x", "Did you mean SECRET_KEY_FALLBACKS.$"),
        ("SPV_XYZ", "", "SPV_XYZ is not a setting.$"),
    ],
)
def test_wrong_settings(environment, tmp_path, name, value, words):
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=words) as error:
        from_environment(str(tmp_path))
    assert "\n" not in str(error.value)


def test_keys_are_kept_as_long_as_their_requests(environment, tmp_path):
    environment.setenv("SPV_DAYS_IDEMPOTENCY", "7")
    environment.setenv("SPV_DAYS_API_REQUESTS", "2")
    with pytest.raises(ConfigurationError, match="at least SPV_DAYS_IDEMPOTENCY"):
        from_environment(str(tmp_path))


def test_names_of_other_programs_are_ignored(environment, tmp_path):
    for name in ("ENVIRONMENT", "ENV", "SPVX", "PROXIES", "VHOSTS", *OTHER_NAMES):
        environment.setenv(name, "1")
    from_environment(str(tmp_path))


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ({"SECRET_KEY": ""}, (), "Production needs a SECRET_KEY of its own"),
        ({}, ("--debug",), "Production does not run in debug mode"),
    ],
)
def test_production_says_in_one_line_why_it_does_not_start(given, options, words):
    ran = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *options, "routes"],
        env=os.environ | PRODUCTION | given,
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 4  # on which gunicorn gives up
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"spv does not start. {words}")


def test_every_server_reads_the_env_file(tmp_path):
    """Not only the flask command, which reads it by itself."""
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / ".env").write_text(
        f"SPV_ENVIRONMENT=production\nSECRET_KEY='{SECRET}'\nSPV_LOG_KEY='{LOG_KEY}'\n"
        f"DATABASE_URL=sqlite:///{tmp_path}/spv.sqlite\n"
    )
    code = "import app; print(app.app.config['SPV_ENVIRONMENT'])"
    without = {name: v for name, v in os.environ.items() if not name.startswith("SPV_")}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, check=True,
        env=without | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}, capture_output=True,
    )  # fmt: skip
    assert ran.stdout == "production\n"


def test_headers_of_a_proxy_arrive_through_the_server(sqlite_url):
    with serve(sqlite_url, SPV_PROXIES="1") as (address, _process):
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "spv.example"}
        request = urllib.request.Request(calculation_url(address), headers=headers)
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["resultUrl"].startswith("https://spv.example/")
