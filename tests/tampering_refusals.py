"""Kinds of tampering with what is written down of refusals, each at a random place."""

from spv.models import (
    AccountDay,
    AuditSubject,
    Conflict,
    LookAlike,
    RefusedSerial,
    RefusedUpload,
)
from tests.tampering_log import kind

REFUSED = r"refused upload {}: "


@kind("a refused upload edited")
def edit_refused_upload(one):
    table = RefusedUpload.__table__
    row = one.pick(table)
    names = (
        "account_id user_id channel filename why row_count problem_count report "
        "conflict_count report_until sha256 refused_at audit_sequence"
    )
    one.alter(table, row, names)
    return REFUSED.format(row.id) + "(saved with another |its report was changed)"


@kind("a refused upload or its report removed")
def remove_refused_upload(one):
    table = RefusedUpload.__table__
    row = one.pick(table)
    if one.random.random() < 0.5:
        one.update(table, row, report=None)
        return REFUSED.format(row.id) + "its report was changed or removed$"
    one.delete(table, row)
    return REFUSED.format(row.id) + r"in the log as event \d+, but not saved$"


@kind("a refused upload inserted")
def insert_refused_upload(one):
    table = RefusedUpload.__table__
    number = one.insert(table, one.pick(table))
    return REFUSED.format(number) + "saved, but not in the log$"


@kind("a refused serial number changed, removed or inserted")
def change_refused_serial(one):
    one.touch(
        RefusedSerial.__table__,
        "refused_upload_id row serial_number upload_id",
        lambda row, number: {"row": row.row + number(1000, 2000)},
    )
    return REFUSED.format(r"\d+") + "its serial numbers were changed$"


@kind("a conflict changed, removed or inserted")
def change_conflict(one):
    one.touch(
        Conflict.__table__,
        "refused_upload_id holder_id account_id serial_count refused_at",
        lambda row, _: {"holder_id": row.holder_id + 1000},
    )
    return (
        REFUSED.format(r"\d+")
        + "its conflicts (were changed|are saved, but not in the log)$"
    )


@kind("the count of an account's day changed, removed or inserted")
def change_account_day(one):
    one.touch(
        AccountDay.__table__,
        "account_id day recorded marked marked_other refused_uploads conflicts",
        lambda row, _: {"account_id": row.account_id + 1000},
    )
    return r"the counts of account \d+ on \d{4}-\d\d-\d\d are wrong$"


@kind("a look-alike changed, removed or inserted")
def change_look_alike(one):
    one.touch(
        LookAlike.__table__,
        "row_id other_row_id account_id other_account_id found_at",
        lambda row, number: {"row_id": row.row_id + number(100, 200)},
    )
    return (
        r"look-alikes \d+ and \d+: (saved with another |saved, but not in the log$"
        r"|in the log as event \d+, but not saved$)"
    )


@kind("the subject of an event changed, removed or inserted")
def change_subject(one):
    one.touch(
        AuditSubject.__table__,
        "kind key event_id",
        lambda _, number: {"key": f"{number(10_000, 20_000)}"},
    )
    return (
        r"(stc|registry): event \d+ is indexed under other subjects than it records$"
        r"|subjects are saved for event id \d+, which does not exist$"
    )
