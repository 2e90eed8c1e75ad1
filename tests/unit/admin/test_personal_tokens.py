"""Personal access tokens: who may have which."""

import pytest

from ostiary.admin import apis, clients, instance, personal_tokens, service_accounts, users
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.apis import ApiFields
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid, NotAllowed, NotFound
from ostiary.admin.instance import InstanceFields
from ostiary.admin.personal_tokens import PersonalTokenFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.client import ClientKind
from support.desk import ISSUER, NOW


@pytest.fixture
async def place(admin, actor, acme):
    audience = "https://orders.acme.test"
    await apis.create(
        admin,
        actor,
        "shop",
        decode(ApiFields, {"id": "orders", "audience": audience, "scopes": ["orders.read"]}),
    )
    await service_accounts.create(
        admin, actor, "acme", ServiceAccountFields(id="robot", allowed_scopes=("orders.read",))
    )
    return audience


async def allow(admin, actor, **values):
    policies = {"policies": {"personal_tokens": {"users": True, **values}}}
    await instance.update(admin, actor, decode(InstanceFields, policies))


def robot(**fields):
    return PersonalTokenFields(service_account="robot", **{"scopes": ("orders.read",)} | fields)


async def test_a_token_is_shown_once_and_kept_as_a_digest(admin, actor, place, desk):
    made = await personal_tokens.create(admin, actor, robot(name="Backup", lifetime=3600))
    assert made.text.startswith("ost_pat_")
    assert made.text not in repr(made) + repr(made.token) + str(desk.events)
    assert (made.token.audience, made.token.expires_at) == ((place,), NOW + 3600)
    assert await personal_tokens.list_all(admin, actor, "robot") == (made.token,)
    assert desk.events[-1].type == "personal_token.created"
    await personal_tokens.revoke(admin, actor, made.token.id)
    assert await personal_tokens.list_all(admin, actor, "robot") == ()
    assert desk.events[-1].type == "personal_token.revoked"
    with pytest.raises(NotFound):
        await personal_tokens.revoke(admin, actor, made.token.id)


async def test_people_have_them_only_where_the_policy_says_so(admin, actor, place):
    await users.create(admin, actor, "acme", UserFields(username="alice"))
    asked = PersonalTokenFields(user="alice", scopes=("openid", "orders.read"))
    with pytest.raises(NotAllowed, match=r"personal_tokens\.users"):
        await personal_tokens.create(admin, actor, asked)
    await allow(admin, actor)
    made = await personal_tokens.create(admin, actor, asked)
    assert made.token.audience == (place, ISSUER)
    managing = PersonalTokenFields(user="alice", scopes=("urn:ostiary:api",))
    made = await personal_tokens.create(admin, actor, managing)
    assert made.token.audience == (f"{ISSUER}/api/v1",)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"scopes": ()}, "scopes"),
        ({"scopes": ("orders.write",)}, "scopes[0]"),
        ({"scopes": ("openid",)}, "scopes[0]"),
        ({"scopes": ("urn:ostiary:api",)}, "scopes[0]"),
        ({"name": "a\u202eb"}, "name"),
        ({"lifetime": 1}, "lifetime"),
        ({"lifetime": 366 * 86400}, "lifetime"),
        ({"user": "alice"}, "user"),
    ],
)
async def test_tokens_that_cannot_be(admin, actor, place, fields, path):
    with pytest.raises(Invalid) as error:
        await personal_tokens.create(admin, actor, robot(**fields))
    assert [problem.path for problem in error.value.problems] == [path]


async def test_there_are_not_many(admin, actor, place):
    for _ in range(personal_tokens.MAX_TOKENS):
        await personal_tokens.create(admin, actor, robot())
    with pytest.raises(Invalid, match="revoke one first"):
        await personal_tokens.create(admin, actor, robot())


async def test_ad_01_tokens_of_others_do_not_exist(admin, actor, place):
    made = await personal_tokens.create(admin, actor, robot())
    owner = Holding(role=AdministratorRole.ORG_OWNER, organization_id="globex")
    stranger = Actor(type="user", id="mallory", holds=(owner,))
    for work in (
        personal_tokens.create(admin, stranger, robot()),
        personal_tokens.revoke(admin, stranger, made.token.id),
        personal_tokens.list_all(admin, stranger, "robot"),
    ):
        with pytest.raises(NotFound):
            await work


async def test_who_is_deleted_takes_the_tokens_along(admin, actor, place):
    made = await personal_tokens.create(admin, actor, robot())
    await clients.delete(admin, actor, "robot", kind=ClientKind.SERVICE_ACCOUNT)
    assert await admin.store.personal_token(made.token.digest) is None
