"""Somebody who belongs to several organizations says which one they act for (W17)."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from ostiary.admin import memberships
from ostiary.admin.actor import operator
from ostiary.admin.store import Admin
from ostiary.login.errors import WrongCredentials
from ostiary.login.factors.password import PasswordFactor, Visitor
from ostiary.model.client import AccessTokenType, AppType, Legacy
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.event import Source
from ostiary.model.membership import Membership, ProjectGrant
from ostiary.model.organization import Organization, RoleAssignment, State
from ostiary.oauth.effects import Delete, Insert
from ostiary.oauth.grants.device_code import grant_type as device_grant
from support.factors import Person
from support.instance import ENTROPY, ISSUER, PASSWORD, Recorder, hidden, open_instance
from support.tokens import Caller, assert_refused, basic, make_client

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
OWN, TWIN = "urn:ostiary:iam:", "urn:zitadel:iam:"
AWARE = make_client(
    "aware",
    client_name="Aware",
    organization_assertion=True,
    access_token_role_assertion=True,
)
OPAQUE = make_client(
    "opaque-aware", organization_assertion=True, access_token_type=AccessTokenType.OPAQUE
)
CONSENTING = make_client("consenting", organization_assertion=True, require_consent=True)
GLOBEX = Organization(id="globex", name="Globex <Inc>", domains=("globex.test",))
INITECH = Organization(id="initech", name="Initech")
JOINED_AT = 1_700_000_000


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(AWARE, OPAQUE, CONSENTING, GLOBEX, INITECH)
        await instance.add(
            *(
                Membership(organization_id=one, user_id="user-alice", created_at=JOINED_AT)
                for one in ("globex", "initech")
            ),
            VerifiedDomain(
                domain="globex.test",
                organization_id="globex",
                proof=DomainProof.DNS,
                verified_at=JOINED_AT,
            ),
        )
        await instance.add_user("bob", email="bob@acme.test")
        await instance.add_user("gina", organization_id="globex")
        yield instance


async def ask(browser, client="aware", **request):
    """Send an authorization request as a browser does; follow it to a page or to the client."""
    asked = {
        "client_id": client,
        "redirect_uri": f"https://{client}.test/cb",
        "response_type": "code",
        "scope": "openid profile offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **request,
    }
    return await follow(browser, await browser.http.get("/oauth/v2/authorize", params=asked))


async def follow(browser, answer):
    while answer.status_code == 303 and answer.headers["location"].startswith(("/", ISSUER)):
        answer = await browser.get(answer.headers["location"])
    return answer


async def enter(browser, page, username="alice"):
    form = {**hidden(page), "username": username, "password": PASSWORD}
    return await follow(browser, await browser.post(str(page.url), form))


async def choose(browser, page, organization):
    form = {**hidden(page), "organization": organization}
    return await follow(browser, await browser.post(str(page.url), form))


def returned(answer):
    assert answer.status_code == 303, answer.text
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def redeem(instance, answer, client=AWARE):
    told = await Caller(instance).redeem(client, returned(answer)["code"])
    assert told.status_code == 200, told.text
    return told.json()


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def introspect(instance, token, client="aware"):
    answer = await Caller(instance).http.post(
        "/oauth/v2/introspect", data={"token": token}, headers=basic(client)
    )
    return answer.json()


async def granted(instance, organization="globex", client=AWARE):
    """Have Alice sign in and choose; return the tokens."""
    async with instance.browser() as browser:
        page = await enter(browser, await ask(browser, client.client_id))
        return await redeem(instance, await choose(browser, page, organization), client)


def administer(instance):
    return Admin(
        issuer=ISSUER,
        store=instance.store,
        clock=instance.clock,
        entropy=ENTROPY,
        hash_password=None,
        check_address=None,
        keys=instance.idp.keys,
    )


class TestChoice:
    """The page, and what the application is told."""

    async def test_w17_a_person_of_several_organizations_chooses_one(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser, nonce="n"))
            assert page.url.path == "/login/organization"
            assert "Choose an organization" in page.text
            names = [page.text.index(name) for name in ("ACME", "Globex &lt;Inc&gt;", "Initech")]
            assert names == sorted(names)
            assert "<script" not in page.text
            answer = await redeem(instance, await choose(browser, page, "globex"))
        expected = {
            f"{OWN}org:id": "globex",
            f"{OWN}org:name": "Globex <Inc>",
            f"{OWN}org:primary_domain": "globex.test",
        }
        told = await Caller(instance).userinfo(answer["access_token"])
        for found in (
            claims(answer["id_token"]),
            claims(answer["access_token"]),
            told.json(),
            await introspect(instance, answer["access_token"]),
        ):
            assert {k: v for k, v in found.items() if ":org:" in k} == expected
        # The choice stays with the grant.
        again = (await Caller(instance).refresh(AWARE, answer["refresh_token"])).json()
        assert claims(again["id_token"])[f"{OWN}org:id"] == "globex"
        assert claims(again["access_token"])[f"{OWN}org:id"] == "globex"

    async def test_opaque_tokens_tell_it_too(self, instance):
        answer = await granted(instance, "initech", OPAQUE)
        told = await introspect(instance, answer["access_token"], "opaque-aware")
        assert told[f"{OWN}org:id"] == "initech"
        assert f"{OWN}org:primary_domain" not in told

    async def test_whoever_belongs_to_one_is_not_asked(self, instance):
        async with instance.browser() as browser:
            answer = await enter(browser, await ask(browser), "bob")
            told = claims((await redeem(instance, answer))["id_token"])
        assert told[f"{OWN}org:id"] == "acme"

    async def test_other_applications_ask_nobody_and_are_told_nothing(self, instance):
        async with instance.browser() as browser:
            answer = await enter(browser, await ask(browser, "blog"))
            assert "code" in returned(answer)
        (grant,) = await instance.store.list_grants_of_user("user-alice", "", 10)
        assert grant.acting_organization_id is None

    async def test_each_request_asks_anew(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            await choose(browser, page, "globex")
            page = await ask(browser)
            assert page.url.path == "/login/organization"
            told = await redeem(instance, await choose(browser, page, "acme"))
        assert claims(told["id_token"])[f"{OWN}org:id"] == "acme"

    async def test_prompt_none_cannot_ask_unless_a_scope_names_it(self, instance):
        async with instance.browser() as browser:
            await enter(browser, await ask(browser))
            refused = returned(await ask(browser, prompt="none"))
            assert refused["error"] == "interaction_required"
            assert "scope" in refused["error_description"]
            scope = f"openid {OWN}org:id:globex"
            answer = await ask(browser, prompt="none", scope=scope)
            told = claims((await redeem(instance, answer))["id_token"])
        assert told[f"{OWN}org:id"] == "globex"

    async def test_consent_says_for_whom_and_leads_back(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser, "consenting"))
            page = await choose(browser, page, "globex")
            assert page.url.path == "/consent"
            assert "<strong>Globex &lt;Inc&gt;</strong>" in page.text
            back = page.text.partition('href="/login/organization')[2].partition('"')[0]
            page = await browser.get("/login/organization" + back.replace("&amp;", "&"))
            page = await choose(browser, page, "acme")
            sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
            told = await redeem(instance, await follow(browser, sent), CONSENTING)
        assert claims(told["id_token"])[f"{OWN}org:id"] == "acme"

    async def test_roles_of_other_organizations_stay_out(self, instance):
        await instance.add(
            ProjectGrant(
                id="pg1",
                project_id="store",
                organization_id="acme",
                granted_organization_id="globex",
                roles=("boss",),
            ),
            ProjectGrant(
                id="pg2",
                project_id="store",
                organization_id="acme",
                granted_organization_id="initech",
                roles=("guest",),
            ),
            *(
                RoleAssignment(
                    id=f"a-{giver}",
                    organization_id=giver,
                    project_id="store",
                    user_id="user-alice",
                    grant_id=by,
                    roles=(role,),
                )
                for giver, by, role in (
                    ("acme", None, "buyer"),
                    ("globex", "pg1", "boss"),
                    ("initech", "pg2", "guest"),
                )
            ),
        )
        for chosen, roles in (
            ("globex", {"buyer", "boss"}),
            ("initech", {"buyer", "guest"}),
            ("acme", {"buyer"}),
        ):
            told = claims((await granted(instance, chosen))["access_token"])
            assert set(told["roles"]) == roles


class TestForgedChoice:
    """Nobody acts for an organization that they do not belong to."""

    async def test_ad_02_of_an_organization_of_others(self, instance):
        await instance.add(Organization(id="umbrella", name="Umbrella"))
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            for wrong in ("umbrella", "nothing", "", "globex/", "x" * 5000):
                answer = await choose(browser, page, wrong)
                assert answer.status_code == 409, wrong
                assert "cannot act for that organization" in answer.text
            assert "Umbrella" not in answer.text
        assert await instance.store.list_grants_of_user("user-alice", "", 10) == ()

    async def test_of_somebody_else_in_the_same_flow(self, instance):
        """What one person chose in a browser is not the choice of the next one."""
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser, "consenting"))
            page = await choose(browser, page, "globex")
            assert page.url.path == "/consent"
            flow = parse_qs(page.url.query.decode())["flow"][0]
            other = await browser.get(f"/login?flow={flow}&account=other")
            page = await enter(browser, other, "bob")
            assert "Globex" not in page.text
            sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
            told = await redeem(instance, await follow(browser, sent), CONSENTING)
        assert claims(told["id_token"])[f"{OWN}org:id"] == "acme"

    async def test_without_the_token_of_the_form(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            answer = await browser.post(str(page.url), {"organization": "globex"})
            assert answer.status_code == 403

    async def test_where_somebody_belongs_is_shown_to_nobody_else(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("aware")
            page = await browser.get(f"/login/organization?flow={flow}")
            assert page.status_code == 303
            assert "/login/organization" not in (await follow(browser, page)).url.path

    async def test_mf_01_not_with_the_password_alone_of_somebody_with_two_factors(self, instance):
        """Whoever knows a password only is not told where its owner works."""
        async with instance.browser() as browser:
            person = await Person.begin(browser, prompts=("enrol",))
            await person.sign_in()
            await person.enrol_totp()
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            assert page.url.path == "/login/totp"
            flow = parse_qs(page.url.query.decode())["flow"][0]
            shown = await browser.get(f"/login/organization?flow={flow}")
            assert shown.status_code == 303
            sent = await browser.post(f"/login/organization?flow={flow}", {"organization": "acme"})
            assert sent.status_code == 303


class TestEnd:
    """What was granted for an organization ends with it, on every path."""

    async def tokens_fail(self, instance, answer, client=AWARE):
        caller = Caller(instance)
        assert (await caller.userinfo(answer["access_token"])).status_code == 401
        told = await introspect(instance, answer["access_token"], client.client_id)
        assert told == {"active": False}
        assert_refused(await caller.refresh(client, answer["refresh_token"]), "invalid_grant")

    @pytest.mark.parametrize("client", [AWARE, OPAQUE], ids=["jwt", "opaque"])
    async def test_rt_07_with_the_membership(self, instance, client):
        answer = await granted(instance, "globex", client)
        other = await granted(instance, "initech", client)
        admin = administer(instance)
        await memberships.remove(admin, operator("tester"), "globex", "user-alice")
        await self.tokens_fail(instance, answer, client)
        assert (await Caller(instance).userinfo(other["access_token"])).status_code == 200
        # Nor does it come back with a new membership.
        await instance.add(
            Membership(
                organization_id="globex",
                user_id="user-alice",
                created_at=instance.clock.now() + 1,
            )
        )
        await self.tokens_fail(instance, answer, client)
        ended = [
            (one.acting_organization_id, one.revoked_reason)
            for one in await instance.store.list_grants_of_user("user-alice", "", 10)
        ]
        assert ("globex", "membership_ended") in ended
        assert ("initech", None) in ended

    @pytest.mark.parametrize("client", [AWARE, OPAQUE], ids=["jwt", "opaque"])
    async def test_se_06_while_the_organization_is_suspended(self, instance, client):
        answer = await granted(instance, "globex", client)
        found = await instance.store.read_organization("globex")
        await instance.change(found, state=State.INACTIVE)
        await self.tokens_fail(instance, answer, client)

    async def test_a_grant_that_was_made_at_the_same_moment_is_worth_nothing(self, instance):
        """The membership is looked at with every use, whatever was revoked."""
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            code = await choose(browser, page, "globex")
            await instance.apply(Delete(Membership, ("globex", "user-alice")))
            assert_refused(
                await Caller(instance).redeem(AWARE, returned(code)["code"]), "invalid_grant"
            )
            again = Membership(
                organization_id="globex",
                user_id="user-alice",
                created_at=instance.clock.now() + 5,
            )
            await instance.apply(Insert(again))
            page = await ask(browser)
            late = await choose(browser, page, "globex")
            # Of a second before the person belonged there.
            assert_refused(
                await Caller(instance).redeem(AWARE, returned(late)["code"]), "invalid_grant"
            )

    async def test_neither_is_offered_any_more(self, instance):
        found = await instance.store.read_organization("globex")
        await instance.change(found, state=State.INACTIVE)
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            assert "Globex" not in page.text
            assert "Initech" in page.text
            assert (await choose(browser, page, "globex")).status_code == 409
            await instance.apply(Delete(Membership, ("initech", "user-alice")))
            # One is left: nobody is asked.
            told = await redeem(instance, await ask(browser))
        assert claims(told["id_token"])[f"{OWN}org:id"] == "acme"

    async def test_a_choice_that_ended_before_the_answer_is_asked_for_again(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser, "consenting"))
            page = await choose(browser, page, "globex")
            await instance.apply(Delete(Membership, ("globex", "user-alice")))
            sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
            page = await follow(browser, sent)
            assert page.url.path == "/login/organization"
            assert "Globex" not in page.text


class TestNamed:
    """A request that names an organization: its people and its members alone sign in."""

    @pytest.mark.parametrize("scope", ["org:id:globex", "org:domain:primary:globex.test"])
    @pytest.mark.parametrize("prefix", [OWN, TWIN])
    async def test_members_act_for_it_and_the_claims_have_the_prefix(self, instance, prefix, scope):
        async with instance.browser() as browser:
            page = await ask(browser, "blog", scope=f"openid {prefix}{scope}")
            answer = await enter(browser, page)
            (grant,) = await instance.store.list_grants_of_user("user-alice", "", 10)
        assert "code" in returned(answer)
        assert grant.acting_organization_id == "globex"
        async with instance.browser() as browser:
            page = await ask(browser, scope=f"openid {prefix}{scope}")
            told = claims((await redeem(instance, await enter(browser, page)))["id_token"])
        assert told[f"{prefix}org:id"] == "globex"
        assert {key for key in told if key.endswith("org:id")} == {f"{prefix}org:id"}

    async def test_lo_01_others_are_refused_as_if_they_did_not_exist(self, instance):
        async with instance.browser() as browser:
            page = await ask(browser, scope=f"openid {OWN}org:id:globex")
            answer = await enter(browser, page, "bob")
            assert answer.status_code == 403
        assert (await instance.events("auth.login.failure"))[-1].reason == "other_organization"

    async def test_the_same_is_read_for_everybody(self, instance):
        """LO-01: a member, somebody else and nobody cost the same reads."""
        asked = []
        for username in ("alice", "bob", "gina", "nobody"):
            recorder = Recorder(instance.store)
            factor = PasswordFactor(recorder, instance.pool, instance.clock)
            visitor = Visitor(
                source=Source(ip="192.0.2.1"),
                device=None,
                client_id="aware",
                organization_id="acme",
                only="globex",
            )
            with pytest.raises(WrongCredentials):
                await factor.check(username, "wrong", visitor, await instance.idp.keys.ring())
            asked.append(recorder.calls)
        assert "read_membership" in asked[0]
        assert asked[0] == asked[1] == asked[2] == asked[3]

    async def test_a_session_of_a_member_counts_and_that_of_others_does_not(self, instance):
        async with instance.browser() as browser:
            await enter(browser, await ask(browser, "blog"), "bob")
            page = await ask(browser, "blog", scope=f"openid {OWN}org:id:globex")
            assert page.url.path == "/login"
            refused = returned(
                await ask(browser, "blog", scope=f"openid {OWN}org:id:globex", prompt="none")
            )
            assert refused["error"] == "login_required"
        async with instance.browser() as browser:
            await enter(browser, await ask(browser, "blog"))
            answer = await ask(browser, "blog", scope=f"openid {OWN}org:id:globex")
            assert "code" in returned(answer)

    async def test_a_pushed_request_is_held_to_it(self, instance):
        pushed = await Caller(instance).http.post(
            "/oauth/v2/par",
            data={
                "redirect_uri": "https://aware.test/cb",
                "response_type": "code",
                "scope": f"openid {OWN}org:id:globex",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            },
            headers=basic("aware"),
        )
        async with instance.browser() as browser:
            await enter(browser, await ask(browser, "blog"), "bob")
            page = await browser.http.get(
                "/oauth/v2/authorize",
                params={"client_id": "aware", "request_uri": pushed.json()["request_uri"]},
            )
            page = await follow(browser, page)
            assert page.url.path == "/login"
            assert (await enter(browser, page, "bob")).status_code == 403

    async def test_a_device_is_held_to_it(self, instance):
        """Its scopes are fixed when it asks for codes; who may answer is as well."""
        scope = f"{OWN}org:id:globex"
        device = make_client(
            "tv",
            type=AppType.DEVICE,
            redirect_uris=(),
            grant_types=(device_grant,),
            response_types=(),
            allowed_scopes=("openid", scope),
        )
        await instance.add(device)
        caller = Caller(instance)
        codes = await caller.http.post(
            "/oauth/v2/device_authorization",
            data={"scope": f"openid {scope}"},
            headers=basic("tv"),
        )
        assert codes.status_code == 200, codes.text
        async with instance.browser() as browser:
            await enter(browser, await ask(browser, "blog"), "bob")
            typed = await browser.post("/device", {"user_code": codes.json()["user_code"]})
            page = await follow(browser, typed)
            assert page.url.path == "/login"
            assert (await enter(browser, page, "bob")).status_code == 403
            page = await enter(browser, page)
            sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
            await follow(browser, sent)
        form = {"grant_type": device_grant, "device_code": codes.json()["device_code"]}
        told = await caller.send(device, form)
        assert told.status_code == 200, told.text
        (grant,) = (
            one
            for one in await instance.store.list_grants_of_user("user-alice", "", 10)
            if one.client_id == "tv"
        )
        assert grant.acting_organization_id == "globex"

    async def test_the_password_grant_is_held_to_it(self, instance):
        scope = f"{OWN}org:id:globex"
        till = make_client(
            "till",
            grant_types=("password",),
            redirect_uris=(),
            response_types=(),
            allowed_scopes=("openid", scope),
            legacy=Legacy(reason="The till has no browser"),
            uses_legacy=True,
        )
        await instance.add(till)
        caller = Caller(instance)

        async def give(username, **form):
            sent = {"grant_type": "password", "username": username, "password": PASSWORD, **form}
            return await caller.send(till, sent)

        for form in ({}, {"scope": f"openid {scope}"}):
            assert_refused(await give("bob", **form), "invalid_grant")
            told = claims((await give("alice", **form)).json()["access_token"])
            assert told[f"{OWN}org:id"] == "globex"
            assert (await give("gina", **form)).status_code == 200
        assert (await give("bob", scope="openid")).status_code == 200
        found = await instance.store.read_organization("globex")
        await instance.change(found, state=State.INACTIVE)
        assert_refused(await give("alice", scope=f"openid {scope}"), "invalid_scope")

    async def test_lo_17_nobody_registers_into_it_through_the_application_of_others(self, instance):
        """That the instance lets people register does not make them an organization's own."""
        configuration = await instance.store.read_configuration()
        opened = {"user_registration": {"mode": "open", "verify_email": False}}
        await instance.change(configuration, policies=opened)
        form = {"email": "mallory@evil.test", "new_password": PASSWORD}
        async with instance.browser() as browser:
            page = await ask(browser, "blog", scope=f"openid {OWN}org:id:globex")
            flow = parse_qs(page.url.query.decode())["flow"][0]
            assert "/login/register" not in page.text
            address = f"/login/register?flow={flow}"
            assert (await browser.get(address)).status_code == 403
            assert (await browser.post(address, {**hidden(page), **form})).status_code == 403
            created = await ask(
                browser, "blog", scope=f"openid {OWN}org:id:globex", prompt="create"
            )
            assert created.status_code == 403
            # Where it says itself that everybody may join, everybody may.
            found = await instance.store.read_organization("globex")
            await instance.change(found, policies={"user_registration": {"mode": "open"}})
            page = await browser.get(address)
            await browser.post(address, {**hidden(page), **form})
        joined = await instance.store.user_by_login_name("mallory@evil.test")
        assert joined.organization_id == "globex"

    async def test_token_exchange_keeps_it(self, instance):
        """What an API gets for a token that was granted for an organization is for that one."""
        server = make_client(
            "orders-server",
            type=AppType.API,
            redirect_uris=(),
            grant_types=("urn:ietf:params:oauth:grant-type:token-exchange",),
            response_types=(),
            allowed_scopes=("orders.read",),
        )
        await instance.add(server)
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser, scope="openid orders.read"))
            answer = await redeem(instance, await choose(browser, page, "globex"))
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": answer["access_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
        told = await Caller(instance).send(server, form)
        assert told.status_code == 200, told.text
        assert claims(told.json()["access_token"])[f"{OWN}org:id"] == "globex"
        await instance.apply(Delete(Membership, ("globex", "user-alice")))
        assert_refused(await Caller(instance).send(server, form), "invalid_request")


