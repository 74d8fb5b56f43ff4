"""The actor: the user, API client or visitor who does something."""

from dataclasses import dataclass

from spv.rules.accounts import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, API client or visitor; the channel is web, api, batch or command.

    The `name` of a signed-in user is the email address. An API client has a
    `subscription_id`, and a `request_id` if the request must take effect only once.
    The audit log keeps `ip` with events of the registry, never with calculations.
    """

    name: str
    channel: str
    roles: frozenset[Role] = frozenset({Role.VISITOR})
    user_id: int | None = None
    account_id: int | None = None
    subscription_id: int | None = None
    request_id: int | None = None
    ip: str = ""


# A person who runs commands on the server itself.
OPERATOR = Actor("operator", "command")


def visitor(channel: str, ip: str = "") -> Actor:
    """Return the actor for a person who has not signed in."""
    return Actor("visitor", channel, ip=ip)
