"""Refused files: kept for a day, for the account that sent them."""

from datetime import timedelta

import pytest
import time_machine

from spv import clock
from spv.rules.errors import NotFoundError, ValidationError
from spv.services.ledger import refused_files, uploads
from spv.services.ledger.refused_files import RowsRefused
from tests.panels import panels_csv, refused, stored, upload
from tests.people import events

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def test_a_refused_file_is_kept_for_a_day_for_its_account(other, vsp):
    before = events()
    with time_machine.travel(clock.now(), tick=False) as time:
        kept = refused(panels_csv(2), other)
        assert events() == [*before, "upload.refused"]
        assert "spreadsheet" in refused_files.with_problems(kept.reference, other)
        assert [f.reference for f in refused_files.mine(other)] == [kept.reference]
        assert kept.reference not in {f.reference for f in refused_files.mine(vsp)}
        with pytest.raises(NotFoundError):
            refused_files.with_problems(kept.reference, vsp)
        time.shift(timedelta(days=1, seconds=-1))
        refused_files.new_rows(kept.reference, other)
        time.shift(timedelta(seconds=1))
        for read in (refused_files.new_rows, refused_files.with_problems):
            with pytest.raises(NotFoundError):
                read(kept.reference, other)


def test_no_more_than_twenty_refused_files_are_kept(vsp, other):
    refused(panels_csv(1), other)
    kept = [refused(panels_csv(1, f"EX{n}-"), vsp).reference for n in range(23)]
    assert [f.reference for f in refused_files.mine(vsp)] == kept[:2:-1]
    assert len(refused_files.mine(other)) == 1


def test_the_new_rows_can_be_uploaded_as_they_are(vsp):
    upload(panels_csv(3), vsp)
    with pytest.raises(RowsRefused) as error:
        upload(panels_csv(5), vsp)
    text = refused_files.new_rows(error.value.reference, vsp)
    upload(("\ufeff" + text).encode(), vsp)
    assert stored() == 5


def test_a_file_that_cannot_be_read_is_logged_and_not_kept(other):
    before = events()
    for data in (b"PK\x03\x04", b"a,b\n1,2\n", b""):
        with pytest.raises(ValidationError):
            upload(data, other)
    assert events() == [*before, *["upload.refused"] * 3]
    assert list(refused_files.mine(other)) == []


def test_check_only_keeps_nothing(other):
    before = events()
    found, earlier = uploads.check(panels_csv(7), other)
    assert (found.row_count, earlier) == (7, None)
    for data in (panels_csv(7) + b"x", b"", b"a,b\n1,2"):
        with pytest.raises(ValidationError):
            uploads.check(data, other)
    assert (events(), stored(), list(refused_files.mine(other))) == (before, 0, [])
    upload(panels_csv(7), other)
    _, earlier = uploads.check(panels_csv(7), other)
    assert earlier.already.startswith("Already recorded on ")
    with pytest.raises(RowsRefused) as error:
        uploads.check(panels_csv(8), other)
    assert error.value.report.new_rows == 1
    assert error.value.reference == ""
    assert stored() == 7