class TestSecondFactor:
    """An organization that demands a second factor demands it of members who act for it."""

    @pytest.fixture(autouse=True)
    async def demanding(self, instance):
        found = await instance.store.read_organization("globex")
        await instance.change(found, policies={"mfa": {"required": "always"}})

    async def test_mf_01_whoever_acts_for_it_sets_one_up(self, instance):
        async with instance.browser() as browser:
            page = await enter(browser, await ask(browser))
            page = await choose(browser, page, "globex")
            assert page.url.path == "/login/enrol"
            # There is no way around: neither by going on nor by the other pages.
            flow = parse_qs(page.url.query.decode())["flow"][0]
            again = await follow(
                browser, await browser.get(f"/oauth/v2/authorize/continue?flow={flow}")
            )
            assert again.url.path == "/login/enrol"
            skipped = await browser.post(f"/login/enrol?flow={flow}", hidden(again))
            assert (await follow(browser, skipped)).url.path == "/login/enrol"
            # Acting for another one is free to anybody.
            page = await browser.get(f"/login/organization?flow={flow}")
            assert "code" in returned(await choose(browser, page, "acme"))

    async def test_mf_01_also_where_the_request_names_it(self, instance):
        async with instance.browser() as browser:
            page = await ask(browser, scope=f"openid {OWN}org:id:globex")
            page = await enter(browser, page)
            assert page.url.path == "/login/enrol"
            refused = returned(
                await ask(browser, scope=f"openid {OWN}org:id:globex", prompt="none")
            )
            assert refused["error"] == "interaction_required"
