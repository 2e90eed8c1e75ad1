"""RFC 9470: stepping up; with the claim `acr` (OpenID Connect Core 5.5.1.1) and its error."""

import base64
import json
from contextlib import AsyncExitStack

import pytest

from ostiary.oauth.handle import digest
from support.authenticator import Authenticator
from support.factors import Person
from support.instance import open_instance
from support.tokens import Caller, basic, make_client

ACR_2FA = "urn:ostiary:acr:2fa"
ACR_1FA = "urn:ostiary:acr:1fa"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
async def browser(instance):
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(instance.browser())


@pytest.fixture
async def secret(browser, instance) -> bytes:
    """Alice has an app; the browser knows nobody yet."""
    person = await Person.begin(browser)
    await person.sign_in(passkey="on")
    secret, _ = await person.enrol_totp()
    browser.http.cookies.clear()
    instance.clock.time += 60
    return secret


@pytest.fixture
async def trusted(browser, secret, instance) -> bytes:
    """Alice is signed in by her password, on a device where nothing more is asked for."""
    person = await Person.begin(browser)
    await person.sign_in()
    await person.type_totp(secret, remember="on")
    instance.clock.time += 60
    again = await Person.begin(browser, prompts=("login",))
    await again.sign_in()
    await grant_of(again)
    return secret


async def grant_of(person: Person):
    """Return the grant that the code at the application stands for."""
    location = await person.go_on()
    code = location.partition("code=")[2].partition("&")[0]
    assert code, location
    issued = await person.browser.instance.store.code(digest(code))
    return issued.standing.grant


def acr(*values: str, essential: bool = True) -> dict:
    return {"id_token": {"acr": {"essential": essential, "values": list(values)}}}


class TestAcrValues:
    """Section 5: wishes."""

    async def test_5_a_wish_that_can_be_fulfilled_is(self, browser, trusted, instance):
        person = await Person.begin(browser, acr_values=(ACR_2FA,))
        assert await person.go_on() == "/login/totp"
        await person.type_totp(trusted)
        grant = await grant_of(person)
        assert (grant.acr, grant.amr) == (ACR_2FA, ("pwd", "otp", "mfa"))
        # It stays for requests after this one.
        assert (await grant_of(await Person.begin(browser, acr_values=(ACR_2FA,)))).acr == ACR_2FA

    async def test_5_a_wish_that_cannot_is_none(self, browser, trusted):
        for wish in ("phr", "phrh", "urn:example:loa4"):
            grant = await grant_of(await Person.begin(browser, acr_values=(wish,)))
            assert grant.acr == ACR_1FA

    async def test_5_the_first_wish_that_can_be_fulfilled_counts(self, browser, trusted):
        person = await Person.begin(browser, acr_values=("phr", ACR_1FA, ACR_2FA))
        assert (await grant_of(person)).acr == ACR_1FA
        person = await Person.begin(browser, acr_values=("phr", ACR_2FA, ACR_1FA))
        assert await person.go_on() == "/login/totp"

    async def test_5_only_what_fulfils_the_wish_is_offered(self, browser, secret, instance):
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        await person.type_totp(secret)
        assert await person.go_on() == "/login/enrol"
        device, _ = await person.enrol_passkey()
        instance.clock.time += 60
        again = await Person.begin(browser, prompts=("login",), acr_values=("phr",))
        await again.sign_in()
        await again.type_totp(secret)
        assert await again.go_on() == "/login/passkey"
        page = await again.get("/login/passkey")
        assert "/login/other-way" not in page.text
        await again.use_passkey(device, "/login/passkey")
        assert (await grant_of(again)).acr == "phr"

    async def test_5_with_prompt_none_a_wish_is_not_worth_an_error(self, browser, trusted):
        person = await Person.begin(browser, prompts=("none",), acr_values=(ACR_2FA,))
        assert (await grant_of(person)).acr == ACR_1FA

    async def test_5_max_age_is_met_by_a_fresh_sign_in_with_everything(
        self, browser, secret, instance
    ):
        person = await Person.begin(browser)
        await person.sign_in()
        await person.type_totp(secret)
        first = await grant_of(person)
        instance.clock.time += 100
        again = await Person.begin(browser, max_age=60)
        assert await again.go_on() == "/login"
        assert await again.sign_in() == "/login/totp"
        await again.type_totp(secret)
        second = await grant_of(again)
        assert second.auth_time - first.auth_time == 100
        assert second.acr == ACR_2FA


