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
    table = RefusedSerial.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, row=row.row + one.random.randint(1000, 2000))
    else:
        one.alter(table, row, "refused_upload_id row serial_number upload_id")
    return REFUSED.format(r"\d+") + "its serial numbers were changed$"


@kind("a conflict changed, removed or inserted")
def change_conflict(one):
    table = Conflict.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, holder_id=row.holder_id + 1000)
    else:
        one.alter(
            table, row, "refused_upload_id holder_id account_id serial_count refused_at"
        )
    return REFUSED.format(r"\d+") + "(its conflicts were changed|conflicts of it )"


@kind("the count of an account's day changed, removed or inserted")
def change_account_day(one):
    table = AccountDay.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, account_id=row.account_id + 1000)
    else:
        one.alter(
            table, row, "account_id day recorded marked marked_other refused_uploads "
            "conflicts",
        )  # fmt: skip
    return r"account \d+: \d{4}-\d\d-\d\d is counted wrongly$"


@kind("a look-alike changed, removed or inserted")
def change_look_alike(one):
    table = LookAlike.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, row_id=row.row_id + one.random.randint(100, 200))
    else:
        names = "row_id other_row_id account_id other_account_id found_at"
        one.alter(table, row, names)
    return (
        r"look-alikes \d+ and \d+: (saved with another |saved, but not in the log$"
        r"|in the log as event \d+, but not saved$)"
    )


@kind("the subject of an event changed, removed or inserted")
def change_subject(one):
    table = AuditSubject.__table__
    row, chance = one.pick(table), one.random.random()
    if chance < 0.3:
        one.delete(table, row)
    elif chance < 0.6:
        one.insert(table, row, key=f"{one.random.randint(10_000, 20_000)}")
    else:
        one.alter(table, row, "kind key event_id")
    return (
        r"(stc|registry): event \d+ is found by other subjects than it tells$"
        r"|subjects are saved for event id \d+, which does not exist$"
    )
