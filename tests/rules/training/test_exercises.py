"""What is still missing of each exercise, by what the ledger and the log have."""

from dataclasses import replace
from datetime import date

import pytest

from spv.rules.training import exercises
from spv.rules.training.exercises import Application, Calculation, Evidence, Recorded
from spv.rules.training.material import EXERCISES, Material

GIVEN = Material(42, date(2026, 11, 29))
WRONG = GIVEN.corrected.serial_number
NUMBER = {exercise.name: exercise.number for exercise in EXERCISES}
VSP = ["general", "verification_service_provider"]
SYSTEM = GIVEN.system


def applied(status="submitted", *, is_upgrade=False, **other):
    right = Application(status, is_upgrade, GIVEN.legal_name, GIVEN.abn, "No.")
    return right._replace(**other)


def rows(panels, channel="web", is_valid=True):
    """Rows of the ledger, as they are recorded for panels."""
    return {
        panel.serial_number: [Recorded(panel.product, channel, is_valid)]
        for panel in panels
    }


def calculated(number=7, **other):
    return Calculation("r", SYSTEM | other, 91, number)


UPLOADED = rows(GIVEN.panels)
CORRECTED = UPLOADED | {
    WRONG: [
        Recorded(GIVEN.panels[3].product, "web", False),
        Recorded(GIVEN.corrected.product, "web", True),
    ]
}
OTHER_SUPPLIER = Recorded(("Other", *GIVEN.corrected.product[1:]), "web", True)
ALL = Evidence(
    account_types=VSP,
    applications=[applied("approved"), applied("approved", is_upgrade=True)],
    rows=CORRECTED | rows(GIVEN.mended) | rows(GIVEN.sent, "api"),
    refused=[(8, 3)],
    declarations=["api"],
    subscriptions=[1],
    keys=frozenset({"primary"}),
    requests=[("primary", 201, 3)],
    calculations=[calculated()],
    answers={"calculate": "91", "log": "7", "check": GIVEN.missing_serial},
)


def without(rows, *serials):
    return {serial: each for serial, each in rows.items() if serial not in serials}


def test_all_are_done():
    assert exercises.missing(ALL, GIVEN) == [""] * 12


def test_nothing_is_done_at_first():
    assert all(exercises.missing(Evidence(), GIVEN))


