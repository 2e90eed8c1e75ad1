"""OpenID Connect Core 5.3.2, 10.1 and 10.2: signed and encrypted answers of userinfo, and
encrypted ID tokens."""

import json

import pytest
from joserfc import jwe as other_jwe
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.jose import jwks
from ostiary.jose.errors import KeysUnavailable
from support.instance import ISSUER, open_instance
from support.jose import encryption_jwk, encryption_key, make_key
from support.tokens import USERINFO, Caller, assert_refused, make_client

RSA = {"keys": [encryption_jwk("RSA")]}
EC = {"keys": [make_key("ES256").public_jwk, encryption_jwk("P-256")]}
PLAIN = make_client("plain")
SIGNED = make_client("signed", userinfo_signed_response_alg="RS256")
SEALED = make_client(
    "sealed",
    jwks=RSA,
    userinfo_signed_response_alg="ES256",
    userinfo_encrypted_response_alg="RSA-OAEP-256",
    id_token_encrypted_response_alg="RSA-OAEP-256",
)
ELLIPTIC = make_client(
    "elliptic",
    jwks=EC,
    userinfo_encrypted_response_alg="ECDH-ES+A256KW",
    userinfo_encrypted_response_enc="A256GCM",
    id_token_encrypted_response_alg="ECDH-ES",
    id_token_encrypted_response_enc="A256GCM",
)
REMOTE = make_client(
    "remote",
    jwks_uri="https://remote.test/jwks",
    id_token_encrypted_response_alg="RSA-OAEP-256",
    userinfo_encrypted_response_alg="RSA-OAEP-256",
)
SCOPES = ("openid", "email", "offline_access")


class Published:
    """What a client publishes at its jwks_uri, and how often it was asked for."""

    def __init__(self):
        self.document = RSA
        self.asked = []

    async def key_set(self, client_id, jwks_uri, kid):
        self.asked.append((client_id, jwks_uri, kid))
        if self.document is None:
            raise KeysUnavailable("the keys of the client cannot be read", rule="jwks-fetch")
        return jwks.parse(self.document)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(PLAIN, SIGNED, SEALED, ELLIPTIC, REMOTE)
        yield Caller(instance)


@pytest.fixture
def published(caller):
    found = Published()
    remote = caller.instance.idp.remote_keys
    type(remote).key_set, before = found.key_set, type(remote).key_set
    yield found
    type(remote).key_set = before


async def verified(caller, token, algorithm="RS256"):
    """Verify a token as a relying party does: from the published keys, with other code."""
    answer = await caller.http.get("/oauth/v2/keys")
    keys = OtherKeySet.import_key_set(answer.json())
    decoded = other_jwt.decode(token, keys, algorithms=[algorithm])
    return decoded.header, decoded.claims


def opened(token, kind, *algorithms):
    """Decrypt a token as a relying party does, with other code."""
    found = other_jwe.decrypt_compact(token, encryption_key(kind), algorithms=list(algorithms))
    return found.protected, found.plaintext.decode()


