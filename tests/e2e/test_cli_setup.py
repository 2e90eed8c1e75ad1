"""`ostiary setup`: the link, the page behind it, and the account that it makes."""

import secrets

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe

from support.browser import Browser
from support.chromium import chromium, noting

PASSWORD = "violet tram sings quietly"


@pytest.fixture
def link(server):
    made = server.run("setup")
    assert made["url"].startswith(f"{server.issuer}/setup?token=ost_st_")
    return made["url"]


@pytest.fixture
def browser():
    with Browser("https://nobody.test") as browser:
        yield browser


def unique():
    return f"root-{secrets.token_hex(4)}"


def test_ad_19_the_link_makes_one_account(server, link, browser):
    page = browser.visit(link)
    assert page.url == f"{server.issuer}/setup"
    name = unique()
    form = page.form(username="", email="", new_password="")
    done = browser.submit(page, form, username=name, new_password=PASSWORD)
    assert done.status == 200
    assert "Your account is ready" in done.text
    assert server.run("user", "show", name)["state"] == "active"
    (event,) = server.run("events", "list", "--type", "setup.completed", "--limit", "1")
    assert event["user_agent"]
    for address in (link, page.url):
        over = browser.visit(address)
        assert over.status == 404
        assert "This link no longer works" in over.text


def test_the_token_leaves_the_address_and_no_page_holds_it(link, browser):
    token = link.partition("=")[2]
    page = browser.visit(link)
    assert token not in page.text + page.url
    (cookie,) = browser.http.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "form-action" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("filled", "message", "field"),
    [
        ({"username": "a b"}, "A username has no spaces", "username"),
        ({"username": ""}, "A username has no spaces", "username"),
        ({"email": "nobody"}, "not an email address", "email"),
        ({"new_password": "short"}, "too short", "new_password"),
        ({"new_password": ""}, "too short", "new_password"),
        ({"new_password": "x" * 300}, "at most 256", "new_password"),
        ({"new_password": "aaaaaaaaaaaaaaaaaaaa"}, "easy to guess", "new_password"),
        ({"username": "alice"}, "Somebody signs in with that name", "username"),
        ({"username": "<b>"}, None, None),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_and_nothing_is_lost(link, browser, filled, message, field):
    page = browser.visit(link)
    given = {"username": unique(), "email": "", "new_password": PASSWORD} | filled
    answer = browser.submit(page, page.form(username=""), **given)
    if message is None:
        assert "&lt;b&gt;" in answer.text
        return
    assert answer.status == 422
    assert message in answer.text
    form = answer.form(username="")
    assert form.fields["username"] == given["username"]
    assert form.fields["new_password"] == ""
    again = browser.submit(answer, form, username=unique(), email="", new_password=PASSWORD)
    assert "Your account is ready" in again.text


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=x", "?token=ost_st_" + "A" * 49, "?token=%00"]
)
def test_without_a_good_token_there_is_nothing(server, query):
    answer = httpx.get(f"{server.issuer}/setup{query}")
    assert answer.status_code == 404
    posted = httpx.post(
        f"{server.issuer}/setup", data={"username": unique(), "new_password": PASSWORD}
    )
    assert posted.status_code == 404


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_forms_of_other_sites_are_refused(server, link, browser, headers):
    browser.visit(link)
    data = {"username": unique(), "new_password": PASSWORD}
    answer = browser.http.post(f"{server.issuer}/setup", data=data, headers=headers)
    assert answer.status_code == 403
    assert browser.visit(f"{server.issuer}/setup").status == 200


def test_do_02_bodies_beyond_all_measure(server, link, browser):
    browser.visit(link)
    for data, status in (("username=" + "a" * 70_000, 413), ("&".join(["a=b"] * 200), 400)):
        answer = browser.http.post(
            f"{server.issuer}/setup",
            content=data,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == status


async def test_the_page_in_a_real_browser(link):
    async with chromium() as browser:
        for scheme, width in (("light", 1280), ("dark", 320)):
            context = await browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 900}
            )
            page = await context.new_page()
            problems: list[str] = []
            page.on("console", noting(problems))
            await page.goto(link)
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            await page.fill("#username", "a b")
            await page.fill("#new_password", "short")
            await page.click("button[type=submit]")
            await page.wait_for_selector("[role=alert]")
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert [text for text in problems if "status of 422" not in text] == []
            await context.close()
