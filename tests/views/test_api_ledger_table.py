"""The same file through the page and the API: the same rows, or the same problems.

Rows are read out of the files here by the csv module, and not by the program. What has
no meaning for JSON is left out: how a file is encoded and quoted, what its headings are
called, and the apostrophe with which a spreadsheet knows that a cell is not a formula.
"""

import csv
import io
from itertools import pairwise

import pytest

from spv import demo
from spv.extensions import db
from spv.models import ApiRequest
from spv.services.ledger import uploads
from spv.services.ledger.refused_files import RowsRefused
from tests.api import system_of
from tests.endurance import sampled
from tests.people import browser_of
from tests.serial_files import FIELDS, FILES, HEAD
from tests.serial_files_damage import EVERY_FILE
from tests.views.test_uploads import empty_the_ledger, rows_of, send

NAMES = ("supplierName", "licensee", "modelNumber", "serialNumber")
IGNORED = {"", "problem", "how to fix"}
EXPRESSED = 500  # at least so many of the files can be sent as items


def plain(heading):
    """Return a heading in lower case, without runs of blanks."""
    return " ".join(heading.casefold().split())


def text_of(data):
    """Return the text of a file, or "" if its encoding is not clear."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return ""


def rows_in(data):
    """Return the rows of a file that are not blank, each with its number."""
    try:
        rows = list(csv.reader(io.StringIO(text_of(data), newline=""), strict=True))
    except csv.Error:
        return []
    return [(n, row) for n, row in enumerate(rows, 1) if any(map(str.strip, row))]


def is_marked(cell):
    """Return whether a cell has an apostrophe before what would be a formula."""
    return cell.strip()[:1] == "'" and cell.strip()[1:2] in {*"'=+-@"}


def items_of(file):
    """Return the numbers of a file's rows and their items, if JSON can express them."""
    if "\0" in text_of(file.data) or not (rows := rows_in(file.data)):
        return None
    heading = [plain(cell) for cell in rows[0][1]]
    columns = [heading.index(plain(name)) for name in HEAD if plain(name) in heading]
    named = sorted(name for name in heading if name not in IGNORED)
    if named != sorted(map(plain, HEAD)):
        return None
    numbers, found = [], []
    if any(is_marked(cell) for _, row in rows for cell in row):
        return None
    for number, row in rows[1:]:
        beside = [at for at, cell in enumerate(row) if cell.strip()]
        if any(at >= len(heading) or not heading[at] for at in beside):
            return None  # a cell that no heading names
        numbers.append(number)
        cells = zip(NAMES, columns, strict=True)
        found.append({name: row[at] for name, at in cells if at < len(row)})
    return numbers, found


# Problems that only files can have.
ONLY_IN_FILES = {"bare_quote", "heading_row"}


def ways():
    """Return the files that JSON can express, with the numbers and items of their rows.

    What is refused as a whole is, for systems, only too much or nothing.
    """
    every = ((file, items_of(file)) for file in EVERY_FILE)
    known = ((file, *items) for file, items in every if items is not None)
    return [
        (file, numbers, found)
        for file, numbers, found in known
        if not (file.refused and 0 < len(found) <= 1000)
        and ONLY_IN_FILES.isdisjoint(code for _, _, code in file.problems)
    ]


def problems_in(answer, numbers):
    """Return the errors of an answer, with the rows and columns of the file."""
    fields = dict(zip(NAMES, FIELDS, strict=True))
    return [
        (numbers[error["row"] - 1], fields[error["field"]], error["code"])
        for error in answer.json["errors"]
    ]


def start_again():
    """Empty the ledger and the request log."""
    db.session.rollback()
    db.session.execute(db.delete(ApiRequest))
    empty_the_ledger()


@pytest.fixture
def both(demonstration, vsp):
    """A browser and an API client of one account, whose ledger is empty."""
    empty_the_ledger()
    return browser_of(demonstration, demo.VSP_USER), system_of(demonstration, vsp)


def test_rows_are_read_out_of_the_files_as_the_table_has_them():
    """This makes the comparisons below trustworthy."""
    files = ways()
    assert len(files) >= EXPRESSED
    good = [(file, found) for file, _, found in files if file.rows]
    assert len(good) >= 150
    for file, numbers, found in files:
        assert len(numbers) == len(found)
        assert all(a < b for a, b in pairwise(numbers)), file.name
        for (row, field, _), name in ((p, p[1]) for p in file.problems):
            assert row in numbers, file.name
            assert name == field, file.name


@sampled
def test_good_files_have_the_same_rows(both, step):
    """The page recognises rows that the API stored, by their digest."""
    browser, system = both
    for file, _, found in ways()[::step]:
        if file.rows is None:
            continue
        answer = system.send(body={"serialNumbers": found})
        assert answer.status_code == 201, (file.name, answer.text)
        assert answer.json["accepted"] == len(file.rows), file.name
        upload_id = answer.json["uploadId"]
        db.session.rollback()
        assert sorted(rows_of(upload_id)) == sorted(file.rows), file.name
        page = send(browser, file.data)
        assert page.status_code == 303, file.name
        assert page.location.split("?")[0] == f"/panels/uploads/{upload_id}", file.name
        start_again()


@sampled
def test_bad_files_have_the_same_problems(both, vsp, step):
    _, system = both
    for file, numbers, found in ways()[::step]:
        if not file.problems:
            continue
        answer = system.send(body={"serialNumbers": found})
        assert answer.status_code == 422, (file.name, answer.text)
        errors = problems_in(answer, numbers)
        assert sorted(errors) == sorted(file.problems), file.name
        with pytest.raises(RowsRefused) as error:
            uploads.check(file.data, vsp)
        report = error.value.report
        assert report.problem_count == len(errors), file.name
        shown = {
            (problem.row, problem.field, problem.fault.code, problem.found)
            for group in report.groups
            for problem in group.first
        }
        values = [error["value"] for error in answer.json["errors"]]
        assert shown <= {(*t, v) for t, v in zip(errors, values, strict=True)}, (
            file.name
        )


def test_files_with_too_many_items_and_with_none(both):
    browser, system = both
    codes = set()
    for file, _, found in ways():
        if file.refused:
            answer = system.send(body={"serialNumbers": found})
            assert answer.status_code == send(browser, file.data).status_code == 422
            (error,) = answer.json["errors"]
            codes.add(error["code"])
            if len(found) > 1000:
                assert f"{len(found):,} items" in error["message"], file.name
    assert codes == {"too_many_items", "no_items"}


def test_rows_that_are_already_valid(demonstration, vsp, other):
    """Rows of the own account and of others are reported alike, with the day."""
    browser = browser_of(demonstration, demo.VSP_USER)
    mine, theirs = system_of(demonstration, vsp), system_of(demonstration, other)
    file = next(f for f in FILES if f.rows and len(f.rows) == 2)
    _, found = items_of(file)
    assert mine.send(body={"serialNumbers": found[:1]}).status_code == 201
    assert theirs.send(body={"serialNumbers": found[1:]}).status_code == 201
    answer = mine.send(body={"serialNumbers": found})
    assert answer.status_code == 409
    page = send(browser, file.data)
    assert page.status_code == 422
    for error, whose in zip(answer.json["errors"], ("your", "another"), strict=True):
        assert error["code"] == "already_valid"
        sentence = f"The ledger has it as valid already, recorded by {whose} account"
        assert error["message"].startswith(f"{sentence} (recorded on ")
        assert f"{sentence}." in page.text
    assert [error["row"] for error in answer.json["errors"]] == [1, 2]
