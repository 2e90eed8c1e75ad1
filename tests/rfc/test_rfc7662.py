"""RFC 7662 at the introspection endpoint: who may know what of a token (IN-01, IN-04)."""

import msgspec
import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import ECKey

from ostiary.model.client import AccessTokenType, AppType, ClientState
from ostiary.model.organization import Api, Project
from ostiary.model.user import UserState
from ostiary.oauth import handle
from ostiary.oauth.clients.presented import ASSERTION_TYPE
from ostiary.oauth.effects import RevokeGrant, RevokeSession
from ostiary.oauth.logout.token import make_logout_token
from support.instance import ENTROPY, ISSUER, open_instance
from support.jose import NOW, make_key, sign_as
from support.tokens import SECRET, Caller, assert_refused, basic, make_client

INTROSPECT = "/oauth/v2/introspect"
WEB = make_client("web")
OPAQUE = make_client("opaque", access_token_type=AccessTokenType.OPAQUE)
# The server of the orders API, and one of another project's.
ORDERS = make_client("orders-api", type=AppType.API, redirect_uris=())
PARCELS = make_client("parcels-api", type=AppType.API, redirect_uris=(), project_id="parcels")
KEY = make_key("ES256", 1)
# Ask about tokens as well, and prove themselves in other ways.
SIGNING = make_client(
    "signing-api",
    type=AppType.API,
    redirect_uris=(),
    token_endpoint_auth_method="private_key_jwt",
    jwks={"keys": [KEY.public_jwk]},
)
POSTING = make_client(
    "posting-api",
    type=AppType.API,
    redirect_uris=(),
    token_endpoint_auth_method="client_secret_post",
)
SPA = make_client("spa", type=AppType.USER_AGENT, token_endpoint_auth_method="none")
SCOPES = ("openid", "profile", "offline_access", "orders.read")
INACTIVE = {"active": False}


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(
            Project(id="parcels", organization_id="acme", name="Parcels"),
            Api(
                id="parcels",
                organization_id="acme",
                project_id="parcels",
                audience="https://parcels.test",
                scopes=("parcels.read",),
            ),
        )
        await instance.add(WEB, OPAQUE, ORDERS, PARCELS, SIGNING, POSTING, SPA)
        yield Caller(instance)


