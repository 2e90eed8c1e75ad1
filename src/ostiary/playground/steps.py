"""Every step that a flow of the playground can have."""

from ostiary.oauth.grants import client_credentials, device_code, jwt_bearer, token_exchange
from ostiary.oauth.metadata import (
    AUTHORIZE,
    DEVICE_AUTHORIZATION,
    END_SESSION,
    INTROSPECT,
    PAR,
    REVOKE,
    TOKEN,
    USERINFO,
)
from ostiary.playground.step import Auth, Kind, Step

_ASK = (
    ("response_type", "code"),
    ("client_id", "{client_id}"),
    ("redirect_uri", "{redirect_uri}"),
    ("scope", "{scope}"),
    ("state", "{state}"),
    ("nonce", "{nonce}"),
    ("code_challenge", "{challenge}"),
    ("code_challenge_method", "S256"),
    ("resource", ""),
    ("prompt", ""),
    ("max_age", ""),
)
_REDEEM = (
    ("grant_type", "authorization_code"),
    ("code", "{code}"),
    ("redirect_uri", "{redirect_uri}"),
    ("code_verifier", "{verifier}"),
)
_AUTHORIZE_TEXT = (
    "The browser goes to the authorization endpoint. There the person signs in and agrees, and the "
    "browser comes back to the callback with the answer."
)
_REDEEM_TEXT = "The application's server redeems the code, and proves that it is who asked."


def _ask(**changes: str) -> tuple[tuple[str, str], ...]:
    """Return the parameters of an authorization request with some changed, empty ones left out."""
    changed = {**dict(_ASK), **changes}
    return tuple((name, value) for name, value in changed.items() if value or name not in changes)


