"""RFC 7009 at the revocation endpoint (RV-03, RV-04)."""

import asyncio
from typing import Any

import pytest

from ostiary.model.client import AccessTokenType, AppType
from ostiary.model.user import UserState
from ostiary.oauth.clients.presented import ASSERTION_TYPE
from support.instance import ISSUER, open_instance
from support.jose import NOW, make_key, sign_as
from support.tokens import SECRET, TOKEN, Caller, assert_refused, basic, make_client

REVOKE = "/oauth/v2/revoke"
INTROSPECT = "/oauth/v2/introspect"
ORIGIN = "https://spa.test"
WEB = make_client("web")
OPAQUE = make_client("opaque", access_token_type=AccessTokenType.OPAQUE)
SPA = make_client(
    "spa",
    type=AppType.USER_AGENT,
    token_endpoint_auth_method="none",
    grant_types=("authorization_code", "refresh_token"),
    web_origins=(ORIGIN,),
)
EVIL = make_client("evil")
KEY = make_key("ES256", 1)
SIGNING = make_client(
    "signing",
    token_endpoint_auth_method="private_key_jwt",
    jwks={"keys": [KEY.public_jwk]},
)
POST = make_client("post", token_endpoint_auth_method="client_secret_post")


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, OPAQUE, SPA, EVIL, SIGNING, POST)
        yield Caller(instance)


@pytest.fixture(params=[WEB, OPAQUE, SPA], ids=["jwt", "opaque", "public"])
def client(request):
    return request.param


async def send(caller, client, token, **form):
    form |= {"token": token}
    if client.public:
        return await caller.http.post(REVOKE, data=form | {"client_id": client.client_id})
    return await caller.http.post(REVOKE, data=form, headers=basic(client.client_id))


