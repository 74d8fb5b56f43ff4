"""Page, API and batch say the same number and the same warnings, on any day."""

import csv
import io
import random
from datetime import date, timedelta

import pytest
import time_machine

from spv.rules.stc.figures import FIGURES, FIRST_DAY
from spv.rules.stc.system_types import SystemType
from spv.rules.stc.systems import SYSTEMS
from tests.endurance import sampled
from tests.examples import example_of
from tests.rules.stc.test_batch import as_csv
from tests.views.page import read

LATE = "No STCs can be created any more"
LAST = FIGURES["scheme_last_day"].latest
CHANGES = {day for figure in FIGURES.values() for day, _ in figure.values}
CHANGES |= {date(year, 1, 1) for year in range(2011, 2032)} | {date(2026, 10, 1)}
BESIDE = {day + timedelta(days=n) for day in CHANGES for n in (-1, 0, 1)}
SEEDED = random.Random(16).choices(range((LAST - FIRST_DAY).days), k=500)
DAYS = sorted(BESIDE | {FIRST_DAY + timedelta(days=n) for n in SEEDED})


@sampled
@pytest.mark.parametrize("system_type", SystemType)
@time_machine.travel("2026-11-28", tick=False)
def test_everywhere_the_same(client, system_type, step):
    first = FIGURES[SYSTEMS[system_type].first_day].latest
    days = [day for day in DAYS if first <= day <= LAST][:: 6 * step if step > 1 else 1]
    given = example_of(system_type).answers | {"stc_price": "38"}
    answers = [given | {"installation_date": day.isoformat()} for day in days]
    sent = {"file": (io.BytesIO(as_csv(answers)), "systems.csv")}
    batch = client.post("/stc/batch", data=sent).location
    rows = csv.DictReader(io.StringIO(client.get(f"{batch}.csv").text.lstrip("\ufeff")))
    for each, row in zip(answers, rows, strict=True):
        day = each["installation_date"]
        api = client.get("/api/stc/v1/calculation", query_string=each).json
        assert row["certificates"] == str(api["certificates"]), day
        assert row["warnings"] == " ".join(api["warnings"]), day
        page = read(client.get(client.post("/stc", data=each).location))
        assert f"{api['certificates']:,} STC" in page.text, day
        late = [text for text in api["warnings"] if text.startswith(LATE)]
        boxes = page.all("div", **{"class": "govuk-inset-text spv-warning"})
        shown = [box.text for box in boxes if "hidden" not in box.attributes]
        assert shown == [text for text in api["warnings"] if text not in late], day
        assert (page.heading == LATE) == bool(late) == (api["estimate"] is None), day
