"""Who comes in to the console, what they are shown of it, and how they leave."""

import pytest

from ostiary.model.administrator import AdministratorRole
from support.account import enter, fields_of, follow, visit
from support.console import PLACES, administer, links_of, open_console, text_of

_MARK = "__Host-ostiary_console"


async def test_whoever_is_not_signed_in_signs_in_first(instance, browser) -> None:
    await administer(instance, "org_owner")
    assert (await visit(browser, "/console/users")).url.path == "/login"
    page = await open_console(browser, "/console/users")
    assert (page.status_code, page.url.path) == (200, "/console/users")


async def test_an_address_with_a_query_is_where_sign_in_leads(instance, browser) -> None:
    await administer(instance, "org_owner")
    page = await open_console(browser, "/console/users?search=ali&state=active")
    assert str(page.url).endswith("/console/users?search=ali&state=active")


async def test_whoever_administers_nothing_is_told_what_is_missing(browser) -> None:
    page = await open_console(browser)
    assert page.status_code == 403
    assert "You administer nothing here" in text_of(page)
    assert not [one for one in links_of(page) if one.startswith("/console/users")]


async def test_a_page_beyond_ones_roles_names_those_that_would_do(instance, browser) -> None:
    await administer(instance, "project_owner")
    page = await open_console(browser, "/console/users")
    assert page.status_code == 403
    assert "people and service accounts" in text_of(page)
    assert "manages an organization's people" in text_of(page)


async def test_ad_01_a_role_that_was_taken_counts_no_more(instance, browser) -> None:
    await administer(instance, "org_owner")
    assert (await open_console(browser)).status_code == 200
    (held,) = await instance.store.administrators_of("user-alice")
    await instance.change(held, role=AdministratorRole.PROJECT_OWNER, project_id="store")
    assert (await visit(browser, "/console/users")).status_code == 403


async def test_a_policy_that_demands_a_second_factor_holds_at_the_console(
    instance, browser
) -> None:
    await administer(instance, "org_owner")
    policies = {"mfa": {"required": "administrators"}}
    await instance.change(await instance.store.read_configuration(), policies=policies)
    page = await enter(browser, "/console")
    assert page.url.path.startswith("/login/enrol")


async def test_se_05_after_eight_hours_one_signs_in_again(instance, browser) -> None:
    await administer(instance, "org_owner")
    await open_console(browser)
    for _ in range(32):
        instance.clock.time += 900
        assert (await visit(browser, "/console")).url.path == "/console"
    instance.clock.time += 1
    assert (await visit(browser, "/console")).url.path == "/login"
    # Elsewhere the session goes on.
    assert (await visit(browser, "/account")).url.path == "/account"


class TestSe05Idle:
    """SE-05: fifteen minutes without a page, and whoever is back signs in again."""

    async def test_after_a_quarter_of_an_hour_one_signs_in_again(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        instance.clock.time += 900
        assert (await visit(browser, "/console")).url.path == "/console"
        instance.clock.time += 901
        assert (await visit(browser, "/console/users")).url.path == "/login"
        assert (await open_console(browser, "/console/users")).url.path == "/console/users"

    async def test_other_pages_keep_it_open_for_nobody(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        for _ in range(2):
            instance.clock.time += 600
            assert (await visit(browser, "/account")).url.path == "/account"
        assert (await visit(browser, "/console")).url.path == "/login"

    async def test_without_the_mark_of_the_pages_the_sign_in_counts(
        self, instance, browser
    ) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        instance.clock.time += 901
        marked = browser.http.cookies[_MARK]
        for mark in (None, f"{instance.clock.time}.{marked.partition('.')[2]}", "x", "9."):
            browser.http.cookies.delete(_MARK)
            if mark is not None:
                browser.http.cookies.set(_MARK, mark, domain="id.test", path="/")
            page = await visit(browser, "/console")
            assert page.url.path in {"/login", "/login/select"}
            browser.http.cookies.set(_MARK, marked, domain="id.test", path="/")

    async def test_a_list_that_is_watched_does_not_keep_it_open(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        (session,) = await instance.store.list_sessions("user-alice", "", 10)
        for _ in range(15):
            instance.clock.time += 60
            answer = await browser.get("/console/events/latest")
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
        assert await instance.store.list_sessions("user-alice", "", 10) == (session,)
        instance.clock.time += 1
        assert (await browser.get("/console/events/latest")).status_code == 401
        assert (await visit(browser, "/console")).url.path == "/login"


@pytest.mark.parametrize("role", PLACES)
async def test_the_navigation_shows_what_a_role_may_see(instance, browser, role) -> None:
    await administer(instance, role)
    page = await open_console(browser)
    people = role != "project_owner"
    assert ("/console/users" in links_of(page)) is people
    assert "/console/applications" in links_of(page)
    for url in sorted(one for one in links_of(page) if one.startswith("/console/")):
        if url != "/console/switch":
            assert (await visit(browser, url)).status_code == 200, url


class TestPlace:
    async def choose(self, browser, place: str):
        page = await open_console(browser)
        fields = {**fields_of(page, "place"), "place": place}
        return await follow(browser, await browser.post("/console/place", fields))

    async def test_one_organization_is_looked_at_at_a_time(self, instance, browser) -> None:
        await administer(instance, "instance_owner")
        both = text_of(await open_console(browser, "/console/users"))
        assert "alice" in both
        assert "otto" in both
        await self.choose(browser, "other")
        one = text_of(await visit(browser, "/console/users"))
        assert "otto" in one
        assert "alice" not in one

    async def test_of_somebody_elses_nothing_is_looked_at(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        page = await open_console(browser, "/console/users")
        assert 'name="place"' not in page.text
        fields = {"form_token": fields_of(page, "form_token")["form_token"], "place": "other"}
        await browser.post("/console/place", fields)
        assert "otto" not in text_of(await visit(browser, "/console/users"))

    @pytest.mark.parametrize("place", ["x; Domain=evil.test", "ünknown", "nowhere", "a" * 9000])
    async def test_ad_11_of_what_is_no_organization_there_is_no_cookie(
        self, instance, browser, place
    ) -> None:
        await administer(instance, "instance_owner")
        page = await open_console(browser)
        answer = await browser.post("/console/place", {**fields_of(page, "place"), "place": place})
        assert answer.status_code == 303
        assert "ostiary_place" not in answer.headers.get("set-cookie", "")

    async def test_a_cookie_that_was_made_up_chooses_nothing(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        browser.http.cookies.set("__Host-ostiary_place", "other.1-forged", domain="id.test")
        page = await visit(browser, "/console/users")
        assert page.status_code == 200
        assert "otto" not in text_of(page)


async def test_signing_out_ends_the_session(instance, browser) -> None:
    await administer(instance, "org_owner")
    page = await open_console(browser)
    token = page.text.partition('action="/console/sign-out"')[2].partition('value="')[2]
    answer = await browser.post("/console/sign-out", {"form_token": token.partition('"')[0]})
    assert answer.status_code == 200
    assert await browser.sessions() == []
    assert (await visit(browser, "/console")).url.path == "/login"
