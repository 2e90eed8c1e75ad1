"""Rules for the URIs that are registered (RFC 6749, 3.1.2; RFC 8252, 7; RFC 9700, 4.1).

Registered redirect URIs are compared octet by octet later, so what two parsers could
read differently is refused here: anything but plain printable ASCII in lower-case scheme
and host, user information, dot segments, encoded separators, wildcards, odd IP addresses.
All checks are linear in the length of the text.
"""

import ipaddress
import re

import msgspec

MAX_URI = 2048
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WEB = frozenset({"http", "https"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 3986: unreserved, reserved and "%"; nothing else can be in a URI.
_LETTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,99}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# Encoded separators and dots: two parsers would see two different paths.
_MEANING = frozenset(b"/\\.%")
_CONTROL_END = 0x20
_DELETE = 0x7F
_MAX_PORT = 65535
_MAX_HOST = 253


class Uri(msgspec.Struct, frozen=True):
    """The parts of a URI that passed the rules. `host` is as written, with brackets."""

    scheme: str
    host: str = ""
    port: int | None = None
    path: str = ""
    query: str = ""

    @property
    def web(self) -> bool:
        """Whether a browser fetches it: http or https."""
        return self.scheme in _WEB

    @property
    def loopback(self) -> bool:
        """Whether it is on the machine of whoever follows it."""
        return self.web and self.host in LOOPBACK_HOSTS

    @property
    def origin(self) -> str:
        """The origin as browsers write it (RFC 6454, 6.1): without the default port."""
        port = "" if self.port in {None, _DEFAULT_PORTS.get(self.scheme)} else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


class Refused(ValueError):
    """The text breaks a rule; the message says which, and what to write instead."""


def parse(text: str) -> Uri:
    """Split an absolute URI by the strict rules of this module.

    Raises:
        Refused: it breaks one of them.
    """
    _check_letters(text)
    scheme, colon, rest = text.partition(":")
    if not colon or "/" in scheme or not scheme:
        raise Refused("must be absolute: begin with a scheme, such as https://")
    if not _SCHEME.fullmatch(scheme):
        raise Refused("the scheme must be in lower-case letters")
    if "#" in rest:
        raise Refused("must not have a fragment (#)")
    if "*" in rest:
        raise Refused("must not hold a wildcard (*): register each URI by itself")
    rest, _, query = rest.partition("?")
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        host, port = _parse_authority(authority)
        path = slash + path
    elif scheme in _WEB:
        raise Refused(f"write {scheme}:// with two slashes")
    else:
        host, port, path = "", None, rest
    if scheme in _WEB and not host:
        raise Refused("the host is missing")
    if any(segment in {".", ".."} for segment in path.split("/")):
        raise Refused("the path must not have . or .. segments")
    return Uri(scheme=scheme, host=host, port=port, path=path, query=query)


def _check_letters(text: str) -> None:
    if not text:
        raise Refused("must not be empty")
    if len(text) > MAX_URI:
        raise Refused(f"must be at most {MAX_URI} characters long")
    for letter in text:
        if letter not in _LETTERS:
            shown = letter if letter.isascii() and letter.isprintable() else f"U+{ord(letter):04X}"
            raise Refused(
                f"must not hold the character {shown!r}: use plain ASCII, percent-encoded"
                " where needed, and the xn-- form of international host names"
            )
    escapes = _ESCAPE.findall(text)
    if len(escapes) != text.count("%"):
        raise Refused("each % must be followed by two hexadecimal digits")
    for digits in escapes:
        value = int(digits, 16)
        if value < _CONTROL_END or value == _DELETE:
            raise Refused(f"must not hold an encoded control character (%{digits})")
    path = text.partition("?")[0]
    for digits in _ESCAPE.findall(path):
        if int(digits, 16) in _MEANING:
            raise Refused(f"write %{digits} as the plain character, or leave it out")


def _parse_authority(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise Refused("must not hold a user name or password (@) before the host")
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        host += bracket
        _check_ipv6(host)
    else:
        host, colon, port = authority.partition(":")
        port = colon + port
        if host:
            _check_host(host)
    if not port:
        return host, None
    digits = port[1:]
    if not port.startswith(":") or not digits.isdigit() or digits.startswith("0"):
        raise Refused("the port must be a number from 1 to 65535")
    if len(digits) > len(str(_MAX_PORT)) or int(digits) > _MAX_PORT:
        raise Refused("the port must be a number from 1 to 65535")
    return host, int(digits)


def _check_ipv6(host: str) -> None:
    try:
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise Refused("the host is not a valid IPv6 address in brackets") from None
    if address.ipv4_mapped is not None:
        raise Refused("write an IPv4 address as four decimal numbers")
    if f"[{address.compressed}]" != host:
        raise Refused(f"write the IPv6 address in its shortest form, [{address.compressed}]")


def _check_host(host: str) -> None:
    if len(host) > _MAX_HOST:
        raise Refused("the host name is too long")
    if host != host.lower():
        raise Refused("write the host in lower case")
    labels = host.split(".")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise Refused("the host is not a valid name")
    # Numbers in the last place are an address to browsers, however odd (127.1, 0x7f000001).
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise Refused("write an IPv4 address as four decimal numbers") from None


def parse_redirect_uri(text: str) -> Uri:
    """Check a redirect URI on its own; what the client's type allows is checked with it.

    Raises:
        Refused: it breaks a rule.
    """
    uri = parse(text)
    if uri.scheme == "http" and not uri.loopback:
        raise Refused("http is only for localhost, 127.0.0.1 and [::1]: use https everywhere else")
    if not uri.web and "." not in uri.scheme:
        raise Refused(
            f"{uri.scheme}: is not a private-use scheme: reverse a domain name that you own,"
            " as in com.example.app:/callback (RFC 8252, 7.1)"
        )
    if not uri.web and not (uri.host or uri.path):
        raise Refused("add a path after the scheme, as in com.example.app:/callback")
    return uri


def parse_link(text: str) -> Uri:
    """Check the address of a page that people are shown a link to.

    Raises:
        Refused: it is not an http or https URL.
    """
    uri = parse(text.partition("#")[0])
    if not uri.web:
        raise Refused("must be an http or https URL")
    return uri


def parse_secure_link(text: str) -> Uri:
    """Check the address of something that is fetched or started: https, or on loopback.

    Raises:
        Refused: it is neither.
    """
    uri = parse(text)
    if uri.scheme != "https" and not uri.loopback:
        raise Refused("must be an https URL")
    return uri


def parse_request_uri(text: str) -> Uri:
    """Check where a client publishes a request object (RFC 9101, 5.2; Core 6.2).

    Raises:
        Refused: it is not https, or its fragment is not the hash of what is there.
    """
    address, mark, fragment = text.partition("#")
    uri = parse(address)
    if uri.scheme != "https":
        raise Refused("must be an https URL")
    if mark and not _SHA256.fullmatch(fragment):
        raise Refused(
            "after the # stands the SHA-256 hash of the request object in base64url, 43 characters"
        )
    return uri


def parse_origin(text: str) -> Uri:
    """Check a web origin, which CORS compares exactly (RFC 6454).

    Raises:
        Refused: it is not an origin as browsers write them.
    """
    if text == "null":
        raise Refused("the opaque origin null stands for anybody and cannot be allowed")
    uri = parse(text)
    if not uri.web:
        raise Refused("must be an http or https origin")
    if uri.scheme == "http" and not uri.loopback:
        raise Refused("http is only for localhost, 127.0.0.1 and [::1]: use https everywhere else")
    if uri.origin != text:
        raise Refused(f"must be the origin alone, as browsers send it: {uri.origin}")
    return uri
