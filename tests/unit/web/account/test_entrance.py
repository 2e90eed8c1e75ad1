"""The way into our own pages: an ordinary sign-in, and nothing that goes around it."""

from urllib.parse import urlencode

import msgspec
import pytest

from ostiary.model.client import ClientKind
from ostiary.oauth.authorization.entry import FRESH
from ostiary.oauth.built_in import ACCOUNT, BUILT_IN
from ostiary.oauth.handle import digest
from ostiary.pages.account import SECTIONS, path_of
from support.account import as_client, enter, fields_of, follow, send, visit
from support.instance import flow_of, hidden

PAGES = [path_of(section) for section in SECTIONS]
FRESH_PAGES = [path_of(one) for one in ("email", "password", "methods", "data", "delete")]
MARK = "__Host-ostiary_account"


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_signs_in_and_arrives(browser, path) -> None:
    page = await enter(browser, path)
    assert (page.status_code, page.url.path) == (200, path)
    assert "Alice" in page.text


async def test_the_address_of_the_server_leads_to_the_account(browser) -> None:
    answer = await browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


async def test_the_sign_in_page_says_what_it_is_for(browser) -> None:
    page = await visit(browser)
    assert page.url.path == "/login"
    assert "Account" in page.text
    german = browser.instance.browser(language="de")
    assert "Konto" in (await visit(german)).text


async def test_who_is_signed_in_already_is_let_in_at_once(browser) -> None:
    assert (await browser.sign_in()).status_code == 303
    page = await browser.get("/account/profile")
    assert page.status_code == 200
    assert MARK in page.headers["set-cookie"]


@pytest.mark.parametrize("path", FRESH_PAGES)
async def test_what_protects_the_account_needs_a_fresh_sign_in(browser, path) -> None:
    await enter(browser, path)
    browser.instance.clock.time += FRESH
    assert (await browser.get(path)).status_code == 200
    browser.instance.clock.time += 1
    page = await visit(browser, path)
    assert page.url.path == "/login"
    assert 'value="alice"' in page.text
    assert (await visit(browser, "/account/profile")).status_code == 200
    assert (await enter(browser, path)).url.path == path


@pytest.mark.parametrize("path", FRESH_PAGES)
async def test_a_form_that_was_open_for_too_long_needs_one_as_well(browser, path) -> None:
    page = await enter(browser, path)
    fields = fields_of(page, "form_token") | {"confirmation": "alice"}
    browser.instance.clock.time += FRESH + 1
    response = await follow(browser, await browser.post(path, fields))
    assert response.url.path == "/login"
    assert (await browser.instance.user("alice")).state == "active"


async def test_a_session_that_ended_lets_nobody_in(browser) -> None:
    page = await enter(browser, "/account/profile")
    (session,) = await browser.sessions()
    browser.instance.clock.time = session.idle_expires_at
    assert (await visit(browser, "/account/profile")).url.path == "/login"
    answer = await follow(browser, await send(browser, page, "stamp", nickname="Al"))
    assert answer.url.path == "/login"
    assert (await browser.instance.user("alice")).profile.nickname is None


async def test_pages_keep_a_session_from_falling_idle(browser) -> None:
    await enter(browser)
    (before,) = await browser.sessions()
    browser.instance.clock.time += 7000
    assert (await browser.get("/account")).status_code == 200
    browser.instance.clock.time += 7000
    assert (await browser.get("/account")).status_code == 200
    (after,) = await browser.sessions()
    assert after.last_seen_at == before.last_seen_at + 14000


