"""Commands for the person who runs spv."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from flask_migrate import downgrade, upgrade

from spv import demo, demo_past, readiness
from spv.database import snapshot
from spv.pages import is_demonstration
from spv.rules.errors import UseCaseError
from spv.rules.formatting import pluralise
from spv.services import audit_log
from spv.services.accounts import users
from spv.services.verify import ledger as ledger_verification
from spv.services.verify.calculations import replay

NO_DEMONSTRATION = "Production has no demonstration data."
audit_group = AppGroup("audit", help="The audit log.")
stc_group = AppGroup("stc", help="Saved STC calculations.")
demo_group = AppGroup("demo", help="The demonstration data.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (audit_group, stc_group, demo_group, create_staff):
        app.cli.add_command(command)


@contextmanager
def _ready() -> Iterator[None]:
    """Check the database, and end the command with the sentence of an error."""
    if problem := readiness.revision_problem():
        raise click.ClickException(problem)
    try:
        yield
    except UseCaseError as error:
        raise click.ClickException(str(error)) from None


@audit_group.command("verify")
@click.option(
    "--contains",
    metavar="HASH",
    multiple=True,
    help="A last hash that you noted earlier. You can give several.",
)
@_ready()
def verify(contains: tuple[str, ...]) -> None:
    """Prove that no event, and no row of the ledger, was changed or removed."""
    reports = audit_log.verify()
    lost = [noted for noted in contains if not audit_log.contains(noted)]
    for noted in lost:
        click.echo(
            f"No event has the hash “{noted}”: it was mistyped, or the log was "
            "rewritten, or is an older one."
        )
    for report in reports:
        result = report.problem or f"intact, last hash {report.head}"
        click.echo(f"{report.chain}: {pluralise(report.events, 'event')}, {result}")
    ledger = ledger_verification.verify()
    for problem in ledger.problems:
        click.echo(problem)
    click.echo(
        f"ledger: {pluralise(ledger.rows, 'row')} of "
        f"{pluralise(ledger.uploads, 'upload')}, "
        f"{pluralise(ledger.invalidations, 'invalidation')}, "
        f"{pluralise(len(ledger.problems), 'problem')}"
    )
    broken = any(report.problem for report in reports)
    raise SystemExit(bool(lost or broken or ledger.problems))


@stc_group.command("replay")
@_ready()
def replay_calculations() -> None:
    """Recompute every saved calculation from the log, and name each difference."""
    found = replay()
    for difference in found.differences:
        click.echo(difference)
    click.echo(
        f"{pluralise(found.calculations, 'calculation')} recomputed, "
        f"{pluralise(len(found.differences), 'difference')}"
    )
    raise SystemExit(bool(found.differences))


@demo_group.command("load")
@click.option(
    "--panels",
    type=click.IntRange(1, 100_000_000),
    metavar="N",
    help="Also upload N made-up panels.",
)
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
    if not panels:
        return
    bar = click.progressbar(length=panels, label=f"{panels:,} panels")
    with _ready(), bar:
        for count in demo.add_panels(panels):
            bar.update(count)


@demo_group.command("reset")
def reset_demonstration() -> None:
    """Empty the database, and load the demonstration again."""
    if not is_demonstration():
        raise click.ClickException(NO_DEMONSTRATION)
    with _ready(), snapshot():  # which leaves nothing locked
        demo.check_nobody_real()
    downgrade(revision="base")
    upgrade()
    demo_past.load()
    click.echo("Everything was removed, and the demonstration loaded again.")


@click.command("create-staff")
@click.argument("email")
@click.option("--name", default="", help="Full name.")
@with_appcontext
def create_staff(email: str, name: str) -> None:
    """Make a person agency staff, and print a link with which to set a password."""
    with _ready():
        link = users.create_staff(email, name)
    click.echo(f"{link.email} is agency staff. Within a day, set a password at:")
    click.echo(f"  /password/{link.token}")
