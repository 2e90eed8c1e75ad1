"""RFC 8693: one API calls the next on behalf of a person, and nothing gets wider (TX-01, TX-05)."""

from typing import Any

import msgspec
import pytest

from ostiary.model.client import AccessTokenType, AppType, ClientState
from ostiary.model.organization import (
    Api,
    ExchangeMode,
    ExchangeRule,
    Organization,
    Project,
)
from ostiary.oauth.effects import RevokeGrant, RevokeSession
from ostiary.oauth.grants.token_exchange import ACCESS_TOKEN, JWT, grant_type
from support.instance import open_instance
from support.tokens import Caller, assert_refused, basic, make_client

SCOPES = ("openid", "offline_access", "orders.read", "stock.read", "parcels.read")
SPA = make_client(
    "spa",
    type=AppType.USER_AGENT,
    token_endpoint_auth_method="none",
    secrets=(),
    allowed_scopes=SCOPES,
)
SERVER = {
    "type": AppType.API,
    "redirect_uris": (),
    "grant_types": ("client_credentials", grant_type),
    "allowed_scopes": ("orders.read", "stock.read", "parcels.read"),
}
ORDERS = make_client("orders-server", **SERVER)
OPAQUE = make_client("opaque-server", **SERVER, access_token_type=AccessTokenType.OPAQUE)
PARCELS = make_client("parcels-server", **SERVER, project_id="depot")
# May not exchange anything.
PLAIN = make_client("plain", **(SERVER | {"grant_types": ("client_credentials",)}))
PUBLIC = make_client("public", **SERVER, token_endpoint_auth_method="none", secrets=())
STRANGER = make_client("stranger", **SERVER, organization_id="globex", project_id=None)
STOCK = "https://stock.test"


def api(name: str, project: str = "store") -> Api:
    return Api(
        id=name,
        organization_id="acme",
        project_id=project,
        audience=f"https://{name}.test",
        scopes=(f"{name}.read",),
    )


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(
            Organization(id="globex", name="Globex"),
            Project(id="depot", organization_id="acme", name="Depot"),
            api("stock"),
            api("parcels", "depot"),
        )
        await instance.add(SPA, ORDERS, OPAQUE, PARCELS, PLAIN, PUBLIC, STRANGER)
        yield Caller(instance)


@pytest.fixture
async def token(caller):
    """What the single-page application sends to the orders API: alice's."""
    return await token_for(caller)


async def token_for(caller, scopes=SCOPES, resource="https://orders.test", **fields: Any):
    code = await caller.code(SPA, scopes=scopes, **fields)
    answer = await caller.redeem(SPA, code, resource=resource)
    return answer.json()["access_token"]


async def exchange(caller, client, token, **form: Any):
    values = {
        "grant_type": grant_type,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        **form,
    }
    return await caller.send(client, values)


async def good(caller, client, token, **form: Any) -> dict[str, Any]:
    answer = await exchange(caller, client, token, **form)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(caller, client, token) -> dict[str, Any]:
    answer = await caller.http.post(
        "/oauth/v2/introspect", data={"token": token}, headers=basic(client.client_id)
    )
    return answer.json()


async def allow(caller, project="depot", **rule: Any):
    stored = await caller.instance.store.project(project)
    values = {
        "actor": "orders-server",
        "subject_client": "spa",
        "audiences": ("parcels",),
        **rule,
    }
    rules = (*stored.token_exchange, ExchangeRule(**values))
    await caller.instance.change(stored, token_exchange=rules)


@pytest.mark.parametrize("client", [ORDERS, OPAQUE], ids=["jwt", "opaque"])
async def test_2_2_1_the_response(caller, token, client):
    answer = await good(caller, client, token, resource=STOCK, scope="stock.read")

    assert set(answer) == {
        *("access_token", "token_type", "expires_in", "scope", "issued_token_type")
    }
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert answer["scope"] == "stock.read"
    seen = await told(caller, ORDERS, answer["access_token"])
    assert (seen["sub"], seen["client_id"]) == ("user-alice", client.client_id)
    assert seen["aud"] == STOCK
    assert seen["act"] == {"sub": client.client_id}
    assert seen["acr"] == "urn:ostiary:acr:1fa"


async def test_s2_18_a_chain_of_three(caller, token):
    first = await good(caller, ORDERS, token, resource=STOCK)
    second = await good(caller, OPAQUE, first["access_token"], resource=STOCK)

    seen = await told(caller, ORDERS, second["access_token"])
    assert seen["act"] == {"sub": "opaque-server", "act": {"sub": "orders-server"}}
    (*_, event) = await caller.instance.events("token.issued")
    assert event.details == {"act": seen["act"]}
    assert (event.user_id, event.client_id) == ("user-alice", "opaque-server")


async def test_tx_05_a_chain_without_end(caller, token):
    for _ in range(4):
        token = (await good(caller, ORDERS, token, resource=STOCK))["access_token"]

    assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_request")


