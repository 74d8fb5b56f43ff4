"""Forms: which fields, in which words. What an answer means is for the rules."""

from typing import Any, Self

from flask_wtf import FlaskForm

from spv.rules.errors import ValidationError
from spv.rules.text import plain_filename


class Form(FlaskForm):  # type: ignore[misc]
    """A form of spv. CSRFProtect has checked the token before a form is read."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """No second check, and no second token for each page."""

        csrf = False

    http_status = 200
    retry_after = 0  # seconds

    @property
    def answers(self) -> dict[str, Any]:
        """What stands in each field."""
        return {name: field.data for name, field in self._fields.items()}

    def refused(self, refusal: ValidationError) -> Self:
        """The form with the sentences of a refusal beside its fields."""
        for name, sentence in refusal.problems.items():
            self[name].errors = [sentence]
        self.http_status = getattr(refusal, "http_status", 422)
        self.retry_after = getattr(refusal, "retry_after", 0)
        return self


class FileForm(Form):
    """A form for a CSV file, in a field named `file`."""

    @property
    def filename(self) -> str:
        """What the file is called, without folders."""
        return plain_filename(self.file.data.filename or "")

    def data_of_file(self) -> bytes:
        """The bytes of the file.

        ValidationError where none, or plainly none, was chosen.
        """
        name = self.file.data.filename if self.file.data else ""
        if not name:
            raise ValidationError({"file": "Choose a CSV file."})
        if not name.lower().endswith(".csv"):
            raise ValidationError({"file": "Choose a file whose name ends in .csv."})
        data: bytes = self.file.data.read()
        return data
