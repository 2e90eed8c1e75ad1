"""Roles in tokens, and scopes that say what to put there (S1-28 to S1-31, S1-42, S1-43, G21)."""

import base64
import json

import pytest

from ostiary.model.client import AccessTokenType, AppType
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import Organization, Project, RoleAssignment, State
from support.instance import ISSUER, open_instance
from support.tokens import Caller, basic, make_client

WEB = make_client("web", allowed_scopes=("openid", "profile", "offline_access", "orders.read"))
OPAQUE = make_client("opaque", access_token_type=AccessTokenType.OPAQUE)
BARE = make_client("bare", allowed_scopes=("openid", "orders.read"))
ROLES = make_client("roles", id_token_role_assertion=True, access_token_role_assertion=True)
ASSERTING = make_client("asserting", id_token_userinfo_assertion=True)
SERVER = make_client("server", type=AppType.API, redirect_uris=(), project_id="depot")
PREFIXES = ["urn:zitadel:iam:", "urn:ostiary:iam:"]


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(
            Organization(id="globex", name="Globex"),
            Project(id="depot", organization_id="acme", name="Depot"),
            Project(id="gone", organization_id="acme", name="Gone", state=State.INACTIVE),
            Project(id="theirs", organization_id="globex", name="Theirs"),
        )
        await instance.add(WEB, OPAQUE, BARE, ROLES, ASSERTING, SERVER)
        await instance.add(
            RoleAssignment(
                id="a1",
                organization_id="acme",
                project_id="store",
                user_id="user-alice",
                roles=("buyer", "clerk"),
            ),
            RoleAssignment(
                id="a2",
                organization_id="acme",
                project_id="depot",
                user_id="user-alice",
                roles=("driver",),
            ),
        )
        await instance.change(
            await instance.user("alice"), metadata={"plan": "gold", "ümlaut": "größer"}
        )
        yield Caller(instance)


def domain_of(organization, domain):
    return VerifiedDomain(
        domain=domain, organization_id=organization, proof=DomainProof.DNS, verified_at=1
    )


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def authorize(caller, client="blog", **request):
    """Send a request as a browser that is signed in does; return where it is sent."""
    async with caller.instance.browser() as browser:
        flow = await browser.open_flow("blog")
        await browser.get((await browser.sign_in(flow=flow)).headers["location"])
        asked = {
            "client_id": client,
            "redirect_uri": f"https://{client}.test/cb",
            "response_type": "code",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
            **request,
        }
        return await browser.http.get("/oauth/v2/authorize", params=asked)


async def tokens(caller, client, *scopes):
    return await caller.tokens(client, scopes=("openid", *scopes))


async def userinfo(caller, answer):
    return (await caller.userinfo(answer["access_token"])).json()


class TestAudience:
    """S1-28: a project is added to the audience."""

    @pytest.mark.parametrize("prefix", PREFIXES)
    async def test_of_a_token(self, caller, prefix):
        answer = await tokens(caller, WEB, f"{prefix}org:project:id:depot:aud")
        assert set(claims(answer["access_token"])["aud"]) == {"depot", ISSUER}

    async def test_the_servers_of_the_project_know_it(self, caller):
        for client in (WEB, OPAQUE):
            answer = await tokens(caller, client, "urn:zitadel:iam:org:project:id:depot:aud")
            told = await caller.http.post(
                "/oauth/v2/introspect",
                data={"token": answer["access_token"]},
                headers=basic("server"),
            )
            assert told.json()["active"] is True

    async def test_it_needs_no_registration(self, caller):
        scope = "urn:zitadel:iam:org:project:id:depot:aud"
        answer = await authorize(caller, "bare", scope=f"openid {scope}")
        assert "code=" in answer.headers["location"]
        (event,) = (e for e in await caller.instance.events("code.issued") if e.client_id == "bare")
        assert event.details["scopes"] == ["openid", scope]

    @pytest.mark.parametrize("project", ["nothing", "gone", "theirs", "", "x" * 500])
    async def test_projects_that_cannot_be_meant_are_ignored(self, caller, project):
        scope = f"urn:zitadel:iam:org:project:id:{project}:aud"
        await authorize(caller, "bare", scope=f"openid {scope}")
        (event,) = (e for e in await caller.instance.events("code.issued") if e.client_id == "bare")
        assert event.details["scopes"] == ["openid"]

    async def test_a_refresh_keeps_it(self, caller):
        answer = await tokens(
            caller, WEB, "offline_access", "urn:zitadel:iam:org:project:id:depot:aud"
        )
        again = (await caller.refresh(WEB, answer["refresh_token"])).json()
        assert set(claims(again["access_token"])["aud"]) == {"depot", ISSUER}


