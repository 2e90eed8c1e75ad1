"""Address prefixes: what one stranger on the network can command of a network."""

import ipaddress

_IPV6_PREFIX = 64


def peer_of(ip: str) -> str:
    """Return the prefix under which an address is counted.

    An IPv4 address counts by itself, an IPv6 address by its /64, which is what one
    household gets. What is no address, such as a Unix socket, counts as one peer.
    """
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "local"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
