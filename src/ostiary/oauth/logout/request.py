"""Logout requests: what an application asks, and how much of it is proven.

Only an ID token of this server says whose session is meant, also when it expired long
ago. A hint that is forged, or another application's, proves nothing, and takes the right
to a redirect with it (RP-Initiated Logout 1.0, 2 and 3).
"""

from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ostiary.jose.errors import JoseError
from ostiary.jose.jwt import Claims
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth.message import Form, read_locales
from ostiary.oauth.reader import ConfigurationReader
from ostiary.oauth.usable import client_refusal, read_owners

MAX_STATE = 4096
MAX_HINT = 254


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A logout request. It encodes itself as JSON for `Interaction.request`; `restore` reads it."""

    # The application that asks: it names itself, or its ID token does.
    client_id: str | None = None
    # Who the ID token is about, and the session that the application knows.
    sub: str | None = None
    sid: str | None = None
    # Registered for the client when the request came.
    redirect_uri: str | None = None
    # Why there will be no redirect although one was asked for; a short name.
    no_redirect: str | None = None
    state: str | None = None
    logout_hint: str | None = None
    ui_locales: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether an ID token says whose session is meant."""
        return self.sub is not None

    def store(self) -> dict[str, Any]:
        """Encode for `Interaction.request`."""
        return {"logout": msgspec.to_builtins(self)}


def restore(stored: dict[str, Any]) -> LogoutRequest | None:
    """Read back what `LogoutRequest.store` wrote; None for anything else."""
    try:
        return msgspec.convert(stored.get("logout"), LogoutRequest)
    except msgspec.ValidationError:
        return None


async def read_request(
    form: Form, reader: ConfigurationReader, ring: KeyRing, issuer: str, now: int
) -> LogoutRequest:
    """Read a logout request, and find out what of it is proven.

    Raises:
        InvalidRequest: a parameter was given twice.
    """
    form.refuse_duplicates()
    named = form.get("client_id")
    hint, trusted = None, True
    if form.get("id_token_hint") is not None:
        hint = _verify(form.get("id_token_hint") or "", ring, issuer, now)
        trusted = hint is not None and (named is None or named in hint.aud)
    claims = hint if trusted else None
    client_id = named
    if claims is not None and client_id is None and len(claims.aud) == 1:
        client_id = claims.aud[0]
    client = await _usable(client_id, reader)
    wanted = form.get("post_logout_redirect_uri")
    no_redirect = None
    if wanted is not None:
        no_redirect = _why_not(wanted, client, trusted=trusted)
    state = form.get("state")
    login_hint = form.get("logout_hint")
    return LogoutRequest(
        client_id=None if client is None else client.client_id,
        sub=None if claims is None else claims.sub,
        sid=None if claims is None else _sid(claims),
        redirect_uri=wanted if no_redirect is None else None,
        no_redirect=no_redirect,
        state=state if state is not None and len(state) <= MAX_STATE else None,
        logout_hint=login_hint if login_hint is not None and len(login_hint) <= MAX_HINT else None,
        ui_locales=read_locales(form),
    )


def _verify(token: str, ring: KeyRing, issuer: str, now: int) -> Claims | None:
    try:
        claims = ring.verify(token, typ="JWT", now=now, hint=True)
    except JoseError:
        return None
    genuine = claims.iss == issuer and claims.sub is not None
    # A signed userinfo answer has no end, and is no ID token.
    return claims if genuine and claims.exp is not None else None


def _sid(claims: Claims) -> str | None:
    sid = claims.members.get("sid")
    return sid if isinstance(sid, str) else None


async def _usable(client_id: str | None, reader: ConfigurationReader) -> Client | None:
    client = None if client_id is None else await reader.client(client_id)
    owners = await read_owners(client, reader)
    return client if client_refusal(client, owners) is None else None


def _why_not(wanted: str, client: Client | None, *, trusted: bool) -> str | None:
    if not trusted:
        return "id_token_hint"
    if client is None:
        return "client_id"
    if wanted not in client.post_logout_redirect_uris:
        return "post_logout_redirect_uri"
    return None


def destination(request: LogoutRequest, client: Client | None) -> str | None:
    """Return where the browser goes after the logout, or None for a page of our own.

    Only where an application asked that was named, and still has this address registered.
    """
    uri = request.redirect_uri
    if uri is None or client is None or uri not in client.post_logout_redirect_uris:
        return None
    if request.state is None:
        return uri
    base, hash_, fragment = uri.partition("#")
    separator = "&" if "?" in base else "?"
    parameter = urlencode({"state": request.state}, quote_via=quote, safe="")
    return f"{base}{separator}{parameter}{hash_}{fragment}"
