"""Files with problems, kept for a day so that their account can fix them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select

from spv import clock
from spv.extensions import db
from spv.models import RefusedFile
from spv.rules.errors import ValidationError
from spv.rules.ledger.csv_upload import check_csv, write_problems, write_rows
from spv.rules.ledger.report import Report, already_valid_problem
from spv.rules.ledger.rows import CheckedRows, Problem
from spv.services.actor import Actor
from spv.services.authorisation import require
from spv.services.ledger import rows as ledger_rows

KEPT_FOR = timedelta(days=1)
MOST_KEPT = 20


class RowsRefused(ValidationError):
    """The rows of a file have problems, and nothing of it was recorded.

    `reference` is the name of the kept file, or empty.
    """

    def __init__(self, report: Report, reference: str = "") -> None:
        super().__init__({"file": report.sentence})
        self.report, self.reference = report, reference


def problems_of(
    checked: CheckedRows,
    account_id: int | None,
    already_valid: Mapping[str, ledger_rows.ValidRow] | None = None,
) -> list[Problem]:
    """Return all problems of rows in their order, those with the ledger included.

    `already_valid` are the serial numbers that the ledger has. If it is not given, they
    are looked up.
    """
    if already_valid is None:
        already_valid = ledger_rows.already_valid(checked.serials)
    found = [
        already_valid_problem(
            checked.serials[serial],
            serial,
            clock.day_of(row.received_at),
            own=row.account_id == account_id,
        )
        for serial, row in already_valid.items()
    ]
    return sorted(checked.problems + found, key=lambda problem: problem.row)


def keep(
    content: bytes, filename: str, report: Report, account_id: int, at: datetime
) -> str:
    """Keep a file, in the caller's transaction, and return its reference."""
    beyond = (
        select(RefusedFile.id)
        .where(RefusedFile.account_id == account_id)
        .order_by(RefusedFile.id.desc())
        .offset(MOST_KEPT - 1)
    )
    db.session.execute(delete(RefusedFile).where(RefusedFile.id.in_(beyond)))
    forget_old(at)
    kept = RefusedFile(
        reference=secrets.token_urlsafe(12), account_id=account_id, filename=filename,
        content=content, row_count=report.row_count, refused_at=at,
        problem_count=report.problem_count,
    )  # fmt: skip
    db.session.add(kept)
    return kept.reference


def forget_old(at: datetime) -> None:
    """Delete files that were refused a day ago, in the caller's transaction."""
    old = RefusedFile.refused_at <= at - KEPT_FOR
    forget = delete(RefusedFile).where(old)
    db.session.execute(forget, execution_options={"synchronize_session": False})


def mine(actor: Actor) -> Sequence[RefusedFile]:
    """Return the kept files of the actor's account, newest first."""
    query = _mine(actor).order_by(RefusedFile.id.desc())
    return db.session.scalars(query).all()


def with_problems(reference: str, actor: Actor) -> str:
    """Return a kept file with "Problem" and "How to fix" beside its rows, as of now."""
    content, _, problems = _check(reference, actor)
    return write_problems(content, problems)


def new_rows(reference: str, actor: Actor) -> str:
    """Return the rows of a kept file that have no problem and are not in the ledger."""
    content, checked, problems = _check(reference, actor)
    wrong = {problem.row for problem in problems}
    return write_rows(content, checked.panels.keys() - wrong)


def _mine(actor: Actor) -> Select[RefusedFile]:
    young = RefusedFile.refused_at > clock.now() - KEPT_FOR
    return select(RefusedFile).where(RefusedFile.account_id == actor.account_id, young)


def _check(reference: str, actor: Actor) -> tuple[bytes, CheckedRows, list[Problem]]:
    """Check a kept file again. Raises NotFoundError if it is gone or of another."""
    query = _mine(actor).where(RefusedFile.reference == reference)
    kept = require(db.session.scalar(query))
    checked = check_csv(kept.content)
    return kept.content, checked, problems_of(checked, kept.account_id)
