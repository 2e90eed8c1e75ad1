"""RFC 7523, 2.1: a client acts for itself, proven by its private key (TX-07, S0-18, G6)."""

import asyncio
from typing import Any

import pytest

from ostiary.model.client import AppType, ClientKind, ClientState
from ostiary.model.organization import State
from ostiary.oauth.grants.jwt_bearer import grant_type
from support.instance import ISSUER, open_instance
from support.jose import NOW, make_key, sign_as
from support.tokens import TOKEN, Caller, assert_refused, basic, make_client

KEY, OTHER, RSA = make_key("ES256", 1), make_key("ES256", 2), make_key("RS256", 3)
ROBOT = make_client(
    "robot",
    kind=ClientKind.SERVICE_ACCOUNT,
    type=AppType.API,
    project_id=None,
    redirect_uris=(),
    grant_types=("client_credentials", grant_type),
    token_endpoint_auth_method="private_key_jwt",
    secrets=(),
    jwks={"keys": [KEY.public_jwk]},
    allowed_scopes=("orders.read",),
)
# It has a secret as well, and two keys.
BOTH = make_client(
    "both",
    grant_types=("client_credentials", grant_type),
    jwks={"keys": [KEY.public_jwk, RSA.public_jwk]},
)
WITHOUT = make_client("without", jwks={"keys": [KEY.public_jwk]})
SPA = make_client(
    "spa",
    token_endpoint_auth_method="none",
    secrets=(),
    grant_types=("authorization_code", grant_type),
    jwks={"keys": [KEY.public_jwk]},
)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(ROBOT, BOTH, WITHOUT, SPA)
        yield Caller(instance)


def claim(client_id: str = "robot", **changes: Any) -> dict[str, Any]:
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": NOW, "exp": NOW + 60}
    claims |= changes
    return {name: value for name, value in claims.items() if value is not None}


def form(claims: dict[str, Any] | None = None, key=KEY, **header: Any) -> dict[str, str]:
    return {"grant_type": grant_type, "assertion": sign_as(key, claims or claim(), **header)}


async def accept(caller, request, headers=None):
    answer = await caller.post(request, headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refuse(caller, request, headers=None, error="invalid_grant", status=400):
    return assert_refused(await caller.post(request, headers or {}), error, status)


async def test_2_1_the_assertion_alone_is_enough(caller):
    answer = await accept(caller, form())

    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["scope"], answer["expires_in"]) == ("orders.read", 600)
    (event,) = await caller.instance.events("token.issued")
    assert (event.client_id, event.reason, event.user_id) == ("robot", grant_type, None)


@pytest.mark.parametrize("audience", [ISSUER, ISSUER + TOKEN, [ISSUER]])
async def test_3_the_audience_is_the_issuer_or_the_token_endpoint(caller, audience):
    await accept(caller, form(claim(aud=audience)))


@pytest.mark.parametrize("key", [KEY, RSA], ids=["ES256", "RS256"])
async def test_3_any_key_of_the_client(caller, key):
    await accept(caller, form(claim("both"), key))


@pytest.mark.parametrize("typ", [None, "JWT", "authorization-grant+jwt"])
async def test_rfc8725_3_11_types(caller, typ):
    await accept(caller, form(claim(), typ=typ))


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "client-authentication+jwt"])
async def test_rt_09_a_jwt_of_another_kind(caller, typ):
    await refuse(caller, form(claim(), typ=typ))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "both"},
        {"sub": "user-alice"},
        {"sub": None},
        {"iss": None},
        {"aud": "https://evil.test"},
        {"aud": [ISSUER, "https://evil.test"]},
        {"aud": ISSUER + "/"},
        {"aud": None},
        {"exp": NOW - 60},
        {"exp": None},
        {"exp": NOW + 7200},
        {"nbf": NOW + 600},
        {"jti": "x" * 300},
        {"iss": "nobody", "sub": "nobody"},
    ],
    ids=str,
)
async def test_tx_07_claims(caller, changes):
    await refuse(caller, form(claim(**changes)))