async def test_2_1_by_audience(caller, token):
    await caller.instance.add(make_client("stock-server", **SERVER))
    for name in ("stock", STOCK):
        answer = await good(caller, ORDERS, token, audience=name)
        assert (await told(caller, ORDERS, answer["access_token"]))["aud"] == STOCK
    # An application of type API stands for the APIs of its project.
    answer = await good(caller, ORDERS, token, audience="stock-server")
    seen = await told(caller, ORDERS, answer["access_token"])
    assert set(seen["aud"]) == {"https://orders.test", STOCK}


async def test_2_1_without_a_target_it_is_what_the_scopes_reach(caller, token):
    answer = await good(caller, ORDERS, token, scope="stock.read")
    assert (await told(caller, ORDERS, answer["access_token"]))["aud"] == STOCK


async def test_2_1_several_targets(caller, token):
    answer = await good(caller, ORDERS, token, resource=["https://orders.test", STOCK])
    assert set(answer["scope"].split()) == {"orders.read", "stock.read"}


class TestNarrowing:
    """Neither scope nor audience nor time get wider."""

    @pytest.mark.parametrize("scope", ["openid", "offline_access", "orders.write", "nonsense"])
    async def test_scopes(self, caller, token, scope):
        assert_refused(await exchange(caller, ORDERS, token, scope=scope), "invalid_scope")

    async def test_scopes_that_the_token_does_not_have(self, caller):
        token = await token_for(caller, scopes=("openid", "orders.read"))
        answer = await exchange(caller, ORDERS, token, scope="stock.read")
        assert_refused(answer, "invalid_scope")
        assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_target")

    async def test_scopes_that_the_client_may_not_have(self, caller, token):
        stored = await caller.instance.store.client("orders-server")
        await caller.instance.change(stored, allowed_scopes=("orders.read",))
        answer = await exchange(caller, ORDERS, token, scope="stock.read")
        assert_refused(answer, "invalid_scope")

    async def test_targets_that_do_not_exist(self, caller, token):
        for form in ({"resource": "https://evil.test"}, {"audience": "nobody"}):
            assert_refused(await exchange(caller, ORDERS, token, **form), "invalid_target")

    async def test_time(self, caller, token):
        caller.instance.clock.time += 250
        answer = await good(caller, ORDERS, token, resource=STOCK)
        assert answer["expires_in"] == 50

    async def test_what_is_left_over_of_the_scopes(self, caller, token):
        answer = await good(caller, ORDERS, token, resource=STOCK)
        assert answer["scope"] == "stock.read"


class TestSubjectTokens:
    """Whose tokens, and which."""

    async def test_rt_09_of_another_type(self, caller, token):
        for name in ("id_token", "refresh_token", "saml2", "nonsense"):
            kind = f"urn:ietf:params:oauth:token-type:{name}"
            answer = await exchange(caller, ORDERS, token, subject_token_type=kind)
            assert_refused(answer, "invalid_request")
            answer = await exchange(caller, ORDERS, token, requested_token_type=kind)
            assert_refused(answer, "invalid_request")

    async def test_rt_09_an_id_token_or_refresh_token_in_its_place(self, caller):
        code = await caller.code(SPA, scopes=SCOPES)
        tokens = (await caller.redeem(SPA, code)).json()
        for kind in ("id_token", "refresh_token"):
            answer = await exchange(caller, ORDERS, tokens[kind], resource=STOCK)
            assert_refused(answer, "invalid_request")

    async def test_3_a_jwt_is_another_name_for_it(self, caller, token):
        await good(caller, ORDERS, token, subject_token_type=JWT, requested_token_type=JWT)

    async def test_one_for_others(self, caller):
        token = await token_for(caller, resource="https://parcels.test")
        assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_request")

    async def test_ad_of_another_organization(self, caller, token):
        assert_refused(await exchange(caller, STRANGER, token), "invalid_request")

    async def test_that_has_expired(self, caller, token):
        caller.instance.clock.time += 300
        assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_request")

    async def test_of_the_client_itself(self, caller):
        own = await caller.send(ORDERS, {"grant_type": "client_credentials"})
        answer = await good(caller, ORDERS, own.json()["access_token"], resource=STOCK)
        seen = await told(caller, ORDERS, answer["access_token"])
        assert seen["sub"] == "orders-server"
        assert "auth_time" not in seen

    async def test_missing_parameters(self, caller, token):
        for name in ("subject_token", "subject_token_type"):
            assert_refused(await exchange(caller, ORDERS, token, **{name: None}), "invalid_request")
        for form in ({"actor_token": token}, {"actor_token_type": ACCESS_TOKEN}):
            assert_refused(await exchange(caller, ORDERS, token, **form), "invalid_request")


async def test_tx_01_who_may_not_exchange(caller, token):
    assert_refused(await exchange(caller, PLAIN, token), "unauthorized_client")
    assert_refused(await exchange(caller, SPA, token), "unauthorized_client")
    assert_refused(await exchange(caller, PUBLIC, token), "unauthorized_client")
    answer = await caller.post(
        {"grant_type": grant_type, "subject_token": token, "client_id": "orders-server"}, {}
    )
    assert_refused(answer, "invalid_client", 401)


