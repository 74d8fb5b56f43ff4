"""Who is there, and what they may do."""

from spv.services.actor import Actor, visitor


def current_actor(channel: str = "web") -> Actor:
    """Who makes this request, by which way in."""
    return visitor(channel)
