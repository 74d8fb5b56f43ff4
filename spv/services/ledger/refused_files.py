"""Files with problems, kept for some days so that their account can fix them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, select, update

from spv import clock
from spv.extensions import db
from spv.models import RefusedFile
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.report import Report, write_problems, write_rows
from spv.rules.ledger.rows import CheckedRows, Problem, already_valid_problem
from spv.rules.text import search_text
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require
from spv.services.ledger import approved
from spv.services.ledger.rows import already_valid
from spv.services.retention import kept_for

MOST_KEPT = 20


class File(NamedTuple):
    """A file as the user sent it. One that was kept has its reference."""

    content: bytes
    filename: str
    reference: str = ""


NO_FILE = File(b"", "")  # of an upload by API


class RowsRefused(ValidationError):
    """A file has problems or warnings, and nothing of it was recorded.

    `reference` is the name of the kept file, or empty. `guesses` are headings of the
    file that plainly mean others, if they are all that is wrong with the headings.
    """

    def __init__(
        self,
        report: Report,
        reference: str = "",
        guesses: Sequence[tuple[str, str]] = (),
    ) -> None:
        field = "file" if report.problem_count else "confirm_warnings"
        sentence = report.sentence
        if reference and guesses:
            sentence = "Take the headings that are meant, or correct them in the file."
        super().__init__({field: sentence})
        self.report, self.reference, self.guesses = report, reference, guesses


def problems_of(
    checked: CheckedRows, actor: Actor, valid: Mapping[str, Any] | None = None
) -> list[Problem]:
    """Return all problems of rows in their order, with the conflicts with the ledger.

    `valid` are the serial numbers that are valid in the ledger, with their rows. If it
    is not given, they are looked up.
    """
    if valid is None:
        valid = already_valid(checked.serials)
    found = []
    for serial, row in valid.items():
        number, day = checked.serials[serial], clock.day_of(row.received_at)
        own = row.account_id == actor.account_id
        found.append(already_valid_problem(number, serial, day, own=own))
    found += checked.problems + checked.not_approved
    return sorted(found, key=attrgetter("row"))


def keep(file: File, report: Report, actor: Actor, at: datetime) -> str:
    """Keep a file, in the caller's transaction, and return its reference."""
    beyond = (
        select(RefusedFile.id)
        .where(RefusedFile.account_id == actor.account_id)
        .order_by(RefusedFile.id.desc())
        .offset(MOST_KEPT - 1)
    )
    db.session.execute(delete(RefusedFile).where(RefusedFile.id.in_(beyond)))
    kept = RefusedFile(
        content=file.content, filename=file.filename, refused_at=at,
        reference=secrets.token_urlsafe(12), account_id=actor.account_id,
        row_count=report.row_count, problem_count=report.problem_count,
    )  # fmt: skip
    db.session.add(kept)
    return kept.reference


def keep_good(file: File, report: Report, actor: Actor) -> str:
    """Keep a file without problems, so that it can be uploaded after a check."""
    with authorised_transaction(actor, Role.UPLOADER):
        return keep(file, report, actor, clock.now())


def mark_as_recorded(file: File, actor: Actor) -> None:
    """Note that a file is recorded in this transaction.

    If it was kept, nobody has to correct it any more.
    """
    if file.reference:
        of_file = update(RefusedFile).where(RefusedFile.reference == file.reference)
        own = RefusedFile.account_id == actor.account_id
        db.session.execute(of_file.where(own).values(problem_count=0))


def mine(actor: Actor) -> Sequence[RefusedFile]:
    """Return the kept files of the actor's account with problems, newest first."""
    query = _mine(actor).where(RefusedFile.problem_count > 0)
    return db.session.scalars(query.order_by(RefusedFile.id.desc())).all()


def kept(reference: str, actor: Actor) -> File:
    """Return a kept file of the actor's account.

    Raises ValidationError on `file` if it is gone.
    """
    found = _find(reference, actor)
    if found is None:
        raise ValidationError({"file": "The file is no longer kept. Choose it again."})
    return File(found.content, found.filename, found.reference)


def is_kept(file: File, reference: str, actor: Actor) -> bool:
    """Tell whether a file is the one that is kept under a reference."""
    found = _find(reference, actor)
    return found is not None and found.content == file.content


def with_problems(reference: str, actor: Actor) -> str:
    """Return a kept file with "Problem" and "How to fix" beside its rows, as of now.

    Warnings are included.
    """
    content, checked, problems = _check(reference, actor)
    found = sorted(problems + checked.warnings, key=attrgetter("row"))
    return write_problems(content, found)


def new_rows(reference: str, actor: Actor) -> str:
    """Return the rows of a kept file that have no problem and are not in the ledger."""
    content, checked, problems = _check(reference, actor)
    wrong = {problem.row for problem in problems}
    return write_rows(content, checked.panels.keys() - wrong)


def _mine(actor: Actor) -> Select[RefusedFile]:
    young = RefusedFile.refused_at > clock.now() - kept_for("SPV_DAYS_REFUSED_FILES")
    return select(RefusedFile).where(RefusedFile.account_id == actor.account_id, young)


def _find(reference: str, actor: Actor) -> RefusedFile | None:
    is_it = RefusedFile.reference == search_text(reference)
    return db.session.scalar(_mine(actor).where(is_it))


def _check(reference: str, actor: Actor) -> tuple[bytes, CheckedRows, list[Problem]]:
    """Check a kept file again.

    Raises NotFoundError if it is gone or belongs to another account.
    """
    file = require(_find(reference, actor))
    checked = approved.judge(check_csv(file.content))
    return file.content, checked, problems_of(checked, actor)
