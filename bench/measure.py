"""Measure in pairs, ours and the peer's in turns, so that noise hits both alike."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table. `ratio` is how many times better we are, or of a limit."""

    what: str
    ours: str
    peer: str
    ratio: float
    aim: str
    met: bool


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(
    ours: Callable[[], float], peer: Callable[[], float], rounds: int
) -> tuple[float, float]:
    """Return the medians of two measurements; the first of each only warms up."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return (
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
    )


def at_most(aim: float, what: str, ours: float, theirs: float) -> Row:
    """Return a row that is met if ours takes at most so many times as long."""
    times = f"{ours * 1e3:.1f} ms", f"{theirs * 1e3:.1f} ms"
    return Row(what, *times, ours / theirs, f"at most {aim}", ours / theirs <= aim)


def faster(aim: float, what: str, ours: float, theirs: float) -> Row:
    """Return a row that is met if ours is at least so many times faster."""
    times, ratio = (f"{ours * 1e3:.2f} ms", f"{theirs * 1e3:.2f} ms"), theirs / ours
    return Row(what, *times, ratio, f"at least {aim} times faster", ratio >= aim)