async def ask(caller, asker, token, **form):
    answer = await caller.http.post(
        INTROSPECT, data={"token": token, **form}, headers=basic(asker.client_id)
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


@pytest.fixture(params=[WEB, OPAQUE], ids=["jwt", "opaque"])
def client(request):
    return request.param


async def test_2_2_what_is_told_of_a_token(caller, client):
    now = caller.instance.clock.now()
    token = (await caller.tokens(client, scopes=SCOPES))["access_token"]

    told = await ask(caller, ORDERS, token)
    assert len(told.pop("jti")) == 22
    assert told == {
        "active": True,
        "iss": ISSUER,
        "sub": "user-alice",
        "username": "alice",
        "aud": ["https://orders.test", ISSUER],
        "client_id": client.client_id,
        "token_type": "Bearer",
        "scope": " ".join(SCOPES),
        "iat": now,
        "exp": now + 300,
        "auth_time": now - 5,
        "acr": "urn:ostiary:acr:1fa",
        "amr": ["pwd"],
    }


async def test_2_2_without_the_scope_profile_nobody_is_named(caller, client):
    token = (await caller.tokens(client, scopes=("orders.read",)))["access_token"]

    told = await ask(caller, ORDERS, token)
    assert (told["active"], told["aud"]) == (True, "https://orders.test")
    assert "username" not in told


async def test_2_2_a_token_without_a_person(caller):
    form = {"grant_type": "client_credentials", "scope": "orders.read"}
    token = (await caller.send(WEB, form)).json()["access_token"]

    told = await ask(caller, ORDERS, token)
    assert told["active"] is True
    assert told["sub"] == told["client_id"] == "web"
    assert {"username", "auth_time", "acr", "amr"}.isdisjoint(told)


async def test_2_2_a_refresh_token_is_for_its_client_alone(caller, client):
    tokens = await caller.tokens(client, scopes=SCOPES)

    told = await ask(caller, client, tokens["refresh_token"])
    now = caller.instance.clock.now()
    assert told == {
        "active": True,
        "iss": ISSUER,
        "sub": "user-alice",
        "client_id": client.client_id,
        "scope": " ".join(SCOPES),
        "iat": now,
        "exp": now + 14 * 86400,
    }
    assert await ask(caller, ORDERS, tokens["refresh_token"]) == INACTIVE


async def test_2_2_a_refresh_token_that_was_used_is_inactive(caller):
    first = (await caller.tokens(WEB))["refresh_token"]
    second = (await caller.refresh(WEB, first)).json()["refresh_token"]

    assert await ask(caller, WEB, first) == INACTIVE
    assert (await ask(caller, WEB, second))["active"] is True


async def test_in_01_a_token_for_others_is_inactive(caller, client):
    for_orders = (await caller.tokens(client, scopes=SCOPES))["access_token"]
    for_userinfo = (await caller.tokens(client, scopes=("openid",)))["access_token"]
    other = OPAQUE if client is WEB else WEB

    assert await ask(caller, PARCELS, for_orders) == INACTIVE
    assert await ask(caller, other, for_orders) == INACTIVE
    assert await ask(caller, ORDERS, for_userinfo) == INACTIVE
    assert (await ask(caller, client, for_orders))["active"] is True
    assert (await ask(caller, client, for_userinfo))["active"] is True


async def test_in_01_a_public_client_may_not_ask(caller):
    token = (await caller.tokens(SPA))["access_token"]

    answer = await caller.http.post(INTROSPECT, data={"token": token, "client_id": "spa"})
    assert "API" in assert_refused(answer, "invalid_client", 401)


def assertion(**changes):
    claims = {
        "iss": "signing-api",
        "sub": "signing-api",
        "aud": ISSUER + INTROSPECT,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "once",
    } | changes
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": sign_as(KEY, claims)}


async def test_s1_37_an_api_may_ask_by_private_key_jwt(caller, client):
    token = (await caller.tokens(client, scopes=SCOPES))["access_token"]

    answer = await caller.http.post(INTROSPECT, data={"token": token} | assertion())
    assert answer.json()["active"] is True
    again = await caller.http.post(INTROSPECT, data={"token": token} | assertion())
    assert "used before" in assert_refused(again, "invalid_client", 401)
    for aud in (ISSUER + "/oauth/v2/revoke", "https://evil.test"):
        form = {"token": token} | assertion(aud=aud, jti=aud)
        assert_refused(await caller.http.post(INTROSPECT, data=form), "invalid_client", 401)


async def test_2_1_an_api_may_ask_by_client_secret_post(caller, client):
    token = (await caller.tokens(client, scopes=SCOPES))["access_token"]
    form = {"token": token, "client_id": "posting-api"}

    answer = await caller.http.post(INTROSPECT, data=form | {"client_secret": SECRET})
    assert answer.json()["active"] is True
    wrong = await caller.http.post(INTROSPECT, data=form | {"client_secret": "wrong"})
    assert_refused(wrong, "invalid_client", 401)


async def test_in_02_an_answer_that_is_wanted_as_a_jwt_tells_no_more(caller, client):
    """RFC 9701 is not offered: such a wish changes nothing."""
    token = (await caller.tokens(client, scopes=SCOPES))["access_token"]

    for asker, told in ((PARCELS, False), (ORDERS, True)):
        answer = await caller.http.post(
            INTROSPECT,
            data={"token": token},
            headers=basic(asker.client_id) | {"Accept": "application/token-introspection+jwt"},
        )
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["active"] is told
        assert told or answer.json() == INACTIVE


async def test_in_04_a_token_does_not_authenticate_who_asks(caller, client):
    token = (await caller.tokens(client))["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    assert_refused(
        await caller.http.post(INTROSPECT, data={"token": token}, headers=bearer),
        "invalid_client",
        401,
    )
    assert_refused(await caller.http.post(INTROSPECT, data={"token": token}), "invalid_client", 401)


async def test_rt_09_other_tokens_are_inactive(caller):
    tokens = await caller.tokens(WEB)
    secret = handle.make(handle.Kind.CLIENT_SECRET, ENTROPY)
    key = ECKey.generate_key("P-256")
    forged = other_jwt.encode({"alg": "ES256", "typ": "at+jwt"}, {"iss": ISSUER}, key)
    for other in (tokens["id_token"], secret, handle.random_text(ENTROPY), forged, "x", "a.b.c"):
        assert await ask(caller, WEB, other) == INACTIVE


async def test_rt_09_what_else_was_signed_or_given_out_is_inactive(caller):
    idp = caller.instance.idp
    ring = await idp.keys.ring()
    claims = {"iss": ISSUER, "sub": "user-alice", "aud": ISSUER, "client_id": "web"}
    claims |= {"iat": NOW, "exp": NOW + 60, "jti": "one", "scope": "openid"}
    logout = make_logout_token(
        WEB, issuer=ISSUER, sub="user-alice", sid="sid", ring=ring, now=NOW, entropy=ENTROPY
    )
    code = await caller.code(WEB)
    other_types = [ring.sign("ES256", claims, typ) for typ in ("JWT", "secevent+jwt", "jwt")]
    assertion_of_client = assertion()["client_assertion"]
    for other in (logout, code, assertion_of_client, *other_types):
        assert await ask(caller, WEB, other) == INACTIVE
        assert (await caller.userinfo(other)).status_code == 401
    # With its own type, the same claims are an access token: it is the type that decides.
    assert (await ask(caller, WEB, ring.sign("ES256", claims, "at+jwt")))["active"] is True


async def test_rt_06_cut_and_edited_tokens_are_inactive(caller, client):
    tokens = await caller.tokens(client)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        for wrong in (token[:-1], token + "x", token[:16], token.swapcase(), " " + token):
            assert await ask(caller, client, wrong) == INACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", "id_token"])
async def test_2_1_the_hint_is_no_more_than_a_hint(caller, client, hint):
    tokens = await caller.tokens(client)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert (await ask(caller, client, token, token_type_hint=hint))["active"] is True


async def test_2_2_an_expired_token_is_inactive(caller, client):
    token = (await caller.tokens(client))["access_token"]
    caller.instance.clock.time += 299
    assert (await ask(caller, client, token))["active"] is True
    caller.instance.clock.time += 1
    assert await ask(caller, client, token) == INACTIVE


async def test_rt_07_what_was_ended_is_inactive_at_once(caller, client):
    instance = caller.instance
    now = instance.clock.now()
    grants = {}
    for name, scopes in (("grant", SCOPES), ("session", ("openid",)), ("user", SCOPES)):
        session = await caller.session(username="alice")
        grants[name] = (await caller.tokens(client, scopes=scopes, session=session), session)
    token = grants["grant"][0]
    told = await ask(caller, client, token["access_token"])
    assert told["active"] is True

    await instance.apply(RevokeSession(grants["session"][1].id, "logout", now))
    assert await ask(caller, client, grants["session"][0]["access_token"]) == INACTIVE

    events = await instance.events("token.issued")
    await instance.apply(RevokeGrant(events[0].grant_id, "test", now))
    assert await ask(caller, client, token["access_token"]) == INACTIVE
    assert await ask(caller, client, token["refresh_token"]) == INACTIVE

    await instance.change(await instance.user("alice"), state=UserState.LOCKED)
    for kind in ("access_token", "refresh_token"):
        assert await ask(caller, client, grants["user"][0][kind]) == INACTIVE


async def test_tokens_of_a_client_that_was_switched_off_are_inactive(caller, client):
    token = (await caller.tokens(client, scopes=SCOPES))["access_token"]
    stored = await caller.instance.store.client(client.client_id)
    await caller.instance.change(stored, state=ClientState.INACTIVE)

    assert await ask(caller, ORDERS, token) == INACTIVE


async def test_an_api_application_of_the_project_sees_what_names_the_project(caller):
    code = await caller.code(WEB, scopes=("openid", "orders.read"))
    token = (await caller.redeem(WEB, code)).json()["access_token"]
    second = msgspec.structs.replace(ORDERS, client_id="orders-api-2")
    await caller.instance.add(second)

    assert (await ask(caller, second, token))["active"] is True


async def test_2_1_the_token_is_required_and_sent_once(caller):
    header = basic("web")
    missing = await caller.http.post(INTROSPECT, data={"x": "y"}, headers=header)
    assert "token" in assert_refused(missing, "invalid_request")
    twice = await caller.http.post(
        INTROSPECT,
        content="token=a&token=b",
        headers={**header, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert_refused(twice, "invalid_request")
    assert (await caller.http.get(INTROSPECT, headers=header)).status_code == 405


async def test_ca_13_a_failure_to_authenticate_is_in_the_audit_trail(caller):
    answer = await caller.http.post(
        INTROSPECT, data={"token": "x"}, headers=basic("orders-api", "wrong")
    )
    assert_refused(answer, "invalid_client", 401)
    (event,) = await caller.instance.events("client_auth.failed")
    assert (event.client_id, event.reason) == ("orders-api", "secret_mismatch")
