"""`make bench`: run the benchmarks and print one table of ratios.

    make bench                       with a ledger of a million rows
    make bench ARGS=--large          with ten million rows, and many uploaders at once
    make bench ARGS="pages uploads"  some of the parts

SPV_BENCH_PANELS sets another number of rows.
"""

import argparse
import os
import platform
import time
from datetime import UTC, datetime

from bench import batch, calculation, concurrency, ledger, pages, shares, uploads
from bench.measure import Row

PARTS = {
    "calculation": calculation,
    "batch": batch,
    "pages": pages,
    "uploads": uploads,
    "shares": shares,
    "ledger": ledger,
    "concurrency": concurrency,
}


def main() -> None:
    """Run the benchmarks, and print each row as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--large", action="store_true", help="ten million rows")
    options = parser.parse_args()
    if unknown := {*options.parts} - PARTS.keys():
        parser.error(f"there is no {', '.join(unknown)}")
    default = "10_000_000" if options.large else "1_000_000"
    panels = int(os.environ.get("SPV_BENCH_PANELS", default))
    chosen = options.parts or [p for p in PARTS if options.large or p != "concurrency"]
    began = time.monotonic()
    day = datetime.now(UTC).date()
    print(f"{day}, {os.cpu_count()} cores, {platform.machine()}, {panels:,} rows")
    print(f"{'what':<70}{'ours':>11}{'peer':>11}{'ratio':>7}{'means':>7}  half of them")
    for name in chosen:
        for row in PARTS[name].run(panels):
            print(describe(row), flush=True)
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")


def describe(row: Row) -> str:
    """Return a line of the table."""
    means = "" if row.means is None else f"{row.means:.2f}"
    half = "" if row.half is None else f"{row.half[0]:.2f} to {row.half[1]:.2f}"
    met = {True: " (met)", False: " (MISSED)", None: ""}[row.met]
    figures = f"{row.ours:>11}{row.peer:>11}{row.ratio:>7.2f}{means:>7}  {half:<14}"
    return f"{row.what:<70}{figures} {row.aim}{met}"


if __name__ == "__main__":
    main()