async def revoke(caller, client, token, **form):
    answer = await send(caller, client, token, **form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {}


async def works(caller, token):
    return (await caller.userinfo(token)).status_code == 200


async def is_active(caller, client, token):
    answer = await caller.http.post(
        INTROSPECT, data={"token": token}, headers=basic(client.client_id)
    )
    return answer.json()["active"]


async def test_2_1_an_access_token_ends_alone_and_at_once(caller, client):
    one = await caller.tokens(client)
    two = (await caller.refresh(client, one["refresh_token"])).json()

    await revoke(caller, client, one["access_token"])
    assert not await works(caller, one["access_token"])
    assert await works(caller, two["access_token"])
    assert (await caller.refresh(client, two["refresh_token"])).status_code == 200


@pytest.mark.parametrize("client", [WEB, OPAQUE], ids=["jwt", "opaque"])
async def test_rv_03_a_revoked_token_is_inactive_at_once(caller, client):
    tokens = await caller.tokens(client)
    assert await is_active(caller, client, tokens["access_token"])

    await revoke(caller, client, tokens["access_token"])
    assert not await is_active(caller, client, tokens["access_token"])


async def test_rv_03_a_refresh_token_ends_its_grant(caller, client):
    one = await caller.tokens(client)
    two = (await caller.refresh(client, one["refresh_token"])).json()

    await revoke(caller, client, two["refresh_token"])
    for token in (one["access_token"], two["access_token"]):
        assert not await works(caller, token)
    answer = await caller.refresh(client, two["refresh_token"])
    assert_refused(answer, "invalid_grant")
    (event,) = await caller.instance.events("grant.revoked")
    assert (event.client_id, event.user_id) == (client.client_id, "user-alice")


async def test_rv_03_so_does_one_that_was_rotated_out(caller, client):
    one = await caller.tokens(client)
    two = (await caller.refresh(client, one["refresh_token"])).json()

    await revoke(caller, client, one["refresh_token"])
    assert not await works(caller, two["access_token"])
    assert_refused(await caller.refresh(client, two["refresh_token"]), "invalid_grant")


async def test_rv_03_other_grants_of_the_same_person_go_on(caller, client):
    one, two = await caller.tokens(client), await caller.tokens(client)

    await revoke(caller, client, one["refresh_token"])
    assert await works(caller, two["access_token"])


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
async def test_rv_04_the_hint_is_no_more_than_a_hint(caller, client, hint):
    one, two = await caller.tokens(client), await caller.tokens(client)

    await revoke(caller, client, one["access_token"], token_type_hint=hint)
    await revoke(caller, client, two["refresh_token"], token_type_hint=hint)
    for tokens in (one, two):
        assert not await works(caller, tokens["access_token"])


async def test_2_2_what_is_no_token_is_answered_alike(caller, client):
    tokens = await caller.tokens(client)
    for other in ("x", "a.b.c", tokens["id_token"], tokens["access_token"][:-1]):
        await revoke(caller, client, other)
    assert await works(caller, tokens["access_token"])
    assert await caller.instance.events("token.revoked", "grant.revoked") == []


async def test_2_2_a_second_time_is_answered_alike(caller, client):
    tokens = await caller.tokens(client)
    token = tokens["access_token"]
    await asyncio.gather(*(revoke(caller, client, token) for _ in range(5)))
    await revoke(caller, client, token)
    for _ in range(2):
        await revoke(caller, client, tokens["refresh_token"])

    assert len(await caller.instance.events("grant.revoked")) == 1


async def test_2_2_what_was_revoked_while_it_could_not_be_used_stays_dead(caller, client):
    """RFC 7009, 2.2: told that the token is revoked, its client need not come back."""
    tokens = await caller.tokens(client)
    for state in (UserState.LOCKED, UserState.ACTIVE):
        await caller.instance.change(await caller.instance.user("alice"), state=state)
        if state is UserState.LOCKED:
            assert not await works(caller, tokens["access_token"])
            await revoke(caller, client, tokens["access_token"])

    assert not await works(caller, tokens["access_token"])
    assert await works(caller, (await caller.tokens(client))["access_token"])


async def test_2_1_a_token_of_another_client_is_refused_and_lives_on(caller, client):
    tokens = await caller.tokens(client)
    for kind in ("access_token", "refresh_token"):
        told = assert_refused(await send(caller, EVIL, tokens[kind]), "invalid_grant")
        assert "another client" in told

    assert await works(caller, tokens["access_token"])
    assert (await caller.refresh(client, tokens["refresh_token"])).status_code == 200


async def test_2_1_a_confidential_client_must_prove_itself(caller):
    tokens = await caller.tokens(WEB)
    for form, headers in (
        ({"client_id": "web"}, {}),
        ({}, basic("web", "wrong")),
        ({}, {}),
        ({}, {"Authorization": f"Bearer {tokens['access_token']}"}),
    ):
        answer = await caller.http.post(
            REVOKE, data=form | {"token": tokens["refresh_token"]}, headers=headers
        )
        assert_refused(answer, "invalid_client", 401)
    assert await works(caller, tokens["access_token"])


def assertion(**changes: Any) -> dict[str, str]:
    claims = {
        "iss": "signing",
        "sub": "signing",
        "aud": ISSUER + REVOKE,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "once",
    } | changes
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": sign_as(KEY, claims)}


async def token_of_machine(caller, form):
    answer = await caller.post({"grant_type": "client_credentials", **form}, {})
    return answer.json()["access_token"]


async def is_revoked(caller):
    return await caller.instance.events("token.revoked") != []


@pytest.mark.parametrize("aud", [ISSUER, ISSUER + TOKEN, ISSUER + REVOKE])
async def test_2_1_by_private_key_jwt(caller, aud):
    token = await token_of_machine(caller, assertion(jti="first", aud=ISSUER))
    answer = await caller.http.post(REVOKE, data={"token": token} | assertion(aud=aud))
    assert answer.status_code == 200
    assert await is_revoked(caller)


async def test_2_1_an_assertion_for_another_endpoint_revokes_nothing(caller):
    token = await token_of_machine(caller, assertion(jti="first", aud=ISSUER))
    for aud in (ISSUER + INTROSPECT, "https://evil.test", [ISSUER, ISSUER + REVOKE]):
        form = {"token": token} | assertion(aud=aud)
        assert_refused(await caller.http.post(REVOKE, data=form), "invalid_client", 401)
    assert not await is_revoked(caller)


async def test_ca_01_an_assertion_that_was_used_before_revokes_nothing(caller):
    form = assertion(aud=ISSUER)
    token = await token_of_machine(caller, form)
    answer = await caller.http.post(REVOKE, data=form | {"token": token})
    assert "used before" in assert_refused(answer, "invalid_client", 401)
    assert not await is_revoked(caller)


async def test_2_1_by_client_secret_post(caller):
    secret = {"client_id": "post", "client_secret": SECRET}
    token = await token_of_machine(caller, secret)
    wrong = {"token": token, "client_id": "post", "client_secret": "wrong"}
    assert_refused(await caller.http.post(REVOKE, data=wrong), "invalid_client", 401)
    assert not await is_revoked(caller)

    assert (await caller.http.post(REVOKE, data=secret | {"token": token})).status_code == 200
    assert await is_revoked(caller)


async def test_2_1_the_token_is_required(caller):
    answer = await caller.http.post(REVOKE, data={"x": "y"}, headers=basic("web"))
    assert "token" in assert_refused(answer, "invalid_request")
    assert (await caller.http.get(REVOKE)).status_code == 405


async def test_a_token_without_a_person(caller):
    token = (await caller.send(WEB, {"grant_type": "client_credentials"})).json()["access_token"]
    assert await is_active(caller, WEB, token)

    await revoke(caller, WEB, token)
    assert not await is_active(caller, WEB, token)


async def test_s1_11_from_the_page_of_a_browser_application(caller):
    tokens = await caller.tokens(SPA)
    asked = await caller.http.options(
        REVOKE, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    )
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    answer = await caller.http.post(
        REVOKE,
        data={"token": tokens["refresh_token"], "client_id": "spa"},
        headers={"Origin": ORIGIN},
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert not await works(caller, tokens["access_token"])


async def test_s1_58_a_revocation_is_in_the_audit_trail(caller, client):
    tokens = await caller.tokens(client)
    issued = await caller.instance.events("token.issued")

    await revoke(caller, client, tokens["access_token"])
    (event,) = await caller.instance.events("token.revoked")
    assert event.target == issued[-1].target
    assert (event.actor_id, event.user_id) == (client.client_id, "user-alice")
