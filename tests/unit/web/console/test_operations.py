"""Forms of the console do what the operations of the management API do, and nothing else."""

import json
import re

import pytest

from ostiary.model.client import ClientState
from ostiary.model.user import UserState
from ostiary.oauth.handle import digest
from support.account import application, follow, visit
from support.console import administer, do, fill_in, form_token, links_of, open_console, text_of
from support.instance import flow_of


@pytest.fixture(autouse=True)
async def owner(instance):
    """Alice administers everything."""
    await administer(instance, "instance_owner")


class TestCreate:
    async def test_a_user_from_a_form(self, instance, browser) -> None:
        page = await do(
            browser,
            "/console/do/create_user",
            organization="acme",
            username="bob",
            email__address="bob@acme.test",
            email__verified="true",
            profile__given_name="Bob",
            metadata='{"plan": "gold"}',
        )
        assert page.status_code == 200
        assert "Done: Add a user" in text_of(page)
        key = page.url.path.rpartition("/")[2]
        made = await instance.store.user(key)
        assert (made.username, made.email, made.email_verified) == ("bob", "bob@acme.test", True)
        assert (made.profile.given_name, made.metadata) == ("Bob", {"plan": "gold"})
        (event,) = await instance.events("account.created")
        assert (event.actor_type, event.actor_id) == ("user", "user-alice")

    async def test_what_is_wrong_is_said_at_the_field_and_nothing_is_lost(
        self, instance, browser
    ) -> None:
        page = await fill_in(
            browser,
            "/console/do/create_user",
            organization="acme",
            username="bob",
            email__address="no address",
            profile__given_name="Bob <b>",
            metadata="{",
        )
        assert page.status_code == 422
        assert "metadata" in text_of(page)
        assert 'value="no address"' in page.text
        assert 'value="Bob &lt;b&gt;"' in page.text
        assert await instance.events("account.created") == []
        page = await fill_in(
            browser,
            "/console/do/create_user",
            organization="acme",
            username="bob",
            email__address="no address",
        )
        assert page.status_code == 422
        field = page.text.partition('name="email.address"')[2].partition(">")[0]
        assert 'aria-invalid="true"' in field

    async def test_a_name_that_is_taken(self, browser) -> None:
        page = await fill_in(
            browser, "/console/do/create_user", organization="acme", username="alice"
        )
        assert page.status_code == 409
        assert "is taken" in text_of(page)

    async def test_a_secret_is_shown_once(self, instance, browser) -> None:
        page = await do(
            browser,
            "/console/do/create_application",
            project="store",
            client_id="portal",
            client_name="Portal",
            redirect_uris="https://portal.test/cb\r\nhttps://portal.test/other",
        )
        assert page.status_code == 200
        assert "never shown again" in text_of(page)
        secret = re.search(r"Secret\s+([\w-]{30,})", text_of(page))
        assert secret is not None
        made = await instance.store.client("portal")
        assert made.redirect_uris == ("https://portal.test/cb", "https://portal.test/other")
        assert made.require_pkce
        shown = await visit(browser, "/console/applications/portal")
        assert secret[1] not in shown.text

    async def test_fields_are_filled_in_from_the_address(self, browser) -> None:
        page = await open_console(
            browser,
            "/console/do/create_application?client_name=Shop+2&redirect_uris=https://a.test/cb"
            "&redirect_uris=https://b.test/cb&project=store",
        )
        assert 'value="Shop 2"' in page.text
        assert "https://a.test/cb\nhttps://b.test/cb</textarea>" in page.text


