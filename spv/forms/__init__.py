"""Forms: their fields and labels. The rules check what is entered."""

from typing import Any, Self

from flask_wtf import FlaskForm

from spv.rules.errors import ValidationError
from spv.rules.text import plain_filename


class Form(FlaskForm):  # type: ignore[misc]
    """A form of spv. CSRFProtect checks its token before the view reads it."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Leave the CSRF token to CSRFProtect and to the `csrf` macro."""

        csrf = False

    refusal: ValidationError | None = None
    http_status = 200
    retry_after = 0  # seconds

    @property
    def answers(self) -> dict[str, Any]:
        """The value of each field."""
        return {name: field.data for name, field in self._fields.items()}

    def refused(self, error: ValidationError) -> Self:
        """Put the sentences of an error beside the fields, and return the form."""
        for name, sentence in error.problems.items():
            self[name].errors = [sentence]
        self.http_status, self.retry_after = error.http_status, error.retry_after
        self.refusal = error
        return self


class FileForm(Form):
    """A form for a CSV file, in a field named `file`."""

    @property
    def has_file(self) -> bool:
        """True if a file was chosen."""
        return bool(self.file.data and self.file.data.filename)

    @property
    def filename(self) -> str:
        """The name of the file, without folders."""
        return plain_filename(self.file.data.filename)

    def data_of_file(self) -> bytes:
        """Return the bytes of the file; raises ValidationError unless it is a .csv."""
        if not self.has_file:
            raise ValidationError({"file": "Choose a CSV file."})
        if not self.file.data.filename.lower().endswith(".csv"):
            raise ValidationError({"file": "Choose a file whose name ends in .csv."})
        return bytes(self.file.data.read())
