"""Commands for the person who runs spv."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import SQLAlchemyError

from spv import demo, demo_past, readiness
from spv.database import snapshot
from spv.pages import is_demonstration
from spv.rules.accounts import StaffRole
from spv.rules.errors import UseCaseError
from spv.rules.text import pluralise
from spv.services import audit_log, checkpoints
from spv.services.accounts import second_factors, sign_in
from spv.services.actor import OPERATOR
from spv.services.agency import staff
from spv.services.authorisation import require
from spv.services.verify import checks
from spv.services.verify.calculations import replay
from spv.services.verify.comparison import Findings

NO_DEMONSTRATION = "Production has no demonstration data."
audit = AppGroup("audit", help="The audit log.")
stc = AppGroup("stc", help="Saved STC calculations.")
demonstration = AppGroup("demo", help="The demonstration data.")
commands = AppGroup()  # all others


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (audit, stc, demonstration, *commands.commands.values()):
        app.cli.add_command(command)


@contextmanager
def _ready(exit_code: int = 1) -> Iterator[None]:
    """Check the database; print an error and exit if the command fails."""
    problem = readiness.revision_problem()
    try:
        if not problem:
            yield
    except (UseCaseError, SQLAlchemyError, OSError, UnicodeDecodeError) as error:
        problem = str(error)
    if problem:
        click.echo(f"Error: {problem}", err=True)
        raise SystemExit(exit_code)


@audit.command("verify")
@click.option(
    "--contains", metavar="HASH", multiple=True,
    help="A last hash that you noted earlier. You can give several.",
)  # fmt: skip
@click.option(
    "--checkpoints", "files", type=click.File(encoding="utf-8"), metavar="FILE",
    multiple=True, help="A copy of the file of checkpoints. You can give several.",
)  # fmt: skip
@_ready(exit_code=2)
def verify(contains: tuple[str, ...], files: tuple[TextIO, ...]) -> None:
    """Prove that nothing was changed, added or removed without an event of the log.

    Exits with 0 if all is proved, with 1 if there are problems, and with 2 if nothing
    could be verified.
    """
    findings = checks.verify(files)
    lost = [noted for noted in contains if not checks.contains(noted)]
    for noted in lost:
        click.echo(
            f"No event has the hash “{noted}”: it was mistyped, the log was "
            "rewritten, or this is an older copy of the log."
        )
    _print(findings)
    for chain, head in findings.heads.items():
        click.echo(f"last hash of {chain}: {head or 'none'}")
    click.echo(findings.conclusion())
    raise SystemExit(bool(lost or findings.problem_count))


def _print(findings: Findings) -> None:
    """Print the first problems of each kind, and how many more there are."""
    for kind, problems in findings.problems.items():
        for sentence in problems.first:
            click.echo(sentence)
        if more := problems.count - len(problems.first):
            click.echo(f"{kind}: and {pluralise(more, 'problem')} more")
        if problems.following:
            following = pluralise(problems.following, "event")
            click.echo(f"{kind}: {following} follow from these")


@audit.command("checkpoint")
@_ready()
def checkpoint() -> None:
    """Sign the log as it is now, and add the checkpoints to the file."""
    for chain in audit_log.CHAINS:
        with suppress(checkpoints.EmptyLog):
            click.echo(checkpoints.make(chain))


@stc.command("replay")
@_ready()
def replay_calculations() -> None:
    """Recompute every saved calculation from the log, and name each difference."""
    found = replay()
    _print(found)
    click.echo(
        f"{pluralise(found.counts['calculation'], 'calculation')} recomputed, "
        f"{pluralise(found.problem_count, 'difference')}"
    )
    raise SystemExit(bool(found.problem_count))


@demonstration.command("load")
@click.option("--panels", type=click.IntRange(1, 100_000_000), metavar="N",
              help="Also upload N made-up panels.")  # fmt: skip
def load_demonstration(panels: int | None) -> None:
    """Create the demonstration if it is missing, and print its sign-ins."""
    if not is_demonstration():
        click.echo(NO_DEMONSTRATION)  # not an error, so that `make run` goes on
        return
    with _ready():
        demo_past.load()
    click.echo(f"Demonstration sign-ins, all with password {demo.PASSWORD}:")
    for email, words in demo.sign_ins().items():
        click.echo(f"  {email:26}{words}")
    if panels:
        bar = click.progressbar(length=panels, label=f"{panels:,} panels")
        with _ready(), bar:
            for count in demo.add_panels(panels):
                bar.update(count)


@demonstration.command("reset")
def reset_demonstration() -> None:
    """Empty the database, and load the demonstration again."""
    if not is_demonstration():
        raise click.ClickException(NO_DEMONSTRATION)
    with _ready(), snapshot():  # a snapshot leaves nothing locked
        demo.check_is_demonstration()
        if checkpoint_file := current_app.config["SPV_CHECKPOINTS"]:
            # Its checkpoints would contradict the new log.
            Path(checkpoint_file).unlink(missing_ok=True)
    downgrade(revision="base")
    upgrade()
    demo_past.load()
    click.echo("Everything was removed, and the demonstration loaded again.")


@commands.command("nightly")
@_ready(exit_code=2)
def nightly() -> None:
    """Verify everything, sign checkpoints, and delete data that has expired.

    For a timer. Prints one line, and exits as `audit verify` does.
    """
    line, code = checks.nightly()
    click.echo(line)
    raise SystemExit(code)


ROLES = click.Choice([*map(str, StaffRole)])


@commands.command("create-staff")
@click.argument("email")
@click.option("--name", default="", help="Full name.")
@click.option(
    "--role", type=ROLES,
    help="Default: administrator if there is none yet, otherwise assessor.",
)  # fmt: skip
@_ready()
def create_staff(email: str, name: str, role: str | None) -> None:
    """Make a person agency staff, and print a link with which to set a password."""
    link = staff.create(email, name, role or "")
    role = require(sign_in.user_of(link.email)).staff_role
    click.echo(f"{link.email} is agency staff, with the role {role}.")
    click.echo("Within a day, set a password at:")
    click.echo(f"  /password/{link.token}")


@commands.command("reset-second-factor")
@click.argument("email")
@_ready()
def reset_second_factor(email: str) -> None:
    """Remove the second factor of a person who has lost it.

    First make sure that the request comes from that person. Their sessions end.
    """
    second_factors.reset(email)
    click.echo(
        f"{email} signs in with only the password until a new second factor is set up."
    )


@commands.command("change-staff")
@click.argument("email")
@click.argument("role", type=ROLES)
@_ready()
def change_staff(email: str, role: str) -> None:
    """Give a member of staff another role."""
    name = staff.change_role(staff.id_of(email), {"role": role}, OPERATOR)
    click.echo(f"{name} has the role {role} now.")


@commands.command("remove-staff")
@click.argument("email")
@_ready()
def remove_staff(email: str) -> None:
    """Remove a member of staff, who is signed out at once."""
    name = staff.remove(staff.id_of(email), OPERATOR)
    click.echo(f"{name} has been removed.")
