"""Attacks on the console: forged forms, markup in what others wrote, reach beyond one's roles."""

import re

import msgspec
import pytest

from ostiary.model.membership import Group
from ostiary.model.organization import Organization
from ostiary.model.user import Profile
from support.account import visit
from support.console import add_other, administer, fill_in, links_of, open_console
from support.instance import open_instance

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}${7*7}",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)//",
    "=cmd|' /C calc'!A0",
]


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        await add_other(instance)
        yield instance


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


async def form_of(browser, path: str) -> dict[str, str]:
    """Open the form of an operation, and return what it is sent with."""
    page = await open_console(browser, path)
    token = re.search(r'class="sheet">\s*<input[^>]*value="([^"]*)"', page.text)
    assert token is not None
    return {"form_token": token[1]}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://sub.id.test"},
        {"Origin": "https://evil.test"},
    ],
    ids=["cross-site", "same-site", "no-metadata"],
)
async def test_az_20_a_form_from_elsewhere_is_refused(instance, browser, headers) -> None:
    await administer(instance, "instance_owner")
    await instance.add_user("bob")
    path = "/console/do/delete_user?user_id=user-bob"
    fields = await form_of(browser, path)
    assert (await browser.post(path, fields, headers)).status_code == 403
    assert (await instance.user("bob")).username == "bob"


async def test_az_20_a_token_is_good_for_one_operation_on_one_thing(instance, browser) -> None:
    await administer(instance, "instance_owner")
    for name in ("bob", "carl"):
        await instance.add_user(name)
    fields = await form_of(browser, "/console/do/delete_user?user_id=user-bob")
    for other in (
        "/console/do/delete_user?user_id=user-carl",
        "/console/do/delete_user?user_id=user-bob&user_id=user-carl",
        "/console/do/set_user_password?user_id=user-bob",
        "/console/do/delete_application?client_id=shop",
    ):
        assert (await browser.post(other, fields)).status_code == 403
    empty = {"form_token": ""}
    assert (
        await browser.post("/console/do/delete_user?user_id=user-carl", empty)
    ).status_code == 403
    assert await instance.events("account.deleted") == []
    assert len(await instance.events("csrf.blocked")) == 5


async def test_ad_01_the_forms_of_things_elsewhere_do_not_exist(instance, browser) -> None:
    await administer(instance, "org_owner")
    await open_console(browser)
    for path in (
        "/console/users/user-otto",
        "/console/projects/elsewhere",
        "/console/organizations/other",
        "/console/do/update_user?user_id=user-otto",
        "/console/do/update_project?project_id=elsewhere",
    ):
        assert (await visit(browser, path)).status_code == 404, path
    answer = await fill_in(browser, "/console/do/delete_user?user_id=user-otto")
    assert answer.status_code == 404
    assert (await instance.user("otto")).username == "otto"


@pytest.mark.parametrize("role", ["instance_viewer", "org_viewer", "org_user_manager"])
async def test_ad_02_whoever_may_look_changes_nothing(instance, browser, role) -> None:
    await administer(instance, role)
    page = await open_console(browser, "/console/applications/shop")
    assert page.status_code == 200
    assert not [one for one in links_of(page) if "/do/update_application" in one]
    page = await visit(browser, "/console/do/update_application?client_id=shop")
    assert page.status_code == 403


async def test_ad_05_nobody_makes_themselves_more_than_they_are(instance, browser) -> None:
    await administer(instance, "org_owner")
    answer = await fill_in(
        browser, "/console/do/grant_administrator", user="alice", role="instance_owner"
    )
    assert answer.status_code in {403, 404}
    assert len(await instance.store.administrators_of("user-alice")) == 1


@pytest.mark.parametrize("markup", MARKUP)
async def test_ad_14_what_others_wrote_stays_text(instance, browser, markup) -> None:
    await administer(instance, "instance_owner")
    shop = await instance.store.client("shop")
    await instance.change(shop, client_name=markup, client_uri=None)
    alice = await instance.user("alice")
    await instance.change(alice, profile=Profile(name=markup), metadata={"note": markup})
    await instance.change(await instance.store.read_organization("other"), name=markup)
    await instance.add(
        Group(id="group", organization_id="acme", key="staff", name=markup),
        Organization(id="named", name=markup),
    )
    browser.http.headers["User-Agent"] = markup.encode("ascii", "ignore").decode()
    for path in (
        "/console",
        "/console/applications",
        "/console/applications/shop",
        "/console/do/update_application?client_id=shop",
        "/console/do/delete_application?client_id=shop",
        "/console/users",
        "/console/users/user-alice",
        "/console/do/update_user?user_id=user-alice",
        "/console/organizations",
        "/console/organizations/other",
        "/console/groups/group",
        "/console/events",
        f"/console/users?search={markup.replace('&', '').replace('#', '')}",
    ):
        page = await open_console(browser, path)
        assert page.status_code == 200, path
        for tag in ("<script>alert", "<img src=x", "<svg/onload"):
            assert tag not in page.text, (path, tag)
        assert 'href="javascript:' not in page.text, path
        assert "49" not in re.findall(r"<h1>(.*?)</h1>", page.text), path


async def test_ad_14_no_link_leads_where_somebody_else_said(instance, browser) -> None:
    await administer(instance, "instance_owner")
    shop = await instance.store.client("shop")
    uris = {"client_uri": "javascript:alert(1)", "tos_uri": "https://evil.test/"}
    await instance.change(shop, **uris)
    page = await open_console(browser, "/console/applications/shop")
    assert all(one.startswith(("/", "#")) for one in links_of(page))


async def test_headers_keep_the_console_to_itself(instance, browser) -> None:
    await administer(instance, "instance_owner")
    for path in ("/console", "/console/users", "/console/do/create_user"):
        headers = (await open_console(browser, path)).headers
        policy = headers["content-security-policy"]
        for rule in (
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ):
            assert rule in policy
        assert "unsafe" not in policy
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


async def test_no_page_of_the_console_holds_a_secret(instance, browser) -> None:
    """Neither hashes nor digests: what is stored of a secret is no part of an answer."""
    await administer(instance, "instance_owner")
    alice = await instance.user("alice")
    assert alice.password_hash is not None
    page = await open_console(browser, "/console/users/user-alice")
    assert alice.password_hash not in page.text
    assert "argon2" not in page.text
    assert msgspec.json.encode(alice.password_hash).decode() not in page.text
