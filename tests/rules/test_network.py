"""Networks of addresses: IPv4 as it is, IPv6 by /64."""

import pytest

from spv.rules.text import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
        ("203.0.113.007", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_the_network_of_an_address(address, network):
    assert network_of(address) == network
    assert len(network) <= 43  # as long as the column that keeps it
