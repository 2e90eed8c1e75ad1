"""Where a request goes: the strict reading of an https address.

Two readers of one URL must not see two hosts. What is left open (backslashes, white
space, user names, numbers in place of names) is refused rather than repaired.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import msgspec

from ostiary.egress.errors import FetchFailed, Reason

MAX_LENGTH = 2_048

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65_535
# RFC 3986, 2: without the characters that only some readers accept.
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_MAX_NAME = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[0-9]{1,5}")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A URL in parts. `host` is in lower case; `address` is set where it is no name."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None = None


def parse_target(url: str) -> Target:
    """Read an absolute http or https URL. A fragment is dropped, as it is never sent.

    Raises:
        FetchFailed: it is malformed, or has a user name.
    """
    if len(url) > MAX_LENGTH or not _CHARACTERS.fullmatch(url):
        raise _refusal(
            f"an address has at most {MAX_LENGTH} characters, all ASCII; percent-encode others"
            " in the path, and write the host in its xn-- form"
        )
    scheme, separator, _ = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PORTS:
        raise _refusal("an address begins with https://")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _refusal("the host of the address is malformed") from error
    if "@" in parts.netloc:
        raise _refusal("an address has no user name or password")
    host, port = _split(parts.netloc.lower())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name, address = _read_host(host)
    return Target(
        scheme=scheme,
        host=name,
        port=_PORTS[scheme] if port is None else port,
        path=path,
        address=address,
    )


def _split(netloc: str) -> tuple[str, int | None]:
    host, separator, port = netloc.rpartition(":")
    if not separator or netloc.endswith("]"):
        return netloc, None
    if not _PORT.fullmatch(port) or not 0 < int(port) <= _MAX_PORT:
        raise _refusal("the port of the address is not a number from 1 to 65535")
    return host, int(port)


def _read_host(host: str) -> tuple[str, Address | None]:
    if host.startswith("[") and host.endswith("]"):
        try:
            literal = ipaddress.IPv6Address(host[1:-1])
        except ValueError as error:
            raise _refusal("the host of the address is no IPv6 address") from error
        if literal.scope_id is not None:
            raise _refusal("the address names an interface of this machine")
        return str(literal), literal
    labels = host.split(".")
    if len(host) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise _refusal("the host of the address is malformed")
    if not _NUMBER.fullmatch(labels[-1]):
        return host, None
    # No top-level domain is a number: this is an address, in one of its many spellings.
    try:
        v4 = ipaddress.IPv4Address(host)
    except ValueError as error:
        raise _refusal("write an IPv4 address as four decimal numbers") from error
    return host, v4


def _refusal(detail: str) -> FetchFailed:
    return FetchFailed(Reason.URL, detail)
