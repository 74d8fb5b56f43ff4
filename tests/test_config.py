"""Settings: a demonstration starts as it is, production only when it is complete."""

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from dotenv import dotenv_values

from spv.config import ConfigurationError, from_environment
from tests.examples import GOOD_SOLAR
from tests.server import ROOT, serve

SECRET = "a secret of production, long enough"


@pytest.fixture
def environment(monkeypatch):
    for name in (
        "DATABASE_URL",
        "SECRET_KEY",
        "SPV_ENVIRONMENT",
        "SPV_RATE_LIMITS",
        "SPV_PROXIES",
        "RATELIMIT_STORAGE_URI",
        "SPV_VISITOR_ROWS",
        "SPV_VISITOR_ROWS_IN_ALL",
    ):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_demonstration_needs_nothing(environment, tmp_path):
    folder = tmp_path / "instance"
    settings = from_environment(str(folder))
    assert f"sqlite:///{folder}/spv.sqlite" == settings.SQLALCHEMY_DATABASE_URI
    assert folder.is_dir()
    assert settings.RATELIMIT_ENABLED
    assert not settings.SESSION_COOKIE_SECURE


def test_settings_that_are_empty_are_not_set(environment, tmp_path):
    for name in ("DATABASE_URL", "SECRET_KEY", "SPV_ENVIRONMENT", "SPV_PROXIES"):
        environment.setenv(name, "")
    settings = from_environment(str(tmp_path))
    assert settings.SQLALCHEMY_DATABASE_URI.startswith("sqlite:///")
    assert settings.SECRET_KEY == "demonstration-only"


def test_the_example_of_settings_is_what_it_is_without(environment, tmp_path):
    without = from_environment(str(tmp_path))
    example = dotenv_values(Path(__file__).parents[1] / ".env.example")
    for name, value in example.items():
        environment.setenv(name, value)
    assert from_environment(str(tmp_path)) == without


def test_production(environment, tmp_path):
    environment.setenv("SPV_ENVIRONMENT", "production")
    environment.setenv("SECRET_KEY", SECRET)
    environment.setenv("DATABASE_URL", "postgresql+psycopg://localhost/spv")
    settings = from_environment(str(tmp_path / "instance"))
    assert settings.SESSION_COOKIE_SECURE
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SPV_ENVIRONMENT": "production"}, "SECRET_KEY of its own"),
        ({"SPV_ENVIRONMENT": "production", "SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SPV_ENVIRONMENT": "production", "SECRET_KEY": "demonstration-only"}, "own"),
        (
            {"SPV_ENVIRONMENT": "production", "SECRET_KEY": SECRET,
             "SPV_RATE_LIMITS": "off"},
            "SPV_RATE_LIMITS=off",
        ),
        ({"SPV_PROXIES": "one"}, "SPV_PROXIES must be a number"),
        ({"RATELIMIT_STORAGE_URI": "mongodb://x"}, "must begin with memory://, redis"),
        ({"SPV_VISITOR_ROWS": "many"}, "SPV_VISITOR_ROWS must be a number"),
        ({"SPV_RATE_LIMITS": "maybe"}, "SPV_RATE_LIMITS must be on or off"),
        ({"DATABASE_URL": "postgres://x/y"}, "DATABASE_URL must begin with sqlite:///"),
        ({"SPV_ENVIRONMENT": "staging"}, "must be demo or production"),
    ],
)  # fmt: skip
def test_what_it_refuses_to_start_with(environment, tmp_path, given, words):
    for name, value in given.items():
        environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=words):
        from_environment(str(tmp_path))


def test_production_without_secrets_says_so_in_one_line():
    ran = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "routes"],
        env=os.environ | {"SPV_ENVIRONMENT": "production", "SECRET_KEY": ""},
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    (line,) = ran.stderr.splitlines()
    assert line.startswith("spv does not start. Production needs a SECRET_KEY of its")


def test_every_server_reads_the_file_of_settings(tmp_path):
    """Not only flask, which reads it by itself."""
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / ".env").write_text(
        f"SPV_ENVIRONMENT=production\nSECRET_KEY='{SECRET}'\n"
    )
    code = "import app; print(app.app.config['SPV_ENVIRONMENT'])"
    without = {name: v for name, v in os.environ.items() if not name.startswith("SPV_")}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, check=True,
        env=without | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}, capture_output=True,
    )  # fmt: skip
    assert ran.stdout == "production\n"


def test_what_a_proxy_says_arrives_through_the_server(sqlite_url):
    with serve(sqlite_url, SPV_PROXIES="1") as (address, _process):
        query = urllib.parse.urlencode(GOOD_SOLAR)
        request = urllib.request.Request(
            f"{address}/api/stc/v1/calculation?{query}",
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "spv.example"},
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["resultUrl"].startswith("https://spv.example/")
