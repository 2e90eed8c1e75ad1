"""`ostiary serve --dev`: one command, then a browser signs the demo user in to the demo."""

import json
import re
import subprocess

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe

from support.browser import Browser
from support.chromium import chromium, noting
from support.development import OSTIARY, Development
from support.process import clean_environment, free_port


@pytest.fixture(scope="module")
def development(tmp_path_factory):
    with Development(tmp_path_factory.mktemp("development")) as running:
        yield running
        assert "Traceback" not in running.program.process.output()


def visitor(development):
    return Browser(development.ready["demo_url"], live=True)


def test_one_line_says_where_everything_is(development):
    issuer = f"http://localhost:{development.port}"
    told = dict(development.ready)
    password, link = told.pop("password"), told.pop("console_link")
    assert told == {
        "issuer": issuer,
        "console_url": f"{issuer}/console",
        "demo_url": f"{issuer}/demo",
        "username": "demo",
        "administrator": "admin",
        "client_id": "demo",
    }
    assert link.startswith(f"{issuer}/dev/console?once=ost_rc_")
    assert len(password) > 20
    assert development.program._lines.empty()


def test_the_demo_user_signs_in_to_the_demo_and_sees_their_claims(development):
    with visitor(development) as browser:
        page = browser.visit(development.ready["demo_url"])
        assert page.status == 200
        assert "Sign in" in page.text
        page = development.sign_in(browser)
        assert page.url == development.ready["demo_url"]
        assert "Signed in as <bdi>Dana Demo</bdi>" in page.text
        for claim in ("sub", "auth_time", "nonce", "email", "preferred_username", "kid"):
            assert f"<code>{claim}</code>" in page.text
        assert "demo@example.test" in page.text


def test_no_token_is_in_the_page_or_readable_in_the_cookie(development):
    with visitor(development) as browser:
        page = development.sign_in(browser)
        jar = {cookie.name: cookie for cookie in browser.http.cookies.jar}
        assert jar["ostiary_demo"].has_nonstandard_attr("HttpOnly")
        assert jar["ostiary_demo"].path == "/demo"
        assert "ost_rt_" not in page.text
        assert not re.search(r"eyJ[\w-]{20,}\.", page.text + jar["ostiary_demo"].value)


def test_tokens_are_refreshed(development):
    with visitor(development) as browser:
        page = development.sign_in(browser)
        form = next(form for form in page.forms if form.action.endswith("/refresh"))
        refreshed = browser.submit(page, form)
        assert "Signed in as <bdi>Dana Demo</bdi>" in refreshed.text

        def at_hash(text):
            return re.search(r"at_hash</code></th><td><bdi>([^<]+)", text)[1]

        assert at_hash(refreshed.text) != at_hash(page.text)


def test_signing_out_here_leaves_the_session_at_the_provider(development):
    with visitor(development) as browser:
        page = development.sign_in(browser)
        form = next(form for form in page.forms if form.action.endswith("/sign-out"))
        page = browser.submit(page, form)
        assert "Sign in" in page.text
        assert "Dana" not in page.text
        # The provider still knows who it is: no form comes in between.
        again = browser.visit(f"{development.ready['demo_url']}/sign-in")
        assert "Signed in as <bdi>Dana Demo</bdi>" in again.text


