"""Comparison of redirect URIs (RFC 6749, 3.1.2.3; RFC 8252, 7.3; RFC 9700, 4.1.3).

Rule: octet by octet, nothing is normalised or decoded. The one exception is the port of
a loopback address, which native applications choose as they start: literally 127.0.0.1
or [::1], with http, and only where the registered URI is such a one too.
"""

from urllib.parse import SplitResult, unquote, urlsplit

from ostiary.model.client import AppType, Client
from ostiary.model.sentence import Sentence

MAX_LENGTH = 2048
_LOOPBACK = ("http://127.0.0.1", "http://[::1]")
_MAX_PORT_DIGITS = 5
_MAX_PORT = 65535


def redirect_uri_matches(requested: str, client: Client) -> bool:
    """Tell whether a client may be answered at this URI."""
    return find_registered(requested, client) is not None


def find_registered(requested: str, client: Client) -> str | None:
    """Return the registered URI by which a client may be answered at this one, if there is one.

    URIs with neither http nor https are for native applications alone (RFC 8252, 7.1).
    """
    native = client.type is AppType.NATIVE
    if requested in client.redirect_uris:
        return requested if native or requested.startswith(("https://", "http://")) else None
    portless = _without_port(requested) if native else None
    if portless is None:
        return None
    return next((one for one in client.redirect_uris if _without_port(one) == portless), None)


def _without_port(uri: str) -> str | None:
    """Cut the port out of a loopback URI; None for any other URI."""
    for origin in _LOOPBACK:
        if uri.startswith(origin):
            return _cut(origin, uri[len(origin) :])
    return None


def _cut(origin: str, rest: str) -> str | None:
    if rest.startswith(":"):
        end = 1
        while end < len(rest) and rest[end] in "0123456789" and end <= _MAX_PORT_DIGITS:
            end += 1
        port, rest = rest[1:end], rest[end:]
        if not port or port.startswith("0") or int(port) > _MAX_PORT:
            return None
    if rest and rest[0] not in "/?":
        return None
    return origin + rest


def explain_mismatch(requested: str, registered: tuple[str, ...]) -> Sentence:
    """Say in one sentence how a redirect URI misses the registered ones.

    Repeats nothing of the requested URI, so that the sentence can be shown anywhere.
    """
    if len(requested) > MAX_LENGTH:
        return Sentence(
            "It is longer than any registered one may be ({number} characters).",
            {"number": MAX_LENGTH},
        )
    if not requested.isascii() or not requested.isprintable():
        return Sentence("It holds characters that no URI can hold: write them percent-encoded.")
    if "#" in requested:
        return Sentence(
            "It has a fragment (#), which a redirect URI must not have (RFC 6749, 3.1.2)."
        )
    for difference, normalise in _NORMALISERS:
        wanted = normalise(requested)
        if any(wanted == normalise(uri) for uri in registered):
            return _only_in(difference)
    return _explain_parts(requested, registered)


def _only_in(difference: Sentence) -> Sentence:
    return Sentence(
        "It differs from a registered one only in {difference}.", {"difference": difference}
    )


def _explain_parts(requested: str, registered: tuple[str, ...]) -> Sentence:
    parts = _split(requested)
    if parts is None or not parts.scheme:
        return Sentence("It is not an absolute URI, such as https://app.example/callback.")
    if "@" in parts.netloc:
        return Sentence("It has a user name or password before the host, which is never accepted.")
    others = [other for uri in registered if (other := _split(uri)) is not None]
    for difference, without in _PARTS:
        reduced = without(parts)
        if any(reduced == without(other) for other in others):
            return _only_in(difference)
    if any(parts.hostname == other.hostname for other in others):
        return Sentence("It has the host of a registered one, but differs in more than one part.")
    return Sentence("No registered one has this host.")


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # read for its check of the digits
    except ValueError:
        return None
    return parts


_NORMALISERS = (
    (Sentence("the slash at its end"), lambda uri: uri.rstrip("/")),
    (Sentence("white space around it"), lambda uri: uri.strip()),
    (Sentence("upper and lower case"), lambda uri: uri.lower()),
    (
        Sentence("http instead of https, or the reverse"),
        lambda uri: uri.replace("https://", "http://", 1),
    ),
    (
        Sentence("the host: localhost is not 127.0.0.1"),
        lambda uri: uri.replace("localhost", "127.0.0.1", 1),
    ),
    (Sentence("its percent-encoding: it may be encoded twice"), lambda uri: unquote(unquote(uri))),
)
_PARTS = (
    (Sentence("its port"), lambda parts: (parts.scheme, parts.hostname, parts.path, parts.query)),
    (Sentence("its query"), lambda parts: (parts.scheme, parts.netloc, parts.path)),
    (Sentence("its path"), lambda parts: (parts.scheme, parts.netloc, parts.query)),
    (Sentence("its scheme"), lambda parts: (parts.netloc, parts.path, parts.query)),
    (Sentence("its host"), lambda parts: (parts.scheme, parts.port, parts.path, parts.query)),
)
