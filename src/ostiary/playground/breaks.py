"""Mistakes to make on purpose: what each gets, what that means, and what is right.

A mistake changes one request, or the order of requests. What the server answers to it is
written here as well, and held against the real answer by the tests.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from ostiary.jose import jws, jwt, unsecured
from ostiary.jose.errors import JoseError
from ostiary.playground import sandbox
from ostiary.playground.flows import FLOWS, Flow
from ostiary.playground.message import Request
from ostiary.playground.step import Values

Change = Callable[[Request, Values], Request]


class Place(StrEnum):
    """Where the mistake shows."""

    ANSWER = "answer"  # the endpoint refuses
    CALLBACK = "callback"  # the browser brings the error back
    PAGE = "page"  # the server shows a page of its own, and leads nowhere
    CHECK = "check"  # the server cannot know: the client has to notice


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake at one step of a flow."""

    id: str
    title: str
    flow: str
    at: str
    place: Place = Place.ANSWER
    status: int = 400
    error: str = ""
    means: str
    right: str
    section: str
    change: Change = lambda request, _values: request
    # The step whose request is changed, where the mistake shows only later.
    changes_at: str = ""
    # Where the way is another one than the flow's.
    steps: tuple[str, ...] = ()
    client: str = ""
    # What to do before the request is sent, where that is not obvious.
    before: str = ""

    @property
    def way(self) -> Flow:
        """The flow with the mistake in it."""
        flow = FLOWS[self.flow]
        return msgspec.structs.replace(
            flow, steps=self.steps or flow.steps, client=self.client or flow.client
        )

    def spoil(self, step_id: str, request: Request, values: Values) -> Request:
        """Put the mistake into the request of a step, if that is where it belongs."""
        return self.change(request, values) if step_id == (self.changes_at or self.at) else request


def _set(**changes: str) -> Change:
    return lambda request, _values: request.but(**changes)


def _wrong_secret(request: Request, _values: Values) -> Request:
    client_id, secret = request.basic or ("", "")
    return msgspec.structs.replace(request, basic=(client_id, secret[::-1]))


def _other_client(request: Request, values: Values) -> Request:
    return msgspec.structs.replace(
        request, basic=(values.get("other_id", ""), values.get("other_secret", ""))
    )


def _slash(request: Request, _values: Values) -> Request:
    return request.but(redirect_uri=request.get("redirect_uri") + "/")


def _plain(request: Request, values: Values) -> Request:
    return request.but(code_challenge=values.get("verifier", ""), code_challenge_method="plain")


def _unsigned(request: Request, values: Values) -> Request:
    """Take the signature off the access token, and say so in its header."""
    try:
        claims = jwt.parse_claims(jws.parse(values.get("access_token", "")).unverified_payload)
    except JoseError:
        return request
    return msgspec.structs.replace(request, bearer=unsecured.make(claims.members, "at+jwt"))


def _tampered(request: Request, values: Values) -> Request:
    """Change one character of the signed part."""
    head, dot, rest = values.get("access_token", "").partition(".")
    changed = f"{rest[:9]}{'A' if rest[9:10] != 'A' else 'B'}{rest[10:]}"
    return msgspec.structs.replace(request, bearer=f"{head}{dot}{changed}")


_CODE = ("authorize", "redeem")
_DEAD_CODE = "Send the person through a new authorization request; with a session there that is "

