"""Receipts are checked off-line, and forged ones refused: a byte here or there."""

import random
import re

import pytest

from spv import demo
from spv.services import receipts
from tests.endurance import repeated
from tests.panels import panels_csv, upload
from tests.people import acting
from tests.receipts import KINDS, Receipt, code_of, files_of, keys
from tests.test_verify_receipt import script

__all__ = ["script"]
# Why a file is refused in which a byte was changed, by the part that has the byte.
WHY = {
    "event": "do not lead from this event",
    "path": "hash is damaged|do not lead|not a proof|does not reach|too (few|many)"
    "|not signed",
    "checkpoint": "The checkpoint or its signature is wrong|not signed"
    "|signature is damaged",
    "signature": "signature is (wrong|damaged)|not signed",
    "rows": "not those of the upload",
}


def uploaded(number):
    """The rows of an upload of three panels, and its event and proof."""
    data = panels_csv(3, f"P{number}-")
    upload_id = upload(data, acting(demo.VSP_USER)).upload_id
    receipt = Receipt("", code_of("registry"), f"upload-{upload_id}")
    return data.decode(), *files_of(receipt)


def places(part, event, proof, rows):
    """The text with a part, and where that begins and ends in its bytes."""
    above = len(proof.partition("\n\n")[0].encode())
    signature = len(proof.rpartition("\n\n")[0].encode()) + 2
    return {
        "event": (event, 0, len(event.encode())),
        "path": (proof, 0, above),
        "checkpoint": (proof, above + 2, signature - 2),
        "signature": (proof, signature, len(proof.encode())),
        "rows": (rows, rows.index("\n") + 1, len(rows.encode())),
    }[part]


def forged(part, event, proof, rows, chance):
    """The three texts with another byte at a random place of a part."""
    text, start, end = places(part, event, proof, rows)
    data = bytearray(text.encode())
    if part == "rows":
        cells = [n for n in range(start, end) if chr(data[n]).isalnum()]
        place = chance.choice(cells)
        data[place] = ord(chance.choice("0123456789".replace(chr(data[place]), "")))
    else:
        data[chance.randrange(start, end)] ^= chance.randrange(1, 128)
    # What is no text any more is refused when it is read.
    changed = data.decode(errors="replace")
    return [changed if each is text else each for each in (event, proof, rows)]


@repeated(20, 1000)
def test_receipts_hold(script, demonstration, tmp_path, times):
    known, path = keys(), tmp_path / "rows.csv"
    for number in range(times):
        rows, event, proof = uploaded(number)
        path.write_text(rows)
        assert script.verify(event, proof, known, path)
        assert not isinstance(receipts.check(event, proof), str)


@pytest.mark.parametrize("part", WHY)
@repeated(20, 1000)
def test_forged_receipts_are_refused(script, demonstration, tmp_path, part, times):
    rows, *_ = first = uploaded(0)
    others = [(rows, *files_of(make())) for make in KINDS.values()]
    whole = [first] if part == "rows" else [first, *others]
    known, path, chance = keys(), tmp_path / "rows.csv", random.Random(times)
    for _ in range(times):
        rows, event, proof = chance.choice(whole)
        event, proof, rows = forged(part, event, proof, rows, chance)
        path.write_text(rows)
        with pytest.raises(ValueError, match=WHY[part]):
            script.verify(event, proof, known, path if part == "rows" else None)
        if part != "rows":
            reason = receipts.check(event, proof)
            assert re.fullmatch(r"[A-Z“].*\.", reason, re.S)
