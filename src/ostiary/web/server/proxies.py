"""The proxies in front, and what they say about the client (RFC 7239; X-Forwarded-*).

Anybody can write these headers. They count only when the peer is a trusted proxy, and then
only as far as each hop was reported by a trusted one: the client is the right-most address
that is not a trusted proxy.
"""

import functools
import ipaddress
import re
from collections.abc import Iterator, Sequence

import msgspec

from ostiary.web.server.refusal import refuse_as_bad

_MAX_HOPS = 32
_PAIR = re.compile(
    r"""[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)="""
    r"""("(?:[^"\\]|\\.)*"|[!#$%&'*+.^_`|~0-9A-Za-z-]*)[ \t]*([;,]|$)"""
)
_QUOTED = re.compile(r"\\(.)")
_SCHEMES = ("http", "https")


class Hop(msgspec.Struct, frozen=True):
    """Where a request comes from: an address, and the scheme it used, where told."""

    address: str
    scheme: str | None


class Proxies:
    """The networks of the trusted proxies. Empty means that nothing is believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)
        self._trusts = functools.lru_cache(maxsize=4096)(self._lookup)

    def __contains__(self, address: str) -> bool:
        """Tell whether the address belongs to a trusted proxy."""
        return bool(self._networks) and self._trusts(address)

    def _lookup(self, address: str) -> bool:
        ip = ipaddress.ip_address(address.partition("%")[0])
        return any(ip in network for network in self._networks)

    def find_client(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> Hop:
        """Tell where a request truly comes from that a trusted peer passed on.

        Raises:
            Refused: two headers tell different stories, or `Forwarded` cannot be read.
        """
        named: dict[bytes, list[str]] = {}
        for name, value in headers:
            named.setdefault(name, []).append(value.decode("latin-1"))
        forwarded = named.get(b"forwarded")
        x_forwarded_for = named.get(b"x-forwarded-for")
        hop = Hop(peer, None)
        if forwarded is not None:
            hop = self._walk(peer, _read_forwarded(", ".join(forwarded)))
            if x_forwarded_for is None:
                return hop
        if x_forwarded_for is not None:
            addresses = ",".join(x_forwarded_for).split(",")
            other = self._walk(peer, [(text.strip(), None) for text in addresses])
            if forwarded is not None and other.address != hop.address:
                # A proxy that sets one of the two passes on the other as the client wrote it.
                raise refuse_as_bad(
                    "Forwarded and X-Forwarded-For disagree; the proxy must remove the one "
                    "that it does not set."
                )
            hop = other
        scheme = ",".join(named.get(b"x-forwarded-proto", ())).rpartition(",")[2].strip().lower()
        return Hop(hop.address, scheme if scheme in _SCHEMES else hop.scheme)

    def _walk(self, peer: str, hops: Sequence[tuple[str, str | None]]) -> Hop:
        # Each entry was written by the hop to its right, and the last one by the peer.
        client = Hop(peer, None)
        for text, scheme in reversed(hops[-_MAX_HOPS:]):
            address = _read_address(text)
            if address is None:
                break
            client = Hop(address, scheme)
            if address not in self:
                break
        return client


def _read_forwarded(value: str) -> list[tuple[str, str | None]]:
    """Read `for` and `proto` of each element (RFC 7239, 4)."""
    hops: list[tuple[str, str | None]] = []
    element: dict[str, str] = {}
    for name, text, end in _split_pairs(value):
        element[name.lower()] = text
        if end != ";":
            scheme = element.get("proto", "").lower()
            hops.append((element.get("for", ""), scheme if scheme in _SCHEMES else None))
            element = {}
    return hops


def _split_pairs(value: str) -> Iterator[tuple[str, str, str]]:
    position = 0
    while position < len(value):
        match = _PAIR.match(value, position)
        if match is None:
            raise refuse_as_bad("The Forwarded header is not written as RFC 7239, 4 says.")
        name, text, end = match.groups()
        if text.startswith('"'):
            text = _QUOTED.sub(r"\1", text[1:-1])
        yield name, text, end
        position = match.end()


def _read_address(text: str) -> str | None:
    """Read an address with or without a port; None for names, `unknown` and the like."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)