_BREAKS = (
    Break(
        id="redirect-uri",
        title="A redirect URI that is not registered",
        flow="code",
        at="authorize",
        steps=("authorize",),
        place=Place.PAGE,
        error="invalid_request",
        means="One slash too many: the address is none of the registered ones. The server must "
        "not send anybody there, so it tells the person on a page of its own.",
        right="Register the exact address, and send exactly that.",
        section="RFC 9700, 4.1.3",
        change=_slash,
    ),
    Break(
        id="redirect-uri-pushed",
        title="The same mistake in a pushed request",
        flow="pushed",
        at="push",
        steps=("push",),
        error="invalid_request",
        means="No browser is there yet, so the client itself is told, before any person is "
        "bothered.",
        right="Register the exact address, and send exactly that.",
        section="RFC 9126, 2.3",
        change=_slash,
    ),
    Break(
        id="redirect-uri-token",
        title="Another redirect URI at the token endpoint",
        flow="code",
        at="redeem",
        steps=_CODE,
        error="invalid_grant",
        means="The code was made for another address: it may have been stolen on its way.",
        right="Send the same redirect_uri, character by character, in both requests.",
        section="RFC 6749, 4.1.3",
        change=_slash,
    ),
    Break(
        id="no-challenge",
        title="No PKCE challenge",
        flow="code",
        at="authorize",
        steps=("authorize",),
        place=Place.CALLBACK,
        error="invalid_request",
        means="This client must tie its code to a verifier, and sent no challenge.",
        right="Make a new random verifier for each request, and send its SHA-256.",
        section="RFC 7636, 4.4.1",
        change=_set(code_challenge="", code_challenge_method=""),
    ),
    Break(
        id="plain",
        title="PKCE with the method plain",
        flow="code",
        at="authorize",
        steps=("authorize",),
        place=Place.CALLBACK,
        error="invalid_request",
        means="With `plain` the challenge is the verifier: whoever sees the request can redeem "
        "the code. It does not exist here.",
        right="Send code_challenge_method=S256.",
        section="RFC 9700, 2.1.1",
        change=_plain,
    ),
    Break(
        id="no-verifier",
        title="No PKCE verifier",
        flow="code",
        at="redeem",
        steps=_CODE,
        error="invalid_grant",
        means="The code was asked for with a challenge, and nobody showed the secret behind it.",
        right="Keep the verifier with the browser's session, and send it with the code.",
        section="RFC 7636, 4.6",
        change=_set(code_verifier=""),
    ),
    Break(
        id="wrong-verifier",
        title="A wrong PKCE verifier",
        flow="code",
        at="redeem",
        steps=_CODE,
        error="invalid_grant",
        means="The verifier does not hash to the challenge: this is not who asked for the code.",
        right="Send the verifier that was made for this very request.",
        section="RFC 7636, 4.6",
        change=_set(code_verifier="a-verifier-that-belongs-to-another-request-0"),
    ),
    Break(
        id="replayed-code",
        title="A code that was used before",
        flow="code",
        at="redeem_again",
        steps=(*_CODE, "redeem_again", "userinfo"),
        error="invalid_grant",
        means="Two parties hold the same code, and nobody can tell which is honest. Everything "
        "that came from it has been revoked: try the access token at userinfo.",
        right="Redeem each code once, and do not send the request again when the answer is late: "
        + _DEAD_CODE
        + "quick.",
        section="RFC 6749, 4.1.2",
    ),
    Break(
        id="expired-code",
        title="A code that expired",
        flow="code",
        client=sandbox.BRIEF,
        at="redeem",
        steps=_CODE,
        error="invalid_grant",
        means="Codes of this client live for one second.",
        right="Redeem a code as soon as it arrives. " + _DEAD_CODE + "quick.",
        section="RFC 6749, 4.1.2",
        before="Wait two seconds before you send this.",
    ),
    Break(
        id="wrong-secret",
        title="A wrong client secret",
        flow="code",
        at="redeem",
        steps=_CODE,
        status=401,
        error="invalid_client",
        means="The client could not prove that it is the one. The same is said of a client that "
        "does not exist.",
        right="Check which secret belongs to which client, and that both are form-encoded before "
        "they go into the Basic header.",
        section="RFC 6749, 5.2",
        change=_wrong_secret,
    ),
    Break(
        id="other-client",
        title="The code of another client",
        flow="code",
        at="redeem",
        steps=_CODE,
        error="invalid_grant",
        means="The client proved itself, but the code was given to another one.",
        right="Redeem a code with the client_id that asked for it.",
        section="RFC 6749, 5.2",
        change=_other_client,
    ),
    Break(
        id="wrong-method",
        title="The secret in the body, where Basic is registered",
        flow="code",
        at="redeem",
        steps=_CODE,
        status=401,
        error="invalid_client",
        means="Only the registered way to authenticate counts, even with the right secret.",
        right="Use token_endpoint_auth_method as it is registered, or register the other one.",
        section="RFC 7591, 2",
        change=lambda request, values: msgspec.structs.replace(request, basic=None).but(
            client_id=values.get("client_id", ""), client_secret=values.get("client_secret", "")
        ),
    ),
    Break(
        id="stale-nonce",
        title="A nonce of an earlier request",
        flow="code",
        at="redeem",
        steps=_CODE,
        place=Place.CHECK,
        status=200,
        means="The server cannot know what the client remembers, and answers well. The ID token "
        "holds another nonce than this sign-in began with: it may be an older one.",
        right="Compare nonce with the one of this browser's request, and throw the tokens away "
        "where they differ.",
        section="OpenID Connect Core 3.1.3.7",
        changes_at="authorize",
        change=_set(nonce="the-nonce-of-an-earlier-request"),
    ),
    Break(
        id="other-state",
        title="An answer with another state",
        flow="code",
        at="authorize",
        steps=("authorize",),
        place=Place.CHECK,
        status=200,
        means="The answer was not asked for by this browser's request: somebody may want to sign "
        "this person in to an account of their own.",
        right="Compare state with the one that this browser holds, and stop where they differ.",
        section="RFC 6749, 10.12",
        change=_set(state="the-state-of-somebody-else"),
    ),
    Break(
        id="no-session",
        title="prompt=none without a session",
        flow="code",
        at="authorize",
        steps=("authorize",),
        place=Place.CALLBACK,
        error="login_required",
        means="No page may be shown, and nobody is signed in. With a session the answer would be "
        "a code, or consent_required.",
        right="Take it as the answer that it is, and show a sign-in button.",
        section="OpenID Connect Core 3.1.2.6",
        change=_set(prompt="none"),
        before="Sign out first, or open this page in a private window.",
    ),
    Break(
        id="unknown-scope",
        title="A scope that the client may not have",
        flow="machine",
        at="machine",
        steps=("machine",),
        error="invalid_scope",
        means="A machine gets what it is registered for, and no identity scopes: nobody signed in.",
        right="Ask for the scopes of an API that the client is registered for.",
        section="RFC 6749, 5.2",
        change=_set(scope="openid profile"),
    ),
    Break(
        id="other-audience",
        title="A token for another API",
        flow="machine",
        at="userinfo",
        steps=("machine", "userinfo"),
        status=403,
        error="insufficient_scope",
        means="The token is good, but for another API: its aud is not this server, and nobody "
        "granted it openid.",
        right="Send each API a token of its own, and have each API compare aud with its own name.",
        section="RFC 9068, 4; RFC 6750, 3.1",
    ),
    Break(
        id="alg-none",
        title="A token with alg none",
        flow="code",
        at="userinfo",
        steps=(*_CODE, "userinfo"),
        status=401,
        error="invalid_token",
        means="The same claims without a signature: anybody can write that.",
        right="Accept the algorithms that you expect, and never what the token says of itself.",
        section="RFC 8725, 3.1",
        change=_unsigned,
    ),
    Break(
        id="tampered-token",
        title="A token that was changed",
        flow="code",
        at="userinfo",
        steps=(*_CODE, "userinfo"),
        status=401,
        error="invalid_token",
        means="One character of the signed part differs: the signature does not fit any more.",
        right="Check the signature before anything of the token is believed.",
        section="RFC 7515, 5.2",
        change=_tampered,
    ),
    Break(
        id="reused-refresh-token",
        title="A refresh token that was used before",
        flow="code",
        at="refresh_first",
        steps=(*_CODE, "refresh", "refresh_next", "refresh_first", "userinfo"),
        error="invalid_grant",
        means="Two parties hold refresh tokens of the same family. The whole family has ended, "
        "the honest client's as well: try the access token at userinfo.",
        right="Store the successor before anything else, and let only one request at a time "
        "refresh.",
        section="RFC 9700, 4.14.2",
    ),
    Break(
        id="assertion-audience",
        title="An assertion for another server",
        flow="assertion",
        at="assert",
        steps=("sign", "assert"),
        error="invalid_grant",
        means="The assertion is signed well, but says that it is for somebody else.",
        right="Write the issuer of this server into aud, and nothing else.",
        section="RFC 7523, 3",
        changes_at="sign",
        change=_set(aud="https://another.example"),
    ),
    Break(
        id="polls-too-fast",
        title="A device that polls too fast",
        flow="device",
        at="poll_at_once",
        steps=("device", "poll", "poll_at_once"),
        error="slow_down",
        means="The device did not wait for the interval. From now on it has to wait five seconds "
        "longer each time.",
        right="Wait for `interval` seconds between requests, and for five more after slow_down.",
        section="RFC 8628, 3.5",
        before="Send it right after the request before: do not decide in between.",
    ),
)

BREAKS = {one.id: one for one in _BREAKS}
"""All of them, by id."""
