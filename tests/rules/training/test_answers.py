"""Answers and reasons as people type them."""

from dataclasses import replace

import pytest

from spv.rules.training.exercises import missing
from tests.rules.training.test_exercises import ALL, GIVEN, applied


@pytest.mark.parametrize("unit", [" STCS", "STC"])
def test_answers_may_have_their_words(unit):
    answers = ALL.answers | {"calculate": f"91{unit}", "log": "EVENT 7"}
    assert missing(replace(ALL, answers=answers), GIVEN) == [""] * 12
    answers |= {"calculate": f"99{unit}", "log": "EVENTS 999"}
    lacks = missing(replace(ALL, answers=answers), GIVEN)
    assert lacks[9].startswith(
        "You got 99 by hand, but the calculator got something else."
    )
    assert lacks[10] == "Event 999 of the log is not the event of your calculation."


def test_a_reason_ends_with_one_full_stop():
    for reason in ("The ABN is wrong", "The ABN is wrong.", "Is this your ABN?"):
        declined = replace(ALL, applications=[applied("declined", reason=reason)])
        said = reason if reason[-1] in ".?" else f"{reason}."
        assert missing(declined, GIVEN)[1] == (
            f"The agency declined your application: {said} Apply again."
        )
