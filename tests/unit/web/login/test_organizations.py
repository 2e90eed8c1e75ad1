"""What an organization decides about signing in, and how its pages look."""

import re

import pytest

from ostiary.model.branding import Branding
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.image import Image
from ostiary.model.organization import Organization
from support.authenticator import Authenticator
from support.factors import Person
from support.instance import PASSWORD, hidden, open_instance

DIGEST = "ab" * 32
GLOBEX = Organization(
    id="globex",
    name="Globex",
    domains=("globex.test",),
    policies={"login": {"identifier_first": True}},
    branding=Branding(
        accent="#7a1f5c",
        logo="https://globex.test/logo.png",
        headings={"en": "Welcome at <Globex>", "de": "Willkommen"},
        support_uri="mailto:help@globex.test",
    ),
)
STYLE = "/branding/7a1f5c-x-x-x.css"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(
            GLOBEX,
            VerifiedDomain(
                domain="globex.test",
                organization_id="globex",
                proof=DomainProof.DNS,
                verified_at=1,
            ),
            Image(
                id="organization:globex",
                digest=DIGEST,
                content=b"\x89PNG of Globex",
                source="https://globex.test/logo.png",
            ),
        )
        await instance.add_user("bob", organization_id="globex", email="bob@globex.test")
        yield instance


async def decide(instance, organization_id="acme", **changes):
    found = await instance.store.read_organization(organization_id)
    await instance.change(found, **changes)


async def passkey_of_alice(instance) -> Authenticator:
    async with instance.browser() as browser:
        person = await Person.begin(browser)
        await person.sign_in(passkey="on")
        return (await person.enrol_passkey())[0]


async def give_name(browser, flow, name):
    page = await browser.get(f"/login?flow={flow}")
    assert 'name="password"' not in page.text
    return await browser.post(f"/login?flow={flow}", {**hidden(page), "username": name})


