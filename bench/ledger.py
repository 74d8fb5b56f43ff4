"""A ledger of a million rows or more, on SQLite and on PostgreSQL, against by hand."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import count

from bench import agency, by_hand, ledger_searches
from bench.by_hand import Bare
from bench.files import csv_of, new_serials, took
from bench.measure import Row, compare, in_turns, seconds, within
from bench.prepare import copy_of, databases, load
from bench.serve import served, signed_in, uploading
from spv import create_app, demo
from spv.config import Config
from spv.rules.ledger.search import Criteria
from spv.services.accounts import sign_in
from spv.services.actor import Actor
from spv.services.authorisation import roles_of_user
from spv.services.ledger import invalidations, selections
from spv.services.verify import checks

FIRST_DAY = date(2024, 1, 1)  # of the first ten uploads; a day later the next ten
DATED = {
    "sqlite": "strftime('%Y-%m-%d 02:00:00.000000', '2024-01-01', "
    "'+' || (id / 10) || ' days')",
    "postgresql": "'2024-01-01 02:00Z'::timestamptz + id / 10 * interval '1 day'",
}
REASON = {"reason": "Incorrect model number"}
MARKED = 10_000
# The rows of days that are marked lie before these, those that are marked one by one
# after them.
DAYS_END = 200_000
SLOW_ROUNDS, MARKS, UPLOADS = 3, 7, 25


def run(panels: int) -> Iterator[Row]:
    """Measure everything on each database."""
    for kind in ("SQLite", "PostgreSQL"):
        with databases(kind) as url:
            environment = load(url, panels)
            with (
                served("app:app", environment) as port,
                closing(Bare(url)) as same,
                _acting(url) as staff,
            ):
                # These come first: later rows are put and marked by hand.
                yield from _read(kind, panels, port, same)
                dated = f"UPDATE uploads SET received_at = {DATED[same.name]}"
                same.do(dated)
                if same.is_sqlite:
                    same.do("PRAGMA wal_checkpoint(TRUNCATE)")
                else:
                    same.do("VACUUM ANALYZE uploads")
                with closing(Bare(copy_of(url, "hand"))) as bare:
                    by_hand.add_product(bare)
                    _mark_day(staff, 1)
                    if bare.is_sqlite:
                        _mark_day_by_hand(bare, 1)
                    yield from _searched(kind, port, bare)
                    yield from _marked(kind, panels, staff, bare)
                    yield from _uploaded(kind, port, bare)
                yield from agency.run(kind, panels, url, port, same)


def _read(kind: str, panels: int, port: int, bare: Bare) -> Iterator[Row]:
    """Measure what reads every row: verification and an export."""
    taken = in_turns(
        {
            "verify": lambda: seconds(_verify),
            "hashed": lambda: seconds(partial(by_hand.read_all, bare)),
        },
        SLOW_ROUNDS,
        warm=False,
    )
    limit = 1.5 * panels / 1_000_000
    yield within(
        f"audit verify, {kind} / limit of {limit:.1f} s", taken["verify"], limit
    )
    what = "… / every row read and hashed by the driver"
    yield compare(what, taken["verify"], taken["hashed"], unit="s")
    staff = signed_in(port, demo.STAFF)

    def export() -> None:
        lines = staff.download("/panels/found.csv")
        assert lines == panels + 1, lines

    taken = in_turns(
        {
            "export": lambda: seconds(export),
            "csv": lambda: seconds(partial(by_hand.export, bare)),
        },
        SLOW_ROUNDS,
        warm=False,
    )
    what = f"export of every row, {kind} / the driver's loop with csv"
    yield compare(what, taken["export"], taken["csv"], at_most=2, unit="s")


def _verify() -> None:
    findings = checks.verify([])
    assert not findings.problem_count, findings.conclusion()


@contextmanager
def _acting(url: str) -> Iterator[Actor]:
    """Yield the actor of agency staff, in an application context."""
    app = create_app(Config(SQLALCHEMY_DATABASE_URI=url))
    with app.app_context():
        user = sign_in.user_of(demo.STAFF)
        yield sign_in.acting_as(user, Actor("", "web", roles_of_user(user)))


def _marked(kind: str, panels: int, staff: Actor, bare: Bare) -> Iterator[Row]:
    """Measure 10,000 rows marked: those of ten uploads, and one row here and there."""
    days, step = count(2), (panels - DAYS_END) // MARKED
    offsets = count(DAYS_END)

    def scattered() -> list[int]:
        first = next(offsets)
        return [*range(first, first + step * MARKED, step)]

    def mark_scattered() -> float:
        chosen = selections.chosen(scattered(), staff)
        return seconds(lambda: invalidations.mark(chosen, REASON, staff))

    def mark_scattered_by_hand() -> float:
        ids = scattered()
        return seconds(lambda: by_hand.mark_scattered(bare, ids))

    taken = in_turns(
        {
            "ours": lambda: _mark_day(staff, next(days)),
            "hand": lambda: _mark_day_by_hand(bare, next(days)),
        },
        MARKS,
    )
    what = f"10,000 rows of ten uploads marked, {kind} / by hand"
    yield compare(what, taken["ours"], taken["hand"], at_most=1.5)
    taken = in_turns({"ours": mark_scattered, "hand": mark_scattered_by_hand}, MARKS)
    what = f"10,000 scattered rows marked, {kind} / by hand"
    yield compare(what, taken["ours"], taken["hand"], at_most=1.7)


def _mark_day(staff: Actor, day: int) -> float:
    """Return how long it takes to mark the ten uploads of a day, once selected."""
    on = FIRST_DAY + timedelta(day)
    criteria = Criteria(recorded_from=on, recorded_to=on)
    chosen = selections.matching(criteria, set(), staff)
    assert len(chosen.row_ids) == MARKED, len(chosen.row_ids)
    return seconds(lambda: invalidations.mark(chosen, REASON, staff))


def _mark_day_by_hand(bare: Bare, day: int) -> float:
    first = day * 10
    return seconds(lambda: by_hand.mark_range(bare, first, first + 9))


def _searched(kind: str, port: int, bare: Bare) -> Iterator[Row]:
    account, staff = signed_in(port, demo.VSP_USER), signed_in(port, demo.STAFF)
    yield from ledger_searches.run(kind, bare, staff, account)


def _uploaded(kind: str, port: int, bare: Bare) -> Iterator[Row]:
    """Measure uploads of 1,000 rows over HTTP, against the same by hand."""
    serials = new_serials(bare)
    uploads = {
        "ours": uploading(signed_in(port, demo.VSP_USER)),
        "hand": partial(by_hand.put, bare),
    }
    if not bare.is_sqlite:
        uploads["unnest"] = partial(by_hand.put_unnest, bare)
    taken = in_turns(
        {
            name: partial(took, upload, lambda: csv_of(serials()))
            for name, upload in uploads.items()
        },
        UPLOADS,
    )
    what = f"upload of 1,000, {kind} / by hand"
    aim = 1.5 if bare.is_sqlite else 1.6
    yield compare(what, taken["ours"], taken["hand"], at_most=aim)
    if not bare.is_sqlite:
        yield compare("… / by hand with unnest", taken["ours"], taken["unnest"])
