"""Rules for agency staff: reasons and roles."""

import pytest

from spv.rules.accounts import read_optional_reason, read_reason, read_staff_role


def test_a_reason():
    assert read_reason(" Two lines:\r\nthis one too ") == "Two lines:\nthis one too"
    with pytest.raises(ValueError, match="Enter the reason"):
        read_reason("  ")
    with pytest.raises(ValueError, match="1,001 characters"):
        read_reason("x" * 1001)


def test_a_reason_that_may_be_left_out():
    assert read_optional_reason("  ") == ""
    assert read_optional_reason(" Cleared ") == "Cleared"
    with pytest.raises(ValueError, match="Shorten"):
        read_optional_reason("x" * 1001)


@pytest.mark.parametrize("text", ["", "king", "Assessor", " auditor"])
def test_a_role_that_there_is_not(text):
    with pytest.raises(ValueError, match="Choose a role"):
        read_staff_role(text)


def test_a_role():
    assert read_staff_role("auditor") == "auditor"
