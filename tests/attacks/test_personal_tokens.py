"""Personal access tokens where access tokens are taken (AD-22): good while their owner is."""

import pytest

from ostiary.model.client import AppType, ClientKind, ClientState
from ostiary.model.organization import State
from ostiary.model.personal_token import PersonalToken
from ostiary.model.user import UserState
from ostiary.oauth import handle
from ostiary.oauth.effects import Delete, Insert
from ostiary.oauth.handle import Kind
from support.instance import ENTROPY, ISSUER, open_instance
from support.jose import NOW
from support.tokens import Caller, assert_refused, basic, make_client

INTROSPECT, REVOKE = "/oauth/v2/introspect", "/oauth/v2/revoke"
ORDERS = make_client("orders-api", type=AppType.API, redirect_uris=())
OTHER = make_client("other-api", type=AppType.API, redirect_uris=(), project_id=None)
ROBOT = make_client(
    "robot",
    type=AppType.API,
    kind=ClientKind.SERVICE_ACCOUNT,
    redirect_uris=(),
    project_id=None,
    allowed_scopes=("orders.read",),
)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(ORDERS, OTHER, ROBOT)
        await allow(instance)
        yield Caller(instance)


async def allow(instance, *, users=True):
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies={"personal_tokens": {"users": users}})


async def give(caller, owner="user-alice", **fields):
    text = handle.make(Kind.PERSONAL_TOKEN, ENTROPY)
    token = PersonalToken(
        **{
            "digest": handle.digest(text),
            "id": f"token-{text[8:16]}",
            "user_id": owner,
            "organization_id": "acme",
            "name": "Backup",
            "scopes": ("openid", "profile", "orders.read"),
            "audience": ("https://orders.test", ISSUER),
            "created_at": NOW,
            "expires_at": NOW + 3600,
            **fields,
        }
    )
    await caller.instance.add(token)
    return text


async def ask(caller, token, asker="orders-api"):
    answer = await caller.http.post(INTROSPECT, data={"token": token}, headers=basic(asker))
    assert answer.status_code == 200
    return answer.json()


async def test_of_a_person(caller):
    token = await give(caller)
    told = await ask(caller, token)
    assert {name: told[name] for name in ("active", "sub", "scope", "token_type", "username")} == {
        "active": True,
        "sub": "user-alice",
        "scope": "openid profile orders.read",
        "token_type": "Bearer",
        "username": "alice",
    }
    # Nobody signed in for it.
    assert not {"auth_time", "acr", "amr"} & set(told)
    answer = await caller.userinfo(token)
    assert (answer.json()["sub"], answer.json()["given_name"]) == ("user-alice", "Alice")


async def test_of_a_service_account(caller):
    token = await give(caller, "robot", scopes=("orders.read",), audience=("https://orders.test",))
    told = await ask(caller, token)
    assert (told["sub"], told["client_id"], told["scope"]) == ("robot", "robot", "orders.read")
    assert (await caller.userinfo(token)).status_code == 403


async def test_servers_that_it_is_not_for_know_nothing(caller):
    assert await ask(caller, await give(caller), "other-api") == {"active": False}


async def lock(instance):
    await instance.change(await instance.user("alice"), state=UserState.LOCKED)


async def delete(instance):
    await instance.change(await instance.user("alice"), state=UserState.DELETED)


async def new_password(instance):
    await instance.change(await instance.user("alice"), credentials_changed_at=NOW + 1)


async def shut(instance):
    await instance.change(await instance.store.read_organization("acme"), state=State.INACTIVE)


async def forbid(instance):
    await allow(instance, users=False)


async def age(instance):
    instance.clock.time = NOW + 3600


async def take_back(instance):
    (token,) = await instance.store.list_personal_tokens("user-alice", "", 5)
    await instance.apply(Delete(PersonalToken, token.digest))


