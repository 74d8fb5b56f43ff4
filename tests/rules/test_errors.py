"""Errors that stop a use case: what their answers say to users and to programs."""

import pytest

from spv.rules.errors import (
    AccountNeeded,
    ForbiddenError,
    IdempotencyConflict,
    IdempotencyKeyReused,
    Suspended,
    UseCaseError,
    ValidationError,
)


def test_each_problem_is_an_error_of_its_field():
    error = ValidationError({"file": "Choose a file.", "name": "Enter a name."})
    assert str(error) == "Choose a file. Enter a name."
    assert (error.http_status, error.retry_after) == (422, 0)
    assert error.errors == [
        {"field": "file", "message": "Choose a file."},
        {"field": "name", "message": "Enter a name."},
    ]
    (known,) = ValidationError({"file": "Choose a file."}, "no_file").errors
    assert known["code"] == "no_file"


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (IdempotencyConflict, 409, "in_flight", 1),
        (IdempotencyKeyReused, 422, "idempotency_key_reused", 0),
    ],
)
def test_requests_with_the_same_key(error, status, code, wait):
    raised = error()
    assert isinstance(raised, UseCaseError)
    assert (raised.http_status, raised.code, raised.retry_after) == (status, code, wait)
    assert raised.errors == [{"code": code, "message": str(raised)}]
    assert "Idempotency-Key" in str(raised)


def test_a_missing_account_names_the_users_who_can_apply():
    error = AccountNeeded("This is for others.", ["Kim"])
    assert isinstance(error, ForbiddenError)
    assert (str(error), error.details) == (
        "This is for others.", {"administrators": ["Kim"]},
    )  # fmt: skip
    assert ForbiddenError("No.").details == {}


def test_a_suspension_says_what_is_suspended_and_why():
    error = Suspended("your account", "Unpaid fees")
    assert isinstance(error, ForbiddenError)
    sentence = "The agency has suspended your account: Unpaid fees"
    assert (error.http_status, str(error)) == (403, sentence)
    assert error.errors == [{"code": "account_suspended", "message": sentence}]
