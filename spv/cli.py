"""Commands for the person who runs spv."""

from collections.abc import Callable
from typing import TypeVar

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from flask_migrate import downgrade, upgrade

from spv import demo, readiness
from spv.pages import is_demonstration
from spv.rules.errors import ServiceError, ValidationError
from spv.rules.formatting import pluralise
from spv.services import audit_log
from spv.services.accounts import users
from spv.services.verify import ledger as ledger_verification
from spv.services.verify.calculations import replay

audit_group = AppGroup("audit", help="The audit log.")
T = TypeVar("T")
NONE = "Production has no demonstration data."

stc_group = AppGroup("stc", help="Saved STC calculations.")
demo_group = AppGroup("demo", help="The data of a demonstration.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(audit_group)
    app.cli.add_command(stc_group)
    app.cli.add_command(demo_group)
    app.cli.add_command(create_staff)


@audit_group.command("verify")
@click.option(
    "--contains",
    metavar="HASH",
    multiple=True,
    help="A last hash that was noted before; may be given several times.",
)
def verify(contains: tuple[str, ...]) -> None:
    """Prove that no event, and no row of the ledger, was changed or removed."""
    _check_ready()
    reports = audit_log.verify()
    lost = [noted for noted in contains if not audit_log.contains(noted)]
    for noted in lost:
        click.echo(
            f"No event has the hash “{noted}”: it was mistyped, or the log was "
            "rewritten, or is an older one."
        )
    for report in reports:
        found = report.problem or f"intact, last hash {report.head}"
        click.echo(f"{report.chain}: {report.events} events, {found}")
    ledger = ledger_verification.verify()
    for problem in ledger.problems:
        click.echo(problem)
    words = (
        f"{pluralise(ledger.rows, 'row')} of {pluralise(ledger.uploads, 'upload')}, "
        f"{pluralise(ledger.invalidations, 'invalidation')}"
    )
    click.echo(f"ledger: {words}, {pluralise(len(ledger.problems), 'problem')}")
    broken = any(report.problem for report in reports)
    _exit(bool(lost) or broken or bool(ledger.problems))


@stc_group.command("replay")
def replay_calculations() -> None:
    """Recompute every saved calculation from its log and name any difference."""
    _check_ready()
    found = replay()
    for difference in found.differences:
        click.echo(difference)
    count = len(found.differences)
    click.echo(f"{found.calculations} calculations recomputed, {count} differences")
    _exit(bool(count))


@demo_group.command("load")
@click.option(
    "--panels",
    type=click.IntRange(1, 100_000_000),
    metavar="N",
    help="Upload N more made-up panels, too.",
)
def load_demonstration(panels: int | None) -> None:
    """Make the demonstration's sign-ins, where they are not there, and print them."""
    if not is_demonstration():
        click.echo(NONE)  # no error: `make run` goes on without
        return
    _check_ready()
    _made(demo.load)
    click.echo(f"Demonstration sign-ins, all with password {demo.PASSWORD}:")
    for email, words in demo.sign_ins().items():
        click.echo(f"  {email:26}{words}")
    if panels:
        _made(lambda: _add_panels(panels))


@demo_group.command("reset")
def reset_demonstration() -> None:
    """Empty the database, and make the demonstration anew."""
    if not is_demonstration():
        raise click.ClickException(NONE)
    _check_ready()
    _made(demo.check_nobody_real)
    downgrade(revision="base")
    upgrade()
    demo.load()
    click.echo("Everything is as a demonstration begins.")


@click.command("create-staff")
@click.argument("email")
@click.option("--name", default="", help="Full name.")
@with_appcontext
def create_staff(email: str, name: str) -> None:
    """Make somebody agency staff; prints a link with which they set a password."""
    _check_ready()
    link = _made(lambda: users.create_staff(email, name))
    click.echo(f"{link.email} is agency staff. Within a day, set a password at:")
    click.echo(f"  /password/{link.token}")


def _add_panels(count: int) -> None:
    with click.progressbar(length=count, label=f"{count:,} panels") as bar:
        for some in demo.add_panels(count):
            bar.update(some)


def _made(make: Callable[[], T]) -> T:
    """What a service makes, or its refusal in one line."""
    try:
        return make()
    except (ValidationError, ServiceError) as error:
        raise click.ClickException(str(error)) from None


def _check_ready() -> None:
    if problem := readiness.revision_problem():
        raise click.ClickException(problem)


def _exit(failed: bool) -> None:
    raise SystemExit(1 if failed else 0)
