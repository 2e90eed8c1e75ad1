"""What a trace means: which rule broke, what was received against what was expected, the mend.

Pure: from a trace and the application as it is registered now. A mend that an administrator
can do here is given as an operation of the management API, and only where it is safe to do
with one click: nobody is offered an address on a host that the application never had, since
whoever attacks it chooses what it is asked for.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ostiary.advisor.failures import CAUSES, FAMILIES, UNASKABLE, Cause
from ostiary.model.client import Client, ClientKind
from ostiary.model.event import Result
from ostiary.model.sentence import Sentence
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth.redirect import explain_mismatch
from ostiary.oauth.registry import SECRET_METHODS

_UNASKED = frozenset(
    {
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
    }
)
_ADDRESSES = frozenset({"redirect-uri-mismatch", "logout-post_logout_redirect_uri"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# What needs no further setting, and is no legacy.
_GRANTS = frozenset(
    {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    }
)
# What such a change allows is chosen by whoever sent the request. Addresses are held to the
# hosts that the application has; of these nothing tells whether it needs them.
_CHOSEN = frozenset({"scope-registered", "response-mode-registered"})
# What a redaction leaves behind, which is none of what was sent.
_CUT = ("…", "[", "?")
_LONGEST = 200

_REFUSED = Sentence("The request was refused.")
_UNREAD = Sentence(
    "The page that asked does not see this: its origin is not registered in web_origins."
)
_UNPROVEN = Sentence(
    "This request proves nothing of who sent it: anybody can send one in the name of the "
    "application. Allow what it asks for only if you know that the application needs it."
)
_UNFAMILIAR = Sentence(
    "Send one of the registered redirect URIs exactly. This one is on a host that the "
    "application has none on: if that host is its own, register it; if not, somebody tries "
    "to get at codes."
)
_UNVERIFIED = Sentence(
    "Send the code_verifier whose challenge came with the authorization request; keep it "
    "in the browser's session until then."
)
_DETAILS = {
    "secret_mismatch": Sentence(
        "The secret is none of this application's: it may be that of another one, an old one, or "
        "cut."
    ),
    "method_mismatch": Sentence(
        "The application authenticates by another method than the registered one."
    ),
    "client_inactive": Sentence("The application is switched off."),
    "challenge_not_hashed": Sentence("The code_challenge was the verifier itself, not its hash."),
    "challenge_of_hex": Sentence(
        "The code_challenge was made of the hash in hexadecimal digits; take the octets of the "
        "hash."
    ),
    "challenge_of_another_verifier": Sentence(
        "The verifier belongs to another request: it was overwritten by a second sign-in, or is "
        "not kept for each browser."
    ),
    "token_expired": Sentence("The access token has expired."),
    "token_revoked": Sentence("The access token was revoked."),
    "token_syntax": Sentence("The access token was cut or mistyped: its checksum does not fit."),
    "token_unknown": Sentence("The access token is of another server, or long gone."),
    "refresh_expired": Sentence("The refresh token has expired."),
    "scope_withdrawn": Sentence(
        "The application may no longer have a scope that was granted to it."
    ),
    "organization_inactive": Sentence("The organization is switched off."),
    "project_inactive": Sentence("The project is switched off."),
    "grant_revoked": Sentence("The grant was revoked."),
    "grant_expired": Sentence("The grant has expired."),
    "session_revoked": Sentence("The person signed out, and had not allowed offline access."),
    "session_expired": Sentence(
        "The person's session has expired, and they had not allowed offline access."
    ),
    "credentials_changed": Sentence("The person's credentials were changed since."),
    "membership_ended": Sentence("The person is no member of the organization any more."),
}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a value; `differs` where the other value has something else there."""

    text: str
    differs: bool


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the registration that mends a failure, as the management API takes it."""

    title: Sentence
    name: str
    method: str
    path: str
    body: dict[str, Any]
    # The version of the record that it was made for; None where that does not matter.
    version: int | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an exchange failed and what to do, as sentences and in English."""

    causes: tuple[Sentence, ...]
    todos: tuple[Sentence, ...]
    rule: str | None = None
    section: str | None = None
    received: tuple[Part, ...] = ()
    expected: tuple[Part, ...] = ()
    operation: Operation | None = None

    @property
    def cause(self) -> str:
        """Why it failed."""
        return " ".join(map(str, self.causes))

    @property
    def mend(self) -> str:
        """What to do about it."""
        return " ".join(map(str, self.todos))


