"""A preview of tokens says what tokens then say, and why."""

import json as standard
from typing import Any

import pytest

from ostiary.jose import base64url, json
from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.organization import Project, Role, RoleAssignment
from ostiary.model.user import Profile
from support.account import application, connect, userinfo
from support.console import fill_in, open_console, text_of
from support.instance import open_instance
from support.management import World, open_world, problem

LATER = {"jti", "sid", "grant_id", "at_hash"}
SCOPES = ("openid", "profile", "email", "urn:zitadel:iam:user:metadata")


@pytest.fixture
async def instance(tmp_path):
    """An application that is told of roles, and Alice, who has one and administers everything."""
    async with open_instance(tmp_path) as instance:
        project = await instance.store.read_project("store")
        await instance.change(project, roles=(Role(key="clerk", name="Clerk"),))
        notes = application(
            "notes",
            id_token_role_assertion=True,
            id_token_userinfo_assertion=True,
            access_token_role_assertion=True,
            clock_skew=3,
            allowed_scopes=("openid", "profile", "email", "orders.read"),
        )
        assigned = RoleAssignment(
            id="assigned",
            user_id="user-alice",
            project_id="store",
            organization_id="acme",
            roles=("clerk",),
        )
        owner = Administrator(
            id="owner", user_id="user-alice", role=AdministratorRole.INSTANCE_OWNER
        )
        await instance.add(notes, assigned, owner)
        alice = await instance.user("alice")
        profile = Profile(given_name="Alice", family_name="Adams")
        await instance.change(alice, profile=profile, metadata={"plan": "gold"})
        yield instance


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JWT tells."""
    found: dict[str, Any] = json.parse_object(base64url.decode(token.split(".")[1]))
    return found


async def test_it_says_what_tokens_say(instance) -> None:
    assert isinstance(await instance.store.read_project("store"), Project)
    browser = instance.browser()
    tokens = await connect(browser, "notes", " ".join((*SCOPES, "orders.read")))
    told = (await userinfo(instance, tokens)).json()
    await open_console(browser)
    page = await fill_in(
        browser,
        "/console/do/preview_tokens?client_id=notes",
        user="alice",
        scopes="\n".join((*SCOPES, "orders.read")),
    )
    assert page.status_code == 200
    shown = text_of(page)
    for claims in (claims_of(tokens["id_token"]), claims_of(tokens["access_token"]), told):
        for name, value in claims.items():
            if name not in LATER:
                text = json_of(value)
                assert f"{name} {text}" in shown, (name, text)
    assert "setting id_token_role_assertion" in shown
    assert "setting access_token_role_assertion" in shown
    assert "setting clock_skew" in shown
    assert "scope profile" in shown
    assert await instance.events("account.exported") == []


def json_of(value: Any) -> str:
    """Return a value as the page writes it."""
    return " ".join(standard.dumps(value, ensure_ascii=False).split())


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


class TestApi:
    async def call(self, world: World, token: str, **body: Any):
        return await world.call("POST", "/applications/t1-web/token-preview", token, body)

    async def test_without_openid_there_is_an_access_token_only(self, world) -> None:
        token = await world.administrator("org_viewer")
        answer = await self.call(world, token, user="t1-alice", scopes=[])
        found = answer.json()
        assert (found["id_token_claims"], found["userinfo_claims"]) == ([], [])
        assert "client_id" in {one["name"] for one in found["access_token_claims"]}

    async def test_a_scope_that_the_application_may_not_ask_for(self, world) -> None:
        token = await world.administrator("org_viewer")
        answer = await self.call(world, token, user="t1-alice", scopes=["openid", "nonsense"])
        assert problem(answer, 400, "invalid")["errors"][0]["pointer"] == "/scopes/1"

    async def test_ad_01_of_people_elsewhere_nothing_is_told(self, world) -> None:
        token = await world.administrator("org_owner")
        problem(await self.call(world, token, user="t2-alice"), 404, "not_found")
        other = await world.administrator("project_owner")
        problem(await self.call(world, other, user="t1-alice"), 404, "not_found")
