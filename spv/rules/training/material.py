"""The exercises, and the names, files and system that each trainee is given."""

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stdnum.au import abn

from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import COLUMNS, FIELDS, Panel

SUPPLIER, LICENSEE = "Training Panel Supply Pty Ltd", "Training Solar Pty Ltd"
MODEL, RIGHT_MODEL = "TSC-415M", "TSC-440M"
PHONE = "02 5550 0100"
PROBLEMS = 3  # in the file to mend
_POWERS = ("5.28", "6.6", "8.3", "9.96", "10.56", "13.2")
_POSTCODES = ("2000", "3000", "4000", "5000", "6000", "7000", "0870")


class Exercise(NamedTuple):
    """An exercise: `go` is the route to begin at, and `pages` are those of its panel.

    `file` is the name of its file. `question` is the label of an answer that only
    somebody who has done the exercise can give.
    """

    number: int
    name: str
    title: str
    guidance: str
    to_do: str
    go: str
    pages: list[str]
    file: str = ""
    question: str = ""


_TOML = Path(__file__).parents[2].joinpath("training.toml").read_text("utf-8")
EXERCISES = [
    Exercise(number, **each)
    for number, each in enumerate(tomllib.loads(_TOML)["exercises"], 1)
]


@dataclass(frozen=True)
class Material:
    """The names, the files and the system of a trainee, which nobody else has.

    All of it follows from the id of the trainee's user and the day of the sign-up.
    """

    user_id: int
    day: date

    @property
    def legal_name(self) -> str:
        """The legal entity name of the trainee's organisation."""
        return f"Training Company {self.user_id} Pty Ltd"

    @property
    def abn(self) -> str:
        """Its ABN, with right check digits."""
        number = f"{700_000_000 + self.user_id}"
        return str(abn.calc_check_digits(number)) + number

    def panel(self, number: int, model: str = MODEL) -> Panel:
        """Return one of the trainee's panels."""
        return Panel(SUPPLIER, LICENSEE, model, f"TSC0{self.user_id:05}{number:03}")

    @cached_property
    def panels(self) -> list[Panel]:
        """The ten panels of the first file. The fourth has the wrong model number."""
        return [self.panel(number) for number in range(311, 321)]

    @property
    def corrected(self) -> Panel:
        """The fourth panel as its label has it."""
        return self.panel(314, RIGHT_MODEL)

    @cached_property
    def mended(self) -> list[Panel]:
        """The rows of the file to mend, as the labels have them."""
        return [self.panel(number) for number in range(541, 549)]

    @property
    def damaged(self) -> list[Panel]:
        """The panels that the file has wrong, in the order of their rows."""
        rows = zip(self.mended, self.to_mend, strict=True)
        return [right for right, wrong in rows if right != wrong]

    @property
    def to_mend(self) -> list[Panel]:
        """The same with three rows that are refused, as a spreadsheet damages them."""
        rows = [*self.mended]
        rows[1] = rows[1]._replace(serial_number="4.15E+11")
        rows[4] = rows[4]._replace(model_number="")
        rows[6] = rows[6]._replace(serial_number=rows[5].serial_number)
        return rows

    @cached_property
    def sent(self) -> list[Panel]:
        """The three rows to send by API."""
        return [self.panel(number, RIGHT_MODEL) for number in range(761, 764)]

    @property
    def system(self) -> dict[str, str]:
        """The answers of the calculator for the trainee's system."""
        return {
            "system_type": "solar_deemed",
            "rated_power_kw": _POWERS[self.user_id % len(_POWERS)],
            "installation_date": self.day.isoformat(),
            "calculation_period": "max",
            "postcode": _POSTCODES[self.user_id % len(_POSTCODES)],
        }

    @property
    def missing_serial(self) -> str:
        """A serial number with the letter O for a zero, which the ledger has not."""
        return self.panel(316).serial_number.replace("TSC0", "TSCO", 1)

    @property
    def installed(self) -> list[str]:
        """The serial numbers of the installation to check."""
        others = [self.panel(number).serial_number for number in (311, 313, 318, 320)]
        return [*others[:2], self.missing_serial, *others[2:]]

    @property
    def serials(self) -> list[str]:
        """Every serial number of the trainee's files."""
        return [each.serial_number for each in [*self.panels, *self.mended, *self.sent]]

    def file(self, name: str) -> str:
        """Return a file of an exercise; raises KeyError."""
        if name == "rows.json":
            keys = [column.json_name for column in COLUMNS.values()]
            rows = [dict(zip(keys, panel, strict=True)) for panel in self.sent]
            return json.dumps({"serialNumbers": rows}, indent=2)
        panels = {
            "panels.csv": self.panels,
            "to-mend.csv": self.to_mend,
            "corrected.csv": [self.corrected],
        }
        return csv_text([FIELDS.values(), *panels[name]])