class TestChange:
    @pytest.fixture(autouse=True)
    async def notes(self, instance):
        """An application that has a secret already."""
        await instance.add(application("notes", client_uri="https://notes.test/"))

    async def test_ad_16_a_link_does_not_fill_in_what_is_different(self, browser) -> None:
        page = await open_console(
            browser,
            "/console/do/update_application?client_id=notes&redirect_uris=https://evil.test/cb",
        )
        assert "https://notes.test/cb" in page.text
        assert "evil.test" not in page.text.partition('class="sheet"')[2]

    async def test_only_what_is_different_changes(self, instance, browser) -> None:
        before = await instance.store.client("notes")
        page = await open_console(browser, "/console/do/update_application?client_id=notes")
        assert "https://notes.test/cb</textarea>" in page.text
        page = await do(
            browser,
            "/console/do/update_application?client_id=notes",
            client_name="Store",
            redirect_uris="https://notes.test/cb",
        )
        assert page.url.path == "/console/applications/notes"
        after = await instance.store.client("notes")
        assert after.client_name == "Store"
        assert after.redirect_uris == before.redirect_uris
        (event,) = await instance.events("client.updated")
        assert event.details == {"changed": ["client_name"]}

    async def test_an_emptied_field_takes_a_value_away(self, instance, browser) -> None:
        await do(
            browser,
            "/console/do/update_application?client_id=notes",
            client_uri="",
            allowed_scopes="openid",
        )
        after = await instance.store.client("notes")
        assert (after.client_uri, after.allowed_scopes) == (None, ("openid",))

    async def test_ad_11_what_somebody_else_changed_meanwhile_is_not_undone(
        self, instance, browser
    ) -> None:
        path = "/console/do/update_application?client_id=notes"
        page = await open_console(browser, path)
        await instance.change(
            await instance.store.client("notes"), client_name="Theirs", updated_at=5
        )
        token = re.search(r'class="sheet">\s*<input[^>]*value="([^"]*)"', page.text)
        version = re.search(r'name="version" value="([^"]*)"', page.text)
        fields = {"form_token": token[1], "version": version[1], "client_name": "Mine"}
        answer = await browser.post(path, fields)
        assert answer.status_code == 409
        assert 'value="Mine"' in answer.text
        assert (await instance.store.client("notes")).client_name == "Theirs"

    async def test_a_state_is_chosen(self, instance, browser) -> None:
        path = "/console/do/set_application_state?client_id=notes"
        page = await do(browser, path, state="inactive")
        assert page.url.path == "/console/applications/notes"
        assert (await instance.store.client("notes")).state is ClientState.INACTIVE


class TestDestroy:
    async def test_it_is_asked_first(self, instance, browser) -> None:
        await instance.add_user("bob")
        path = "/console/do/delete_user?user_id=user-bob"
        page = await open_console(browser, path)
        assert "What is personal is erased" in text_of(page)
        assert (await instance.store.user("user-bob")).state is UserState.ACTIVE
        page = await do(browser, path)
        assert page.url.path == "/console/users"
        found = await instance.store.user("user-bob")
        assert found is None or found.state is UserState.DELETED

    async def test_it_takes_somebody_who_signed_in_just_now(self, instance, browser) -> None:
        await instance.add_user("bob")
        await open_console(browser)
        instance.clock.time += 301
        page = await visit(browser, "/console/do/delete_user?user_id=user-bob")
        assert page.url.path == "/login"

    async def test_mf_05_so_does_another_address_to_recover_an_account_by(
        self, instance, browser
    ) -> None:
        await instance.add_user("bob")
        await open_console(browser)
        instance.clock.time += 301
        page = await visit(browser, "/console/do/update_user?user_id=user-bob")
        assert page.url.path == "/login"

    @pytest.mark.parametrize("name", ["client_secret", "jwks", "token_endpoint_auth_method"])
    async def test_mf_05_so_does_a_way_in_that_a_change_sets(self, instance, browser, name) -> None:
        values = {
            "client_secret": "a secret of somebody who came by",
            "jwks": '{"keys": []}',
            "token_endpoint_auth_method": "none",
        }
        await instance.add(application("notes"))
        path = "/console/do/update_application?client_id=notes"
        await open_console(browser, path)
        instance.clock.time += 301
        before = await instance.store.client("notes")
        answer = await fill_in(browser, path, **{name: values[name]})
        assert (await follow(browser, answer)).url.path == "/login"
        # What is no way in needs none.
        answer = await fill_in(browser, path, client_name="Notes of ACME")
        assert answer.headers["location"] == "/console/applications/notes"
        after = await instance.store.client("notes")
        assert after.client_name == "Notes of ACME"
        assert (after.secrets, after.jwks) == (before.secrets, before.jwks)
        assert after.token_endpoint_auth_method == before.token_endpoint_auth_method

    @pytest.mark.parametrize("name", ["create_webhook", "update_webhook?webhook_id=hook"])
    async def test_so_does_an_audit_trail_that_goes_elsewhere(
        self, instance, browser, name
    ) -> None:
        await open_console(browser)
        instance.clock.time += 301
        assert (await visit(browser, f"/console/do/{name}")).url.path == "/login"

    async def test_lx_01_no_password_of_an_import_waits_for_a_sign_in(
        self, instance, browser
    ) -> None:
        path = "/console/do/import_users"
        page = await open_console(browser, path)
        fields = {"form_token": form_token(page), "organization": "acme"}
        users = [{"username": "bob", "password": {"plain": "correct horse battery staple"}}]
        instance.clock.time += 301
        answer = await browser.post(path, {**fields, "users": json.dumps(users)})
        assert answer.status_code == 303
        kept = await instance.store.interaction(digest(flow_of(answer)))
        assert "correct horse" not in str(kept.request)
        assert "acme" in str(kept.request)

    async def test_several_at_once_whatever_becomes_of_each(self, instance, browser) -> None:
        await instance.add_user("bob")
        await instance.add_user("carl")
        await open_console(browser)
        picked = "/console/do?name=delete_user&user_id=user-bob&user_id=user-carl&user_id=nobody"
        page = await visit(browser, picked)
        assert "user-bob , user-carl , nobody" in text_of(page)
        path = f"{page.url.path}?{page.url.query.decode()}"
        answer = await fill_in(browser, path)
        assert answer.status_code == 200
        assert text_of(answer).count("not done") == 1
        for name in ("bob", "carl"):
            found = await instance.store.user(f"user-{name}")
            assert found is None or found.state is UserState.DELETED

    async def test_nothing_picked_is_nothing_done(self, browser) -> None:
        await open_console(browser)
        page = await visit(browser, "/console/do?name=delete_user")
        assert page.url.path == "/console/users"