class TestNarrowing:
    """Only people of the organization that a request names can sign in."""

    async def test_its_page_is_shown_and_its_people_sign_in(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog", organization="globex")
            page = await browser.get(f"/login?flow={flow}")
            assert STYLE in page.text
            await give_name(browser, flow, "bob")
            signed = await browser.sign_in("bob", flow=flow)
            assert signed.status_code == 303
            answered = await browser.get(signed.headers["location"])
            assert "code=" in answered.headers["location"]

    async def test_lo_01_others_are_refused_as_if_they_did_not_exist(self, instance):
        """The right password of somebody else, a wrong one and a name that nobody has."""
        answers, asked = [], []
        for username, password in (
            ("alice", PASSWORD),
            ("alice", "something else"),
            ("nobody", PASSWORD),
        ):
            async with instance.browser() as browser:
                flow = await browser.open_flow("blog", organization="globex")
                page = await browser.get(f"/login?flow={flow}")
                form = {**hidden(page), "username": username, "password": password}
                answer = await browser.post(f"/login?flow={flow}", form)
                answers.append((answer.status_code, _comparable(answer.text, flow, username)))
                assert await browser.sessions() == []
                asked.append([event.reason for event in await instance.events()][-1])
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 403
        assert asked == ["other_organization", "wrong_password", "unknown_user"]

    async def test_lo_01_nor_does_a_passkey_of_somebody_else_sign_in(self, instance):
        device = await passkey_of_alice(instance)
        async with instance.browser() as browser:
            person = await Person.begin(browser, organization="globex")
            answer = await person.use_passkey(device)
            assert (answer.status_code, await browser.sessions()) == (403, [])
        assert (await instance.events())[-1].reason == "other_organization"

    async def test_a_session_of_somebody_else_does_not_count(self, instance):
        async with instance.browser() as browser:
            await browser.sign_in("alice")
            flow = await browser.open_flow("blog", organization="globex")
            answer = await browser.get(f"/oauth/v2/authorize/continue?flow={flow}")
            assert answer.headers["location"] == f"/login?flow={flow}"


def _comparable(text, flow, username):
    text = re.sub(r'name="form_token" value="[^"]*"|data-options="[^"]*"', "", text)
    return text.replace(flow, "").replace(f'value="{username}"', "")


class TestNameFirst:
    """Some organizations ask for the name on a page of its own."""

    @pytest.fixture(autouse=True)
    async def identifier_first(self, instance):
        await decide(instance, policies={"login": {"identifier_first": True}})

    async def test_name_then_password(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            named = await give_name(browser, flow, "alice")
            assert named.headers["location"] == f"/login/password?flow={flow}"
            page = await browser.get(named.headers["location"])
            # Editable, for whoever sees that it is wrong, and for password managers.
            assert re.search(r'<input id="username"[^>]* value="alice"', page.text)
            assert "readonly" not in page.text
            assert 'name="password"' in page.text
            form = {**hidden(page), "username": "alice", "password": PASSWORD}
            signed = await browser.post(f"/login/password?flow={flow}", form)
            answered = await browser.get(signed.headers["location"])
            assert "code=" in answered.headers["location"]

    async def test_a_passkey_needs_no_name(self, instance):
        device = await passkey_of_alice(instance)
        async with instance.browser() as browser:
            person = await Person.begin(browser)
            assert 'autocomplete="username webauthn"' in (await person.get("/login")).text
            assert (await person.use_passkey(device)).status_code == 303
            assert (await person.go_on()).startswith("https://blog.test/")

    async def test_where_nobody_has_passkeys_none_are_offered(self, instance):
        own = {"login": {"identifier_first": True, "allowed_factors": ["password"]}}
        await decide(instance, policies=own)
        async with instance.browser() as browser:
            page = await (await Person.begin(browser)).get("/login")
        assert "webauthn" not in page.text
        assert "data-passkey" not in page.text

    async def test_lo_02_the_second_page_is_the_same_for_every_name(self, instance):
        pages = []
        await instance.add_user("carol", password=None)
        for name in ("alice", "nobody", "carol", "alice@acme.test", "nobody@acme.test"):
            async with instance.browser() as browser:
                flow = await browser.open_flow("blog")
                before = len(await instance.events())
                named = await give_name(browser, flow, name)
                page = await browser.get(named.headers["location"])
                pages.append((page.status_code, _comparable(page.text, flow, name)))
                assert len(await instance.events()) == before
        assert len(set(pages)) == 1

    async def test_a_wrong_password_leaves_the_person_on_the_second_page(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            named = await give_name(browser, flow, "alice")
            page = await browser.get(named.headers["location"])
            form = {**hidden(page), "username": "alice", "password": "something else"}
            answer = await browser.post(named.headers["location"], form)
            assert answer.status_code == 403
            assert f'action="/login/password?flow={flow}"' in answer.text

    @pytest.mark.parametrize("name", ["", "   ", "x" * 255])
    async def test_what_is_no_name_is_asked_for_again(self, instance, name):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            answer = await give_name(browser, flow, name)
            assert answer.status_code == 400
            assert "Enter your username or email." in answer.text

    async def test_the_second_page_alone_leads_to_the_first(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            answer = await browser.get(f"/login/password?flow={flow}")
            assert answer.headers["location"] == f"/login?flow={flow}"

    async def test_a_hint_of_the_application_is_filled_in(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog", login_hint="alice")
            assert 'value="alice"' in (await browser.get(f"/login?flow={flow}")).text

    async def test_another_account_can_be_named_beside_one_that_is_signed_in(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            await give_name(browser, flow, "alice")
            await browser.sign_in(flow=flow)
            flow = await browser.open_flow("blog", prompts=("select_account",))
            page = await browser.get(f"/login?flow={flow}&account=other")
            assert 'name="password"' not in page.text
            named = await browser.post(f"/login?flow={flow}", {**hidden(page), "username": "bob"})
            assert named.status_code == 303
            page = await browser.get(named.headers["location"])
            assert page.url.path == "/login/password"
            assert re.search(r'<input id="username"[^>]* value="bob"', page.text)
            form = {**hidden(page), "username": "bob", "password": PASSWORD}
            signed = await browser.post(f"/login/password?flow={flow}", form)
            answered = await browser.get(signed.headers["location"])
            assert "code=" in answered.headers["location"]
            assert {one.user_id for one in await browser.sessions()} == {"user-alice", "user-bob"}

    async def test_ux_prompt_login_leads_straight_to_the_password(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            named = await give_name(browser, flow, "alice")
            page = await browser.get(named.headers["location"])
            form = {**hidden(page), "username": "alice", "password": PASSWORD}
            await browser.post(named.headers["location"], form)
            again = await browser.open_flow("blog", prompts=("login",))
            page = await browser.get(f"/login?flow={again}")
            assert 'name="password"' in page.text

    async def test_a_name_in_a_proven_domain_leads_to_its_organization(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            for name in ("bob@globex.test", "nobody@Globex.test"):
                named = await give_name(browser, flow, name)
                assert STYLE in (await browser.get(named.headers["location"])).text
            # LO-19: an address with two domains has none.
            for name in ("bob@elsewhere.test", "bob@evil.test@globex.test", "globex.test", "@"):
                named = await give_name(browser, flow, name)
                assert STYLE not in (await browser.get(named.headers["location"])).text

    async def test_a_domain_that_is_not_proven_leads_nowhere(self, instance):
        await decide(instance, "globex", pending_domains=("bank.test",))
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            named = await give_name(browser, flow, "bob@bank.test")
            assert STYLE not in (await browser.get(named.headers["location"])).text


class TestHome:
    """What concerns a person is as their own organization wants it."""

    async def test_a_session_is_remembered_only_where_the_home_allows_it(self, instance):
        await decide(instance, "globex", policies={"login": {"remember_me": False}})
        async with instance.browser() as browser:
            await browser.sign_in("bob", remember="on")
            (session,) = await browser.sessions()
            assert session.remembered is False
        async with instance.browser() as browser:
            await browser.sign_in("alice", remember="on")
            (session,) = await browser.sessions()
            assert session.remembered is True

    async def test_a_stricter_lockout_protects_its_people_everywhere(self, instance):
        strict = {"lockout": {"free_attempts": 1, "soft_lock_after": 5}}
        await decide(instance, "globex", policies=strict)
        async with instance.browser() as browser:
            first = await browser.sign_in("bob", "wrong password 1")
            second = await browser.sign_in("bob", "wrong password 2")
            assert (first.status_code, second.status_code) == (403, 429)
            # A name that nobody has in their domain is treated alike.
            for status in (403, 429):
                answer = await browser.sign_in("nobody@globex.test", "wrong password 1")
                assert answer.status_code == status
            for number in range(2):
                answer = await browser.sign_in("alice", f"wrong password {number}")
                assert answer.status_code == 403

    async def test_frames_get_the_cookie_only_where_everybody_in_it_allows_that(self, instance):
        configuration = await instance.store.read_configuration()
        await instance.change(configuration, policies={"login": {"cross_site_sessions": True}})
        await decide(instance, "globex", policies={"login": {"cross_site_sessions": False}})
        async with instance.browser() as browser:
            alone = await browser.sign_in("alice")
            assert "SameSite=None" in _browser_cookie(alone)
            both = await browser.sign_in("bob")
            assert "SameSite=Lax" in _browser_cookie(both)
            again = await browser.sign_in("alice", flow=await browser.open_flow("blog"))
            assert "SameSite=Lax" in _browser_cookie(again)


def _browser_cookie(answer):
    return next(
        value for value in answer.headers.get_list("set-cookie") if "ostiary_browser=" in value
    )


class TestBranding:
    """Logo, colours and texts of the organization and of the application."""

    async def test_ad_14_a_page_shows_whose_it_is(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog", organization="globex")
            page = await browser.get(f"/login?flow={flow}")
            assert "Welcome at &lt;Globex&gt;" in page.text
            assert f'src="/images/{DIGEST}.png"' in page.text
            assert 'href="mailto:help@globex.test"' in page.text
            assert '<bdi class="owner">Globex</bdi>' in page.text
            assert " style=" not in page.text
            assert "<style" not in page.text
            policy = page.headers["content-security-policy"]
            assert "style-src 'self'" in policy
            assert "unsafe-inline" not in policy
        async with instance.browser(language="de") as browser:
            flow = await browser.open_flow("blog", organization="globex")
            assert "Willkommen" in (await browser.get(f"/login?flow={flow}")).text

    async def test_every_page_of_a_flow_does(self, instance):
        await decide(instance, branding=GLOBEX.branding)
        async with instance.browser() as browser:
            signed = await browser.sign_in("alice")
            consent = await browser.get(
                (await browser.get(signed.headers["location"])).headers["location"]
            )
            assert STYLE in consent.text
            flow = await browser.open_flow("shop", prompts=("select_account",))
            assert STYLE in (await browser.get(f"/login/select?flow={flow}")).text

    async def test_an_application_changes_the_pages_of_its_own_organization_only(self, instance):
        client = await instance.store.client("shop")
        await instance.change(client, branding=Branding(accent="#0b5d3b"))
        async with instance.browser() as browser:
            flow = await browser.open_flow()
            assert "/branding/0b5d3b-x-x-x.css" in (await browser.get(f"/login?flow={flow}")).text
            flow = await browser.open_flow(organization="globex")
            assert STYLE in (await browser.get(f"/login?flow={flow}")).text

    async def test_az_24_the_logo_of_an_application_is_ours_to_serve(self, instance):
        client = await instance.store.client("shop")
        url = "https://cdn.test/logo.png"
        await instance.change(client, logo_uri=url)
        async with instance.browser() as browser:
            flow = await browser.open_flow()
            page = await browser.get(f"/login?flow={flow}")
            assert "cdn.test" not in page.text
            logo = Image(id="application:shop", digest="cd" * 32, content=b"x", source=url)
            await instance.add(logo)
            page = await browser.get(f"/login?flow={flow}")
            assert f'src="/images/{logo.digest}.png"' in page.text
            # It is not from where the application is, and the page says so.
            assert "<bdi><strong>cdn.test</strong></bdi>" in page.text
            assert url not in page.text
            # One of an earlier address is not shown.
            client = await instance.store.read_client("shop")
            await instance.change(client, logo_uri="https://shop.test/other.png")
            assert logo.digest not in (await browser.get(f"/login?flow={flow}")).text

    async def test_without_branding_pages_are_as_ever(self, instance):
        async with instance.browser() as browser:
            flow = await browser.open_flow()
            page = (await browser.get(f"/login?flow={flow}")).text
        assert "/branding/" not in page
        assert "<footer>" not in page
        assert '<bdi class="owner">' not in page

    async def test_ad_13_colours_and_logos_are_served_from_here(self, instance):
        async with instance.browser() as browser:
            sheet = await browser.get(STYLE)
            assert sheet.headers["content-type"] == "text/css; charset=utf-8"
            assert "--accent: #7a1f5c;" in sheet.text
            logo = await browser.get(f"/images/{DIGEST}.png")
            assert logo.content == b"\x89PNG of Globex"
            assert logo.headers["content-type"] == "image/png"
            assert "immutable" in logo.headers["cache-control"]
            assert "sandbox" in logo.headers["content-security-policy"]
            for answer in (sheet, logo):
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            for path in (
                "/branding/red.css",
                "/branding/7a1f5c-x-x-x.js",
                "/branding/.css",
                "/images/.png",
                f"/images/{DIGEST}.svg",
                f"/images/{'cd' * 32}.png",
                f"/images/{'%00' * 8}.png",
            ):
                assert (await browser.get(path)).status_code == 404, path
