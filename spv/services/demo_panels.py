"""Panels of a demonstration: uploads that went well, and some that did not."""

from spv.rules.csv_file import csv_text
from spv.rules.declaration import CURRENT
from spv.rules.refusal import Refusal
from spv.rules.serial_rows import FIELDS, Panel
from spv.rules.serial_samples import SAMPLES
from spv.services import uploads
from spv.services.actor import Actor

# Made-up suppliers, licensees and models, and how the serial numbers begin.
HELIOS = Panel(
    "Helios Panels Australia", "Helios Energy Co., Ltd", "HE-440N-54", "HE44"
)
HELIOS_LARGE = HELIOS._replace(model_number="HE-600N-72", serial_number="HE60-")
BANKSIA = Panel("Banksia Solar Pty Ltd", "Banksia Solar Pty Ltd", "BS-415M", "BS/415/")
CORAL = Panel("Coral Coast Imports", "Müller Photovoltaik GmbH", "CC 390 W", "0039026")
SUPPLIED = Panel("Example Panel Supply", "Lumen Module Works", "LMW-430-B", "LMW430B")
# Who uploads (by its place among the accounts), what, from which number, how many.
FILES = [
    (0, "helios-may.csv", HELIOS, 1, 120),
    (0, "helios-june.csv", HELIOS_LARGE, 1, 60),
    (0, "banksia.csv", BANKSIA, 501, 80),
    (1, "own-production.csv", SUPPLIED, 1, 90),
    (2, "coral-coast.csv", CORAL, 7001, 50),
]


def load(verifier: Actor, supplier: Actor, other: Actor) -> None:
    """Upload several hundred panels, and files with problems, for three accounts."""
    actors = (verifier, supplier, other)
    for account, name, kind, first, count in FILES:
        _upload(actors[account], name, [*_panels(kind, first, count)])
    known = [*_panels(HELIOS, 111, 20), *_panels(BANKSIA, 571, 30)]
    damaged = BANKSIA._replace(serial_number="4.15001E+")
    _upload(verifier, "helios-again.csv", known)
    _upload(verifier, "banksia-damaged.csv", [*_panels(damaged, 12, 9)])
    _send(supplier, "bad-sample.csv", SAMPLES["bad-sample"])


def _panels(kind: Panel, first: int, count: int) -> list[Panel]:
    serial = kind.serial_number
    digits = 0 if serial.endswith("+") else 7
    return [
        kind._replace(serial_number=f"{serial}{number:0{digits}}")
        for number in range(first, first + count)
    ]


def _upload(actor: Actor, filename: str, panels: list[Panel]) -> None:
    _send(actor, filename, csv_text([FIELDS.values(), *panels]))


def _send(actor: Actor, filename: str, text: str) -> None:
    answers = {"declaration": "yes", "wording_version": CURRENT}
    try:
        uploads.save(uploads.File(text.encode(), filename), answers, actor)
    except Refusal:
        return  # that is what some of the files are for
