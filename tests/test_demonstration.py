"""Demonstrations and production: commands, and what production refuses."""

import contextvars

import pytest
import sqlalchemy as sa

from spv import demo
from spv.config import ConfigurationError
from spv.extensions import db
from spv.models import AccountApplication, Upload, User
from spv.rules.errors import ValidationError
from spv.services.stc import calculations
from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.people import KIM, NEW_PASSWORD, PASSWORD, WEB, browser_of, events
from tests.proof import log_problems

# With those of the newest files.
PAST_ROWS, PAST_UPLOADS = 22_766, 214
PRODUCTION = {
    "SPV_ENVIRONMENT": "production",
    "SECRET_KEY": "a secret of production, long enough",
    "SPV_LOG_KEY": "a log key of production, long enough",
}


@pytest.fixture
def run(app):
    """Run a command; return its exit code and output."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=words)
        db.session.rollback()
        return result.exit_code, result.output

    return run


def test_demo_load_prints_the_sign_ins_and_uploads_more_panels_each_time(app, run):
    """Each file is uploaded as by a user, with its own event."""
    code, output = run("demo", "load")
    assert code == 0
    assert "all with password demonstration-only" in output
    assert [line.split()[0] for line in output.splitlines()[1:]] == list(demo.SIGN_INS)
    before = events()
    assert run("demo", "load") == (0, output)
    assert events() == before
    for email in demo.SIGN_INS:
        answer = browser_of(app, email).get("/", follow_redirects=True)
        assert answer.status_code == 200
    for total in (2500, 5000):
        code, output = run("demo", "load", "--panels", "2500")
        assert (code, output.splitlines()[-1]) == (0, "2,500 panels")
        code, output = run("audit", "verify")
        assert code == 0
        rows, uploads = total + PAST_ROWS, total // 2500 * 3 + PAST_UPLOADS
        assert f" {uploads} uploads, {rows:,} rows, 46 invalidations" in output
    assert run("demo", "load", "--panels", "0")[0] == 2


@pytest.mark.long
def test_demo_reset_empties_everything_and_loads_anew(app, run, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "SPV_CHECKPOINTS", str(tmp_path / "checkpoints"))
    calculations.save(GOOD_SOLAR, WEB)
    run("demo", "load")  # without a past, as the log has begun already
    assert db.session.query(Upload).count() == 5
    app.test_client().post("/sign-up", data=KIM)
    assert run("audit", "checkpoint")[0] == 0  # which the new log does not continue
    assert run("demo", "reset") == (
        0,
        "Everything was removed, and the demonstration loaded again.\n",
    )
    emails = set(db.session.scalars(sa.select(User.email)))
    assert demo.SIGN_INS.keys() < emails
    assert KIM["email"] not in emails
    code, output = run("audit", "verify")
    assert (code, f" {PAST_ROWS:,} rows" in output) == (0, True)
    assert run("audit", "checkpoint")[0] == 0


def test_real_people_are_never_lost_to_a_demonstration(app, run):
    """The default environment is a demonstration, and the setting may be forgotten."""
    app.test_client().post("/sign-up", data=KIM)
    for command in ("load", "reset"):
        code, output = run("demo", command)
        assert code == 1
        assert "users, but none of the demonstration. Nothing was done" in output
    assert [user.email for user in db.session.query(User)] == [KIM["email"]]


def test_demonstration_users_cannot_sign_in_in_production(demonstration):
    """Production may start before it can reach its database."""
    client = demonstration.test_client()
    form = {"email": demo.STAFF, "password": demo.PASSWORD}
    demonstration.config["SPV_ENVIRONMENT"] = "production"
    assert client.post("/sign-in", data=form).status_code == 422
    demonstration.config["SPV_ENVIRONMENT"] = "demo"
    assert client.post("/sign-in", data=form).status_code == 303


def test_commands_say_that_the_schema_is_missing(tmp_path):
    app = make_app(f"sqlite:///{tmp_path}/empty.sqlite")
    commands = {"audit verify": 2, "demo load": 1, "create-staff a@x.au": 1}
    for words, exit_code in commands.items():
        result = app.test_cli_runner().invoke(args=words.split())
        assert result.exit_code == exit_code
        assert result.output.startswith("Error: The schema is at None, and should be")
    dispose(app)


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["x" * 120 + "@x.au"], "Error: Shorten the full name"),
        (["a@x.au", "--name", "x\u202ey"], "Error: Type the full name again"),
        (["a@x.au", "--name", "x" * 150], "Error: Shorten the full name"),
    ],
)
def test_create_staff_with_a_wrong_name(run, words, output):
    code, printed = run("create-staff", *words)
    assert code == 1
    assert printed.startswith(output)


def test_create_staff(app, run):
    code, output = run("create-staff", "Pat@agency.gov.au", "--name", "Pat Lee")
    assert code == 0
    assert output.startswith(
        "pat@agency.gov.au is agency staff, with the role administrator."
    )
    link = output.split()[-1]
    assert app.test_client().post(link, data=NEW_PASSWORD).status_code == 303
    page = browser_of(app, "pat@agency.gov.au", PASSWORD).get("/staff/applications")
    assert "Pat Lee" in page.text
    assert run("change-staff", "pat@agency.gov.au", "auditor")[0] == 1  # the last one
    assert run("remove-staff", "pat@agency.gov.au")[0] == 1
    assert run("create-staff", "pat@agency.gov.au")[0] == 0  # a new link
    code, output = run("create-staff", "pat")
    assert (code, output[:6]) == (1, "Error:")


def test_commands_about_staff(demonstration, private_people, run):
    run("create-staff", "pat@x.au", "--name", "Pat", "--role", "administrator")
    words = "Pat has the role auditor now.\n"
    assert run("change-staff", "PAT@x.au", "auditor") == (0, words)
    assert run("create-staff", "pat@x.au", "--role", "assessor")[0] == 1
    assert run("remove-staff", "pat@x.au") == (0, "Pat has been removed.\n")
    for command in (["change-staff", demo.VSP_USER, "auditor"], ["remove-staff", "x"]):
        code, output = run(*command)
        assert (code, "is not agency staff" in output) == (1, True)
    assert run("change-staff", demo.AUDITOR, "king")[0] == 2


def test_production_has_no_demonstration(demonstration):
    url = demonstration.config["SQLALCHEMY_DATABASE_URI"]
    with pytest.raises(ConfigurationError, match="refuses the demonstration users"):
        make_app(url, **PRODUCTION)


def test_commands_of_a_demonstration_are_refused_in_production(app):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    production = make_app(url, **PRODUCTION)
    words = "Production has no demonstration data.\n"
    runner = production.test_cli_runner()
    for command, code, output in (("load", 0, words), ("reset", 1, f"Error: {words}")):
        # Outside the context of the other app.
        result = contextvars.Context().run(runner.invoke, args=["demo", command])
        assert (result.exit_code, result.output) == (code, output)
    assert db.session.query(User).count() == 0
    page = production.test_client().get("/sign-in").text
    assert "Sign in as" not in page
    assert "Demonstration" not in page
    dispose(production)


def test_production_starts_before_it_has_a_database():
    """`flask db upgrade` must be able to start the app."""
    dispose(make_app("sqlite:////nowhere/at/all.sqlite", **PRODUCTION))


def test_a_demonstration_is_loaded_whole_or_not_at_all(app, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(demo, "VSP_USER", "no address")
        with pytest.raises(ValidationError):
            demo.load()
    assert db.session.query(User).count() == 0
    assert events() == []
    assert demo.load()
    before = events()
    assert not demo.load()
    assert events() == before
    assert db.session.query(AccountApplication).count() == 9
    assert log_problems() == []
    assert list(demo.sign_ins()) == list(demo.SIGN_INS)
