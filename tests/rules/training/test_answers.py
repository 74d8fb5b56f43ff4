"""Answers and reasons as people type them."""

from dataclasses import replace

import pytest

from spv.rules.training.exercises import missing
from tests.rules.training.test_exercises import ALL, GIVEN, applied


@pytest.mark.parametrize("unit", [" STCS", "STC"])
def test_answers_may_have_their_words(unit):
    answers = ALL.answers | {"calculate": f"91{unit}", "log": "EVENT 7"}
    assert missing(replace(ALL, answers=answers), GIVEN) == [""] * 12


def test_a_reason_ends_with_one_full_stop():
    for reason in ("The ABN is wrong", "The ABN is wrong."):
        declined = replace(ALL, applications=[applied("declined", reason=reason)])
        assert missing(declined, GIVEN)[1] == (
            "The agency declined your application: The ABN is wrong. Apply again."
        )
