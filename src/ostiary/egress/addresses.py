"""Which addresses may be connected to: the public Internet, and what the operator allows.

From the IANA registries of special-purpose addresses (RFC 6890): everything that is not
globally reachable, that leads back into another network (6to4, NAT64, mapped addresses),
or that is a cloud's door to its metadata.
"""

import ipaddress
from collections.abc import Iterable

from ostiary.egress.errors import FetchFailed
from ostiary.egress.target import Address, Target, parse_target

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's metadata, at a public address
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only this block is handed out to the Internet; NAT64, mapped, unique local,
# link-local and multicast addresses are outside of it.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, among them tunnels (Teredo)
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class AllowList:
    """What the operator allows beyond the public Internet: networks, and host:port."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Read networks such as `10.0.0.0/8` and targets such as `idp.internal:8443`.

        Raises:
            ValueError: an entry is neither.
        """
        self._networks: list[Network] = []
        self._targets: set[tuple[str, int]] = set()
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                self._targets.add(_read_target(entry))

    def names(self, target: Target) -> bool:
        """Tell whether the target is allowed by its name, wherever that leads."""
        return (target.host, target.port) in self._targets

    def holds(self, address: Address) -> bool:
        """Tell whether the address is in an allowed network.

        What stands for an IPv4 address must be allowed in both forms.
        """
        if not any(address in network for network in self._networks):
            return False
        inner = _embedded(address)
        return inner is None or self.holds(inner) or is_public(inner)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public Internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


def _embedded(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 one leads to, or None."""
    if isinstance(address, ipaddress.IPv6Address) and any(
        address in network for network in (_MAPPED, *_NAT64)
    ):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def _read_target(entry: str) -> tuple[str, int]:
    try:
        target = parse_target(f"https://{entry}/")
    except FetchFailed as error:
        raise _bad(entry) from error
    if not entry.endswith(f":{target.port}"):
        raise _bad(entry)
    return target.host, target.port


def _bad(entry: str) -> ValueError:
    return ValueError(
        f"{entry!r} is neither a network such as 10.0.0.0/8 nor a target such as idp.internal:8443"
    )
