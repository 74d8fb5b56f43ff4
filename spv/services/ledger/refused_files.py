"""Files with problems: kept for a day, for the account that sent them, to be mended."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select

from spv import clock
from spv.extensions import db
from spv.models import RefusedFile
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.ledger.csv_upload import check_csv, write_problems, write_rows
from spv.rules.ledger.report import Report, already_valid_problem
from spv.rules.ledger.rows import CheckedRows, Problem
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows

KEPT_FOR = timedelta(days=1)
MOST_KEPT = 20


class RowsRefused(ValidationError):
    """A file whose rows have problems; nothing of it was recorded.

    `reference` names the file where it is kept.
    """

    def __init__(self, report: Report, reference: str = "") -> None:
        super().__init__({"file": report.sentence})
        self.report, self.reference = report, reference


def problems_of(
    checked: CheckedRows,
    account_id: int | None,
    held: Mapping[str, ledger_rows.ValidRow] | None = None,
) -> list[Problem]:
    """All that is wrong with rows, in row order; `held` is what the ledger has of them.

    Where that is not given, the ledger is asked.
    """
    if held is None:
        held = ledger_rows.already_valid(checked.serials)
    found = [
        already_valid_problem(
            checked.serials[serial],
            serial,
            clock.day_of(one.received_at),
            own=one.account_id == account_id,
        )
        for serial, one in held.items()
    ]
    return sorted(checked.problems + found, key=lambda problem: problem.row)


def keep(
    content: bytes, filename: str, report: Report, account_id: int, at: datetime
) -> str:
    """Keep a file in the caller's transaction; its reference."""
    reference = secrets.token_urlsafe(12)
    beyond = (
        select(RefusedFile.id)
        .where(RefusedFile.account_id == account_id)
        .order_by(RefusedFile.id.desc())
        .offset(MOST_KEPT - 1)
    )
    db.session.execute(delete(RefusedFile).where(RefusedFile.id.in_(beyond)))
    forget_old(at)
    db.session.add(
        RefusedFile(
            reference=reference,
            account_id=account_id,
            filename=filename,
            content=content,
            row_count=report.row_count,
            problem_count=report.problem_count,
            refused_at=at,
        )
    )
    return reference


def forget_old(at: datetime) -> None:
    """Delete what was refused a day ago, in the caller's transaction."""
    old = RefusedFile.refused_at <= at - KEPT_FOR
    forget = delete(RefusedFile).where(old)
    db.session.execute(forget, execution_options={"synchronize_session": False})


def mine(actor: Actor) -> Sequence[RefusedFile]:
    """The files of the actor's account that can still be mended, newest first."""
    query = _mine(actor).order_by(RefusedFile.id.desc())
    return db.session.scalars(query).all()


def with_problems(reference: str, actor: Actor) -> str:
    """A file with "Problem" and "How to fix" beside its rows, as of now."""
    kept = _find(reference, actor)
    problems = problems_of(check_csv(kept.content), kept.account_id)
    return write_problems(kept.content, problems)


def new_rows(reference: str, actor: Actor) -> str:
    """Those rows of a file that have no problem: the ledger does not have them."""
    kept = _find(reference, actor)
    checked = check_csv(kept.content)
    wrong = {problem.row for problem in problems_of(checked, kept.account_id)}
    return write_rows(kept.content, checked.panels.keys() - wrong)


def _mine(actor: Actor) -> Select[RefusedFile]:
    young = RefusedFile.refused_at > clock.now() - KEPT_FOR
    return select(RefusedFile).where(RefusedFile.account_id == actor.account_id, young)


def _find(reference: str, actor: Actor) -> RefusedFile:
    found = db.session.scalar(_mine(actor).where(RefusedFile.reference == reference))
    if found is None:
        raise NotFoundError
    return found
