"""The report of a refused upload as it is kept for the agency: its problems in groups.

Its size is limited: the sentences of at most 50 problems, each of them cut.
"""

from collections.abc import Sequence
from typing import Any

from spv.rules.faults import Fault
from spv.rules.ledger.report import Group, Report

LONGEST = 300  # characters of a sentence


def to_json(report: Report, *, for_programs: bool = False) -> dict[str, Any]:
    """Return a report as its account saw it, on the page or in an answer of the API."""
    return {
        "about_headings": report.about_headings,
        "wrong_rows": report.wrong_rows,
        "groups": _groups(report.groups, for_programs),
        "warning_count": report.warning_count,
        "warnings": _groups(report.warnings, for_programs),
    }


def _groups(groups: Sequence[Group], for_programs: bool) -> list[dict[str, Any]]:
    return [
        {
            "column": group.column,
            "fault": _words(group.fault, for_programs),
            "count": group.count,
            "first": [
                {"row": each.row, "found": each.found, "note": each.note}
                for each in group.first
            ],
        }
        for group in groups
    ]


def _words(fault: Fault, for_programs: bool) -> dict[str, str]:
    sentence, remedy = fault.sentence, fault.remedy
    if for_programs and fault.for_programs:
        sentence, remedy = fault.for_programs, ""
    return {"sentence": _cut(sentence), "remedy": _cut(remedy)}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