@pytest.mark.parametrize(
    "end", [lock, delete, new_password, forbid, age, take_back], ids=lambda end: end.__name__
)
async def test_ad_22_it_ends_with_its_owner(caller, end):
    token = await give(caller)
    assert (await ask(caller, token))["active"] is True
    await end(caller.instance)
    await caller.instance.store.revalidate()
    assert await ask(caller, token) == {"active": False}
    assert (await caller.userinfo(token)).status_code == 401


async def test_ad_22_nobody_of_an_organization_that_is_shut(caller):
    token = await give(caller)
    await shut(caller.instance)
    assert (await caller.userinfo(token)).status_code == 401


async def test_ad_22_an_account_that_may_do_less_takes_its_tokens_along(caller):
    instance = caller.instance
    token = await give(caller, "robot", scopes=("orders.read",), audience=("https://orders.test",))
    await instance.change(await instance.store.read_client("robot"), allowed_scopes=())
    told = await ask(caller, token)
    assert "scope" not in told
    await instance.change(await instance.store.read_client("robot"), state=ClientState.INACTIVE)
    assert await ask(caller, token) == {"active": False}


async def test_applications_have_none(caller):
    token = await give(caller, "orders-api", scopes=("orders.read",))
    assert await ask(caller, token) == {"active": False}
    assert await ask(caller, await give(caller, "nobody")) == {"active": False}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.swapcase(),
        lambda text: text.replace("ost_pat_", "ost_at_"),
        lambda text: text[:20] + ("0" if text[20] != "0" else "1") + text[21:],
        lambda text: "ost_pat_",
        lambda text: handle.seal(Kind.PERSONAL_TOKEN, "0" * 43),
    ],
)
async def test_rt_06_only_the_whole_text_counts(caller, spoil):
    token = await give(caller)
    assert await ask(caller, spoil(token)) == {"active": False}


async def test_when_it_was_used_last_is_known_to_the_hour(caller):
    instance = caller.instance
    token = await give(caller)

    async def used():
        (found,) = await instance.store.list_personal_tokens("user-alice", "", 5)
        return found.last_used_at

    assert await used() is None
    instance.clock.time = NOW + 10
    await ask(caller, token)
    assert await used() == NOW + 10
    instance.clock.time = NOW + 3000
    await caller.userinfo(token)
    assert await used() == NOW + 10
    await ask(caller, "ost_pat_" + "0" * 49)
    assert await used() == NOW + 10


async def test_an_account_takes_its_own_back(caller):
    token = await give(caller, "robot", scopes=("orders.read",))
    answer = await caller.http.post(REVOKE, data={"token": token}, headers=basic("robot"))
    assert answer.status_code == 200
    assert await caller.instance.store.list_personal_tokens("robot", "", 5) == ()
    persons = await give(caller)
    refused = await caller.http.post(REVOKE, data={"token": persons}, headers=basic("robot"))
    assert refused.status_code == 400
    assert (await ask(caller, persons))["active"] is True


async def test_it_is_not_exchanged(caller):
    web = make_client(
        "web",
        grant_types=("urn:ietf:params:oauth:grant-type:token-exchange",),
        type=AppType.API,
        redirect_uris=(),
        allowed_scopes=("orders.read",),
    )
    await caller.instance.apply(Insert(web))
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": await give(caller),
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    told = assert_refused(await caller.send(web, form), "invalid_request")
    assert "personal access tokens are not exchanged" in told


async def test_ad_22_a_scope_that_is_gone_from_its_api_is_gone_from_the_token(caller):
    instance = caller.instance
    token = await give(caller)
    (api,) = await instance.store.list_apis("acme", None, "", 5)
    await instance.change(api, scopes=("orders.write",))
    await instance.store.revalidate()
    told = await ask(caller, token)
    assert told["scope"] == "openid profile"
    # It comes back with the scope.
    await instance.change(await instance.store.read_api(api.id), scopes=("orders.read",))
    await instance.store.revalidate()
    assert (await ask(caller, token))["scope"] == "openid profile orders.read"
