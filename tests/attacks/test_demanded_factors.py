"""Second factors of administrators, and what single applications take (MF-01, MF-03)."""

import pytest

from ostiary.admin import administrators, factors, personal_tokens
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.errors import Invalid
from ostiary.admin.personal_tokens import PersonalTokenFields
from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.factor import EmailCode, Factor, FactorKind
from ostiary.model.session import Proof, ProofKind
from ostiary.oauth import management
from ostiary.oauth.effects import Delete, Insert, Update
from support.authenticator import options_of
from support.desk import Desk
from support.factors import Person, form_of
from support.instance import PASSWORD, hidden, open_instance
from support.management import ROOT, World, open_world, problem


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        user = await instance.user("alice")
        await instance.change(user, email_verified=True)
        yield instance


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


async def set_policy(instance, **policies):
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies=policies)
    await instance.store.revalidate()


async def take(instance, *factors):
    """Have the application take these factors alone."""
    await instance.change(await instance.store.read_client("blog"), allowed_factors=factors)
    await instance.store.revalidate()


async def make_administrator(instance, role=AdministratorRole.PROJECT_OWNER):
    record = Administrator(
        id="administrator",
        user_id="user-alice",
        role=role,
        organization_id="acme",
        project_id="store" if role is AdministratorRole.PROJECT_OWNER else None,
        created_at=instance.clock.time,
    )
    await instance.add(record)


class TestAdministrators:
    """`mfa.required: administrators`."""

    @pytest.fixture(autouse=True)
    async def policy(self, instance):
        await set_policy(instance, mfa={"required": "administrators"})

    async def test_others_sign_in_as_before(self, browser):
        person = await Person.begin(browser)
        assert (await person.sign_in()).startswith("https://blog.test/cb?")

    @pytest.mark.parametrize("role", [AdministratorRole.PROJECT_OWNER, AdministratorRole.ORG_OWNER])
    async def test_mf_01_whoever_holds_any_role_needs_one(self, browser, instance, role):
        await make_administrator(instance, role)
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/enrol"
        assert "Not now" not in (await person.get("/login/enrol")).text
        await person.enrol_totp()
        assert (await person.go_on()).startswith("https://blog.test/")

    async def test_mf_03_it_holds_for_who_is_made_one_while_signed_in(self, browser, instance):
        person = await Person.begin(browser)
        await person.sign_in()
        await make_administrator(instance)
        assert await (await Person.begin(browser)).go_on() == "/login/enrol"
        await instance.store.apply((Delete(Administrator, "administrator"),))
        assert (await (await Person.begin(browser)).go_on()).startswith("https://blog.test/")

    async def test_mf_03_the_last_one_cannot_be_removed(self, browser, instance):
        await make_administrator(instance)
        person = await Person.begin(browser)
        await person.sign_in()
        await person.enrol_totp()
        desk = Desk(instance.store)
        desk.now_ = instance.clock.time
        found = await instance.store.factors("user-alice")
        (app,) = [one for one in found if one.kind is FactorKind.TOTP]
        with pytest.raises(Invalid, match="last second factor"):
            await factors.remove(desk.admin, ROOT, "user-alice", app.id)
        await instance.store.apply((Delete(Administrator, "administrator"),))
        await factors.remove(desk.admin, ROOT, "user-alice", app.id)
        assert await instance.store.factors("user-alice") == ()


