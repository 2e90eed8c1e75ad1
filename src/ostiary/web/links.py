"""Where our pages lead people to who go on to an application."""

from urllib.parse import urlencode, urlsplit

from ostiary.model.client import Client, ClientKind, ClientState

_LINKED = frozenset({"https", "http"})


def safe_link(url: str | None) -> str | None:
    """Return a registered address if it may be linked to."""
    if url is None or urlsplit(url).scheme not in _LINKED:
        return None
    return url


def home_of(client: Client, issuer: str) -> str | None:
    """Return where an application is found: its own page, or where it begins a sign-in."""
    if client.state is not ClientState.ACTIVE:
        return None
    if client.kind is ClientKind.BUILT_IN:
        return f"{issuer}{client.client_uri}"
    return safe_link(client.client_uri) or _entrance(client, issuer)


def entrance_of(client: Client, issuer: str) -> str | None:
    """Return where a person goes who still wants to sign in to an application.

    The application begins the sign-in by itself where it registered an address for that
    (OpenID Connect Core 4); otherwise this is its own page.
    """
    if client.state is not ClientState.ACTIVE:
        return None
    if client.kind is ClientKind.BUILT_IN:
        return f"{issuer}{client.client_uri}"
    return _entrance(client, issuer) or safe_link(client.client_uri)


def _entrance(client: Client, issuer: str) -> str | None:
    uri = safe_link(client.initiate_login_uri)
    if uri is None:
        return None
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode({'iss': issuer})}"
