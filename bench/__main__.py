"""`make bench`: run every benchmark and print one table of ratios."""

from bench import batch, calculation, ledger, pages, uploads
from bench.measure import Row


def main() -> None:
    """Run every benchmark, and print each row as soon as it is measured."""
    print(f"{'what':<66}{'ours':>12}{'peer':>12}{'ratio':>8}  aim")
    for module in (calculation, batch, uploads, pages, ledger):
        for row in module.run():
            print(describe(row), flush=True)
    print()
    print(calculation.differences())


def describe(row: Row) -> str:
    """Return a line of the table."""
    met = "met" if row.met else "MISSED"
    line = f"{row.what:<66}{row.ours:>12}{row.peer:>12}{row.ratio:>8.2f}"
    return f"{line}  {row.aim} ({met})"


if __name__ == "__main__":
    main()
