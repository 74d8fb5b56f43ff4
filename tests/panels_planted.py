"""Rows of two accounts, some of which each criterion of a search finds."""

from datetime import date, datetime, timedelta

import time_machine

from spv import demo
from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS
from spv.services.ledger import invalidations, selections
from tests import brute_force
from tests.panels import upload
from tests.people import acting

# Both accounts have them. `_` and `%` are no wildcards, and case does not matter.
PRODUCTS = [
    ("Müller & Söhne", "100% Solar", "A_B"),
    ("MULLER", "100x Solar", "AXB"),
    ("Ångström/Volt", "C:\\panels", "a_b/2"),
    ("ΔELTA \u00a0Солнце", "O’Neil “Sun”", "[x]–*?"),
]
STARTS = ["Z", "9", "(", "#", "/", ":", "A", "A/", "A:", "A-", "A_", "ZZ"]
# The first moments of days at the end and at the beginning of summer time.
MIDNIGHTS = [
    "2026-04-04 13:00", "2026-04-05 14:00", "2026-10-03 14:00", "2026-10-04 13:00",
]  # fmt: skip
MOMENTS = [
    datetime.fromisoformat(f"{midnight}+00:00") - before
    for midnight in MIDNIGHTS
    for before in (timedelta(microseconds=1), timedelta(0))
]
# What tests search for; the first two values of each also in pairs.
VALUES = {
    "serial_number": ["A", "Z", "9", "(", "#", "/", ":", "A/", "A:", "A_", "ZZ", "~",
                      "@", "[", "Z0", "A-03"],
    "supplier_name": ["MÜLLER", "é", "müller", "muller", "/", "ÅNGSTRÖM", "δelta",
                      "СОЛНЦЕ", "Δelta\u2003солнце", "%", "_", "\\"],
    "licensee": ["%", "100", "100%", "_", "\\", "c:\\", "'", '"', "100_",
                 "o'neil", 'O`NEIL \u2009„sun"'],
    "model_number": ["_", "a_b", "%", "[X]", "]-*", "—", "*", "?", "/", "b/2"],
    "status": ["valid", "invalid"],
    "recorded_from": [date(2026, 4, 5), date(2026, 10, 4), date(2026, 4, 6),
                      date(2026, 10, 5), date(2026, 10, 6), date(2000, 1, 1)],
    "recorded_to": [date(2026, 4, 5), date(2026, 10, 4), date(2026, 4, 4),
                    date(2026, 10, 3), date(2026, 4, 3), date(2099, 12, 31)],
    "account": ["VERIFICATION", "other", "%", "_"],
}  # fmt: skip
ACCOUNTS = {"V": demo.VSP_USER, "O": demo.OTHER_VSP}


def plant():
    """Upload the rows, mark every third of them as invalid, and return all rows.

    Agency staff mark some of them, and each account marks some of its own.
    """
    before = len(brute_force.every_row())
    for n, moment in enumerate(MOMENTS):
        with time_machine.travel(moment, tick=False):
            for letter, email in ACCOUNTS.items():
                upload(_file(n, letter), acting(email), f"{n}{letter}.csv")
    rows = brute_force.every_row()[before:]
    for email in (demo.STAFF, demo.VSP_USER, demo.OTHER_VSP):
        which = 0 if email == demo.STAFF else 4
        ids = [row.id for row in rows if row.id % 12 in (which, which + 1)]
        selection = selections.chosen(ids, acting(email))
        invalidations.mark(selection, {"reason": "Ineligible panel"}, acting(email))
    return brute_force.every_row()


def _file(n, letter):
    """Return a file with all products, and all beginnings of serial numbers."""
    rows = [
        (*PRODUCTS[(n + k) % len(PRODUCTS)], f"{start}{n:02}{letter}{k:02}")
        for k, start in enumerate(STARTS)
    ]
    return csv_text([FIELDS.values(), *rows]).encode()
