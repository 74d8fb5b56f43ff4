"""What services raise; one handler answers them all."""


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
