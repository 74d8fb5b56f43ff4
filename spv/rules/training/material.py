"""The exercises, and the names, files and system that each trainee is given."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import NamedTuple

from stdnum.au import abn

from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import COLUMNS, FIELDS, Panel

SUPPLIER, LICENSEE = "Training Panel Supply Pty Ltd", "Training Solar Pty Ltd"
MODEL, RIGHT_MODEL = "TSC-415M", "TSC-440M"
PHONE = "02 5550 0100"
PROBLEMS = 3  # in the file to correct
_POWERS = ("5.28", "6.6", "8.3", "9.96", "10.56", "13.2")
_POSTCODES = ("2000", "3000", "4000", "5000", "6000", "7000", "0870")


class Exercise(NamedTuple):
    """An exercise: `go` is the route to begin at, and `pages` have its panel.

    `file` is the name of its file. `question` is the label of an answer that is only
    known after the exercise.
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


class Material:
    """The names, the files and the system of a trainee, which nobody else has.

    Everything follows from the id of the trainee's user and the day of the sign-up.
    """

    def __init__(self, user_id: int, day: date) -> None:
        def panel(number: int, model: str = MODEL) -> Panel:
            return Panel(SUPPLIER, LICENSEE, model, f"TSC0{user_id:05}{number:03}")

        self.user_id, self.day = user_id, day
        self.legal_name = f"Training Company {user_id} Pty Ltd"
        number = f"{700_000_000 + user_id}"
        self.abn = str(abn.calc_check_digits(number)) + number
        # The panels of the first file. The fourth has the wrong model number.
        self.panels = [panel(number) for number in range(311, 321)]
        self.corrected = panel(314, RIGHT_MODEL)
        # The rows of the file to mend, as the labels have them; and as a spreadsheet
        # has damaged them.
        self.mended = [panel(number) for number in range(541, 549)]
        self.to_mend = rows = [*self.mended]
        rows[1] = rows[1]._replace(serial_number="4.15E+11")
        rows[4] = rows[4]._replace(model_number="")
        rows[6] = rows[6]._replace(serial_number=rows[5].serial_number)
        self.damaged = [panel for panel in self.mended if panel not in rows]
        # The rows to send by API.
        self.sent = [panel(number, RIGHT_MODEL) for number in range(761, 764)]
        self.serials = [
            each.serial_number for each in [*self.panels, *self.mended, *self.sent]
        ]
        # The answers of the calculator for the trainee's system.
        self.system = {
            "system_type": "solar_deemed",
            "rated_power_kw": _POWERS[user_id % len(_POWERS)],
            "installation_date": day.isoformat(),
            "calculation_period": "max",
            "postcode": _POSTCODES[user_id % len(_POSTCODES)],
        }
        # The panels of the installation to check: the ledger has no serial number with
        # the letter O for a zero.
        checked = [panel(number).serial_number for number in (311, 313, 316, 318, 320)]
        self.missing_serial = checked[2].replace("TSC0", "TSCO", 1)
        self.installed = [*checked[:2], self.missing_serial, *checked[3:]]

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
