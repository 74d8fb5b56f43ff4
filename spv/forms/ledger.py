"""Forms of the ledger, and the form with which everybody checks a receipt."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.errors import ValidationError
from spv.rules.ledger import statements
from spv.rules.ledger.csv_upload import pasted_rows
from spv.rules.ledger.rows import FIELDS
from spv.rules.ledger.search import STATUSES
from spv.rules.proofs import LONGEST
from spv.rules.text import read_all

NOT_BOTH = (
    "A file was chosen, and the box for text is filled too: only one of them can be "
    "used. Empty the box and choose the file again, or send the text without a file."
)


class SearchForm(Form):
    """The criteria of a search of the ledger. They are part of the address."""

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
    """The rows that are ticked, on this page of a search and on earlier pages.

    With `every`, all rows that match are ticked, except those in `rows`.
    """

    every: bool
    rows: set[int]

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> Self:
        """Read the boxes of a page of results.

        `shown` are the rows of the page, sent if all rows that match were ticked.
        """
        ticked, shown = _row_ids(sent, "selected"), _row_ids(sent, "shown")
        if "all_matching" in sent:
            return cls(True, _row_ids(sent, "except") | (shown - ticked))
        return cls(False, set() if shown else ticked)

    def has(self, row_id: int) -> bool:
        """Tell whether a row is ticked."""
        return (row_id in self.rows) is not self.every

    def elsewhere(self, rows: Iterable[Any]) -> list[int]:
        """Return the ids that are not among the rows of this page."""
        return sorted(self.rows.difference(row.id for row in rows))


def _row_ids(sent: MultiDict[str, str], name: str) -> set[int]:
    """Read row ids; leave out texts that are no number or too large for a database."""
    texts = sent.getlist(name)
    return {int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < 19}


class InvalidateForm(Form):
    """The reason to mark rows as invalid. `selection` has the rows shown, signed."""

    selection = StringField()
    reason = StringField("Reason")
    other_reason = StringField("What is the reason?")

    reasons: ClassVar = {reason: reason for reason in statements.REASONS}


class SerialListForm(FileForm):
    """Serial numbers to look up, pasted or in a file."""

    serial_numbers = StringField("Serial numbers")
    file = FileField("Or a CSV file of serial numbers")

    def given(self) -> tuple[str, bytes]:
        """Return the text that was pasted, or the bytes of the file.

        Raises ValidationError if there are both, or if the file is no CSV file.
        """
        text = (self.serial_numbers.data or "").strip()
        if text and self.has_file:
            raise ValidationError({"file": NOT_BOTH})
        return text, self.data_of_file() if self.has_file else b""


class PanelCheckForm(Form):
    """The panels of an installation, to check."""

    serials = StringField("Serial numbers")
    model_number = StringField(f"{FIELDS['model_number']} (optional)")
    watts = StringField("Watts of a panel (optional)")
    panel_count = StringField("Number of panels (optional)")
    as_at = StringField("As at (optional)", widget=DateInput())


class CheckForm(FileForm):
    """A file that is only checked, or rows that are pasted instead."""

    LABEL = "CSV file of panel serial numbers"
    file = FileField(LABEL)
    pasted = StringField("Rows")

    @property
    def filename(self) -> str:
        """The name of the file, without folders; "pasted rows" if there is no file."""
        return super().filename if self.has_file else "pasted rows"

    def data_of_file(self) -> bytes:
        """Return the bytes of the file, or of the pasted rows.

        Raises ValidationError if there are both, or none.
        """
        if not (self.pasted.data or "").strip():
            return super().data_of_file()
        if self.has_file:
            raise ValidationError({"file": NOT_BOTH})
        return pasted_rows(self.pasted.data)


class UploadForm(CheckForm):
    """A file and its declaration, or with `check_only` only the file."""

    declaration = StringField("Declaration")
    wording_version = StringField()
    check_only = StringField()
    kept_file = StringField()
    accept_headings = StringField()
    confirm_warnings = StringField("Warnings")
    file = FileField(CheckForm.LABEL)  # after the declaration, as on the page

    version, wording = statements.current_wording(statements.UPLOAD)

    @property
    def is_kept(self) -> bool:
        """True if a kept file is to be used: no other file was sent."""
        is_sent = self.has_file or (self.pasted.data or "").strip()
        return bool(self.kept_file.data) and not is_sent

    def data_of_file(self) -> bytes:
        """Return the bytes of the file; empty if a kept file is to be used.

        Raises ValidationError. Checks the declaration too, unless `check_only` is set.
        """
        find = bytes if self.is_kept else super().data_of_file
        readers: dict[str, Callable[[Any], Any]] = {"file": lambda _: find()}
        if not self.check_only.data:
            version = self.wording_version.data or ""
            made = partial(
                statements.read_declaration, version=version, purpose=statements.UPLOAD
            )
            readers = {"declaration": made} | readers
        return bytes(read_all(self.answers, readers)["file"])


class VerifyForm(Form):
    """An event and its proof, pasted or in files, or an older checkpoint."""

    event = StringField("Event")
    event_file = FileField("Or the file of the event")
    proof = StringField("Proof")
    proof_file = FileField("Or the file of the proof")
    checkpoint = StringField("An older checkpoint, or an older proof (optional)")

    def given(self) -> tuple[str, str, str]:
        """Return the event, the proof and the older checkpoint, which needs no event.

        Raises ValidationError if the event or the proof is missing, or given twice.
        """
        texts = {name: self._text_of(name) for name in ("event", "proof")}
        checkpoint = (self.checkpoint.data or "").strip()
        missing = [name for name in texts if not texts[name]]
        if missing and not (len(missing) == len(texts) and checkpoint):
            raise ValidationError({n: f"Paste or choose the {n}." for n in missing})
        return texts["event"], texts["proof"], checkpoint

    def _text_of(self, name: str) -> str:
        file, pasted = self[f"{name}_file"].data, (self[name].data or "").strip()
        if not (file and file.filename):
            return pasted
        if pasted:
            raise ValidationError({f"{name}_file": NOT_BOTH})
        return str(file.read(4 * LONGEST).decode("utf-8", "replace"))
