"""The form with which everybody checks a receipt."""

from flask_wtf.file import FileField
from wtforms import StringField

from spv.forms import Form
from spv.rules.errors import ValidationError
from spv.rules.proofs import LONGEST


class VerifyForm(Form):
    """An event and its proof, pasted or in files, or an older checkpoint."""

    event = StringField("Event")
    event_file = FileField("Or the file of the event")
    proof = StringField("Proof")
    proof_file = FileField("Or the file of the proof")
    checkpoint = StringField("An older checkpoint, or an older proof (optional)")

    def given(self) -> tuple[str, str, str]:
        """Return the event, the proof and the older checkpoint.

        Raises ValidationError if one of the first two is missing, unless there is
        neither and only a checkpoint is to be compared.
        """
        event, proof = map(self._text_of, ("event", "proof"))
        checkpoint = (self.checkpoint.data or "").strip()
        if not (event and proof) and (event or proof or not checkpoint):
            texts = {"event": event, "proof": proof}
            missing = [name for name in texts if not texts[name]]
            raise ValidationError({n: f"Paste or choose the {n}." for n in missing})
        return event, proof, checkpoint

    def _text_of(self, name: str) -> str:
        file, pasted = self[f"{name}_file"].data, (self[name].data or "").strip()
        is_sent = bool(file and file.filename) and not pasted
        return file.read(4 * LONGEST).decode("utf-8", "replace") if is_sent else pasted
