"""Who does something, and by which way in."""

from dataclasses import dataclass

from spv.rules.accounts import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program: a name for the log, and the channel (web, api, batch).

    `name` is the email address of who has signed in; systems have the number of their
    subscription, and `request_id` where a request must have its effect only once. The
    address `ip` is kept with acts of the registry, never with calculations.
    """

    name: str
    channel: str
    roles: frozenset[Role] = frozenset({Role.VISITOR})
    user_id: int | None = None
    account_id: int | None = None
    subscription_id: int | None = None
    request_id: int | None = None
    ip: str = ""


def visitor(channel: str, ip: str = "") -> Actor:
    """Somebody who has not signed in."""
    return Actor("visitor", channel, ip=ip)


def operator() -> Actor:
    """Somebody who runs commands on the machine itself."""
    return Actor("operator", "command")
