"""Numbers and times in words."""

from datetime import timedelta

import pytest

from spv.rules.formatting import format_age


@pytest.mark.parametrize(
    ("age", "words"),
    [
        ({"seconds": -5}, "less than an hour ago"),
        ({"minutes": 59}, "less than an hour ago"),
        ({"minutes": 60}, "1 hour ago"),
        ({"hours": 2}, "2 hours ago"),
        ({"hours": 47, "minutes": 59}, "47 hours ago"),
        ({"hours": 48}, "2 days ago"),
        ({"days": 400}, "400 days ago"),
    ],
)
def test_an_age(age, words):
    assert format_age(timedelta(**age)) == words
