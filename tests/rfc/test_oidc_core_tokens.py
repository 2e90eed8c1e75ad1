"""OpenID Connect Core 2, 3.1.3, 5.3 to 5.5 and 12, at the token and userinfo endpoints."""

import base64
import hashlib
import json

import msgspec
import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.model.client import AccessTokenType, Lifetimes
from ostiary.model.user import Address, Profile
from ostiary.oauth.mint import half_hash
from support.instance import ISSUER, open_instance
from support.jose import NOW, make_signing_key
from support.tokens import USERINFO, Caller, make_client

WEB = make_client("web")
OPAQUE = make_client("opaque", access_token_type=AccessTokenType.OPAQUE)
IDENTITY = ("openid", "profile", "email", "phone", "address", "offline_access")
PROFILE = Profile(
    given_name="Alice",
    family_name="Adams",
    middle_name="B.",
    nickname="Al",
    profile="https://a.test/",
    picture="https://a.test/p.png",
    website="https://a.test/w",
    gender="female",
    birthdate="1990-01-01",
    zoneinfo="Europe/Zurich",
    locale="en",
)
ALICE = {
    "profile": PROFILE,
    "email": "alice@acme.test",
    "email_verified": True,
    "phone_number": "+41446681800",
    "phone_number_verified": True,
    "address": Address(street_address="Limmatquai 1", locality="Zürich", postal_code="8001"),
    "updated_at": NOW,
}


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, OPAQUE, make_signing_key("EdDSA"), make_signing_key("PS256"))
        await instance.change(await instance.user("alice"), **ALICE)
        yield Caller(instance)


async def verified(caller, token, algorithm="RS256"):
    """Verify a token as a relying party does: from the published keys, with other code."""
    answer = await caller.http.get("/oauth/v2/keys")
    keys = OtherKeySet.import_key_set(answer.json())
    decoded = other_jwt.decode(token, keys, algorithms=[algorithm])
    return decoded.header, decoded.claims


async def test_2_the_claims_of_an_id_token_and_no_others(caller):
    tokens = await caller.tokens(WEB, scopes=IDENTITY)
    header, claims = await verified(caller, tokens["id_token"])

    assert header["alg"] == "RS256"
    assert header["typ"] == "JWT"
    assert claims.pop("jti")
    assert claims.pop("sid").startswith("sid-")
    assert claims.pop("at_hash") == half_hash("RS256", tokens["access_token"])
    assert claims == {
        "iss": ISSUER,
        "sub": "user-alice",
        "aud": "web",
        "iat": NOW,
        "exp": NOW + 300,
        "auth_time": NOW - 5,
        "nonce": "n-0S6_WzA2Mj",
        "acr": "urn:ostiary:acr:1fa",
        "amr": ["pwd"],
    }


@pytest.mark.parametrize(
    ("alg", "joserfc", "digest"),
    [
        ("RS256", "RS256", "sha256"),
        ("ES256", "ES256", "sha256"),
        ("PS256", "PS256", "sha256"),
        ("EdDSA", "Ed25519", "sha512"),
    ],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the other library's opinion
async def test_3_1_3_6_at_hash_by_algorithm(caller, alg, joserfc, digest):
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, id_token_signed_response_alg=alg)
    tokens = await caller.tokens(WEB)

    _, claims = await verified(caller, tokens["id_token"], "EdDSA" if alg == "EdDSA" else joserfc)
    hashed = hashlib.new(digest, tokens["access_token"].encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).decode().rstrip("=")
    assert claims["at_hash"] == half


async def test_12_2_a_refreshed_id_token_keeps_subject_and_time_and_has_no_nonce(caller):
    tokens = await caller.tokens(WEB)
    caller.instance.clock.time += 100
    again = (await caller.refresh(WEB, tokens["refresh_token"])).json()

    _, first = await verified(caller, tokens["id_token"])
    _, second = await verified(caller, again["id_token"])
    assert {k: first[k] for k in ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr")} == {
        k: second[k] for k in ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr")
    }
    assert second["iat"] == first["iat"] + 100
    assert "nonce" not in second


async def test_3_1_3_3_the_response(caller):
    answer = await caller.redeem(WEB, await caller.code(WEB))

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    body = answer.json()
    assert body.keys() == {
        *("access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token")
    }
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 300
    assert body["scope"] == "openid offline_access"


async def test_rfc9068_2_2_the_claims_of_a_jwt_access_token(caller):
    tokens = await caller.tokens(WEB, scopes=("openid", "orders.read", "offline_access"))
    header, claims = await verified(caller, tokens["access_token"], "ES256")

    assert header["typ"] == "at+jwt"
    assert claims.pop("jti")
    assert claims.pop("grant_id").startswith("grant-")
    assert claims == {
        "iss": ISSUER,
        "sub": "user-alice",
        "aud": ["https://orders.test", ISSUER],
        "client_id": "web",
        "scope": "openid orders.read offline_access",
        "iat": NOW,
        "exp": NOW + 300,
        "auth_time": NOW - 5,
        "acr": "urn:ostiary:acr:1fa",
        "amr": ["pwd"],
    }


