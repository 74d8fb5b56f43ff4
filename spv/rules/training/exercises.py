"""Decide which exercises a trainee has done, only from the ledger and the log."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spv.rules.accounts import AccountType, KeyKind, Status
from spv.rules.ledger.rows import Panel
from spv.rules.text import join_words, pluralise
from spv.rules.training.material import EXERCISES, PROBLEMS, Material

_UNIT = re.compile("STCS?|EVENTS?")  # units that may follow a typed number
GIVEN = "You were given an account instead. Start again to do this exercise."
UPGRADED = (
    "Your account is that of a Verification Service Provider already, without an "
    "upgrade. Start again to do this exercise."
)


class Recorded(NamedTuple):
    """A row of the ledger: its product, the channel of its upload, and its state."""

    product: tuple[str, ...]
    channel: str
    is_valid: bool


class Application(NamedTuple):
    """An application for an account, or for its upgrade."""

    status: str
    is_upgrade: bool
    legal_name: str
    abn: str
    reason: str


class Calculation(NamedTuple):
    """A saved calculation, and the number of its event in the log."""

    reference: str
    answers: dict[str, str]
    certificates: int
    event: int


@dataclass(frozen=True)
class Evidence:
    """The facts about a trainee that the ledger and the log have."""

    account_types: Sequence[str] = ()
    applications: Sequence[Application] = ()
    # The rows of each serial number of the trainee's files.
    rows: Mapping[str, Sequence[Recorded]] = field(default_factory=dict)
    refused: Sequence[tuple[int, int]] = ()  # uploads: their rows and problems
    declarations: Sequence[str] = ()  # the Declarations for API Users
    subscriptions: Sequence[int] = ()  # their ids
    keys: frozenset[str] = frozenset()  # the kinds of the keys that were shown
    # API requests, the newest first: the kind of the key, the status, and the rows.
    requests: Sequence[tuple[str, int, int]] = ()
    calculations: Sequence[Calculation] = ()
    answers: Mapping[str, str] = field(default_factory=dict)  # by exercise


def missing(found: Evidence, given: Material) -> list[str]:
    """Return a sentence on what each exercise still needs; "" if it is done."""
    said = [_CHECKS[exercise.name](found, given) for exercise in EXERCISES]
    is_given = found.account_types and not found.applications
    return [GIVEN] * 3 + said[3:] if is_given else said


def _apply(found: Evidence, given: Material) -> str:
    if not found.applications:
        return "You have signed up, but not applied for an account yet."
    right = (given.abn, given.legal_name)
    typed = [(each.abn, each.legal_name) for each in found.applications]
    if right in typed:
        return ""
    wrong = _difference(("ABN is", "legal entity name is"), typed[-1], right)
    return f"Your application is submitted, but its {wrong}."


def _assessed(found: Evidence, given: Material) -> str:
    nothing = "There is no application yet that the agency could assess."
    return _decision(found.applications, nothing, "your", "application")


def _upgrade(found: Evidence, given: Material) -> str:
    upgrades = [each for each in found.applications if each.is_upgrade]
    is_vsp = AccountType.VSP in found.account_types
    not_yet = "You have not applied for an upgrade of your account yet."
    nothing = UPGRADED if is_vsp else not_yet
    if undecided := _decision(upgrades, nothing, "the", "upgrade"):
        return undecided
    wrong = "Your account was upgraded, but not to Verification Service Provider."
    return "" if is_vsp else wrong


def _decision(
    applications: Sequence[Application], nothing: str, article: str, noun: str
) -> str:
    """Return the reason why no application is approved, as a sentence; "" if one is."""
    if any(each.status == Status.APPROVED for each in applications):
        return ""
    if not applications:
        return nothing
    if applications[-1].status == Status.DECLINED:
        reason = applications[-1].reason
        reason += "" if reason[-1:] in ".?!…" else "."
        return f"The agency declined {article} {noun}: {reason} Apply again."
    return f"Your {noun} waits to be assessed."


def _upload(found: Evidence, given: Material) -> str:
    return _not_recorded(found, given.panels, "Your file has not been uploaded yet.")


def _mend(found: Evidence, given: Material) -> str:
    rows = given.mended
    if (len(rows), PROBLEMS) not in found.refused:
        return "Your file has not been refused yet: upload it as it is first."
    return _not_recorded(
        found, rows, "Your file was refused, but not uploaded again after that."
    )


def _declare(found: Evidence, given: Material) -> str:
    return "" if found.declarations else (
        "The Declaration for API Users has not been made yet. The declaration with a "
        "file is another one."
    )  # fmt: skip


def _subscribe(found: Evidence, given: Material) -> str:
    if "primary" in found.keys:
        return ""
    if not found.subscriptions:
        return "You have not subscribed to the Serial Number Ledger yet."
    if found.keys:
        return f"You have shown your {max(found.keys)} key, but not the primary key."
    return "You have subscribed, but not shown your primary key yet."


def _send(found: Evidence, given: Material) -> str:
    by_api = {
        serial: [row for row in rows if row.channel == "api"]
        for serial, rows in found.rows.items()
    }
    if (KeyKind.TEST, 200, len(given.sent)) in found.requests:
        return ""
    serials = [panel.serial_number for panel in given.sent]
    if any(map(found.rows.get, serials)) and not any(map(by_api.get, serials)):
        return "Your rows are in the ledger, but they were not sent by API."
    nothing = "No request has sent your rows yet."
    if found.requests:
        _, status, rows = found.requests[0]
        nothing = f"Your last request was answered {status}: Unsuccessful."
        if status == 403:
            nothing = (
                "Your last request was refused, because the Declaration for API Users "
                "is not current."
            )
        elif status < 400:
            nothing = (
                f"Your last request had {pluralise(rows, 'row')}. Send your "
                f"{len(given.sent)} rows."
            )
    return _not_recorded(found, given.sent, nothing, by_api)


def _correct(found: Evidence, given: Material) -> str:
    serial = given.corrected.serial_number
    rows = found.rows.get(serial, ())
    if not rows:
        return "Upload your first file, so that there is a row to correct."
    if all(row.is_valid for row in rows):
        return f"{serial} is still valid with the model number {rows[-1].product[2]}."
    valid = {each for each, rows in found.rows.items() if any(r.is_valid for r in rows)}
    first_file = [panel.serial_number for panel in given.panels]
    if lost := [each for each in first_file if each not in {*valid, serial}]:
        return (
            f"{pluralise(len(lost), 'row')} of your first file besides {serial} "
            f"{'is' if len(lost) == 1 else 'are'} not valid: {_some(lost)}."
        )
    if not rows[-1].is_valid:
        return f"{serial} is marked as invalid, but not uploaded again yet."
    if rows[-1].product != given.corrected.product:
        wrong = _wrong_name(rows[-1].product, given.corrected)
        return f"{serial} was uploaded again, but {wrong}."
    return ""


def _calculate(found: Evidence, given: Material) -> str:
    calculation = _calculation(found, given)
    if isinstance(calculation, str):
        return calculation
    typed = _UNIT.sub("", found.answers.get("calculate", "")).strip(" .")
    return _answered(
        typed,
        [str(calculation.certificates)],
        "Enter the number of STCs that you worked out by hand.",
        f"You got {typed} by hand, but the calculator got something else. Multiply "
        "power, rating and years, and round down once, at the end.",
    )


def _log(found: Evidence, given: Material) -> str:
    calculation = _calculation(found, given)
    if isinstance(calculation, str):
        return calculation
    typed = _UNIT.sub("", found.answers.get("log", "")).strip(" .")
    answers = calculation.answers
    events = [str(each.event) for each in found.calculations if each.answers == answers]
    enter = "Enter the number of the event of your calculation."
    wrong = f"Event {typed} of the log is not the event of your calculation."
    return _answered(typed, events, enter, wrong)


def _check(found: Evidence, given: Material) -> str:
    there = [each for each in given.installed if each in found.rows]
    if not there:
        return "The panels are those of your first file: upload it first."
    typed = found.answers.get("check", "").strip(" .")
    kind = "is in the ledger" if typed in there else "is not one of the five"
    enter = "Enter the serial number that the ledger does not have."
    return _answered(typed, [given.missing_serial], enter, f"{typed} {kind}.")


def _answered(typed: str, right: Sequence[str], enter: str, wrong: str) -> str:
    return enter if not typed else "" if typed in right else wrong


_CHECKS: dict[str, Callable[[Evidence, Material], str]] = {
    "apply": _apply, "assessed": _assessed, "upgrade": _upgrade, "upload": _upload,
    "mend": _mend, "declare": _declare, "subscribe": _subscribe, "send": _send,
    "correct": _correct, "calculate": _calculate, "log": _log, "check": _check,
}  # fmt: skip


def _not_recorded(
    found: Evidence,
    panels: Sequence[Panel],
    nothing: str,
    rows: Mapping[str, Sequence[Recorded]] | None = None,
) -> str:
    """Return a sentence on the panels that were never recorded right, or `nothing`."""
    rows = found.rows if rows is None else rows
    recorded = {
        panel.serial_number: rows.get(panel.serial_number, ()) for panel in panels
    }
    if not any(recorded.values()):
        return nothing
    if absent := [serial for serial in recorded if not recorded[serial]]:
        of = f"{len(absent)} of your {pluralise(len(panels), 'row')}"
        verb = "is" if len(absent) == 1 else "are"
        return f"{of} {verb} not in the ledger: {_some(absent)}."
    for panel in panels:
        products = [row.product for row in recorded[panel.serial_number]]
        if panel.product not in products:
            wrong = _wrong_name(products[-1], panel)
            return f"{panel.serial_number} is in the ledger, but {wrong}."
    return ""


def _wrong_name(product: Sequence[str], panel: Panel) -> str:
    names = ("supplier name", "licensee", "model number")
    return f"with the {_difference(names, product, panel.product)}"


def _difference(
    names: Sequence[str], there: Sequence[str], right: Sequence[str]
) -> str:
    """Return the first value that is not right, beside the right value."""
    values = zip(names, there, right, strict=True)
    name, wrong, meant = next(each for each in values if each[1] != each[2])
    return f"{name} {wrong} instead of {meant}"


def _calculation(found: Evidence, given: Material) -> Calculation | str:
    """Return the calculation of the trainee's system; a sentence if there is none."""
    if not found.calculations:
        return "The system has not been calculated with the STC calculator yet."
    for each in found.calculations:
        if each.answers == given.system:
            return each
    typed = found.calculations[-1].answers
    names = [f"{n.removesuffix('_kw').replace('_', ' ')} is" for n in given.system]
    there = [typed.get(name) or "empty" for name in given.system]
    wrong = _difference(names, there, [*given.system.values()])
    return f"You have calculated another system: its {wrong}."


def _some(serials: Sequence[str]) -> str:
    more = [f"{len(serials) - 3} more"] if len(serials) > 3 else []
    return join_words([*serials[:3], *more])