def explain(trace: Trace, client: Client | None) -> Explanation | None:
    """Explain a failure; None for what succeeded. `client` is the application as it is now."""
    if trace.outcome is Result.SUCCESS:
        return None
    cause, todo = _cause(trace)
    sentences = [cause]
    detail = _DETAILS.get(trace.detail or "") or _difference(trace)
    if detail is not None:
        sentences.append(detail)
    if not trace.readable and trace.rule != "origin-unregistered":
        sentences.append(_UNREAD)
    received, expected = trace.received, _nearest(trace.received, trace.expected)
    marked = compare(received or "", expected or "")
    return Explanation(
        causes=tuple(sentences),
        todos=_mend(trace, todo, client),
        rule=trace.rule,
        section=trace.section,
        received=marked[0],
        expected=marked[1],
        operation=None if client is None else _operation(trace, client),
    )


def cause_of(rule: str) -> Cause | None:
    """Return why a rule breaks, if it is a known one."""
    known = CAUSES.get(rule)
    if known is not None:
        return known
    return next((cause for prefix, cause in FAMILIES.items() if rule.startswith(prefix)), None)


def _cause(trace: Trace) -> tuple[Sentence, Sentence]:
    """Return why something fails and what mends it, as far as the rule tells."""
    found = cause_of(trace.rule or "")
    if found is not None and found is not CAUSES["request-object"]:
        return Sentence(found.cause), Sentence(found.mend)
    if trace.error in _UNASKED:
        return Sentence(UNASKABLE.cause), Sentence(UNASKABLE.mend)
    described = Sentence.verbatim(trace.description) if trace.description else _REFUSED
    return described, Sentence("Change what the sentence names, and send the request again.")


def _difference(trace: Trace) -> Sentence | None:
    """Say how an address misses the registered ones."""
    if trace.received is None or trace.expected is None or trace.rule not in _ADDRESSES:
        return None
    return explain_mismatch(trace.received, tuple(trace.expected.split(" ")))


def _mend(trace: Trace, usual: Sentence, client: Client | None) -> tuple[Sentence, ...]:
    """Return what mends it, which may depend on more than the rule."""
    if trace.rule == "redirect-uri-mismatch" and not _is_familiar(trace):
        return (_UNFAMILIAR,)
    if trace.rule == "pkce-missing" and trace.endpoint is Endpoint.TOKEN:
        return (_UNVERIFIED,)
    if trace.rule in _CHOSEN and not _is_proven(trace, client):
        return (usual, _UNPROVEN)
    return (usual,)


def _is_proven(trace: Trace, client: Client | None) -> bool:
    """Tell whether the application proved itself before its request was looked into."""
    public = client is None or client.token_endpoint_auth_method == "none"
    return trace.endpoint is not Endpoint.AUTHORIZATION and not public


