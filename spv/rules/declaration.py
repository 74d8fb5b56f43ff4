"""Declarations: what is declared, in dated wordings."""

from spv.rules.refusal import Refusal

# A wording that was declared to is never changed: a new one gets a version of its own.
WORDINGS = {
    "2026-11-22": (
        "I may upload panel serial numbers for this account.",
        "I have taken all reasonable steps and made all reasonable enquiries to "
        "confirm the truth and accuracy of the data, including the data provided by "
        "Approved Entities, before uploading it.",
        "Each serial number is that of a panel of the model, supplier and "
        "licensee/certificate holder beside it.",
        "I will mark serial numbers as invalid as soon as I learn that they are wrong.",
    ),
}
CURRENT = max(WORDINGS)
YES = ("yes", "on", "y", "true", "1")  # what a box that was ticked may send


def read_declaration(made: str, version: str) -> str:
    """The version of the wording that was declared to; Refusal on `declaration`.

    `version` is that of the page; where it names none, the current one was shown.
    """
    if made not in YES:
        sentence = "Make the declaration, and choose the file again."
        raise Refusal({"declaration": sentence})
    if version and version != CURRENT:
        sentence = "The declaration has a new wording. Read it, then make it again."
        raise Refusal({"declaration": sentence})
    return CURRENT