async def test_rfc9068_2_2_a_clients_own_token(caller):
    form = {"grant_type": "client_credentials", "scope": "orders.read"}
    body = (await caller.send(WEB, form)).json()
    _, claims = await verified(caller, body["access_token"], "ES256")

    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert claims["sub"] == claims["client_id"] == "web"
    assert claims["aud"] == "https://orders.test"
    assert claims["exp"] == NOW + 600
    assert not claims.keys() & {"grant_id", "acr", "amr", "auth_time"}


async def test_rfc6749_3_3_a_scope_without_any_value_is_left_out(caller):
    await caller.instance.change(
        await caller.instance.store.client("web"), allowed_scopes=("openid",)
    )
    body = (await caller.send(WEB, {"grant_type": "client_credentials"})).json()
    _, claims = await verified(caller, body["access_token"], "ES256")

    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert "scope" not in claims
    assert (await caller.userinfo(body["access_token"])).status_code == 403


async def test_5_4_userinfo_gives_the_claims_of_each_scope(caller):
    token = (await caller.tokens(WEB, scopes=IDENTITY))["access_token"]
    answer = await caller.userinfo(token)

    assert answer.headers["cache-control"] == "no-store"
    claims = answer.json()
    address = claims.pop("address")
    assert address["street_address"] == "Limmatquai 1"
    assert address["formatted"] == "Limmatquai 1\n8001 Zürich"
    assert claims == {
        **msgspec.to_builtins(PROFILE),
        "sub": "user-alice",
        "name": "Alice Adams",
        "preferred_username": "alice",
        "updated_at": NOW,
        "email": "alice@acme.test",
        "email_verified": True,
        "phone_number": "+41446681800",
        "phone_number_verified": True,
    }


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ((), set()),
        (("email",), {"email", "email_verified"}),
        (("phone",), {"phone_number", "phone_number_verified"}),
        (("address",), {"address"}),
    ],
)
async def test_5_4_a_scope_gives_its_claims_alone(caller, scope, names):
    token = (await caller.tokens(OPAQUE, scopes=("openid", *scope)))["access_token"]

    assert (await caller.userinfo(token)).json().keys() == {"sub", *names}


async def test_5_3_2_what_the_person_does_not_have_is_left_out(caller):
    await caller.instance.add_user("bob", profile=Profile())
    session = await caller.session("bob")
    token = (await caller.tokens(WEB, scopes=IDENTITY, session=session))["access_token"]

    assert (await caller.userinfo(token)).json() == {
        "sub": "user-bob",
        "preferred_username": "bob",
    }


async def test_5_5_single_claims_go_where_they_were_asked_for(caller):
    asked = {
        "userinfo": {"nickname": None, "unheard_of": {"essential": True}},
        "id_token": {"email": {"essential": True}},
    }
    tokens = await caller.tokens(WEB, scopes=("openid",), grant={"claims": asked})

    _, claims = await verified(caller, tokens["id_token"])
    assert claims["email"] == "alice@acme.test"
    assert "nickname" not in claims
    assert (await caller.userinfo(tokens["access_token"])).json() == {
        "sub": "user-alice",
        "nickname": "Al",
    }


async def test_5_5_no_wish_replaces_a_claim_of_the_protocol(caller):
    names = ("iss", "sub", "aud", "exp", "iat", "amr", "acr", "nonce", "at_hash", "sid")
    asked = {"id_token": {name: {"value": "forged"} for name in names}}
    tokens = await caller.tokens(WEB, scopes=("openid",), grant={"claims": asked})

    _, claims = await verified(caller, tokens["id_token"])
    assert "forged" not in json.dumps(claims)


async def test_s1_44_profile_claims_in_the_id_token_where_the_application_wants_them(caller):
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, id_token_userinfo_assertion=True)
    tokens = await caller.tokens(WEB, scopes=("openid", "email"))

    _, claims = await verified(caller, tokens["id_token"])
    assert claims["email"] == "alice@acme.test"
    assert "phone_number" not in claims


async def test_s1_45_clock_skew_moves_the_times_of_an_application(caller):
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, clock_skew=5)
    tokens = await caller.tokens(WEB)

    for token, algorithm in ((tokens["id_token"], "RS256"), (tokens["access_token"], "ES256")):
        _, claims = await verified(caller, token, algorithm)
        assert claims["iat"] == NOW - 5
        assert claims["exp"] == NOW + 305
        assert claims["auth_time"] == NOW - 10
    assert (await caller.userinfo(tokens["access_token"])).status_code == 200


