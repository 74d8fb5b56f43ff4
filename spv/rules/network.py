"""Networks, as far as an IP address tells them apart."""

from ipaddress import IPv4Address, IPv6Address, ip_address

# What a provider gives to one customer: within it, addresses are changed at will.
_CUSTOMER_BITS = 64


def network_of(address: str) -> str:
    """Return the network of an IP address: the address for IPv4, the /64 for IPv6.

    All that is no address counts as one network, "unknown".
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            first = int(found) >> _CUSTOMER_BITS << _CUSTOMER_BITS
            return f"{IPv6Address(first)}/{_CUSTOMER_BITS}"
        found = found.ipv4_mapped
    return str(found)
