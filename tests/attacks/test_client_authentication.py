"""Attacks on client authentication (CA) at the token endpoint."""

import asyncio
import base64
from typing import Any

import msgspec
import pytest

from ostiary.admin import texts
from ostiary.model.client import AppType, ClientSecret, ClientState
from ostiary.model.organization import State
from ostiary.oauth import handle
from ostiary.oauth.clients.presented import ASSERTION_TYPE
from ostiary.oauth.clients.secret import secret_matches
from support.instance import ISSUER, open_instance
from support.jose import NOW, make_key, sign_as
from support.tokens import SECRET, TOKEN, Caller, assert_refused, basic, make_client

KEY = make_key("ES256", 1)
OTHER = make_key("ES256", 2)
CC = {"grant_type": "client_credentials"}
BASIC = make_client("basic")
POST = make_client("post", token_endpoint_auth_method="client_secret_post")
SPA = make_client("spa", token_endpoint_auth_method="none", secrets=())
# A stored secret that is not the registered way in must open nothing.
SIGNING = make_client(
    "signing",
    token_endpoint_auth_method="private_key_jwt",
    jwks={"keys": [KEY.public_jwk]},
)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(BASIC, POST, SPA, SIGNING)
        yield Caller(instance)


def claim(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": "signing",
        "sub": "signing",
        "aud": ISSUER,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "once",
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def assertion(claims: dict[str, Any] | None = None, key=KEY, **header: Any) -> dict[str, str]:
    return {
        **CC,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": sign_as(key, claims or claim(), **header),
    }


async def accept(caller, form, headers=None):
    answer = await caller.post(form, headers or {})
    assert answer.status_code == 200, answer.text


async def refuse(caller, form, headers=None):
    return assert_refused(await caller.post(form, headers or {}), "invalid_client", 401)


async def test_the_registered_ways_work(caller):
    await accept(caller, CC, basic("basic"))
    await accept(caller, {**CC, "client_id": "post", "client_secret": SECRET})
    await accept(caller, assertion())


async def test_rfc6749_2_3_1_a_raw_secret_in_basic_is_taken_as_well(caller):
    raw = base64.b64encode(f"basic:{SECRET}".encode()).decode()
    await accept(caller, CC, {"Authorization": f"Basic {raw}"})
    await accept(caller, CC, {"Authorization": f"basic {raw}"})


async def test_s1_07_a_client_id_may_name_its_project(caller):
    client_id = "170086824411201793@yourapp"
    await caller.instance.add(make_client(client_id))

    assert texts.check_client_id(client_id) is None
    await accept(caller, CC, basic(client_id))
    raw = base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()
    await accept(caller, CC, {"Authorization": f"Basic {raw}"})


async def test_ca_01_an_assertion_is_good_once(caller):
    answers = await asyncio.gather(*(caller.post(assertion(), {}) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
    again = assert_refused(await caller.post(assertion(), {}), "invalid_client", 401)
    assert "used before" in again


async def test_ca_01_an_assertion_is_used_up_by_a_refused_request_too(caller):
    form = assertion() | {"scope": "openid"}

    assert_refused(await caller.post(form, {}), "invalid_scope")
    await refuse(caller, assertion())


async def test_ca_01_without_a_jti_the_lifetime_is_the_limit(caller):
    form = assertion(claim(jti=None, exp=NOW + 3600, aud=ISSUER + TOKEN))

    await accept(caller, form)
    await accept(caller, form)


@pytest.mark.parametrize("aud", [ISSUER, ISSUER + TOKEN, [ISSUER]])
async def test_rfc7523_3_accepted_audiences(caller, aud):
    await accept(caller, assertion(claim(aud=aud)))


@pytest.mark.parametrize(
    "aud",
    [
        ISSUER + "/",
        ISSUER[:-1],
        ISSUER.upper(),
        "https://other.test",
        [ISSUER, "https://other.test"],
        [ISSUER, ISSUER + TOKEN],
        [],
        [[ISSUER]],
        {"aud": ISSUER},
        1,
        None,
    ],
)
async def test_ca_02_other_audiences(caller, aud):
    await refuse(caller, assertion(claim(aud=aud)))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "basic"},
        {"sub": "basic"},
        {"iss": "basic", "sub": "basic"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": NOW + 365 * 86400},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"iat": NOW + 61},
        {"nbf": NOW + 61},
        {"jti": "j" * 10_000},
        {"jti": 7},
        {"jti": ""},
    ],
)
async def test_ca_03_claims(caller, changes):
    await refuse(caller, assertion(claim(**changes)))


async def test_ca_03_the_client_id_beside_an_assertion_must_be_its_own(caller):
    await refuse(caller, assertion() | {"client_id": "basic"})
    await accept(caller, assertion() | {"client_id": "signing"})


async def test_ca_04_two_ways_at_once(caller):
    secret = {"client_id": "basic", "client_secret": SECRET}
    for form, headers in (
        ({**CC, **secret}, basic("basic")),
        (assertion(), basic("basic")),
        (assertion() | secret, {}),
        ({**CC, "client_id": "post"}, basic("basic")),
    ):
        assert_refused(await caller.post(form, headers), "invalid_request")


async def test_ca_05_another_way_than_the_registered_one(caller):
    await refuse(caller, {**CC, "client_id": "signing", "client_secret": SECRET})
    await refuse(caller, CC, basic("signing"))
    await refuse(caller, {**CC, "client_id": "basic", "client_secret": SECRET})
    await refuse(caller, CC, basic("post"))
    await refuse(caller, assertion(claim(iss="basic", sub="basic")))


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"nocolon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"basic\0:x").decode(),
        "Basic " + base64.b64encode(b"%ff:%ff").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + "A" * 10_000,
        "Bearer abc",
        "Digest x",
    ],
)
async def test_ca_06_malformed_headers(caller, header):
    answer = await caller.post(CC, {"Authorization": header})

    assert_refused(answer, "invalid_client", 401)
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_ca_07_an_unknown_client_costs_the_same_comparison(monkeypatch):
    compared = []
    monkeypatch.setattr(
        "hmac.compare_digest", lambda one, other: compared.append((len(one), len(other)))
    )
    known = make_client("basic")
    secret_matches(known, ("wrong",), NOW)
    secret_matches(None, ("wrong",), NOW)
    secret_matches(SPA, ("wrong",), NOW)

    assert compared == [(32, 32)] * 3