async def test_rv_03_a_revoked_token_cannot_be_exchanged(caller, token):
    form = {"token": token, "client_id": "spa"}
    await good(caller, ORDERS, token, resource=STOCK)
    assert (await caller.http.post("/oauth/v2/revoke", data=form)).status_code == 200

    assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_request")


class TestEnds:
    """What ends the grant ends everything that came of it, however far down."""

    @pytest.fixture
    async def session(self, caller):
        return await caller.session()

    @pytest.fixture(params=[ORDERS, OPAQUE], ids=["jwt", "opaque"])
    async def exchanged(self, caller, session, request):
        scopes = ("openid", "stock.read", "orders.read")
        token = await token_for(caller, scopes=scopes, session=session)
        answer = await good(caller, request.param, token, resource=STOCK)
        assert (await told(caller, ORDERS, answer["access_token"]))["active"]
        return answer["access_token"]

    async def test_the_grant(self, caller, exchanged):
        event = (await caller.instance.events("token.issued"))[-1]
        await caller.instance.apply(RevokeGrant(event.grant_id, "test", event.at))
        assert await told(caller, ORDERS, exchanged) == {"active": False}

    async def test_the_session(self, caller, session, exchanged):
        now = caller.instance.clock.now()
        await caller.instance.apply(RevokeSession(session.id, "logout", now))
        assert await told(caller, ORDERS, exchanged) == {"active": False}

    async def test_the_client_that_it_was_granted_to(self, caller, exchanged):
        stored = await caller.instance.store.client("spa")
        await caller.instance.change(stored, state=ClientState.INACTIVE)
        assert await told(caller, ORDERS, exchanged) == {"active": False}


class TestRules:
    """Beyond its own project a client does what the project of the API says."""

    async def test_without_a_rule(self, caller, token):
        answer = await exchange(caller, ORDERS, token, resource="https://parcels.test")
        assert "token_exchange" in assert_refused(answer, "invalid_target")

    async def test_by_a_rule(self, caller, token):
        await allow(caller)
        answer = await good(caller, ORDERS, token, resource="https://parcels.test")
        seen = await told(caller, PARCELS, answer["access_token"])
        assert seen["act"] == {"sub": "orders-server"}

    @pytest.mark.parametrize(
        "rule",
        [
            {"actor": "opaque-server"},
            {"subject_client": "blog"},
            {"audiences": ("orders",)},
        ],
        ids=str,
    )
    async def test_a_rule_about_something_else(self, caller, token, rule):
        await allow(caller, **rule)
        answer = await exchange(caller, ORDERS, token, resource="https://parcels.test")
        assert_refused(answer, "invalid_target")

    async def test_tx_05_impersonation_by_a_rule_alone(self, caller, token):
        await allow(caller, mode=ExchangeMode.IMPERSONATION)
        answer = await good(caller, ORDERS, token, resource="https://parcels.test")
        seen = await told(caller, PARCELS, answer["access_token"])
        assert (seen["sub"], seen["client_id"]) == ("user-alice", "orders-server")
        assert "act" not in seen

    async def test_a_rule_takes_the_place_of_what_goes_without_one(self, caller, token):
        await allow(caller, project="store", audiences=("orders",))
        assert_refused(await exchange(caller, ORDERS, token, resource=STOCK), "invalid_target")


class TestActorTokens:
    """RFC 8693, 4.1: who acts may prove itself by a token of its own."""

    async def test_of_the_client(self, caller, token):
        own = await caller.send(ORDERS, {"grant_type": "client_credentials"})
        answer = await good(
            caller,
            ORDERS,
            token,
            actor_token=own.json()["access_token"],
            actor_token_type=ACCESS_TOKEN,
            resource=STOCK,
        )
        seen = await told(caller, ORDERS, answer["access_token"])
        assert seen["act"] == {"sub": "orders-server"}

    async def test_tx_05_of_somebody_else(self, caller, token):
        other = await caller.send(PLAIN, {"grant_type": "client_credentials"})
        for actor in (other.json()["access_token"], token, "nonsense"):
            answer = await exchange(
                caller,
                ORDERS,
                token,
                actor_token=actor,
                actor_token_type=ACCESS_TOKEN,
                resource=STOCK,
            )
            assert_refused(answer, "invalid_request")


async def test_tx_05_a_subject_cannot_be_asked_for(caller, token):
    answer = await good(caller, ORDERS, token, resource=STOCK, requested_subject="user-bob")
    assert (await told(caller, ORDERS, answer["access_token"]))["sub"] == "user-alice"


async def test_userinfo_is_not_reached(caller, token):
    answer = await good(caller, ORDERS, token, resource=STOCK)
    assert (await caller.userinfo(answer["access_token"])).status_code == 403


async def test_an_application_without_a_project_reaches_nothing_by_itself(caller, token):
    alone = msgspec.structs.replace(ORDERS, client_id="alone", project_id=None)
    await caller.instance.add(alone)
    assert_refused(await exchange(caller, alone, token, resource=STOCK), "invalid_request")