async def test_the_same_as_a_call_of_the_api(instance, browser) -> None:
    answer = await fill_in(
        browser,
        "/console/do/create_user",
        organization="acme",
        username="o'neill",
        password__plain="correct horse battery staple",
        decision="copy",
    )
    assert answer.status_code == 200
    shown = text_of(answer)
    assert "curl -X POST 'https://id.test/api/v1/users'" in shown
    assert '"username": "o\'"\'"\'neill"' in shown
    assert "correct horse" not in shown
    assert await instance.events("account.created") == []


@pytest.mark.parametrize(
    "path",
    [
        "/console/do/no_such_operation",
        "/console/do/list_users",
        "/console/do/delete_user",
        "/console/do/delete_user?user_id=",
        "/console/do/delete_user?user_id=%00",
        "/console/do/update_user?user_id=user-alice&user_id=user-otto",
        "/console/do?name=update_user&user_id=user-alice",
        "/console/users/nobody",
        "/console/do/update_user?user_id=nobody",
    ],
)
async def test_what_does_not_exist_is_not_found(browser, path) -> None:
    await open_console(browser)
    assert (await visit(browser, path)).status_code == 404


@pytest.mark.parametrize("query", ["?state=nonsense", "?search=%00", "?cursor=abc", "?x=%FF"])
async def test_an_address_that_was_bent_breaks_nothing(browser, query) -> None:
    await open_console(browser)
    assert (await visit(browser, f"/console/users{query}")).status_code in {200, 400}


async def test_a_list_goes_on_page_by_page(instance, browser) -> None:
    for number in range(30):
        await instance.add_user(f"u{number:02}", password=None)
    page = await open_console(browser, "/console/users")
    more = next(one for one in links_of(page) if "cursor=" in one)
    further = await visit(browser, more)
    seen = {one for one in links_of(page) | links_of(further) if "/users/user-u" in one}
    assert len(seen) == 30
    assert not [one for one in links_of(further) if "cursor=" in one]


async def test_ad_11_the_nul_character_is_in_no_field(browser) -> None:
    """What a stranger typed is kept while they sign in, and not every database can hold it."""
    path = "/console/do/create_user"
    assert (await browser.post(path, {"username": "a\0"})).status_code == 400