async def test_tx_07_a_key_that_is_not_the_clients(caller):
    await refuse(caller, form(key=OTHER))
    await refuse(caller, form(key=OTHER, jwk=OTHER.public_jwk))
    await refuse(caller, form(claim("both"), OTHER))


async def test_tx_07_an_assertion_is_good_once(caller):
    request = form(claim(jti="once"))
    answers = await asyncio.gather(*(caller.post(request, {}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert "used before" in await refuse(caller, request)


async def test_tx_07_one_that_authenticated_is_no_grant_any_more(caller):
    assertion = sign_as(KEY, claim(jti="both-ways"))
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    used = {"client_assertion": assertion, "client_assertion_type": kind}
    await accept(caller, {"grant_type": "client_credentials", **used})

    await refuse(caller, {"grant_type": grant_type, "assertion": assertion})


@pytest.mark.parametrize("what", ["client", "organization"])
async def test_tx_07_who_is_switched_off(caller, what):
    instance = caller.instance
    if what == "client":
        stored = await instance.store.client("robot")
        await instance.change(stored, state=ClientState.INACTIVE)
    else:
        stored = await instance.store.organization("acme")
        await instance.change(stored, state=State.INACTIVE)

    await refuse(caller, form())


async def test_a_key_ends_when_it_was_to_end(caller):
    stored = await caller.instance.store.client("robot")
    await caller.instance.change(stored, key_expiry={KEY.kid: NOW + 10})
    await accept(caller, form())

    caller.instance.clock.time += 10
    await refuse(caller, form())


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "", "e30.e30.e30", "é", "x" * 20000])
async def test_jw_10_what_is_no_jwt(caller, assertion):
    error = "invalid_grant" if assertion else "invalid_request"
    await refuse(caller, {"grant_type": grant_type, "assertion": assertion}, error=error)


async def test_rfc6749_5_2_a_client_without_the_grant(caller):
    await refuse(caller, form(claim("without")), error="unauthorized_client")


async def test_a_public_client_proves_nothing(caller):
    await refuse(caller, form(claim("spa")))
    await refuse(caller, form(claim("spa")) | {"client_id": "spa"})


class TestOtherCredentials:
    """RFC 7521, 4.1: client authentication is optional, and counts where it is there."""

    async def test_of_the_same_client(self, caller):
        await accept(caller, form(claim("both")), basic("both"))
        await accept(caller, form() | {"client_id": "robot"})

    async def test_of_another_client(self, caller):
        await refuse(caller, form(), basic("both"))
        await refuse(caller, form() | {"client_id": "both"})

    async def test_that_are_wrong(self, caller):
        wrong = basic("both", "wrong")
        await refuse(caller, form(claim("both")), wrong, "invalid_client", 401)


class TestScope:
    """Only resource scopes that the client may have."""

    async def test_by_the_parameter(self, caller):
        await accept(caller, form() | {"scope": "orders.read"})

    @pytest.mark.parametrize("scope", ["openid", "offline_access", "parcels.read"])
    async def test_tx_10_others_are_refused(self, caller, scope):
        await refuse(caller, form() | {"scope": scope}, error="invalid_scope")
        await refuse(caller, form(claim(scope=scope)), error="invalid_scope")

    async def test_in_the_assertion(self, caller):
        assert (await accept(caller, form(claim(scope="orders.read"))))["scope"] == "orders.read"

    async def test_in_the_assertion_as_something_else(self, caller):
        await refuse(caller, form(claim(scope=["orders.read"])), error="invalid_scope")

    async def test_rfc8707_2_2_a_resource(self, caller):
        await accept(caller, form() | {"resource": "https://orders.test"})
        wrong = form() | {"resource": "https://parcels.test"}
        await refuse(caller, wrong, error="invalid_target")


async def test_failures_of_clients_that_exist_are_in_the_audit_trail(caller):
    await refuse(caller, form(claim("nobody")))
    assert await caller.instance.events("client_auth.failed") == []
    await refuse(caller, form(key=OTHER))
    (event,) = await caller.instance.events("client_auth.failed")
    assert event.client_id == "robot"