class TestSeveralAccounts:
    """Two people are signed in in one browser."""

    @pytest.fixture
    async def shared(self, browser):
        await browser.instance.add_user("bob")
        assert (await browser.sign_in("alice")).status_code == 303
        assert (await browser.sign_in("bob")).status_code == 303
        return browser

    async def choose(self, browser, page, username):
        (session,) = [one for one in await browser.sessions() if one.user_id == f"user-{username}"]
        fields = {**hidden(page), "account": session.id}
        return await follow(browser, await browser.post(str(page.url), fields))

    async def test_the_person_chooses_and_the_choice_lasts(self, shared) -> None:
        page = await visit(shared, "/account/profile")
        assert page.url.path == "/login/select"
        page = await self.choose(shared, page, "alice")
        assert page.url.path == "/account/profile"
        for path in ("/account", "/account/apps", "/account/sessions"):
            assert "Signed in as <bdi><strong>Alice" in (await visit(shared, path)).text

    async def test_another_account_is_chosen_by_a_link(self, shared) -> None:
        await self.choose(shared, await visit(shared), "alice")
        page = await visit(shared, "/account/switch")
        assert page.url.path == "/login/select"
        page = await self.choose(shared, page, "bob")
        assert "Signed in as <bdi><strong>Bob" in page.text

    async def test_a_fresh_sign_in_is_asked_of_whose_pages_are_open(self, shared) -> None:
        await self.choose(shared, await visit(shared), "alice")
        shared.instance.clock.time += FRESH + 1
        page = await visit(shared, "/account/password")
        assert page.url.path == "/login"
        assert 'value="alice"' in page.text

    async def test_nobody_takes_the_place_of_who_signed_out(self, shared) -> None:
        page = await self.choose(shared, await visit(shared), "alice")
        answer = await shared.post("/account/sign-out", fields_of(page, "form_token"))
        assert answer.status_code == 200
        page = await visit(shared)
        assert page.url.path == "/login/select"
        assert "Alice" not in page.text

    async def test_a_form_of_one_is_refused_for_the_other(self, shared) -> None:
        alices = await self.choose(shared, await visit(shared, "/account/profile"), "alice")
        await self.choose(shared, await visit(shared, "/account/switch"), "bob")
        answer = await send(shared, alices, "stamp", nickname="Al")
        assert answer.status_code == 403
        assert (await shared.instance.user("bob")).profile.nickname is None

    async def test_the_mark_of_the_choice_opens_nothing_elsewhere(self, shared) -> None:
        await self.choose(shared, await visit(shared), "alice")
        mark = shared.http.cookies.get(MARK)
        assert mark is not None
        thief = shared.instance.browser()
        thief.http.cookies.set(MARK, mark, domain="id.test", path="/")
        assert (await visit(thief)).url.path == "/login"


class TestTheClient:
    """The client of these pages is no client of anybody."""

    async def test_no_request_from_outside_is_one_of_it(self, browser) -> None:
        for redirect_uri in ("https://id.test/account", "", "https://evil.test/"):
            asked = {"client_id": ACCOUNT.client_id, "response_type": "none"}
            query = urlencode(asked | {"redirect_uri": redirect_uri, "entry": "/account"})
            response = await browser.get(f"/oauth/v2/authorize?{query}")
            assert response.status_code == 400

    @pytest.mark.parametrize("path", ["token", "introspect", "revoke", "par"])
    async def test_it_cannot_authenticate(self, instance, path) -> None:
        fields = {"grant_type": "client_credentials", "token": "x"}
        answer = await as_client(instance, ACCOUNT.client_id, f"/oauth/v2/{path}", **fields)
        assert answer.status_code == 401

    async def test_it_is_not_stored_and_cannot_be_changed(self, instance) -> None:
        assert await instance.store.client(ACCOUNT.client_id) is ACCOUNT
        assert await instance.store.read_client(ACCOUNT.client_id) is None
        clients = await instance.store.list_clients(ClientKind.BUILT_IN, None, None, "", 10)
        assert clients == ()

    async def test_a_record_of_its_name_changes_nothing(self, instance) -> None:
        planted = msgspec.structs.replace(
            ACCOUNT, organization_id="acme", redirect_uris=("https://evil.test/",)
        )
        await instance.add(planted)
        assert await instance.store.client(ACCOUNT.client_id) is BUILT_IN[ACCOUNT.client_id]

    async def test_a_flow_of_it_leaves_no_grant_and_no_consent(self, browser) -> None:
        await enter(browser)
        store, user = browser.instance.store, await browser.instance.user("alice")
        assert await store.access_of(user, browser.instance.clock.time) == ()
        assert await store.consents_of(user.id) == ()

    async def test_a_flow_of_it_is_used_once(self, browser) -> None:
        flow = flow_of(await browser.get("/account/apps"))
        await browser.sign_in(flow=flow)
        path = f"/oauth/v2/authorize/continue?flow={flow}"
        assert (await browser.get(path)).headers["location"] == "/account/apps"
        assert (await browser.get(path)).status_code == 410

    async def test_a_flow_that_expired_leads_back_to_the_pages(self, browser) -> None:
        await enter(browser)
        flow = flow_of(await browser.get("/account/switch"))
        browser.instance.clock.time += 1800
        page = await browser.get(f"/login?flow={flow}")
        assert page.status_code == 410
        assert 'href="https://id.test/account"' in page.text

    async def test_a_denied_flow_of_it_ends_on_a_page(self, browser) -> None:
        """The consent page is not for it; who sends it a "no" all the same is told so."""
        flow = flow_of(await browser.get("/account"))
        await browser.sign_in(flow=flow)
        interaction = await browser.instance.store.interaction(digest(flow))
        assert interaction is not None
        await browser.instance.change(interaction, done=(*interaction.done, "denied"))
        answer = await browser.get(f"/oauth/v2/authorize/continue?flow={flow}")
        assert answer.status_code == 410
        assert "location" not in answer.headers
