"""The text of the search box: the things that it may name."""

import pytest

from spv.rules.ledger.search import LONGEST, Sought, read_search


def of(words, **values):
    """A text that may name these things, and a name if it has a letter."""
    name = words if any(map(str.isalpha, words)) else ""
    return Sought(words, **{"name": name} | values)


REFERENCE = "A-b_C1d2E3f4G5h6"
TEXTS = [
    ("", of("")),
    (" \t\r\n\u00a0", of("")),
    ("\0\u200b\ud800", of("")),
    ("17", of("17", serial_number="17", upload=17, invalidation=17)),
    (" \t017\r\n", of("017", serial_number="017", upload=17, invalidation=17)),
    ("#17", of("#17", serial_number="#17", upload=17, invalidation=17)),
    ("no. 17", of("no. 17", upload=17, invalidation=17)),
    ("0", of("0", serial_number="0")),
    ("999999999", of("9" * 9, serial_number="9" * 9, upload=999_999_999,
                     invalidation=999_999_999)),
    ("1000000000", of("1000000000", serial_number="1000000000")),
    ("１７", of("１７")),
    ("²", of("²")),
    ("upload 17", of("upload 17", upload=17)),
    ("Refused upload 17", of("Refused upload 17", refused=17)),
    ("refused 17", of("refused 17", refused=17)),
    ("Upload  No. 17", of("Upload No. 17", upload=17)),
    ("UPLOAD #17", of("UPLOAD #17", upload=17)),
    ("uploads number 17", of("uploads number 17", upload=17)),
    ("upload17", of("upload17", serial_number="UPLOAD17", upload=17)),
    ("upload", of("upload", serial_number="UPLOAD")),
    ("upload x", of("upload x")),
    ("upload 1 2", of("upload 1 2")),
    ("invalidation 3", of("invalidation 3", invalidation=3)),
    ("Invalidation\u00a03", of("Invalidation 3", invalidation=3)),
    ("\u0131nvalidation 3", of("\u0131nvalidation 3")),
    ("he44", of("he44", serial_number="HE44")),
    ("S/N: he44", of("S/N: he44", serial_number="HE44")),
    ("BS/415/~", of("BS/415/~", serial_number="BS/415/~")),
    ("HE 44", of("HE 44")),
    ("MÜ1", of("MÜ1")),
    ("1" * 60, of("1" * 60, serial_number="1" * 60)),
    ("1" * 61, of("1" * 61)),
    (REFERENCE, of(REFERENCE, serial_number=REFERENCE.upper(), reference=REFERENCE)),
    (REFERENCE + "x", of(REFERENCE + "x", serial_number=REFERENCE.upper() + "X")),
    ("51824753556", of("51824753556", serial_number="51824753556", abn="51824753556")),
    ("51 824 753 556", of("51 824 753 556", abn="51824753556")),
    ("Mu\u0308ller & Co", of("Müller & Co")),
    ("%_'\"<b>\\", of("%_'\"<b>\\", serial_number="%_'\"<B>\\")),
    ("x" * 1_000_000, of("x" * LONGEST)),
    ("\u0301" * 1_000_000, of("\u0301" * LONGEST)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_what_a_text_may_name(text, expected):
    assert read_search(text) == expected