async def test_ca_09_no_authentication_is_optional(caller):
    await refuse(caller, {**CC, "client_id": "spa", "client_secret": SECRET})
    await refuse(caller, {**CC, "client_id": "spa", "client_secret": "x"})
    await refuse(caller, {**CC, "client_id": "basic"})
    await refuse(caller, {**CC, "client_id": "basic", "client_secret": ""})


async def test_ca_13_unknown_and_wrong_look_the_same(caller):
    answers = [
        await caller.post(CC, basic("basic", "wrong-wrong-wrong-wrong-wrong-wrong-wrong")),
        await caller.post(CC, basic("nobody", "wrong-wrong-wrong-wrong-wrong-wrong-wrong")),
        await caller.post(CC, basic("spa")),
        await caller.post(CC, basic("post")),
    ]
    assert len({answer.text for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_ca_13_so_do_assertions_of_unknown_clients(caller):
    forged = [
        assertion(key=OTHER, kid=None),
        assertion(claim(iss="nobody", sub="nobody")),
        assertion(claim(iss="basic", sub="basic")),
    ]
    assert len({(await caller.post(form, {})).text for form in forged}) == 1


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt"])
async def test_ca_15_a_jwt_of_another_kind(caller, typ):
    await refuse(caller, assertion(typ=typ))


@pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
async def test_ca_15_types_of_an_assertion(caller, typ):
    await accept(caller, assertion(typ=typ))


async def test_jw_04_a_key_in_the_header_is_not_a_registered_key(caller):
    for header in (
        {"jwk": OTHER.public_jwk},
        {"jku": "https://evil.test/jwks"},
        {"x5u": "https://e"},
    ):
        await refuse(caller, assertion(key=OTHER, kid=KEY.kid, **header))


@pytest.mark.parametrize(
    "kid",
    [
        pytest.param("../../dev/null", id="path"),
        pytest.param("' OR 1=1--", id="sql"),
        pytest.param("k" * 5000, id="long"),
        pytest.param(7, id="number"),
        # Random, and so no name for a test: parallel runs must collect the same ones.
        pytest.param(OTHER.kid, id="unregistered"),
    ],
)
async def test_jw_05_a_kid_is_only_a_name_in_the_clients_own_set(caller, kid):
    await refuse(caller, assertion(kid=kid))


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c", "a.b.c.d.e", "." * 1000, "{}", "e30.e30.", "A" * 20_000, "\u20ac.b.c"],
)
async def test_jw_10_what_is_no_jwt(caller, text):
    form = {**CC, "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    await refuse(caller, form)


@pytest.mark.parametrize("kind", ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
async def test_rfc7521_4_2_the_type_must_be_named(caller, kind):
    await refuse(caller, assertion() | {"client_assertion_type": kind})


async def test_rfc7523_a_registered_algorithm_is_the_only_one(caller):
    stored = await caller.instance.store.client("signing")
    await caller.instance.change(stored, token_endpoint_auth_signing_alg="PS256")

    await refuse(caller, assertion())


async def test_a_disabled_client_and_an_expired_secret(caller):
    expired = ClientSecret(digest=handle.digest(SECRET), created_at=0, expires_at=NOW)
    await caller.instance.change(await caller.instance.store.client("basic"), secrets=(expired,))
    stored = await caller.instance.store.client("post")
    await caller.instance.change(stored, state=ClientState.INACTIVE)

    await refuse(caller, CC, basic("basic"))
    await refuse(caller, {**CC, "client_id": "post", "client_secret": SECRET})


async def test_a_client_of_a_disabled_project(caller):
    project = await caller.instance.store.project("store")
    await caller.instance.change(project, state=State.INACTIVE)

    await refuse(caller, CC, basic("basic"))


async def test_two_secrets_at_once_while_one_replaces_the_other(caller):
    stored = await caller.instance.store.client("basic")
    second = ClientSecret(digest=handle.digest("second-" + SECRET), created_at=1)
    await caller.instance.change(stored, secrets=(*stored.secrets, second))

    await accept(caller, CC, basic("basic"))
    await accept(caller, CC, basic("basic", "second-" + SECRET))


async def test_failures_of_known_clients_are_in_the_audit_trail_and_of_unknown_ones_not(caller):
    await refuse(caller, {**CC, "client_id": "post", "client_secret": "wrong"})
    await refuse(caller, {**CC, "client_id": "nobody", "client_secret": "wrong"})
    await refuse(caller, CC, basic("basic", "wrong"))

    events = await caller.instance.events("client_auth.failed")
    assert [(event.client_id, event.reason) for event in events] == [
        ("post", "secret_mismatch"),
        ("basic", "secret_mismatch"),
    ]
    assert "wrong" not in msgspec.json.encode(events).decode().replace("wrong_", "")


async def test_do_07_failures_of_one_client_do_not_fill_the_audit_trail(caller):
    for _ in range(40):
        await refuse(caller, CC, basic("basic", "wrong"))

    assert len(await caller.instance.events("client_auth.failed")) == 20
    caller.instance.clock.time += 60
    await refuse(caller, CC, basic("basic", "wrong"))
    assert len(await caller.instance.events("client_auth.failed")) == 21


NATIVE = make_client(
    "native",
    type=AppType.NATIVE,
    redirect_uris=("com.example.app:/cb",),
    grant_types=(
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ),
    # As if somebody had switched it off in the database.
    require_pkce=False,
)


class TestNativeWithASecret:
    """G15: the secret is in every copy, so that it has to be sent, but proves nothing."""

    async def test_pkce_is_demanded_and_the_secret_too(self, caller):
        await caller.instance.add(NATIVE)
        params = {
            "client_id": "native",
            "response_type": "code",
            "redirect_uri": "com.example.app:/cb",
            "scope": "openid",
        }
        answer = await caller.http.get("/oauth/v2/authorize", params=params)
        assert "error=invalid_request" in answer.headers["location"]
        assert "code_challenge" in answer.headers["location"]
        answer = await caller.http.post(TOKEN, data=CC | {"client_id": "native"})
        assert_refused(answer, "invalid_client", 401)

    async def test_it_gets_no_token_of_its_own(self, caller):
        await caller.instance.add(NATIVE)
        answer = await caller.http.post(TOKEN, data=CC, headers=basic("native"))
        assert_refused(answer, "unauthorized_client")
        exchange = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": (await caller.tokens(BASIC))["access_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
        answer = await caller.http.post(TOKEN, data=exchange, headers=basic("native"))
        assert_refused(answer, "unauthorized_client")

    async def test_it_may_not_ask_about_tokens(self, caller):
        await caller.instance.add(NATIVE)
        answer = await caller.http.post(
            "/oauth/v2/introspect", data={"token": "x"}, headers=basic("native")
        )
        assert_refused(answer, "invalid_client", 401)
