"""Headings that nearly fit: what they plainly mean, and the file with ours instead."""

import pytest

from spv.rules.csv_file import first_row
from spv.rules.ledger.csv_upload import accept_headings, check_csv, guess_headings
from tests.serial_files import A, B, text

NEARLY = text(A, B, head=("Supplier", "Certificate holder", "Model no.", "S/N"))


def test_guesses_are_all_four_or_none():
    assert guess_headings(NEARLY.encode()) == [
        ("Supplier", "Supplier name"),
        ("Certificate holder", "Licensee/Certificate holder"),
        ("Model no.", "Model number"),
        ("S/N", "Serial number"),
    ]
    one = text(
        A, head=("Supplier.name", *("Licensee", "Model number", "Serial number"))
    )
    assert len(guess_headings(one.encode())) == 2


@pytest.mark.parametrize(
    "head",
    [
        ("Supplier", "Licensee", "Model", "Colour"),
        ("Supplier", "Supplier name", "Model", "Serial"),
        ("Supplier", "Licensee", "Model", "Serial", "Colour"),
        ("a", "b", "c", "d"),
    ],
)
def test_what_is_not_plain_is_not_guessed(head):
    rows = [(*A, "x")[: len(head)]]
    assert guess_headings(text(*rows, head=head).encode()) == []


@pytest.mark.parametrize("before", ["", "\r\n\r\n", ",,,\n", "\ufeff"])
def test_accepted_headings_leave_the_rows_as_they_are(before):
    data = (before + NEARLY).encode()
    assert check_csv(data).panels == {}
    accepted = check_csv(accept_headings(data))
    assert accepted.problems == []
    assert [tuple(panel) for panel in accepted.panels.values()] == [A, B]
    numbers = [*accepted.panels]
    assert numbers[0] == first_row(data.decode("utf-8-sig"))[0].number + 1


def test_our_own_columns_stay_beside_guessed_ones():
    head = ("Supplier", "Licensee", "Model", "Serial", "Problem", "How to fix")
    data = text((*A, "x", "y"), head=head).encode()
    assert len(guess_headings(data)) == 4
    assert check_csv(accept_headings(data)).problems == []


@pytest.mark.parametrize(
    "data", ["", " ,,\n" * 3, '"",""\n' * 2_000 + NEARLY, '"' + "x" * 300_000]
)
def test_files_without_a_first_row(data):
    assert first_row(data)[0].number == 1
    assert guess_headings(data.encode()) == []
