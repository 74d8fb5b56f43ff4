"""Forms: which fields, in which words. What an answer means is for the rules."""

from flask_wtf import FlaskForm


class Form(FlaskForm):  # type: ignore[misc]
    """A form of spv. CSRFProtect has checked the token before a form is read."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """No second check, and no second token for each page."""

        csrf = False
