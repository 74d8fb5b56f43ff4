"""What a rule raises when it cannot go on: sentences that say what to change."""

from collections.abc import Mapping


class Refusal(ValueError):
    """Answers or a file that the rules refuse.

    `problems` maps the name of each field (`file` for a whole file) to one sentence.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)
