"""Search pages over HTTP, against hand-written SQL plus a page without results.

The SQL reads the same rows with the same names, and counts them up to 10,001.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.measure import Row, compare, in_turns, seconds
from bench.serve import Browser

ROUNDS = 7
AIM = 1.5
SHOWN = """
SELECT p.id, p.serial_number, p.upload_id, pr.supplier_name, pr.licensee,
       pr.model_number, u.received_at, a.legal_name, i.reason
FROM panel_serials p JOIN products pr ON pr.id = p.product_id
JOIN uploads u ON u.id = p.upload_id JOIN accounts a ON a.id = u.account_id
LEFT JOIN invalidations i ON i.id = p.invalidation_id
WHERE p.id IN (SELECT p.id FROM panel_serials p WHERE {where} ORDER BY {order} LIMIT 51)
ORDER BY {order}
"""
COUNTED = """
SELECT count(*) FROM (SELECT 1 FROM panel_serials p WHERE {where} LIMIT 10001) found
"""
OF_ACCOUNT = (
    "EXISTS (SELECT 1 FROM uploads u WHERE u.id = p.upload_id AND u.account_id = {})"
)
OF_PRODUCT = "p.product_id IN (SELECT id FROM products WHERE {} LIKE '%{}%')"
OF_DAYS = (
    "p.upload_id BETWEEN (SELECT min(id) FROM uploads WHERE received_at >= '{0}') "
    "AND (SELECT max(id) FROM uploads WHERE received_at < '{1}')"
)
BEGINS = "p.serial_number >= '{}' AND p.serial_number < '{}'"
NEWEST, SERIALS = "p.id DESC", "p.serial_number, p.id"
OF_UPLOAD = "p.upload_id DESC, p.id DESC"
NOTHING = "/panels?upload=999999999"
# What it is, the query string, and its WHERE and ORDER BY by hand.
Search = tuple[str, str, str, str]


def run(name: str, bare: Any, staff: Browser, account: Browser) -> Iterator[Row]:
    """Measure each search as agency staff and as an account."""
    for words, asked, where, order in _searches(bare):
        people = [("staff", staff, where)]
        if "account=" not in asked:
            people.append(("account", account, f"{OF_ACCOUNT.format(1)} AND {where}"))
        for who, browser, narrowed in people:
            by_hand = partial(_by_hand, bare, narrowed, order)
            what = f"search, {words}, {who}, {name} / by hand"
            yield _page(what, browser, f"/panels?{asked}", by_hand)
    for words, asked, order in (
        ("of everything", "", "id"),
        (
            "of a prefix of millions",
            "serial_number=HXA&",
            "serial_number DESC, id DESC",
        ),
    ):
        first = f"/panels?{asked}"
        last = f"{first}after={_last(bare, order, bool(asked))}"
        taken = in_turns(
            {
                "last": partial(seconds, partial(staff.get, last)),
                "first": partial(seconds, partial(staff.get, first)),
            },
            ROUNDS,
        )
        what = f"last page {words}, {name} / first"
        yield compare(what, taken["last"], taken["first"], at_most=AIM)


def _searches(bare: Any) -> list[Search]:
    serial = bare.all("SELECT serial_number FROM panel_serials WHERE id = 4321")[0][0]
    few = serial[:-2]
    own = "SELECT max(id) FROM uploads WHERE account_id = 1 AND row_count = 1000"
    upload = bare.all(f"{own} AND id < 5000")[0][0]
    banksia = OF_PRODUCT.format("supplier_name", "banksia")
    millions = BEGINS.format("HXA", "HXB")
    days = OF_DAYS.format("2024-02-29 13:00", "2024-03-31 13:00")
    asked_days = "recorded_from=2024-03-01&recorded_to=2024-03-31"
    return [
        ("everything", "", "true", NEWEST),
        ("one serial number", f"serial_number={serial}", _begins(serial), SERIALS),
        ("prefix of few", f"serial_number={few}", _begins(few), SERIALS),
        ("prefix of millions", "serial_number=HXA", millions, SERIALS),
        ("supplier", "supplier_name=banksia", banksia, NEWEST),
        ("licensee", "licensee=kestrel",
         OF_PRODUCT.format("licensee", "kestrel"), NEWEST),
        ("part of a model", "model_number=450",
         OF_PRODUCT.format("model_number", "450"), NEWEST),
        ("invalid", "status=invalid", "p.invalidation_id > 0", OF_UPLOAD),
        ("valid", "status=valid", "p.invalidation_id IS NULL", NEWEST),
        ("days", asked_days, days, OF_UPLOAD),
        ("an upload", f"upload={upload}", f"p.upload_id = {upload}", OF_UPLOAD),
        ("name of an account", "account=other", OF_ACCOUNT.format(3), NEWEST),
        ("prefix, account", "serial_number=HXA&account=other",
         f"{millions} AND {OF_ACCOUNT.format(3)}", SERIALS),
        ("prefix, account that has none", "serial_number=HXA&account=panel+supply",
         f"{millions} AND {OF_ACCOUNT.format(2)}", SERIALS),
        ("prefix, invalid", "serial_number=HXA&status=invalid",
         f"{millions} AND p.invalidation_id > 0", SERIALS),
        ("prefix, another supplier", "serial_number=HXA&supplier_name=banksia",
         f"{millions} AND {banksia}", SERIALS),
        ("supplier, days", f"supplier_name=banksia&{asked_days}",
         f"{banksia} AND {days}", OF_UPLOAD),
    ]  # fmt: skip


def _begins(serial: str) -> str:
    return BEGINS.format(serial, serial[:-1] + chr(ord(serial[-1]) + 1))


def _by_hand(bare: Any, where: str, order: str) -> list[Any]:
    """Return the rows that a page shows, and count all of them."""
    rows = bare.all(SHOWN.format(where=where, order=order))
    bare.all(COUNTED.format(where=where))
    return rows


def _page(what: str, browser: Browser, path: str, by_hand: Any) -> Row:
    page, rows = browser.get(path).decode(), by_hand()
    shown = [row[1] in page for row in rows[:50]]
    assert all(shown), (path, rows[:3])
    nothing = partial(browser.get, NOTHING)
    taken = in_turns(
        {
            "page": lambda: seconds(partial(browser.get, path)),
            "hand": lambda: seconds(by_hand) + seconds(nothing),
        },
        ROUNDS,
    )
    return compare(what, taken["page"], taken["hand"], at_most=AIM)


def _last(bare: Any, order: str, prefix: bool) -> int:
    """Return the id of the row before the last fifty."""
    where = BEGINS.format("HXA", "HXB") if prefix else "true"
    query = f"SELECT id FROM panel_serials p WHERE {where} ORDER BY {order}"
    return bare.all(f"{query} LIMIT 1 OFFSET 50")[0][0]
