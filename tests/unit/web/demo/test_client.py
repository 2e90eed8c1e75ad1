"""The demo as a relying party: what it does not believe (OpenID Connect Core 3.1.3.7)."""

import base64
import json
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from ostiary.clock import SystemEntropy
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Fetched
from ostiary.oauth.mint import half_hash
from ostiary.oauth.token.pkce import challenge_of
from ostiary.web.demo.client import Client, SignInFailed
from ostiary.web.demo.registration import Registration
from support.jose import NOW, make_key, sign_as

ISSUER = "https://login.test"
KEY, FOREIGN = make_key("RS256"), make_key("RS256", 1)
REGISTRATION = Registration(issuer=ISSUER, password="p", client_secret="s/e cret")
TOKENS = {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt"}


class Clock:
    def now(self):
        return NOW


class Provider:
    """Answers as a provider does, but for what a test changes."""

    def __init__(self) -> None:
        self.metadata = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "end_session_endpoint": f"{ISSUER}/end_session",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.claims = {
            "iss": ISSUER,
            "aud": "demo",
            "sub": "alice",
            "iat": NOW,
            "exp": NOW + 300,
            "at_hash": half_hash("RS256", "at"),
        }
        self.key = KEY
        self.tokens = dict(TOKENS)
        self.userinfo = {"sub": "alice", "name": "Alice"}
        self.status = 200
        self.down = False
        self.asked = []

    async def send(self, url, wanted):
        self.asked.append((url, wanted))
        if self.down:
            raise FetchFailed(Reason.UNREACHABLE, "nobody is there")
        answers = {
            "/.well-known/openid-configuration": lambda: self.metadata,
            "/keys": lambda: {"keys": [KEY.public_jwk]},
            "/token": lambda: self.tokens,
            "/userinfo": lambda: self.userinfo,
        }
        path = urlsplit(url).path
        status = self.status if path in {"/token", "/userinfo"} else 200
        return Fetched(
            status=status,
            media_type="application/json",
            body=json.dumps(answers[path]()).encode(),
        )


@pytest.fixture
def provider():
    return Provider()


@pytest.fixture
def client(provider):
    return Client(REGISTRATION, provider, Clock(), SystemEntropy())


@pytest.fixture
def sign_in(client, provider):
    """Go through a sign-in; `answer` changes what the provider redirects with."""

    async def go(**answer):
        _, pending = await client.begin(None)
        provider.claims.setdefault("nonce", pending.nonce)
        provider.tokens.setdefault("id_token", sign_as(provider.key, provider.claims))
        told = {"code": "c", "state": pending.state, "iss": ISSUER} | answer
        return await client.finish({k: v for k, v in told.items() if v is not None}, pending)

    return go


async def test_the_request_has_all_that_protects_it(client):
    url, pending = await client.begin("login")
    asked = dict(parse_qsl(urlsplit(url).query))
    assert url.startswith(f"{ISSUER}/authorize?")
    assert asked["code_challenge"] == challenge_of(pending.verifier)
    assert asked["code_challenge_method"] == "S256"
    assert (asked["state"], asked["nonce"]) == (pending.state, pending.nonce)
    assert asked["redirect_uri"] == f"{ISSUER}/demo/callback"
    assert asked["prompt"] == "login"
    assert len({pending.state, pending.nonce, pending.verifier}) == 3


async def test_the_code_is_redeemed_with_verifier_and_secret(sign_in, provider):
    session = await sign_in()
    assert session.claims["sub"] == "alice"
    assert session.expires_at == NOW + 300
    _, wanted = next(one for one in provider.asked if one[0].endswith("/token"))
    form = parse_qs(wanted.form.decode())
    assert form["grant_type"] == ["authorization_code"]
    assert len(form["code_verifier"][0]) == 43
    credentials = base64.b64decode(dict(wanted.headers)["Authorization"].removeprefix("Basic "))
    # RFC 6749, 2.3.1: form-encoded before they are joined.
    assert credentials == b"demo:s%2Fe+cret"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"state": None}, "its state differs"),
        ({"state": "other"}, "its state differs"),
        ({"state": "\u00e9"}, "its state differs"),
        ({"iss": None}, "its iss differs"),
        ({"iss": "https://evil.test"}, "its iss differs"),
        ({"error": "access_denied", "error_description": "no"}, "no"),
    ],
)
async def test_answers_that_are_not_believed(sign_in, provider, answer, message):
    with pytest.raises(SignInFailed, match=message):
        await sign_in(**answer)
    assert not [url for url, _ in provider.asked if url.endswith("/token")]


