"""Exercises that are wrongly done are not ticked, and the page says what is missing."""

import pytest

from spv.rules.training.material import EXERCISES
from tests.endurance import repeated
from tests.trainees import VSP, begin
from tests.wrong_ways import WAYS

ENTRIES = ("apply", "assessed", "upgrade")  # what comes before the account


def test_each_exercise_has_two_wrong_ways_at_least():
    assert list(WAYS) == [exercise.name for exercise in EXERCISES]
    assert all(len(ways) >= 2 for ways in WAYS.values())


@repeated(1, 3)
@pytest.mark.parametrize("name", WAYS)
def test_what_is_wrongly_done_is_not_ticked(demonstration, trainer, name, times):
    for way in WAYS[name][:times]:
        trainee = begin(demonstration, trainer.open_class())
        if name not in ENTRIES:
            trainee.give_account()
        assert way(trainee, trainer) in trainee.lacks(name), way.__name__


def test_what_was_wrongly_done_can_be_done_rightly(demonstration, trainer):
    mia = begin(demonstration, trainer.open_class())
    mia.apply()
    trainer.act("decline")
    mia.apply()
    trainer.act("approve")
    mia.upgrade("supplier")
    trainer.act("approve")
    mia.upgrade(VSP)
    trainer.act("approve")
    assert mia.missing()[:3] == ["", "", ""]
