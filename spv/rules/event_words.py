"""The words of the audit log: a sentence for each event, and a label for its name."""

from collections.abc import Mapping, Sequence
from datetime import date
from string import Formatter
from typing import Any

from spv.rules.stc.system_types import SYSTEM_TYPES
from spv.rules.text import format_date, pluralise

# The first sentence of an event is taken for which its details have every value. A
# value with a noun behind it is counted; for `day` and `type` see `_Words`.
SENTENCES: dict[str, tuple[str, ...]] = {
    "account.reinstated": ("{actor} reinstated {account}.",),
    "account.suspended": ("{actor} suspended {account}.",),
    "application.approved": ("{actor} approved the application of {legal_name}.",),
    "application.declined": ("{actor} declined the application of {legal_name}.",),
    "application.submitted": (
        "{actor} applied for more account types for {to_account}.",
        "{actor} applied for an account for {legal_name}.",
    ),
    "contact.removed": ("{actor} removed the nominated contact of ABN {abn}.",),
    "contact.saved": ("{actor} saved the nominated contact of {legal_name}.",),
    "contacts.loaded": ("{actor} loaded {contacts:nominated contact} from a file.",),
    "declaration.made": (
        "{actor} made the Declaration for API Users of {account}, current until "
        "{expires_on:day}.",
    ),
    "demonstration.loaded": ("The people of the demonstration were made.",),
    "finding.seen": ("{actor} noted that a finding of the desk was seen: {finding}.",),
    "key.regenerated": (
        "{actor} replaced the {key} key of subscription {subscription}.",
    ),
    "key.show_refused": (
        "{actor} entered a wrong password to see the {key} key of subscription "
        "{subscription}.",
    ),
    "key.shown": ("{actor} looked at the {key} key of subscription {subscription}.",),
    "ledger.exported": (
        "{actor} exported rows of the ledger. {criteria}.",
        "{actor} exported the whole ledger.",
    ),
    "ledger.searched": (
        "{actor} searched the ledger. {criteria}.",
        "{actor} looked up a list of {serial_numbers:serial number}.",
    ),
    "look_alikes.searched": (
        "The nightly job looked for serial numbers of two accounts that are alike, "
        "up to upload {last_upload}.",
    ),
    "log.baseline": ("The log took in the rows that were there at an upgrade.",),
    "log.columns_added": ("An upgrade added columns to rows that were there.",),
    "log.exported": (
        "{actor} exported events of the audit log. {criteria}.",
        "{actor} exported the newest events of the audit log.",
    ),
    "log.searched": ("{actor} searched the audit log. {criteria}.",),
    "products.loaded": (
        "{actor} loaded a list of {rows:approved product} from {filename}: {added} "
        "added, {altered} changed, {gone} gone.",
    ),
    "refusals.viewed": ("{actor} looked at {refusals:refused upload} of accounts.",),
    "rows.marked_invalid": ("{actor} marked {rows:row} as invalid: {reason}.",),
    "second_factor.added": ("{actor} set up a second factor.",),
    "second_factor.asked": ("{actor} entered the password, and was asked for a code.",),
    "second_factor.confirmed": ("{actor} gave a code again.",),
    "second_factor.recovery_code_used": ("{actor} used a recovery code.",),
    "second_factor.code_refused": ("{actor} gave a wrong code.",),
    "second_factor.removed": ("{actor} removed their second factor.",),
    "second_factor.replaced": ("{actor} replaced their second factor.",),
    "second_factor.reset": ("The second factor of {email} was reset by command.",),
    "staff.created": ("{actor} made {email} a member of agency staff.",),
    "staff.removed": ("{actor} removed {name} ({email}) from agency staff.",),
    "staff.role_changed": ("{actor} gave {name} the role {role}.",),
    "stc.batch_calculated": (
        "{actor} calculated {certificates:STC} for {calculated:system} of a file with "
        "{row_count:row}.",
    ),
    "stc.calculated": (
        "{actor} calculated {result[certificates]:STC} for {inputs[system_type]:type}"
        ".",
    ),
    "subscription.cancelled": ("{actor} cancelled subscription {subscription}.",),
    "subscription.created": ("{actor} made the subscription “{name}” of {account}.",),
    "subscription.reinstated": ("{actor} reinstated subscription {subscription}.",),
    "subscription.suspended": ("{actor} suspended subscription {subscription}.",),
    "subscription.renamed": (
        "{actor} renamed subscription {subscription} to “{name}”.",
    ),
    "upload.recorded": (
        "{actor} recorded {rows:row} of {filename}.",
        "{actor} recorded {rows:row}.",
    ),
    "upload.refused": (
        "{filename} was refused: {problems:problem} in {rows:row}.",
        "{filename} was refused: {why}",
        "{actor} sent rows that were refused: {problems:problem} in {rows:row}.",
        "{actor} sent rows that were refused: {why}",
    ),
    "training.account_given": ("{actor} was given an account for later exercises.",),
    "training.answered": ("{actor} answered exercise {exercise}: {answer}.",),
    "training.class_ended": ("{actor} ended class {training_class}.",),
    "training.class_opened": (
        "{actor} opened class {training_class} with {places:place}.",
    ),
    "training.clock_moved": (
        "{actor} moved the day of business from {day_before:day} to {day:day}.",
    ),
    "training.entered": ("{name} entered class {training_class}.",),
    "training.reset": ("{actor} started {places:place} of a class again.",),
    "user.added": ("{actor} added {name} ({email}).",),
    "user.changed": ("{actor} changed {name} ({email}).",),
    "user.link_notice_closed": ("{actor} closed the notice of a password link.",),
    "user.password_change_failed": ("{actor} entered a wrong current password.",),
    "user.password_changed": ("{actor} changed their password.",),
    "user.password_link_made": ("{actor} made a password link for {email}.",),
    "user.password_set": ("{actor} set a password with a password link.",),
    "user.removed": ("{actor} removed {name} ({email}).",),
    "user.reinstated": ("{actor} reinstated {subject}.",),
    "user.sign_in_refused": ("{actor} is suspended, and could not sign in.",),
    "user.suspended": ("{actor} suspended {subject}.",),
    "user.sign_in_failed": (
        "A sign-in of {subject} failed.",
        "A sign-in failed: there is no user with the address that was typed.",
    ),
    "user.sign_up_refused": (
        "A sign-up was refused: {email} has a user already.",
    ),
    "user.signed_in": ("{actor} signed in.",),
    "user.signed_out": ("{actor} signed out.",),
    "user.signed_out_everywhere": ("{actor} signed out everywhere.",),
    "user.signed_up": ("{name} ({email}) signed up.",),
    "verification.started": ("{actor} started a verification of everything.",),
}  # fmt: skip