async def test_lifetimes_of_an_application(caller):
    own = Lifetimes(access_token=120, id_token=60, refresh_idle=1000, refresh_absolute=1500)
    await caller.instance.change(await caller.instance.store.client("web"), lifetimes=own)
    tokens = await caller.tokens(WEB)

    assert tokens["expires_in"] == 120
    _, claims = await verified(caller, tokens["id_token"])
    assert claims["exp"] == NOW + 60
    caller.instance.clock.time += 999
    second = await caller.refresh(WEB, tokens["refresh_token"])
    assert second.status_code == 200
    caller.instance.clock.time += 501
    assert (await caller.refresh(WEB, second.json()["refresh_token"])).status_code == 400


class TestBearer:
    async def test_rfc6750_2_2_the_token_in_a_form_body(self, caller):
        token = (await caller.tokens(WEB))["access_token"]
        answer = await caller.http.post(USERINFO, data={"access_token": token})

        assert answer.json()["sub"] == "user-alice"

    async def test_5_3_1_the_token_in_the_header_of_a_post(self, caller):
        token = (await caller.tokens(WEB))["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        assert (await caller.http.post(USERINFO, headers=headers)).status_code == 200
        headers["Content-Type"] = "application/json"
        assert (await caller.http.post(USERINFO, headers=headers)).status_code == 200

    async def test_rfc6750_2_in_two_places(self, caller):
        token = (await caller.tokens(WEB))["access_token"]
        answer = await caller.http.post(
            USERINFO, data={"access_token": token}, headers={"Authorization": f"Bearer {token}"}
        )

        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]

    async def test_rfc6750_2_3_never_in_the_query(self, caller):
        token = (await caller.tokens(WEB))["access_token"]
        answer = await caller.http.get(USERINFO, params={"access_token": token})

        assert answer.status_code == 401

    async def test_rfc6750_3_1_without_a_token_the_challenge_names_no_error(self, caller):
        answer = await caller.http.get(USERINFO)

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="ostiary"'

    @pytest.mark.parametrize("header", ["Basic YTpi", "DPoP x", "x", "", "Bearer\tx"])
    async def test_rfc6750_3_1_nor_does_it_for_another_scheme(self, caller, header):
        answer = await caller.http.get(USERINFO, headers={"Authorization": header})

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="ostiary"'

    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer", "Bearer\t"])
    async def test_rfc6750_2_1_malformed_headers(self, caller, header):
        answer = await caller.http.get(USERINFO, headers={"Authorization": header})

        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]


class TestOrigins:
    """Fetch: which pages may read the answers (AD-17)."""

    @pytest.fixture
    async def spa(self, caller):
        client = make_client(
            "spa",
            token_endpoint_auth_method="none",
            secrets=(),
            web_origins=("https://spa.test",),
        )
        await caller.instance.add(client)
        return client

    async def test_the_origin_of_the_client(self, caller, spa):
        caller.http.headers["Origin"] = "https://spa.test"
        answer = await caller.redeem(spa, await caller.code(spa))

        assert answer.headers["access-control-allow-origin"] == "https://spa.test"
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers
        token = answer.json()["access_token"]
        answer = await caller.userinfo(token)
        assert answer.headers["access-control-allow-origin"] == "https://spa.test"

    async def test_an_error_can_be_read_too(self, caller, spa):
        caller.http.headers["Origin"] = "https://spa.test"

        answer = await caller.redeem(spa, "x")
        assert answer.status_code == 400
        assert answer.headers["access-control-allow-origin"] == "https://spa.test"
        answer = await caller.userinfo("x")
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == "https://spa.test"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await caller.http.post(USERINFO, content=b"a=1&a=2", headers=form)
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]
        assert answer.headers["access-control-allow-origin"] == "https://spa.test"

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.test",
            "null",
            "https://spa.test.evil.test",
            "http://spa.test",
            "https://spa.test:8443",
            "HTTPS://SPA.TEST",
            "https://spa.test/",
            "*",
            "",
        ],
    )
    async def test_ad_17_another_origin(self, caller, spa, origin):
        caller.http.headers["Origin"] = origin
        answers = [
            await caller.redeem(spa, await caller.code(spa)),
            await caller.userinfo("x"),
            await caller.http.options("/oauth/v2/token"),
            await caller.http.options(USERINFO),
        ]

        for answer in answers:
            assert "access-control-allow-origin" not in answer.headers

    async def test_a_preflight(self, caller, spa):
        caller.http.headers["Origin"] = "https://spa.test"
        asked = {
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await caller.http.options(USERINFO, headers=asked)

        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://spa.test"
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "GET" in answer.headers["access-control-allow-methods"]


async def test_a_client_whose_algorithm_has_no_key_is_told_so(caller):
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, id_token_signed_response_alg="ES384")

    answer = await caller.redeem(WEB, await caller.code(WEB))
    assert answer.status_code == 503
    assert "ES384" in answer.json()["error_description"]
