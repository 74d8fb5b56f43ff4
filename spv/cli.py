"""Commands for the person who runs spv."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import downgrade, upgrade

from spv.rules.refusal import Refusal
from spv.services import audit, demo, staff
from spv.services.errors import ServiceError
from spv.services.replay import replay

audit_group = AppGroup("audit", help="The audit log.")
stc_group = AppGroup("stc", help="Saved STC calculations.")
demo_group = AppGroup("demo", help="The data of a demonstration.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(audit_group)
    app.cli.add_command(stc_group)
    app.cli.add_command(demo_group)
    app.cli.add_command(create_staff)


@audit_group.command("verify")
@click.option("--contains", metavar="HASH", help="A last hash that was noted before.")
def verify(contains: str | None) -> None:
    """Prove that no event was changed, removed, inserted or swapped."""
    reports = audit.verify()
    lost = bool(contains) and not audit.contains(contains or "")
    if lost:
        click.echo(f"No event has the hash {contains}: the log was rewritten.")
    for report in reports:
        found = report.problem or f"intact, last hash {report.head}"
        click.echo(f"{report.chain}: {report.events} events, {found}")
    _exit(lost or any(report.problem for report in reports))


@stc_group.command("replay")
def replay_calculations() -> None:
    """Recompute every saved calculation from its log and name any difference."""
    found = replay()
    for difference in found.differences:
        click.echo(difference)
    count = len(found.differences)
    click.echo(f"{found.calculations} calculations recomputed, {count} differences")
    _exit(bool(count))


@demo_group.command("load")
def load_demonstration() -> None:
    """Make the demonstration's sign-ins, where they are not there, and print them."""
    _demonstrations_only()
    demo.load()
    click.echo(f"Demonstration sign-ins, all with password {demo.PASSWORD}:")
    for email, words in demo.sign_ins().items():
        click.echo(f"  {email:26}{words}")


@demo_group.command("reset")
def reset_demonstration() -> None:
    """Empty the database, and make the demonstration anew."""
    _demonstrations_only()
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
    try:
        link = staff.create(email, name)
    except (Refusal, ServiceError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{link.email} is agency staff. Within a day, set a password at:")
    click.echo(f"  /password/{link.token}")


def _demonstrations_only() -> None:
    if current_app.config["SPV_ENVIRONMENT"] != "demo":
        raise click.ClickException("Production has no demonstration data.")


def _exit(failed: bool) -> None:
    raise SystemExit(1 if failed else 0)
