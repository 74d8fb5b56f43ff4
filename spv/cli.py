"""Commands for the person who runs spv."""

import click
from flask import Flask
from flask.cli import AppGroup

from spv.services import audit
from spv.services.replay import replay

audit_group = AppGroup("audit", help="The audit log.")
stc_group = AppGroup("stc", help="Saved STC calculations.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(audit_group)
    app.cli.add_command(stc_group)


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


def _exit(failed: bool) -> None:
    raise SystemExit(1 if failed else 0)
