"""Downloads survive LibreOffice: opened and saved there, they can be uploaded again."""

import os
import random
import shutil
import subprocess

import pytest

from spv.rules.csv_file import csv_text
from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.rows import FIELDS
from tests.rules.ledger.test_warnings import LOOK_DAMAGED, plausible
from tests.serial_files_damage import TAKEN_SERIALS, WARNED_SERIALS, texts

SOFFICE = shutil.which("soffice")
# Comma, double quote, UTF-8, from row 1: as a person opens and saves a CSV file.
CSV = "44,34,76,1"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not SOFFICE and not os.environ.get("SPV_REQUIRE_LIBREOFFICE"),
        reason="needs LibreOffice",
    ),
]


def opened_and_saved(text, folder):
    """Return a CSV file as LibreOffice writes it after it has opened it."""
    given, saved = folder / "given.csv", folder / "saved"
    given.write_text("\ufeff" + text, encoding="utf-8", newline="")
    subprocess.run(
        [
            SOFFICE, "--headless", f"-env:UserInstallation=file://{folder}/profile",
            f"--infilter=Text - txt - csv (StarCalc):{CSV}",
            "--convert-to", f"csv:Text - txt - csv (StarCalc):{CSV}",
            "--outdir", saved, given,
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return (saved / "given.csv").read_bytes()


def test_no_accepted_serial_number_is_rewritten_in_a_download(tmp_path):
    chosen = random.Random(2026)
    serials = {*LOOK_DAMAGED, *texts(TAKEN_SERIALS)}
    serials |= {each for kind in WARNED_SERIALS.values() for each in texts(kind)}
    serials |= {plausible(chosen) for _ in range(800)}
    rows = [("Acme", "Bright", "M-450", serial) for serial in sorted(serials)]
    text = csv_text([FIELDS.values(), *rows], as_text=True)
    before = check_csv(text.encode())
    assert before.problems == []
    after = check_csv(opened_and_saved(text, tmp_path))
    assert after.problems == []
    assert {*after.serials} == {*before.serials}
