"""Errors that stop a use case; one handler answers each of them."""

from collections.abc import Mapping


class ValidationError(ValueError):
    """Answers or a file that the rules refuse.

    `problems` maps the name of each field (`file` for a whole file) to one sentence.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class ServiceError(Exception):
    """Something that cannot be done; `status` is its HTTP code."""

    status = 400


class ConflictError(ServiceError):
    """What was looked at has changed meanwhile, or something else depends on it."""

    status = 409


class ForbiddenError(ServiceError):
    """Somebody else may do this."""

    status = 403


class NotFoundError(ServiceError):
    """There is no such thing, or it is not this actor's to see."""

    status = 404


class TooLateError(ServiceError):
    """The client has been told that its request failed: it must not succeed now."""

    status = 503