_STEPS = (
    Step(
        id="authorize",
        title="Authorization request",
        text=_AUTHORIZE_TEXT,
        method="GET",
        path=AUTHORIZE,
        kind=Kind.FRONT,
        parameters=_ASK,
    ),
    Step(
        id="push",
        title="Pushed authorization request",
        text="The application's server sends the whole request beforehand, and proves who it is. "
        "Nobody can read or change it in the browser.",
        path=PAR,
        auth=Auth.BASIC,
        parameters=_ASK,
    ),
    Step(
        id="authorize_pushed",
        title="Authorization request by reference",
        text="The browser brings nothing but the reference to what was pushed.",
        method="GET",
        path=AUTHORIZE,
        kind=Kind.FRONT,
        parameters=(("client_id", "{client_id}"), ("request_uri", "{request_uri}")),
        needs=("request_uri",),
    ),
    Step(
        id="authorize_id_token",
        title="Authorization request for an ID token",
        text="The answer holds the ID token itself, posted as a form. It has to be tied to this "
        "request by a nonce, since no code is redeemed.",
        method="GET",
        path=AUTHORIZE,
        kind=Kind.FRONT,
        parameters=_ask(
            response_type="id_token",
            response_mode="form_post",
            scope="openid profile email",
            code_challenge="",
            code_challenge_method="",
            resource="",
        ),
    ),
    Step(
        id="authorize_fragment",
        title="Authorization request for tokens",
        text="Tokens come back in the fragment of the address, where the page's script finds "
        "them, and whatever else reads the page. This step needs JavaScript.",
        method="GET",
        path=AUTHORIZE,
        kind=Kind.FRONT,
        parameters=_ask(
            response_type="id_token token",
            scope="openid profile",
            code_challenge="",
            code_challenge_method="",
            resource="",
        ),
    ),
    Step(
        id="authorize_hybrid",
        title="Authorization request for code and ID token",
        text="The ID token comes at once, and says by c_hash which code belongs to it.",
        method="GET",
        path=AUTHORIZE,
        kind=Kind.FRONT,
        parameters=_ask(response_type="code id_token", response_mode="form_post"),
    ),
    Step(
        id="redeem",
        title="Token request with the code",
        text=_REDEEM_TEXT,
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=_REDEEM,
        needs=("code",),
    ),
    Step(
        id="redeem_again",
        title="The same token request once more",
        text="As somebody would send it who has seen the code.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=_REDEEM,
        needs=("code", "access_token"),
    ),
    Step(
        id="redeem_public",
        title="Token request with the code",
        text="A browser application has no secret: the verifier alone ties the code to it.",
        path=TOKEN,
        parameters=(*_REDEEM, ("client_id", "{client_id}")),
        needs=("code",),
    ),
    Step(
        id="userinfo",
        title="Userinfo",
        text="The access token opens what the person agreed to tell.",
        method="GET",
        path=USERINFO,
        auth=Auth.BEARER,
        needs=("access_token",),
        keeps={},
    ),
    Step(
        id="refresh",
        title="Refresh",
        text="New tokens for the old ones, without the person. Each refresh token is good once.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(
            ("grant_type", "refresh_token"),
            ("refresh_token", "{refresh_token}"),
            ("scope", ""),
        ),
        needs=("refresh_token",),
    ),
    Step(
        id="refresh_public",
        title="Refresh",
        text="New tokens for the old ones. Each refresh token is good once.",
        path=TOKEN,
        parameters=(
            ("grant_type", "refresh_token"),
            ("refresh_token", "{refresh_token}"),
            ("client_id", "{client_id}"),
        ),
        needs=("refresh_token",),
    ),
    Step(
        id="refresh_next",
        title="Refresh with the successor",
        text="The client goes on with the new refresh token, as it should.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(("grant_type", "refresh_token"), ("refresh_token", "{refresh_token}")),
        needs=("refresh_token", "first_refresh_token"),
    ),
    Step(
        id="refresh_first",
        title="Refresh with the first one again",
        text="As a thief would who copied the first refresh token.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(("grant_type", "refresh_token"), ("refresh_token", "{first_refresh_token}")),
        needs=("first_refresh_token",),
    ),
    Step(
        id="introspect",
        title="Introspection",
        text="What the server says of a token to a client that may know: whether it still counts, "
        "for whom, and for what.",
        path=INTROSPECT,
        auth=Auth.BASIC,
        parameters=(("token", "{access_token}"), ("token_type_hint", "")),
        needs=("access_token",),
        keeps={},
    ),
    Step(
        id="revoke",
        title="Revocation",
        text="The client gives a token back. With the refresh token everything ends that came "
        "from the same sign-in.",
        path=REVOKE,
        auth=Auth.BASIC,
        parameters=(("token", "{refresh_token}"), ("token_type_hint", "refresh_token")),
        needs=("refresh_token",),
        keeps={},
    ),
    Step(
        id="revoke_access",
        title="Revocation",
        text="The client gives its token back: it counts for nothing from now on.",
        path=REVOKE,
        auth=Auth.BASIC,
        parameters=(("token", "{access_token}"), ("token_type_hint", "access_token")),
        needs=("access_token",),
        keeps={},
    ),
    Step(
        id="logout",
        title="Sign-out",
        text="The browser goes to the end-session endpoint. The session ends there, for every "
        "application. The hint is posted, so that it does not stay in the history.",
        path=END_SESSION,
        kind=Kind.FRONT,
        parameters=(
            ("id_token_hint", "{id_token}"),
            ("post_logout_redirect_uri", "{home}"),
            ("state", "{state}"),
        ),
        needs=("id_token",),
    ),
    Step(
        id="machine",
        title="Token request of a machine",
        text="No person is there: the client asks in its own name, with its own secret.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(
            ("grant_type", client_credentials.grant_type),
            ("scope", "{scope}"),
            ("resource", ""),
        ),
    ),
    Step(
        id="device",
        title="Device authorization request",
        text="A device without a keyboard asks for two codes: one to show, one to poll with.",
        path=DEVICE_AUTHORIZATION,
        auth=Auth.BASIC,
        parameters=(("scope", "{scope}"),),
    ),
    Step(
        id="poll",
        title="Token request of the device",
        text="The device asks again and again until the person has decided. Open the page with "
        "the code first, in another tab, and decide there.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(("grant_type", device_code.grant_type), ("device_code", "{device_code}")),
        needs=("device_code",),
    ),
    Step(
        id="poll_at_once",
        title="The device polls again at once",
        text="Without waiting for the interval that the answer named.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(("grant_type", device_code.grant_type), ("device_code", "{device_code}")),
        needs=("device_code",),
    ),
    Step(
        id="sign",
        title="The assertion",
        text="The client says who it is and for whom it asks, and signs that with its private "
        "key. Nothing is sent yet.",
        path="",
        kind=Kind.LOCAL,
        parameters=(
            ("iss", "{client_id}"),
            ("sub", "{client_id}"),
            ("aud", "{issuer}"),
            ("exp", "{exp}"),
            ("jti", "{jti}"),
        ),
        keeps={"assertion": "assertion"},
    ),
    Step(
        id="assert",
        title="Token request with the assertion",
        text="The signature stands for the client's authentication: no secret travels.",
        path=TOKEN,
        parameters=(
            ("grant_type", jwt_bearer.grant_type),
            ("assertion", "{assertion}"),
            ("scope", "{scope}"),
        ),
        needs=("assertion",),
    ),
    Step(
        id="exchange",
        title="Token exchange",
        text="An API was called with the access token, and calls the next one on behalf of the "
        "same person. It authenticates as itself, and gets a token for that API alone.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(
            ("grant_type", token_exchange.grant_type),
            ("subject_token", "{access_token}"),
            ("subject_token_type", token_exchange.ACCESS_TOKEN),
            ("requested_token_type", ""),
            ("audience", "{stock}"),
            ("scope", "playground.stock"),
        ),
        needs=("access_token",),
        keeps={"access_token": "exchanged_token"},
    ),
    Step(
        id="introspect_exchanged",
        title="Introspection of the exchanged token",
        text="`act` tells who acts, `sub` still tells for whom.",
        path=INTROSPECT,
        auth=Auth.BASIC,
        parameters=(("token", "{exchanged_token}"),),
        needs=("exchanged_token",),
        keeps={},
    ),
    Step(
        id="password",
        title="Token request with a password",
        text="The application itself takes the password. Only for what cannot be changed any more.",
        path=TOKEN,
        auth=Auth.BASIC,
        parameters=(
            ("grant_type", "password"),
            ("username", ""),
            ("password", ""),
            ("scope", "openid profile"),
        ),
    ),
)

STEPS = {step.id: step for step in _STEPS}
"""All of them, by id."""