class TestEssentialClaim:
    """OpenID Connect Core 5.5.1.1, and Unmet Authentication Requirements 1.0."""

    async def test_one_that_the_person_can_meet_is_met(self, browser, trusted):
        person = await Person.begin(browser, claims=acr("phr", ACR_2FA))
        assert await person.go_on() == "/login/totp"
        await person.type_totp(trusted)
        assert (await grant_of(person)).acr == ACR_2FA

    async def test_one_that_the_person_cannot_meet_fails(self, browser, trusted):
        person = await Person.begin(browser, claims=acr("phr"))
        assert "error=unmet_authentication_requirements" in await person.go_on()

    async def test_one_that_is_weaker_than_the_session_is_told_as_it_was_asked_for(
        self, browser, instance
    ):
        person = await Person.begin(browser)
        await person.sign_in(passkey="on")
        await person.enrol_passkey(Authenticator(synced=False))
        assert (await grant_of(person)).acr == "phrh"
        for asked in ((ACR_2FA,), (ACR_1FA, ACR_2FA), ("phr", ACR_1FA)):
            grant = await grant_of(await Person.begin(browser, claims=acr(*asked)))
            strongest = "phr" if "phr" in asked else ACR_2FA
            assert grant.acr == strongest
        assert (await grant_of(await Person.begin(browser, claims=acr("phrh")))).acr == "phrh"

    async def test_with_prompt_none_it_is_for_the_client_to_ask_again(self, browser, trusted):
        person = await Person.begin(browser, prompts=("none",), claims=acr(ACR_2FA))
        assert "error=login_required" in await person.go_on()
        never = await Person.begin(browser, prompts=("none",), claims=acr("phr"))
        assert "error=unmet_authentication_requirements" in await never.go_on()

    async def test_of_several_people_one_who_can_is_asked(self, browser, trusted, instance):
        await instance.add_user("bob")
        bob = await Person.begin(browser, "bob", prompts=("login",))
        await bob.sign_in()
        await grant_of(bob)
        person = await Person.begin(browser, claims=acr(ACR_2FA))
        assert await person.go_on() == "/login/select"

    async def test_a_voluntary_one_is_a_wish(self, browser, trusted):
        person = await Person.begin(browser, claims=acr("phr", essential=False))
        assert (await grant_of(person)).acr == ACR_1FA
        person = await Person.begin(browser, claims=acr(ACR_2FA, essential=False))
        assert await person.go_on() == "/login/totp"


class TestTokens:
    """Section 6: resource servers learn class and time."""

    async def test_6_1_and_6_2_of_a_jwt_and_by_introspection(self, browser, secret, instance):
        web = make_client("blog", redirect_uris=("https://blog.test/cb",), require_pkce=False)
        await instance.change(
            await instance.store.client("blog"),
            secrets=web.secrets,
            token_endpoint_auth_method=web.token_endpoint_auth_method,
        )
        await instance.store.revalidate()
        person = await Person.begin(browser, code_challenge=None)
        await person.sign_in()
        await person.type_totp(secret)
        location = await person.go_on()
        code = location.partition("code=")[2].partition("&")[0]
        caller = Caller(instance)
        blog = await instance.store.client("blog")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "https://blog.test/cb",
        }
        answer = await caller.send(blog, form)
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        claims = claims_of(token)
        assert (claims["acr"], claims["auth_time"]) == (ACR_2FA, instance.clock.time)
        told = await caller.http.post(
            "/oauth/v2/introspect", data={"token": token}, headers=basic("blog")
        )
        told = told.json()
        assert (told["acr"], told["auth_time"]) == (ACR_2FA, instance.clock.time)


def claims_of(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