class TestAtTheApi:
    """The API asks administrators for a sign-in with a second factor (RFC 9470)."""

    @pytest.fixture
    async def world(self, tmp_path):
        async with open_world(tmp_path) as world:
            yield world

    async def weak(self, world: World) -> tuple[str, str]:
        """Return a token of an administrator who signed in by password alone, and whose it is."""
        user = world.ids["t1"]["reachable"]
        fields = AdministratorFields(role=AdministratorRole.ORG_OWNER, user=user, organization="t1")
        await administrators.grant(world.admin, ROOT, fields)
        return await world.token("t1-web", user), user

    @pytest.mark.parametrize("required", ["administrators", "always"])
    async def test_mf_01_a_password_alone_manages_nothing(self, world, required):
        token, user = await self.weak(world)
        assert (await world.call("GET", "/organizations", token)).status_code == 200
        await set_policy(world.instance, mfa={"required": required})
        answer = await world.call("GET", "/organizations", token)
        problem(answer, 401, "insufficient_user_authentication")
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'acr_values="urn:ostiary:acr:2fa"' in challenge
        # Whoever steps up goes on with the same token.
        (session, *_) = await world.store.list_sessions(user, "", 10)
        stronger = Proof(kind=ProofKind.TOTP, at=world.instance.clock.time)
        await world.store.apply((Update(session, {"proofs": (*session.proofs, stronger)}),))
        assert (await world.call("GET", "/organizations", token)).status_code == 200

    async def test_machines_are_not_asked(self, world):
        token = await world.administrator("org_owner", machine=True)
        await set_policy(world.instance, mfa={"required": "administrators"})
        assert (await world.call("GET", "/organizations", token)).status_code == 200

    async def test_mf_01_a_personal_token_needs_an_owner_with_a_second_factor(self, world):
        _, user = await self.weak(world)
        policies = {"mfa": {"required": "administrators"}, "personal_tokens": {"users": True}}
        await set_policy(world.instance, **policies)
        request = PersonalTokenFields(user=user, scopes=(management.SCOPE,))
        made = await personal_tokens.create(world.admin, ROOT, request)
        assert (await world.call("GET", "/organizations", made.text)).status_code == 200
        person = await world.store.user(user)
        await world.store.apply((Update(person, {"factors": ()}),))
        answer = await world.call("GET", "/organizations", made.text)
        problem(answer, 401, "insufficient_user_authentication")


class TestApplications:
    """`allowed_factors` of an application."""

    async def test_mf_03_a_session_by_what_it_does_not_take_is_none(self, browser, instance):
        person = await Person.begin(browser)
        assert (await person.sign_in()).startswith("https://blog.test/cb?")
        await take(instance, "passkey")
        other = await Person.begin(browser)
        assert await other.go_on() == "/login"
        silent = await Person.begin(browser, prompts=("none",))
        assert "error=login_required" in await silent.go_on()

    async def test_mf_01_a_password_that_it_does_not_take_signs_nobody_in(self, browser, instance):
        await take(instance, "passkey")
        person = await Person.begin(browser)
        page = await person.get("/login")
        assert 'name="password"' not in page.text
        fields = {**hidden(page), "username": "alice", "password": PASSWORD}
        token = form_of(page, "/login/passkey")[1]["form_token"]
        answer = await browser.post(f"/login?flow={person.flow}", {**fields, "form_token": token})
        assert answer.status_code == 403
        assert await person.go_on() == "/login"

    async def test_mf_01_a_passkey_that_it_does_not_take_signs_nobody_in(self, browser, instance):
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        device, _ = await person.enrol_passkey()
        other = await Person.begin(browser, prompts=("login",))
        page = await other.get("/login")
        action, fields = form_of(page, "/login/passkey")
        fields["credential"] = device.get(options_of(page.text))
        await take(instance, "password", "totp")
        assert "/login/passkey" not in (await other.get("/login")).text
        assert (await browser.post(action, fields)).status_code == 403
        assert await other.go_on() == "/login"

    async def test_another_second_factor_than_it_takes_does_not_count(self, browser, instance):
        """Somebody has codes by mail; the application takes those of apps alone."""
        await self.give_codes(instance)
        await set_policy(instance, mfa={"required": "always"})
        await take(instance, "password", "totp")
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/email-code"
        await person.fill_in("/login/email-code", "/login/email-code/send")
        await person.fill_in("/login/email-code", code=await person.mailed_code())
        assert await person.go_on() == "/login/enrol"
        page = (await person.get("/login/enrol")).text
        assert "/login/enrol/totp" in page
        assert "/login/enrol/passkey" not in page
        await person.enrol_totp()
        assert (await person.go_on()).startswith("https://blog.test/")

    async def test_mf_01_no_application_makes_it_easier(self, browser, instance):
        """One that takes passwords alone still asks for the second factor that somebody has."""
        await self.give_codes(instance)
        await take(instance, "password")
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/email-code"
        await person.fill_in("/login/email-code", "/login/email-code/send")
        await person.fill_in("/login/email-code", code=await person.mailed_code())
        assert (await person.go_on()).startswith("https://blog.test/")

    async def give_codes(self, instance):
        now = instance.clock.time
        factor = Factor(
            id="mailed",
            user_id="user-alice",
            kind=FactorKind.EMAIL_CODE,
            credential=EmailCode(),
            created_at=now,
        )
        user = await instance.user("alice")
        await instance.store.apply(
            (Insert(factor), Update(user, {"factors": (FactorKind.EMAIL_CODE,)}))
        )