@pytest.mark.parametrize(
    ("claim", "value", "message"),
    [
        ("iss", "https://evil.test", "its iss differs"),
        ("aud", "other", "another application"),
        ("nonce", "replayed", "its nonce differs"),
        ("at_hash", "AAAA", "its at_hash differs"),
        ("exp", NOW, "expired"),
        ("iat", NOW + 3600, "future"),
    ],
)
async def test_id_tokens_that_are_not_believed(sign_in, provider, claim, value, message):
    provider.claims[claim] = value
    with pytest.raises(SignInFailed, match=message):
        await sign_in()


async def test_a_foreign_signature_is_not_believed(sign_in, provider):
    provider.key = FOREIGN
    with pytest.raises(SignInFailed, match="ID token is not good"):
        await sign_in()


@pytest.mark.parametrize("token", [None, "x", "a.b.c"])
async def test_no_id_token_is_no_sign_in(sign_in, provider, token):
    provider.tokens["id_token"] = token
    with pytest.raises(SignInFailed, match="ID token"):
        await sign_in()


async def test_a_sign_in_that_was_not_begun(client):
    with pytest.raises(SignInFailed, match="has not begun"):
        await client.finish({"code": "c"}, None)


async def test_metadata_of_another_provider(client, provider):
    provider.metadata["issuer"] = "https://evil.test"
    with pytest.raises(SignInFailed, match="another provider"):
        await client.begin(None)


@pytest.mark.parametrize("metadata", [{}, {"issuer": 1}])
async def test_metadata_that_are_none(client, provider, metadata):
    provider.metadata = metadata
    with pytest.raises(SignInFailed, match="cannot be understood"):
        await client.begin(None)


async def test_a_provider_that_is_not_there(client, provider):
    provider.down = True
    with pytest.raises(SignInFailed, match="nobody is there"):
        await client.begin(None)


async def test_refusals_are_told_by_code_and_description(sign_in, provider):
    provider.status = 400
    provider.tokens = {"error": "invalid_grant", "error_description": "The code is used up."}
    with pytest.raises(SignInFailed) as refused:
        await sign_in()
    assert (refused.value.code, refused.value.message) == ("invalid_grant", "The code is used up.")


async def test_a_refresh_is_for_the_same_person(client, sign_in, provider):
    session = await sign_in()
    provider.tokens = TOKENS | {"id_token": sign_as(KEY, provider.claims)}
    assert (await client.refresh(session)).claims["sub"] == "alice"
    provider.tokens["id_token"] = sign_as(KEY, provider.claims | {"sub": "mallory"})
    with pytest.raises(SignInFailed, match="somebody else"):
        await client.refresh(session)


async def test_without_a_refresh_token_there_is_no_refresh(client, sign_in, provider):
    provider.tokens["refresh_token"] = None
    session = await sign_in()
    with pytest.raises(SignInFailed, match="no refresh token"):
        await client.refresh(session)


async def test_userinfo_is_of_the_same_person(client, sign_in, provider):
    session = await sign_in()
    assert (await client.userinfo(session))["name"] == "Alice"
    provider.userinfo["sub"] = "mallory"
    with pytest.raises(SignInFailed, match="somebody else"):
        await client.userinfo(session)


async def test_userinfo_that_is_refused(client, sign_in, provider):
    session = await sign_in()
    provider.status = 401
    provider.userinfo = {"error": "invalid_token"}
    with pytest.raises(SignInFailed) as refused:
        await client.userinfo(session)
    assert refused.value.code == "invalid_token"
