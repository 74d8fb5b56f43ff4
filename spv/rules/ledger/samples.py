"""Files to learn from: a template, one that is right, and one that is not."""

from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS

_HEADING = list(FIELDS.values())
_MAKER = ["Example Solar Imports Pty Ltd", "Example Solar Technology Co., Ltd"]
_GOOD = [
    [*_MAKER, "EST-440M-108", f"EST44020260{number:05}"] for number in range(1, 11)
]
_BAD = [
    [*_MAKER, "EST-440M-108", "EST4402026000011"],
    [*_MAKER, "EST-440M-108", "1.60719E+15"],
    [*_MAKER, "EST-440M-108", "1.60719E+15"],
    [*_MAKER, "EST-440M-108", "EST4402026000011"],
    [*_MAKER, "", "EST4402026000012"],
    [*_MAKER, "EST-440M-108", "EST4402026 000013"],
    [*_MAKER, "EST-440M-108", "EST44О2026000014"],
    [*_MAKER, "EST-440M-108", "N/A"],
]
SAMPLES = {
    "template": csv_text([_HEADING]),
    "good-sample": csv_text([_HEADING, *_GOOD]),
    "bad-sample": csv_text([_HEADING, *_BAD]),
}