FIRST, SENT = GIVEN.panels[0].serial_number, [p.serial_number for p in GIVEN.sent]
OTHERS = without(ALL.rows, *SENT)
WAS_GIVEN = (
    {"applications": []},
    "You were given an account instead. Start again to do this exercise.",
)
CASES = {
    "apply": [
        WAS_GIVEN,
        (
            {"applications": [], "account_types": []},
            "You have signed up, but not applied for an account yet.",
        ),
        (
            {"applications": [applied(abn="51824753556")]},
            "Your application is submitted, but its ABN is 51824753556 instead of "
            f"{GIVEN.abn}.",
        ),
        (
            {"applications": [applied(legal_name="Other Pty Ltd")]},
            "Your application is submitted, but its legal entity name is Other Pty Ltd "
            f"instead of {GIVEN.legal_name}.",
        ),
        ({"applications": [applied(), applied(abn="51824753556")]}, ""),
    ],
    "assessed": [
        WAS_GIVEN,
        (
            {"applications": [], "account_types": []},
            "There is no application yet that the agency could assess.",
        ),
        ({"applications": [applied()]}, "Your application waits to be assessed."),
        (
            {"applications": [applied("declined")]},
            "The agency declined your application: No. Apply again.",
        ),
    ],
    "upgrade": [
        WAS_GIVEN,
        (
            {"account_types": ["general"], "applications": [applied("approved")]},
            "You have not applied for an upgrade of your account yet.",
        ),
        (
            {"applications": [applied("approved")]},
            "Your account is that of a Verification Service Provider already, without "
            "an upgrade. Start again to do this exercise.",
        ),
        (
            {"applications": [applied(is_upgrade=True)]},
            "Your upgrade waits to be assessed.",
        ),
        (
            {"applications": [applied("declined", is_upgrade=True)]},
            "The agency declined the upgrade: No. Apply again.",
        ),
        (
            {"account_types": ["general", "supplier"]},
            "Your account was upgraded, but not to Verification Service Provider.",
        ),
    ],
    "upload": [
        ({"rows": {}}, "Your file has not been uploaded yet."),
        (
            {"rows": without(UPLOADED, FIRST)},
            f"1 of your 10 rows is not in the ledger: {FIRST}.",
        ),
        (
            {"rows": rows(GIVEN.panels[:5])},
            "5 of your 10 rows are not in the ledger: TSC000042316, TSC000042317, "
            "TSC000042318 and 2 more.",
        ),
        (
            {"rows": UPLOADED | rows([GIVEN.panels[0]._replace(model_number="X-1")])},
            f"{FIRST} is in the ledger, but with the model number X-1 instead of "
            "TSC-415M.",
        ),
        ({"rows": rows(GIVEN.panels, is_valid=False)}, ""),
    ],
    "mend": [
        (
            {"refused": [(8, 2), (10, 3)]},
            "Your file has not been refused yet: upload it as it is first.",
        ),
        (
            {"rows": UPLOADED},
            "Your file was refused, but not uploaded again after that.",
        ),
        (
            {"rows": rows([p for i, p in enumerate(GIVEN.mended) if i != 1])},
            "1 of your 8 rows is not in the ledger: TSC000042542.",
        ),
        (
            {"rows": ALL.rows | rows([GIVEN.mended[4]._replace(model_number="A1")])},
            "TSC000042545 is in the ledger, but with the model number A1 instead of "
            "TSC-415M.",
        ),
    ],
    "declare": [
        (
            {"declarations": []},
            "The Declaration for API Users has not been made yet. The declaration with "
            "a file is another one.",
        )
    ],
    "subscribe": [
        (
            {"keys": frozenset(), "subscriptions": []},
            "You have not subscribed to the Serial Number Ledger yet.",
        ),
        (
            {"keys": frozenset()},
            "You have subscribed, but not shown your primary key yet.",
        ),
        (
            {"keys": frozenset({"secondary"})},
            "You have shown your secondary key, but not the primary key.",
        ),
    ],
    "send": [
        ({"rows": OTHERS, "requests": []}, "No request has sent your rows yet."),
        (
            {"rows": OTHERS, "requests": [("primary", 422, 3), ("test", 200, 1)]},
            "Your last request was answered 422: Unsuccessful.",
        ),
        (
            {"rows": OTHERS, "requests": [("primary", 403, 3)]},
            "Your last request was refused, because the Declaration for API Users is "
            "not current.",
        ),
        (
            {"rows": OTHERS, "requests": [("test", 200, 2)]},
            "Your last request had 2 rows. Send your 3 rows.",
        ),
        ({"rows": OTHERS, "requests": [("primary", 422, 3), ("test", 200, 3)]}, ""),
        (
            {"rows": OTHERS | rows(GIVEN.sent)},
            "Your rows are in the ledger, but they were not sent by API.",
        ),
        (
            {"rows": without(ALL.rows, SENT[0])},
            f"1 of your 3 rows is not in the ledger: {SENT[0]}.",
        ),
    ],
    "correct": [
        ({"rows": {}}, "Upload your first file, so that there is a row to correct."),
        ({"rows": UPLOADED}, f"{WRONG} is still valid with the model number TSC-415M."),
        (
            {"rows": UPLOADED | rows([GIVEN.panels[3]], is_valid=False)},
            f"{WRONG} is marked as invalid, but not uploaded again yet.",
        ),
        (
            {"rows": CORRECTED | rows([GIVEN.panels[0]], is_valid=False)},
            f"1 row of your first file besides {WRONG} is not valid: {FIRST}.",
        ),
        (
            {"rows": rows(GIVEN.panels, is_valid=False)},
            f"9 rows of your first file besides {WRONG} are not valid: TSC000042311, "
            "TSC000042312, TSC000042313 and 6 more.",
        ),
        (
            {"rows": CORRECTED | {WRONG: [CORRECTED[WRONG][0], UPLOADED[WRONG][0]]}},
            f"{WRONG} was uploaded again, but with the model number TSC-415M instead "
            "of TSC-440M.",
        ),
        (
            {"rows": CORRECTED | {WRONG: [*CORRECTED[WRONG][:1], OTHER_SUPPLIER]}},
            f"{WRONG} was uploaded again, but with the supplier name Other instead of "
            f"{GIVEN.corrected.supplier_name}.",
        ),
    ],
    "calculate": [
        (
            {"calculations": []},
            "The system has not been calculated with the STC calculator yet.",
        ),
        (
            {"calculations": [calculated(postcode="0800")]},
            "You have calculated another system: its postcode is 0800 instead of 2000.",
        ),
        (
            {"calculations": [calculated(rated_power_kw=None)]},
            "You have calculated another system: its rated power is empty instead of "
            f"{SYSTEM['rated_power_kw']}.",
        ),
        ({"answers": {}}, "Enter the number of STCs that you worked out by hand."),
        (
            {"answers": {"calculate": "92"}},
            "You got 92 by hand, but the calculator got something else. Multiply "
            "power, rating and years, and round down once, at the end.",
        ),
    ],
    "log": [
        (
            {"calculations": []},
            "The system has not been calculated with the STC calculator yet.",
        ),
        ({"answers": {}}, "Enter the number of the event of your calculation."),
        (
            {"answers": {"log": "8"}},
            "Event 8 of the log is not the event of your calculation.",
        ),
        (
            {
                "answers": {"log": "8"},
                "calculations": [calculated(7), calculated(8, postcode="3000")],
            },
            "Event 8 of the log is not the event of your calculation.",
        ),
        ({"answers": {"log": "8"}, "calculations": [calculated(7), calculated(8)]}, ""),
    ],
    "check": [
        ({"rows": {}}, "The panels are those of your first file: upload it first."),
        ({"answers": {}}, "Enter the serial number that the ledger does not have."),
        ({"answers": {"check": FIRST}}, f"{FIRST} is in the ledger."),
        ({"answers": {"check": "X1"}}, "X1 is not one of the five."),
    ],
}


@pytest.mark.parametrize(
    ("name", "other", "sentence"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
)
def test_what_is_missing_is_said(name, other, sentence):
    found = exercises.missing(replace(ALL, **other), GIVEN)
    assert found[NUMBER[name] - 1] == sentence
