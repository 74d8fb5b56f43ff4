"""Panels of a demonstration: uploads that went well, and some that did not."""

import random
from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import func, select

from spv.extensions import db
from spv.models import PanelSerial
from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS, MOST_ROWS, Panel
from spv.rules.ledger.samples import SAMPLES
from spv.rules.refusal import Refusal
from spv.services.actor import Actor
from spv.services.ledger import uploads
from spv.services.transaction import together

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
# Of what there are more on demand: the first is the most common. Serial numbers begin
# with the letters and the watts of a model.
BRANDS = {
    "HXA": ("Helios Panels Australia", "Helios Energy Co., Ltd"),
    "BSM": ("Banksia Solar Pty Ltd", "Banksia Solar Pty Ltd"),
    "CCG": ("Coral Coast Imports", "Müller Photovoltaik GmbH"),
    "WTR": ("Waratah Energy Supplies", "Jade River Solar Co., Ltd"),
    "KNG": ("Kingfisher Solar Imports", "Kestrel Photovoltaics Inc."),
    "PLT": ("Platypus Power Pty Ltd", "Plateau New Energy Co., Ltd"),
    "SGO": ("Spinifex & Gorse", "Solargo Módulos S.A."),
    "TSK": ("Tasman Sky Trading", "Tern Sky Technology Co., Ltd"),
    "QND": ("Quandong Renewables", "Quanta Nord A/S"),
    "LMW": ("Example Panel Supply", "Lumen Module Works"),
}
WATTS = range(390, 590, 20)
TOGETHER = 40


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


def add(count: int, *actors: Actor) -> Iterator[int]:
    """Upload so many more panels for three accounts; yields how many, once kept."""
    while count > 0:
        some = min(count, TOGETHER * MOST_ROWS)
        with together():
            for rows in range(some, 0, -MOST_ROWS):
                _upload_more(min(rows, MOST_ROWS), actors)
        yield some
        count -= some


def _upload_more(count: int, actors: tuple[Actor, ...]) -> None:
    """A file of one to three models of a brand, none of whose numbers is there yet."""
    last = db.session.scalar(select(func.max(PanelSerial.id))) or 0
    chosen = random.Random(last)  # noqa: S311 (the same each time)
    account = chosen.choices(range(3), (6, 1, 3))[0]
    common = [0.6**place for place in range(len(BRANDS))]
    brand = "LMW" if account == 1 else chosen.choices([*BRANDS], common)[0]
    models, size = chosen.sample(WATTS, chosen.randint(1, 3)), -(-MOST_ROWS // 3)
    panels = []
    for place in range(count):
        watts = models[place // size % len(models)]
        serial = f"{brand}{watts}{last + 1 + place:09}"
        panels.append(Panel(*BRANDS[brand], f"{brand}-{watts}M", serial))
    text = csv_text([FIELDS.values(), *panels])
    _save(actors[account], f"{brand.lower()}-{last + 1}.csv", text)


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
    with suppress(Refusal):  # that is what some of the files are for
        _save(actor, filename, text)


def _save(actor: Actor, filename: str, text: str) -> None:
    answers = {"declaration": "yes", "wording_version": ""}
    uploads.save(uploads.File(text.encode(), filename), answers, actor)
