"""The list of approved products as a file."""

from datetime import date

import pytest

from spv.rules.errors import ValidationError
from spv.rules.ledger.approval import Approved
from spv.rules.ledger.product_list import (
    COLUMNS,
    MOST_PRODUCTS,
    as_csv,
    compare,
    digest,
    read_products,
)
from tests.products import HEADING, OURS, list_csv

ONE = Approved("Example Supplier", "Example Holder", "EX-440", date(2020, 1, 1))


def test_a_list_is_read_in_any_order_of_columns_and_rows():
    text = "Approved to,model_number,APPROVED FROM,Licensee,Supplier name\n"
    text += " 31/12/2026 ,B,1/2/2024,L,S\n\n,A,2024-02-01,L,S\n"
    assert read_products(text.encode()) == [
        Approved("S", "L", "A", date(2024, 2, 1)),
        Approved("S", "L", "B", date(2024, 2, 1), date(2026, 12, 31)),
    ]
    by_model = f"{HEADING}\nS,L,A,2025-02-01,\nR,L,A,2025-02-01,\nS,K,B,2024-02-01,"
    assert [each[:3] for each in read_products(by_model.encode())] == [
        ("R", "L", "A"), ("S", "L", "A"), ("S", "K", "B"),
    ]  # fmt: skip
    assert read_products(HEADING.encode()) == []
    short = f"{HEADING}\nS,L,A,2024-02-01".encode()
    assert read_products(short) == [Approved("S", "L", "A", date(2024, 2, 1))]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["S,L,A,2024-02-01,,x"], "Row 2: It has more cells than the heading."),
        (["S,,A,2024-02-01,"], "Row 2: Licensee: The cell is empty."),
        (["S,L,1.5E+12,2024-02-01,"], "Row 2: Model number: A spreadsheet program"),
        (["S,L,A,,"], "Row 2: Enter “Approved from”."),
        (["S,L,A,1.2.2024,"], "Row 2: Enter “Approved from” as 2026-07-31 or"),
        (["S,L,A,2024-02-01,30/02/2025"], "30/02/2025 is not a real date."),
        (["S,L,A,2024-02-02,2024-02-01"], "“Approved to” is before “Approved from”."),
        (
            [OURS, "EXAMPLE supplier,Example  Holder,ex-440,2024-01-01,"],
            "Row 3: Row 2 has the same product for the same days.",
        ),
        (
            ["S,L,A,2024-01-01,2024-12-31", "S,L,A,2023-01-01,2024-01-01"],
            "Row 2: Row 3 has the same product for the same days.",
        ),
        ([",,,1,"] * 25, "Row 21: Supplier name: The cell is empty."),
        ([",,,1,"] * 25, "And 5 more."),
        ([",,,1,"] * 21, "And 1 more."),
    ],
)
def test_wrong_rows_are_named(lines, sentence):
    with pytest.raises(ValidationError) as error:
        read_products(list_csv(*lines))
    assert sentence in error.value.problems["file"]
    assert error.value.problems["file"].startswith("Nothing was loaded.")


def test_no_more_rows_are_wrong_than_are_named():
    with pytest.raises(ValidationError, match="Row 21: ") as error:
        read_products(list_csv(*[",,,1,"] * 20))
    assert "more" not in error.value.problems["file"]


def test_a_product_may_come_back():
    lines = ["S,L,A,2024-01-01,2024-12-31", "S,L,A,2025-02-01,", "S,L,B,2024-01-01,"]
    assert len(read_products(list_csv(*lines))) == 3


def test_the_columns_are_named():
    for wrong in ("Supplier name,Licensee", f"{HEADING},Note", f"{HEADING},Licensee"):
        with pytest.raises(ValidationError, match="Name the columns: Supplier name, "):
            read_products(f"{wrong}\n".encode())


@pytest.mark.no_cover
def test_the_rows_are_limited():
    lines = [f"S,L,M{n},2024-01-01," for n in range(MOST_PRODUCTS + 1)]
    with pytest.raises(ValidationError, match="Your file has 30,001 rows"):
        read_products(list_csv(*lines))
    assert len(read_products(list_csv(*lines[1:]))) == MOST_PRODUCTS


def test_a_list_is_written_as_it_is_read():
    lines = (OURS, "=S,+L,M,2024-01-01,2025-01-01")
    products = read_products(list_csv(*lines))
    text = as_csv(products)
    assert text.splitlines()[0] == ",".join(COLUMNS.values())
    assert read_products(text.encode()) == products
    assert digest(products) == digest(products[::-1]) != digest(products[1:])


def test_what_a_list_changes():
    days = {"approved_until": date(2026, 1, 1)}
    two, three = ONE._replace(model_number="B"), ONE._replace(model_number="C")
    found = compare([ONE, two], [ONE._replace(**days), three])
    assert [each.names[2] for each in found.added] == ["C"]
    (changed,) = found.changed
    assert (changed.before, changed.after) == ([ONE], [ONE._replace(**days)])
    assert [(each.names[2], each.after) for each in found.gone] == [("B", ())]
    assert not compare([ONE], [ONE])
    assert compare([], [ONE])
