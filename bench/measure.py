"""Measuring in pairs: ours and the peer's in turns, so that noise hits both alike."""

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
    """How long it takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(
    ours: Callable[[], float], peer: Callable[[], float], rounds: int
) -> tuple[float, float]:
    """The medians of two measurements made in turns; the first of each warms up."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return (
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
    )
