"""The findings of a verification: what was read, and the problems."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from spv.rules.text import join_words, pluralise

UNREADABLE = "what is saved, or the log, cannot be read"
SHOWN = 20  # problems of a kind
STEP = 5_000  # things read between two notes of progress


@dataclass
class Problems:
    """The problems of one kind. Those that follow from others are only counted."""

    count: int = 0
    following: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        """The number of problems that have no sentence here."""
        return self.count - len(self.first)


@dataclass
class Findings:
    """The things that were read, counted by name, and the problems by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[str, Problems] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)  # the last hash of each chain
    progress: Callable[[int], None] = lambda _done: None
    done: int = 0
    broke_off: bool = False

    def read(self, name: str, number: int = 1) -> None:
        """Count things that were read, and tell of the progress now and then."""
        self.counts[name] += number
        before, self.done = self.done, self.done + number
        if before // STEP != self.done // STEP:
            self.progress(self.done)

    def add(self, kind: str, sentence: str, *, follows: bool = False) -> None:
        """Note a problem. One that follows from another problem gets no sentence."""
        of_kind = self.problems.setdefault(kind, Problems())
        if follows:
            of_kind.following += 1
            return
        of_kind.count += 1
        if len(of_kind.first) < SHOWN:
            of_kind.first.append(sentence)

    def add_all(self, kind: str, sentences: Iterable[str]) -> None:
        """Note several problems of a kind."""
        for sentence in sentences:
            self.add(kind, sentence)

    @property
    def problem_count(self) -> int:
        """The number of all problems, without those that follow from others."""
        return sum(each.count for each in self.problems.values())

    @property
    def sentences(self) -> list[str]:
        """The first problems of each kind, in the order of the verification."""
        return [each for kind in self.problems.values() for each in kind.first]

    def conclusion(self) -> str:
        """Say what was proved, in one sentence for people."""
        if self.broke_off:
            return "Nothing was proved: the verification broke off."
        words = [pluralise(n, name) for name, n in self.counts.items() if n]
        read = join_words(words) if words else ""
        if self.problem_count:
            found = pluralise(self.problem_count, "problem")
            return f"{found} found in {read or 'an empty log'}."
        if not read:
            return "Proved: nothing is recorded, and nothing was removed."
        return f"Proved: {read} are exactly as the audit log recorded them."

    def to_json(self) -> dict[str, Any]:
        """Return the findings as they are saved."""
        return {
            "conclusion": self.conclusion(),
            "counts": dict(self.counts),
            "heads": self.heads,
            "first": next(iter(self.sentences), ""),
            "problems": {kind: asdict(of) for kind, of in self.problems.items()},
        }
