"""Errors that stop a use case; one handler answers each of them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


class UseCaseError(Exception):
    """An error that stops a use case, with the values that its answer needs.

    `code` names the error for programs. `errors` are the objects of an answer of the
    API; without them, the answer has the message of the exception. `retry_after` is a
    number of seconds, and 0 where waiting does not help. `details` are further values
    for the page.
    """

    http_status = 400
    code = ""
    errors: Sequence[dict[str, Any]] = ()
    retry_after = 0
    details: Mapping[str, Any] = MappingProxyType({})


class ValidationError(UseCaseError, ValueError):
    """An error in the values that were entered or sent.

    `problems` maps the name of each field (`file` for a whole file) to one sentence.
    """

    http_status = 422

    def __init__(self, problems: Mapping[str, str], code: str = "") -> None:
        super().__init__(" ".join(problems.values()))
        self.problems, self.code = dict(problems), code
        known = {"code": code} if code else {}
        self.errors = [
            {"field": name, **known, "message": sentence}
            for name, sentence in problems.items()
        ]


class ConflictError(UseCaseError):
    """The data has changed since the user looked at it, or something depends on it."""

    http_status = 409


class IdempotencyConflict(ConflictError):
    """Another request with the same idempotency key is in progress, or took it over."""

    code, retry_after = "in_flight", 1
    message = (
        "A request with this Idempotency-Key is still in progress. Send it again soon."
    )

    def __init__(self) -> None:
        super().__init__(self.message)
        self.errors = [{"code": self.code, "message": self.message}]


class IdempotencyKeyReused(IdempotencyConflict):
    """An earlier request with another body had the same idempotency key."""

    http_status = 422
    code, retry_after = "idempotency_key_reused", 0
    message = "This Idempotency-Key was used with another body. Use a new one."


class ForbiddenError(UseCaseError):
    """The actor is not allowed to do this."""

    http_status = 403


class Suspended(ForbiddenError):
    """The agency has suspended the actor, or their account or subscription."""

    code = "account_suspended"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"The agency has suspended {what}: {reason}")
        self.errors = [{"code": self.code, "message": str(self)}]


class AccountNeeded(ForbiddenError):
    """A page needs an account, or a type that the actor's account does not have.

    `administrators` are the users who can apply for the type.
    """

    def __init__(self, sentence: str, administrators: Sequence[Any]) -> None:
        super().__init__(sentence)
        self.details = {"administrators": administrators}


class NotFoundError(UseCaseError):
    """The thing does not exist, or the actor is not allowed to see it."""

    http_status = 404


class TooLateError(UseCaseError):
    """The client has been told that its request failed, so it must not succeed now."""

    http_status = 503