class _Words(Formatter):
    """Writes values of an event in words; a value that is missing is a LookupError."""

    def get_value(
        self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Return a value of the details."""
        value = kwargs[str(key)]
        if value in (None, "", {}):
            raise LookupError(key)
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write a value: a day, a system type, or a number of things."""
        match format_spec, value:
            case "", dict():
                return ", ".join(f"{name}: {text}" for name, text in value.items())
            case "day", _:
                return format_date(date.fromisoformat(value))
            case "type", _:
                return SYSTEM_TYPES[value]
            case noun, list():
                return pluralise(len(value), noun)
            case "", _:
                return str(value)
        return pluralise(value, format_spec)


def label(event: str) -> str:
    """Return the name of an event in words: Upload refused, STC calculated."""
    words = event.replace(".", " ").replace("_", " ").capitalize()
    return words.replace("Stc", "STC").replace("Api", "API")


def sentence(event: str, values: Mapping[str, Any]) -> str:
    """Return what an event says, by the values of its details.

    An event that is not known, or has other details, is named with its actor.
    """
    for words in SENTENCES.get(event, ()):
        try:
            return _Words().vformat(words, (), values)
        except (LookupError, ValueError, TypeError, AttributeError):
            continue
    return f"{values['actor']}: {label(event)}."