def test_signing_out_ends_the_session_at_the_provider_and_leads_back(development):
    with visitor(development) as browser:
        page = development.sign_in(browser)
        form = next(form for form in page.forms if form.action.endswith("/sign-out-everywhere"))
        page = browser.submit(page, form)
        # The ID token says whose session is meant: there and back without a question.
        assert page.url == development.ready["demo_url"]
        assert "Dana" not in page.text
        again = browser.visit(f"{development.ready['demo_url']}/sign-in")
        assert 'name="password"' in again.text


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?code=x&state=y", "?error=access_denied&state=y&error_description=%3Cb%3E"],
)
def test_an_answer_that_nobody_asked_for_is_refused(development, query):
    with visitor(development) as browser:
        page = browser.visit(f"{development.ready['demo_url']}/callback{query}")
        assert page.status == 400
        assert "This browser has not begun to sign in" in page.text
        assert "<b>" not in page.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "forged"}, "its state differs"),
        ({"iss": "https://evil.test"}, "its iss differs"),
        ({"code": "forged"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_a_forged_answer_is_refused(development, change, reason):
    with Browser(f"{development.ready['demo_url']}/callback") as browser:
        page = development.sign_in(browser)
        url = httpx.URL(page.url).copy_merge_params(change)
        answer = browser.http.get(url)
        assert answer.status_code == 400
        assert reason in answer.text
        # The sign-in that was begun is over: the true answer is of no use any more.
        assert browser.http.get(page.url).status_code == 400


@pytest.mark.parametrize("path", ["refresh", "sign-out", "sign-out-everywhere"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_forms_of_other_sites_are_refused(development, path, headers):
    with visitor(development) as browser:
        development.sign_in(browser)
        url = f"{development.ready['demo_url']}/{path}"
        assert browser.http.post(url, headers=headers).status_code == 403
        page = browser.visit(development.ready["demo_url"])
        assert "Signed in as" in page.text


def test_a_damaged_cookie_is_no_session(development):
    for cookie in ("x", "AAAA", "%00", "A" * 3000):
        answer = httpx.get(
            development.ready["demo_url"], headers={"Cookie": f"ostiary_demo={cookie}"}
        )
        assert answer.status_code == 200
        assert "Signed in as" not in answer.text


def test_commands_find_the_instance_by_the_folder(development):
    code, answer = development.run("app", "create", "--preset", "fastapi")
    assert code == 0
    assert answer["data"]["env"]["OIDC_ISSUER"] == development.ready["issuer"]
    code, answer = development.run("doctor")
    assert code == 0
    assert {check["status"] for check in answer["data"]["checks"]} == {"ok"}


async def test_the_demo_in_a_real_browser_narrow_wide_light_and_dark(development):
    ready = development.ready
    async with chromium() as browser:
        for scheme, width in (("light", 1280), ("dark", 320)):
            context = await browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 800}
            )
            page = await context.new_page()
            problems: list[str] = []
            page.on("console", noting(problems))
            await page.goto(ready["demo_url"])
            assert (await Axe().run(page)).violations_count == 0
            await page.click("a.primary")
            await page.fill("input[name=username]", ready["username"])
            await page.fill("input[name=password]", ready["password"])
            await page.click("button[type=submit]")
            await page.wait_for_url("**/demo")
            assert await page.inner_text("h1") == "Signed in as Dana Demo"
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not await page.evaluate(sideways)
            assert problems == []
            await context.close()


async def test_the_link_opens_the_console_once_and_is_in_no_log(development):
    link, issuer = development.ready["console_link"], development.ready["issuer"]
    async with chromium() as browser:
        first, second = await browser.new_page(locale="en"), await browser.new_page(locale="en")
        problems: list[str] = []
        first.on("console", noting(problems))
        await first.goto(link)
        assert first.url == f"{issuer}/dev/console"
        assert (await Axe().run(first)).violations_count == 0
        await first.get_by_role("button", name="Sign in").click()
        await first.wait_for_url(f"{issuer}/console")
        assert "Ada Admin" in await first.inner_text("header")
        await second.goto(link)
        assert "no longer works" in await second.inner_text("h1")
        assert problems == []
    assert link.partition("=")[2] not in development.program.process.output()


def test_a_restart_keeps_the_data_and_the_credentials(tmp_path):
    development = Development(tmp_path)
    with development:
        first = development.ready
        development.run("user", "create", "bob")
    with development:
        again = dict(development.ready)
        link = again.pop("console_link")
        assert {**again, "console_link": first["console_link"]} == first
        assert httpx.get(first["console_link"], follow_redirects=True).status_code == 410
        assert httpx.get(link, follow_redirects=True).status_code == 200
        with visitor(development) as browser:
            assert "Dana Demo" in development.sign_in(browser).text
        assert development.run("user", "show", "bob")[0] == 0


def test_two_workers_share_the_demo(tmp_path):
    with Development(tmp_path, "--workers", "2") as development:
        for _ in range(4):
            with visitor(development) as browser:
                assert "Dana Demo" in development.sign_in(browser).text


def test_outside_of_development_mode_there_is_no_demo(server):
    assert httpx.get(f"{server.issuer}/demo").status_code == 404


def test_people_are_told_the_same(tmp_path):
    port = free_port()
    command = [*OSTIARY, "serve", "--dev", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        told = ""
        for line in process.stdout:
            told += line
            if "Ctrl+C" in line:
                break
        process.terminate()
        process.communicate(timeout=15)
    assert f"Issuer     http://localhost:{port}\n" in told
    assert f"Demo       http://localhost:{port}/demo       sign in as demo\n" in told
    link, _, rest = told.partition("Console    ")[2].partition("\n")
    assert link.startswith(f"http://localhost:{port}/dev/console?once=ost_rc_")
    assert rest.startswith(f"{' ' * 15}works once, within 15 minutes; then ")
    assert f" http://localhost:{port}/console, as admin\n" in rest
    password = json.loads((tmp_path / ".ostiary/demo.json").read_text())["password"]
    assert f"Password   {password}\n" in told
    assert process.returncode == 0