def compare(received: str, expected: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Mark where two values differ: between what both begin and end with."""
    shortest = min(len(received), len(expected))
    start = next((n for n in range(shortest) if received[n] != expected[n]), shortest)
    end = 0
    while end < shortest - start and received[-1 - end] == expected[-1 - end]:
        end += 1
    return _parts(received, start, end), _parts(expected, start, end)


def _parts(text: str, start: int, end: int) -> tuple[Part, ...]:
    stop = len(text) - end
    pieces = ((text[:start], False), (text[start:stop], True), (text[stop:], False))
    return tuple(Part(text=piece, differs=differs) for piece, differs in pieces if piece)


def _nearest(received: str | None, expected: str | None) -> str | None:
    """Return the one of several expected values that is most like the received one."""
    if received is None or expected is None or " " in received or "://" not in expected:
        return expected
    return max(expected.split(" "), key=lambda one: _likeness(received, one))


def _likeness(one: str, other: str) -> int:
    marked, _ = compare(one, other)
    return sum(len(part.text) for part in marked if not part.differs)


def _is_familiar(trace: Trace) -> bool:
    """Tell whether the application has an address on the same host already."""
    host = _host(trace.received or "")
    known = {_host(uri) for uri in (trace.expected or "").split(" ")}
    return host is not None and host in known


def _host(uri: str) -> str | None:
    try:
        host = urlsplit(uri).hostname
    except ValueError:
        return None
    return "loopback" if host in _LOOPBACK else host


def _operation(trace: Trace, client: Client) -> Operation | None:
    """Return the change that lets the same request succeed, where it is safe to offer."""
    offer = _OFFERS.get(trace.rule or "")
    received = trace.received or ""
    cut = len(received) >= _LONGEST or any(mark in received for mark in _CUT)
    if offer is None or cut or client.kind is not ClientKind.APPLICATION:
        return None
    return offer(trace, client)


def _offer_redirect_uri(trace: Trace, client: Client) -> Operation | None:
    uri = trace.received or ""
    if not _may_register(uri, client.redirect_uris):
        return None
    return _add(
        client,
        "redirect_uris",
        uri,
        Sentence("Register this redirect URI: {value}", {"value": uri}),
    )


def _offer_address_after_logout(trace: Trace, client: Client) -> Operation | None:
    uri = trace.received or ""
    if not _may_register(uri, (*client.post_logout_redirect_uris, *client.redirect_uris)):
        return None
    title = Sentence("Register this address after logout: {value}", {"value": uri})
    return _add(client, "post_logout_redirect_uris", uri, title)


def _offer_origin(trace: Trace, client: Client) -> Operation | None:
    origin = trace.received or ""
    if not _may_register(origin, client.redirect_uris):
        return None
    title = Sentence("Register this origin: {value}", {"value": origin})
    return _add(client, "web_origins", origin, title)


def _offer_response_mode(trace: Trace, client: Client) -> Operation | None:
    mode = trace.received
    if mode is None:
        return None
    title = Sentence("Register this mode: {value}", {"value": mode})
    return _add(client, "response_modes", mode, title)


def _offer_grant_type(trace: Trace, client: Client) -> Operation | None:
    kind = trace.received
    # In the name of a client without credentials anybody asks, for whatever they could use.
    if kind not in _GRANTS or client.token_endpoint_auth_method == "none":
        return None
    title = Sentence("Register this grant type: {value}", {"value": kind})
    return _add(client, "grant_types", kind, title)


def _may_register(uri: str, registered: tuple[str, ...]) -> bool:
    """Tell whether an address may be offered: of a host that the application is known to have."""
    host = _host(uri)
    if host is None or host not in {_host(one) for one in registered}:
        return False
    return uri.startswith("https://") or (host == "loopback" and uri.startswith("http://"))


def _change(client: Client, title: Sentence, changes: dict[str, Any]) -> Operation:
    return Operation(
        title=title,
        name="update_application",
        method="PATCH",
        path=f"/applications/{client.client_id}",
        body=changes,
        version=client.version,
    )


def _add(client: Client, field: str, value: str, title: Sentence) -> Operation | None:
    present: tuple[str, ...] = getattr(client, field)
    if value in present:
        return None  # somebody did it meanwhile
    return _change(client, title, {field: [*present, value]})


def _offer_scopes(trace: Trace, client: Client) -> Operation | None:
    asked = (trace.received or "").split()
    missing = [one for one in asked if one not in client.allowed_scopes]
    if not missing or any(one.startswith("urn:ostiary:api") for one in missing):
        return None
    title = Sentence("Allow these scopes: {value}", {"value": " ".join(missing)})
    return _change(client, title, {"allowed_scopes": [*client.allowed_scopes, *missing]})


def _offer_authentication(trace: Trace, client: Client) -> Operation | None:
    method = trace.authentication
    registered = client.token_endpoint_auth_method
    if trace.detail == "method_mismatch" and {method, registered} == SECRET_METHODS:
        title = Sentence("Register the method that it uses: {value}", {"value": method or ""})
        return _change(client, title, {"token_endpoint_auth_method": method})
    if trace.detail == "secret_mismatch" and registered in SECRET_METHODS:
        return Operation(
            title=Sentence("Make a new secret; the present one stays good for a day"),
            name="create_application_secret",
            method="POST",
            path=f"/applications/{client.client_id}/secrets",
            body={},
        )
    return None


_OFFERS: dict[str, Callable[[Trace, Client], Operation | None]] = {
    "redirect-uri-mismatch": _offer_redirect_uri,
    "logout-post_logout_redirect_uri": _offer_address_after_logout,
    "origin-unregistered": _offer_origin,
    "response-mode-registered": _offer_response_mode,
    "grant-type-registered": _offer_grant_type,
    "scope-registered": _offer_scopes,
    "client-auth": _offer_authentication,
}
