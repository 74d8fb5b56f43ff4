"""Forms of uploads: the declaration, then the file."""

from flask_wtf.file import FileField
from wtforms import StringField

from spv.forms import FileForm
from spv.rules.ledger.declaration import UPLOAD, WORDINGS, current, read_declaration
from spv.rules.refusal import Refusal


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

    version = current(UPLOAD)
    wording = WORDINGS[UPLOAD][version]

    def data_of_file(self) -> bytes:
        """The bytes of the file; Refusal, which names a missing declaration too."""
        try:
            return super().data_of_file()
        except Refusal as refusal:
            if not self.check_only.data:
                self._with_declaration(refusal)
            raise

    def _with_declaration(self, refusal: Refusal) -> None:
        try:
            read_declaration(
                self.declaration.data or "", self.wording_version.data or ""
            )
        except Refusal as other:
            raise Refusal(other.problems | refusal.problems) from None