async def test_5_3_2_plain_json_is_what_clients_get_that_say_nothing(caller):
    answer = await caller.userinfo((await caller.tokens(PLAIN, scopes=SCOPES))["access_token"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["sub"] == "user-alice"


async def test_5_3_2_a_signed_answer_names_its_issuer_and_audience(caller):
    tokens = await caller.tokens(SIGNED, scopes=SCOPES)
    answer = await caller.userinfo(tokens["access_token"])

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jwt"
    assert answer.headers["cache-control"] == "no-store"
    header, claims = await verified(caller, answer.text)
    assert (header["typ"], header["alg"]) == ("JWT", "RS256")
    assert claims == {
        "iss": ISSUER,
        "aud": "signed",
        "sub": "user-alice",
        "email": "alice@acme.test",
        "email_verified": False,
    }


async def test_5_3_3_errors_of_userinfo_stay_json(caller):
    answer = await caller.http.post(USERINFO, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"


async def test_rfc8725_3_11_a_signed_answer_is_no_hint_of_an_id_token(caller):
    """What has no end is no ID token (RFC 8725, 3.11)."""
    tokens = await caller.tokens(SIGNED, scopes=SCOPES)
    answer = await caller.userinfo(tokens["access_token"])
    query = {
        "client_id": "signed",
        "redirect_uri": SIGNED.redirect_uris[0],
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    for hint, refused in ((answer.text, True), (tokens["id_token"], False)):
        sent = await caller.http.get("/oauth/v2/authorize", params=query | {"id_token_hint": hint})
        assert ("error=invalid_request" in sent.headers["location"]) is refused


async def test_5_3_2_signed_then_encrypted(caller):
    tokens = await caller.tokens(SEALED, scopes=SCOPES)
    answer = await caller.userinfo(tokens["access_token"])

    assert answer.headers["content-type"] == "application/jwt"
    header, inner = opened(answer.text, "RSA", "RSA-OAEP-256", "A128CBC-HS256")
    assert header["cty"] == "JWT"
    assert header["kid"] == "enc-RSA"
    _, claims = await verified(caller, inner, "ES256")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "sealed", "user-alice")


async def test_5_3_2_encrypted_alone_holds_plain_claims(caller):
    tokens = await caller.tokens(ELLIPTIC, scopes=SCOPES)
    answer = await caller.userinfo(tokens["access_token"])

    assert answer.headers["content-type"] == "application/jwt"
    header, inner = opened(answer.text, "P-256", "ECDH-ES+A256KW", "A256GCM")
    assert "cty" not in header
    assert json.loads(inner)["email"] == "alice@acme.test"


@pytest.mark.parametrize(
    ("client", "kind", "algorithms"),
    [
        (SEALED, "RSA", ("RSA-OAEP-256", "A128CBC-HS256")),
        (ELLIPTIC, "P-256", ("ECDH-ES", "A256GCM")),
    ],
    ids=["rsa", "elliptic"],
)
async def test_2_an_encrypted_id_token_is_signed_first(caller, client, kind, algorithms):
    tokens = await caller.tokens(client, scopes=SCOPES)
    again = (await caller.refresh(client, tokens["refresh_token"])).json()
    for given in (tokens, again):
        header, inner = opened(given["id_token"], kind, *algorithms)
        assert header["cty"] == "JWT"
        _, claims = await verified(caller, inner)
        assert (claims["iss"], claims["aud"]) == (ISSUER, client.client_id)
        assert claims["sub"] == "user-alice"


async def test_3_1_2_1_the_signed_token_inside_serves_as_a_hint(caller):
    tokens = await caller.tokens(SEALED, scopes=SCOPES)
    _, inner = opened(tokens["id_token"], "RSA", "RSA-OAEP-256", "A128CBC-HS256")
    for hint, works in ((inner, True), (tokens["id_token"], False)):
        answer = await caller.http.get(
            "/oauth/v2/authorize",
            params={
                "client_id": "sealed",
                "redirect_uri": SEALED.redirect_uris[0],
                "response_type": "code",
                "scope": "openid",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256",
                "id_token_hint": hint,
            },
        )
        assert ("error=" not in answer.headers["location"]) is works


async def test_10_2_keys_behind_a_jwks_uri(caller, published):
    tokens = await caller.tokens(REMOTE, scopes=SCOPES)
    assert opened(tokens["id_token"], "RSA", "RSA-OAEP-256", "A128CBC-HS256")
    assert published.asked == [("remote", "https://remote.test/jwks", None)]


class TestWithoutAKey:
    """Nothing is ever sent unencrypted instead (Core 10.2)."""

    @pytest.mark.parametrize("document", [EC, {"keys": []}], ids=["another kind", "none"])
    async def test_the_token_request_says_which_is_missing(self, caller, published, document):
        code = await caller.code(REMOTE, scopes=SCOPES)
        published.document = document
        answer = await caller.redeem(REMOTE, code)

        description = assert_refused(answer, "invalid_request")
        assert "RSA-OAEP-256" in description
        # It was asked for once more, as new as may be: it could have been added since.
        assert [kid for _, _, kid in published.asked] == [None, ""]
        # The code was not used up by it.
        published.document = RSA
        assert (await caller.redeem(REMOTE, code)).status_code == 200

    async def test_keys_that_cannot_be_read_now(self, caller, published):
        code = await caller.code(REMOTE, scopes=SCOPES)
        published.document = None
        answer = await caller.redeem(REMOTE, code)
        assert answer.status_code == 503
        assert answer.json()["error"] == "temporarily_unavailable"

    async def test_userinfo_says_so_too(self, caller, published):
        token = (await caller.tokens(REMOTE, scopes=SCOPES))["access_token"]
        published.document = EC
        answer = await caller.userinfo(token)
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]
        assert "alice@acme.test" not in answer.text
        published.document = None
        assert (await caller.userinfo(token)).status_code == 503

    async def test_a_key_that_ended(self, caller):
        stored = await caller.instance.store.client("sealed")
        now = caller.instance.clock.now()
        await caller.instance.change(stored, key_expiry={"enc-RSA": now})
        answer = await caller.redeem(SEALED, await caller.code(SEALED, scopes=SCOPES))
        assert_refused(answer, "invalid_request")

    async def test_no_answer_without_a_key_to_sign_with(self, caller):
        stored = await caller.instance.store.client("signed")
        token = (await caller.tokens(SIGNED, scopes=SCOPES))["access_token"]
        await caller.instance.change(stored, userinfo_signed_response_alg="EdDSA")
        answer = await caller.userinfo(token)
        assert answer.status_code == 503


async def test_a_token_without_openid_needs_no_key(caller, published):
    published.document = None
    tokens = await caller.tokens(REMOTE, scopes=("orders.read",))
    assert "id_token" not in tokens
    assert published.asked == []
