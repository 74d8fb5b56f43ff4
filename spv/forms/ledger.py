"""Forms of the ledger: upload, search, mark as invalid, a list of serial numbers."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.errors import ValidationError
from spv.rules.ledger.criteria import STATUSES
from spv.rules.ledger.declaration import (
    UPLOAD,
    WORDINGS,
    current_version,
    read_declaration,
)
from spv.rules.ledger.reasons import REASONS
from spv.rules.ledger.rows import FIELDS


class SearchForm(Form):
    """What is asked of the ledger. The address holds it."""

    serial_number = StringField(FIELDS["serial_number"])
    supplier_name = StringField(FIELDS["supplier_name"])
    licensee = StringField(FIELDS["licensee"])
    model_number = StringField(FIELDS["model_number"])
    status = StringField("Status")
    recorded_from = StringField("Recorded from", widget=DateInput())
    recorded_to = StringField("Recorded to", widget=DateInput())
    upload = StringField("Upload number")
    account = StringField("Account")

    statuses = STATUSES


class TickedRows(NamedTuple):
    """The rows that are ticked, on this page of a search and on those before.

    With `every`, all that match are ticked, and `rows` are those that are not.
    """

    every: bool
    rows: set[int]

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> Self:
        """What a page of results sends: `shown` are its rows where all were ticked."""
        ticked, shown = _numbers(sent, "selected"), _numbers(sent, "shown")
        if "all_matching" in sent:
            return cls(True, _numbers(sent, "except") | (shown - ticked))
        return cls(False, set() if shown else ticked)

    def has(self, row_id: int) -> bool:
        """Whether a row is ticked."""
        return (row_id in self.rows) is not self.every

    def elsewhere(self, rows: Iterable[Any]) -> list[int]:
        """Those that are on other pages than the one with some rows."""
        return sorted(self.rows.difference(row.id for row in rows))


WORDS = {reason: reason for reason in REASONS}


class InvalidateForm(Form):
    """Why rows are marked invalid; `selection` is what was shown of them, sealed."""

    selection = StringField()
    reason = StringField("Reason")
    other_reason = StringField("What is the reason?")

    reasons = WORDS


class SerialListForm(FileForm):
    """Serial numbers to look up, pasted or in a file."""

    serial_numbers = StringField("Serial numbers")
    file = FileField("Or a CSV file of serial numbers")

    def given(self) -> tuple[str, bytes]:
        """The text that was pasted, and the bytes of the file; ValidationError."""
        has_file = bool(self.file.data and self.file.data.filename)
        content = self.data_of_file() if has_file else b""
        return self.serial_numbers.data or "", content


def _numbers(sent: MultiDict[str, str], name: str) -> set[int]:
    """Numbers of rows; what is none, or none that a database can hold, is left out."""
    texts = sent.getlist(name)
    return {int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < 19}


class CheckForm(FileForm):
    """A file that is only checked."""

    LABEL = "CSV file of panel serial numbers"
    file = FileField(LABEL)


class UploadForm(CheckForm):
    """A file and its declaration, or with `check_only` the file alone."""

    declaration = StringField("Declaration")
    wording_version = StringField()
    check_only = StringField()
    file = FileField(CheckForm.LABEL)  # after the declaration, as on the page

    version = current_version(UPLOAD)
    wording = WORDINGS[UPLOAD][version]

    def data_of_file(self) -> bytes:
        """The bytes of the file.

        ValidationError, which names a missing declaration too.
        """
        try:
            return super().data_of_file()
        except ValidationError as refusal:
            if not self.check_only.data:
                self._with_declaration(refusal)
            raise

    def _with_declaration(self, refusal: ValidationError) -> None:
        try:
            read_declaration(
                self.declaration.data or "", self.wording_version.data or ""
            )
        except ValidationError as other:
            raise ValidationError(other.problems | refusal.problems) from None
