"""Networks that requests come from, as limits count them."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """Return the network of an IP address: IPv6 by its /64, IPv4 as it is.

    One customer of a provider has at least a /64 of IPv6, and each device in it may
    change its address at any time.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))