class TestOrganization:
    """S1-29: only people of one organization may sign in."""

    @pytest.mark.parametrize("prefix", PREFIXES)
    async def test_somebody_of_it(self, caller, prefix):
        answer = await authorize(caller, scope=f"openid {prefix}org:id:acme")
        assert "code=" in answer.headers["location"]

    async def test_somebody_of_another_one_has_to_sign_in_anew(self, caller):
        answer = await authorize(caller, scope="openid urn:zitadel:iam:org:id:globex")
        assert answer.headers["location"].startswith("/login?")
        silent = await authorize(
            caller, scope="openid urn:zitadel:iam:org:id:globex", prompt="none"
        )
        assert "error=login_required" in silent.headers["location"]

    async def test_who_is_of_elsewhere_cannot_sign_in(self, caller):
        async with caller.instance.browser() as browser:
            asked = {
                "client_id": "blog",
                "redirect_uri": "https://blog.test/cb",
                "response_type": "code",
                "scope": "openid urn:zitadel:iam:org:id:globex",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256",
            }
            begun = await browser.http.get("/oauth/v2/authorize", params=asked)
            flow = begun.headers["location"].partition("flow=")[2]
            refused = await browser.sign_in(flow=flow)
            nobody = await browser.sign_in("nobody", flow=flow)
            assert (refused.status_code, nobody.status_code) == (403, 403)
            assert await browser.sessions() == []
        assert await caller.instance.events("code.issued") == []

    @pytest.mark.parametrize("organization", ["nothing", "x" * 500, "é"])
    async def test_one_that_does_not_exist_is_not_ignored(self, caller, organization):
        answer = await authorize(caller, scope=f"openid urn:zitadel:iam:org:id:{organization}")
        assert "error=invalid_scope" in answer.headers["location"]

    @pytest.mark.parametrize("prefix", PREFIXES)
    async def test_by_a_domain_that_is_proven(self, caller, prefix):
        await caller.instance.add(
            domain_of("acme", "acme.test"), domain_of("globex", "globex.test")
        )
        answer = await authorize(caller, scope=f"openid {prefix}org:domain:primary:acme.test")
        assert "code=" in answer.headers["location"]
        answer = await authorize(caller, scope=f"openid {prefix}org:domain:primary:Globex.test")
        assert answer.headers["location"].startswith("/login?")
        both = f"openid {prefix}org:id:acme {prefix}org:domain:primary:globex.test"
        assert "error=invalid_scope" in (await authorize(caller, scope=both)).headers["location"]

    async def test_by_a_domain_that_nobody_has_proven(self, caller):
        answer = await authorize(
            caller, scope="openid urn:zitadel:iam:org:domain:primary:acme.test"
        )
        assert "error=invalid_scope" in answer.headers["location"]

    async def test_two_at_once(self, caller):
        scope = "openid urn:zitadel:iam:org:id:acme urn:ostiary:iam:org:id:globex"
        assert "error=invalid_scope" in (await authorize(caller, scope=scope)).headers["location"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_s1_30_metadata(caller, prefix):
    answer = await tokens(caller, WEB, f"{prefix}user:metadata")
    told = await userinfo(caller, answer)
    encoded = told[f"{prefix}user:metadata"]
    decoded = {
        key: base64.urlsafe_b64decode(value + "==").decode() for key, value in encoded.items()
    }
    assert decoded == {"plan": "gold", "ümlaut": "größer"}
    assert f"{prefix}user:metadata" not in claims(answer["id_token"])


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_s1_31_the_resource_owner(caller, prefix):
    told = await userinfo(caller, await tokens(caller, WEB, f"{prefix}user:resourceowner"))
    name = f"{prefix}user:resourceowner:"
    assert {key: value for key, value in told.items() if key.startswith(name)} == {
        f"{name}id": "acme",
        f"{name}name": "ACME",
        f"{name}primary_domain": "acme.test",
    }


async def test_s1_44_both_are_in_the_id_token_where_the_application_wants_them(caller):
    scopes = ("urn:zitadel:iam:user:metadata", "urn:zitadel:iam:user:resourceowner")
    told = claims((await tokens(caller, ASSERTING, *scopes))["id_token"])
    assert told["urn:zitadel:iam:user:resourceowner:id"] == "acme"
    assert set(told["urn:zitadel:iam:user:metadata"]) == {"plan", "ümlaut"}


@pytest.mark.parametrize("kind", ["user:metadata", "user:resourceowner", "org:projects:roles"])
async def test_what_tells_of_a_person_is_for_who_may_ask_for_their_profile(caller, kind):
    scope = f"urn:zitadel:iam:{kind}"
    answer = await authorize(caller, "bare", scope=f"openid {scope}")
    assert "error=invalid_scope" in answer.headers["location"]
    good = await authorize(caller, "web", scope=f"openid {scope}")
    assert "code=" in good.headers["location"]


class TestRoles:
    """S1-42, S1-43: roles of the application's project, where it wants them."""

    async def test_asserted(self, caller):
        answer = await tokens(caller, ROLES)
        for told in (
            claims(answer["id_token"]),
            claims(answer["access_token"]),
            await userinfo(caller, answer),
        ):
            assert told["roles"] == ["buyer", "clerk"]

    async def test_nowhere_by_default(self, caller):
        answer = await tokens(caller, WEB, "profile")
        for told in (
            claims(answer["id_token"]),
            claims(answer["access_token"]),
            await userinfo(caller, answer),
        ):
            assert "roles" not in told
            assert not [name for name in told if name.startswith("urn:")]

    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize("name", ["org:projects:roles", "org:project:roles"])
    async def test_by_scope(self, caller, prefix, name):
        answer = await tokens(caller, WEB, f"{prefix}{name}")
        expected = {"buyer": {"acme": "acme.test"}, "clerk": {"acme": "acme.test"}}
        for told in (claims(answer["id_token"]), await userinfo(caller, answer)):
            assert told[f"{prefix}org:project:roles"] == expected
            assert "roles" not in told
        assert f"{prefix}org:project:roles" not in claims(answer["access_token"])

    async def test_at_introspection(self, caller):
        answer = await tokens(caller, ROLES)
        told = await caller.http.post(
            "/oauth/v2/introspect",
            data={"token": answer["access_token"]},
            headers=basic("roles"),
        )
        assert told.json()["roles"] == ["buyer", "clerk"]

    async def test_of_somebody_without_any(self, caller):
        session = await caller.session()
        (assignment,) = await caller.instance.store.role_assignments("store", "user-alice")
        await caller.instance.change(assignment, roles=())
        answer = await caller.tokens(ROLES, session=session, scopes=("openid",))
        assert claims(answer["id_token"])["roles"] == []

    async def test_a_change_is_seen_by_the_next_token(self, caller):
        answer = await tokens(caller, ROLES, "offline_access")
        (assignment,) = await caller.instance.store.role_assignments("store", "user-alice")
        await caller.instance.change(assignment, roles=("clerk",))
        again = (await caller.refresh(ROLES, answer["refresh_token"])).json()
        assert claims(again["id_token"])["roles"] == ["clerk"]

    async def test_a_machine_has_none(self, caller):
        answer = await caller.send(ROLES, {"grant_type": "client_credentials"})
        assert "roles" not in claims(answer.json()["access_token"])


class TestGroupsAndGrants:
    """Roles by groups and by project grants, and the claim `groups`."""

    async def test_roles_by_a_group_and_by_a_grant_name_who_gave_them(self, caller):
        instance = caller.instance
        await instance.add(
            Group(id="g1", organization_id="acme", key="staff"),
            GroupMember(group_id="g1", user_id="user-alice"),
            Membership(organization_id="globex", user_id="user-alice"),
            ProjectGrant(
                id="pg",
                project_id="store",
                organization_id="acme",
                granted_organization_id="globex",
                roles=("clerk", "guest"),
            ),
            RoleAssignment(
                id="a3",
                organization_id="acme",
                project_id="store",
                user_id="g1",
                of_group=True,
                roles=("boss",),
            ),
            RoleAssignment(
                id="a4",
                organization_id="globex",
                project_id="store",
                user_id="user-alice",
                grant_id="pg",
                roles=("clerk", "guest", "boss"),
            ),
        )
        scope = "urn:zitadel:iam:org:projects:roles"
        answer = await tokens(caller, ROLES, "profile", scope)
        access = claims(answer["access_token"])
        assert access["roles"] == ["buyer", "clerk", "boss", "guest"]
        assert access["urn:zitadel:iam:org:project:roles"] == {
            "buyer": {"acme": "acme.test"},
            "clerk": {"acme": "acme.test", "globex": ""},
            "boss": {"acme": "acme.test"},
            "guest": {"globex": ""},
        }

    async def test_groups_are_told_where_the_application_asks(self, caller):
        instance = caller.instance
        grouped = make_client("grouped", groups_assertion=True)
        opaque = make_client(
            "grouped-opaque",
            groups_assertion=True,
            access_token_type=AccessTokenType.OPAQUE,
        )
        await instance.add(
            grouped,
            opaque,
            Group(id="g1", organization_id="acme", key="staff"),
            Group(id="g2", organization_id="globex", key="admins"),
            GroupMember(group_id="g1", user_id="user-alice"),
            GroupMember(group_id="g2", user_id="user-alice"),
            Membership(organization_id="globex", user_id="user-alice"),
        )
        answer = await tokens(caller, grouped)
        for told in (
            claims(answer["access_token"]),
            claims(answer["id_token"]),
            await userinfo(caller, answer),
        ):
            # Groups of other organizations mean nothing to this application.
            assert told["groups"] == ["staff"]
            assert "roles" not in told
        answer = await tokens(caller, opaque)
        told = await caller.http.post(
            "/oauth/v2/introspect",
            data={"token": answer["access_token"]},
            headers=basic("grouped-opaque"),
        )
        assert told.json()["groups"] == ["staff"]
        answer = await tokens(caller, WEB)
        assert "groups" not in await userinfo(caller, answer)
