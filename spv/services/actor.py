"""Who does something, and by which way in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program: a name for the log, and the channel (web, api, batch)."""

    name: str
    channel: str


def visitor(channel: str) -> Actor:
    """Somebody who has not signed in."""
    return Actor("visitor", channel)
