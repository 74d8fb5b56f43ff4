"""Measure in turns, so that noise hits all alike; tell medians, means and spread."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

FOR_INFORMATION = "for information"


class Row(NamedTuple):
    """One line of the table; `met` is None where there is no aim.

    `ours` and `peer` are medians. `ratio` is the median of the ratios of the rounds,
    and half of these lie within `half`. `means` is the ratio of the means, which shows
    what a checkpoint in one of many rounds costs.
    """

    what: str
    ours: str
    peer: str
    ratio: float
    means: float | None = None
    half: tuple[float, float] | None = None
    aim: str = FOR_INFORMATION
    met: bool | None = None


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(
    works: Mapping[str, Callable[[], float]], rounds: int, warm: bool = True
) -> dict[str, list[float]]:
    """Return what each of some works measures, in so many rounds.

    The first of a round is another one each time. A round before them only warms up.
    """
    names, measured = [*works], {name: [] for name in works}
    for number in range(-warm, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            taken = works[name]()
            if number >= 0:
                measured[name].append(taken)
    return measured


def compare(
    what: str,
    ours: list[float],
    peer: list[float],
    *,
    at_most: float = 0,
    at_least: float = 0,
    unit: str = "ms",
) -> Row:
    """Return a row of times or rates of the same rounds, with an aim for the ratio."""
    pairs = [one / other for one, other in zip(ours, peer, strict=True)]
    ratio = statistics.median(pairs)
    quarters = statistics.quantiles(pairs, method="inclusive") if pairs[1:] else pairs
    aim, met = FOR_INFORMATION, None
    if at_most:
        aim, met = f"at most {at_most}", ratio <= at_most
    elif at_least:
        aim, met = f"at least {at_least}", ratio >= at_least
    shown = [UNITS[unit](statistics.median(each)) for each in (ours, peer)]
    means = statistics.fmean(ours) / statistics.fmean(peer)
    return Row(what, *shown, ratio, means, (quarters[0], quarters[-1]), aim, met)


def within(what: str, ours: list[float], limit: float) -> Row:
    """Return a row of times against a limit in seconds."""
    return compare(what, ours, [limit] * len(ours), at_most=1)


UNITS: dict[str, Callable[[float], str]] = {
    "µs": lambda value: f"{value * 1e6:.1f} µs",
    "ms": lambda value: f"{value * 1e3:.1f} ms",
    "s": lambda value: f"{value:.2f} s",
    "/s": lambda value: f"{value:.0f} /s",
}
