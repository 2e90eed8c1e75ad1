"""Sessions as browsers see them: watched by applications, renewed silently, ended in frames."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe

from support import acme
from support.app_site import serve_application
from support.chromium import chromium, profile
from support.static import serve_files

HERE = Path(__file__).parent
LIBRARY = HERE / "node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"


@pytest.fixture
def files():
    """The files of the single-page application; its settings are added by the test."""
    return {
        "/index.html": (HERE / "spa/index.html").read_bytes(),
        "/application.js": (HERE / "spa/application.js").read_bytes(),
        "/oidc-client-ts.js": LIBRARY.read_bytes(),
    }


def authorization(client_id, redirect_uri, **more):
    """Return the query of an authorization request."""
    return urlencode(
        {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        | more
    )


async def fill_in(page):
    await page.fill('input[name="username"]', acme.USERNAME)
    await page.fill('input[name="password"]', acme.PASSWORD)
    await page.click("button[type=submit]")


async def shown_user(page):
    await page.wait_for_function(
        "document.querySelector('#user')?.textContent || "
        "document.querySelector('#problem')?.textContent"
    )
    assert await page.text_content("#problem") == ""
    return json.loads(await page.text_content("#user"))


async def said(page, word, times=1):
    """Wait until the application notes a word, so many times; return all words."""
    await page.wait_for_function(
        "([word, times]) => document.querySelector('#session')?.textContent.split(' ')"
        ".filter(one => one === word).length >= times",
        arg=[word, times],
    )
    return (await page.text_content("#session")).split()


@pytest.fixture
def watching(server, register, files):
    """Serve an application that watches the session, on this host; return its origin."""
    with ExitStack() as stack:

        def serve(host):
            served = stack.enter_context(serve_files(files))
            origin = served.replace("127.0.0.1", host)
            client_id = f"oidc-client-ts-{urlsplit(served).port}"
            uris = [f"{origin}/callback"]
            register(
                acme.public_application(client_id, "OIDC_APP_TYPE_USER_AGENT", redirect_uris=uris)
            )
            settings = {
                "issuer": server.issuer,
                "client_id": client_id,
                "scope": "openid",
                "monitor_session": True,
            }
            files["/settings.json"] = json.dumps(settings).encode()
            return origin

        yield serve


# The same site as the provider's, and another one.
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_s2_24_oidc_client_ts_watches_the_session(server, watching, host, tmp_path):
    """OpenID Connect Session Management 1.0, 3: the frame answers, until somebody signs out."""
    origin = watching(host)
    async with profile(tmp_path) as context:
        page = await context.new_page()
        await page.goto(origin)
        await page.click("#sign-in")
        await fill_in(page)
        await shown_user(page)
        assert set(await said(page, "unchanged", 3)) == {"unchanged"}

        # Somebody signs out in another tab.
        other = await context.new_page()
        await other.goto(f"{server.issuer}/oidc/v1/end_session")
        await other.click('button[value="yes"]')
        words = await said(page, "signed-out")
        assert words.count("changed") == 1
        assert words[-1] == "signed-out"


async def test_3_1_where_cookies_are_withheld_nobody_asks_for_ever(watching):
    """A private window shows the frame of another site no cookie: that is no sign-out."""
    origin = watching("127.0.0.1")
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(origin)
        await page.click("#sign-in")
        await fill_in(page)
        await shown_user(page)
        await page.wait_for_function("!!document.querySelector('#session')?.textContent")
        assert set((await page.text_content("#session")).split()) <= {"error", "unchanged"}


async def renew(page, origin):
    """Sign in, and renew without a refresh token; return what there was before and after."""
    await page.goto(origin)
    await page.click("#sign-in")
    await fill_in(page)
    first = await shown_user(page)
    assert first.get("refresh_token") is None
    await page.evaluate("document.querySelector('#user').textContent = ''")
    await page.click("#refresh")
    return first, await shown_user(page)


async def test_s2_24_oidc_client_ts_renews_silently(watching):
    """`prompt=none` in a hidden frame, for an application of the same site."""
    async with chromium() as browser:
        first, second = await renew(await browser.new_page(), watching("localhost"))
    assert second["profile"]["sub"] == first["profile"]["sub"]
    assert second["access_token"] != first["access_token"]


@pytest.mark.parametrize("allowed", [True, False], ids=["by-policy", "by-default"])
async def test_s2_24_silent_renewal_on_another_site(server, watching, allowed, tmp_path):
    """The cookie goes to frames of other sites only where the policy says so."""
    origin = watching("127.0.0.1")
    policy = {"login": {"cross_site_sessions": allowed}}
    server.apply({"instance": {"policies": policy}})
    try:
        async with profile(tmp_path) as context:
            page = await context.new_page()
            if allowed:
                first, second = await renew(page, origin)
                assert second["access_token"] != first["access_token"]
            else:
                with pytest.raises(AssertionError, match="sign in"):
                    await renew(page, origin)
    finally:
        server.apply({"instance": {"policies": {"login": {"cross_site_sessions": None}}}})


# Posts messages to the frame of a page, and returns the answers: as many as are expected.
ASK = """async ([messages, expected]) => {
  const said = []
  const done = new Promise(resolve => addEventListener("message", event => {
    said.push(event.data)
    if (said.length === expected) resolve(said)
  }))
  const frame = document.querySelector("iframe").contentWindow
  for (const message of messages) frame.postMessage(message, "*")
  return await done
}"""


async def test_se_10_the_frame_answers_the_page_around_it_and_nobody_else(server):
    """Other origins, malformed messages and floods get a word at most, and ask no server."""
    state = f"web {'0' * 64}.{'a' * 16}"
    malformed = ["", "web", f" {state}", "x" * 2000, f"é{state}", f"{state}x"]
    ignored = [None, 5, {"a": 1}, ["web"]]
    with serve_application() as site, serve_application() as other:
        # Origins of one site, so that the browser shows the frame its cookie.
        mine, foreign = (one.origin.replace("127.0.0.1", "localhost") for one in (site, other))
        uris = [f"{mine}/cb"]
        server.apply(acme.organization(acme.web_application("se-10", redirect_uris=uris)))
        frame = f'<iframe src="{server.issuer}/oidc/v1/check_session"></iframe>'
        site.pages["/"] = other.pages["/"] = f"<!doctype html><title>App</title>{frame}"
        other.pages["/around"] = f'<!doctype html><title>Around</title><iframe src="{mine}/">'
        async with chromium() as browser:
            page = await browser.new_page()
            await page.goto(f"{mine}/")
            assert await page.evaluate(ASK, [[state], 1]) == ["error"]  # nobody was here yet

            query = authorization("se-10", uris[0], prompt="none")
            await page.goto(f"{server.issuer}/oauth/v2/authorize?{query}")
            (told,) = parse_qs(urlsplit(page.url).query)["session_state"]
            await page.goto(f"{mine}/")
            asked = [f"se-10 {told}", f"web {told}", state]
            assert await page.evaluate(ASK, [asked, 3]) == ["unchanged", "changed", "changed"]
            words = await page.evaluate(ASK, [[*malformed, *ignored, state], len(malformed) + 1])
            assert words == [*(["error"] * len(malformed)), "changed"]

            requests = []
            page.on("request", lambda request: requests.append(request.url))
            assert await page.evaluate(ASK, [[state] * 5000, 5000]) == ["changed"] * 5000
            assert requests == []

            # What was told to one origin is nothing to another.
            await page.goto(f"{foreign}/")
            assert await page.evaluate(ASK, [[f"se-10 {told}"], 1]) == ["changed"]
            await page.goto(f"{foreign}/around")
            await page.evaluate(
                """message => {
                  window.said = []
                  addEventListener("message", event => said.push(event.data))
                  frames[0].frames[0].postMessage(message, "*")
                }""",
                f"se-10 {told}",
            )
            within = next(one for one in page.frames if one.url == f"{mine}/")
            assert await within.evaluate(ASK, [[state], 1]) == ["changed"]
            assert await page.evaluate("said") == []


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_front_channel_logout_reaches_each_application(server, javascript):
    """OpenID Connect Front-Channel Logout 1.0, 2: in frames, then back, also without scripts."""
    with ExitStack() as stack:
        sites = [stack.enter_context(serve_application()) for _ in range(2)]
        names = [f"front-{index}-{javascript}".lower() for index in range(2)]
        server.apply(
            acme.organization(
                *(
                    acme.web_application(
                        name,
                        redirect_uris=[f"{site.origin}/cb"],
                        post_logout_redirect_uris=[f"{site.origin}/signed-out"],
                        frontchannel_logout_uri=f"{site.origin}/front?app={name}",
                        frontchannel_logout_session_required=True,
                    )
                    for name, site in zip(names, sites, strict=True)
                )
            )
        )
        async with chromium() as browser:
            context = await browser.new_context(java_script_enabled=javascript)
            page = await context.new_page()
            for name, site in zip(names, sites, strict=True):
                query = authorization(name, f"{site.origin}/cb")
                await page.goto(f"{server.issuer}/oauth/v2/authorize?{query}")
                if site is sites[0]:
                    await fill_in(page)
                await page.wait_for_url(f"{site.origin}/cb?**")
            leave = {
                "client_id": names[0],
                "post_logout_redirect_uri": f"{sites[0].origin}/signed-out",
            }
            await page.goto(f"{server.issuer}/oidc/v1/end_session?{urlencode(leave)}")
            await page.click('button[value="yes"]')
            await page.wait_for_url(f"{sites[0].origin}/signed-out")
        told = []
        for name, site in zip(names, sites, strict=True):
            ((address, headers),) = site.received("/front")
            parameters = parse_qs(urlsplit(address).query)
            assert parameters["app"] == [name]
            assert parameters["iss"] == [server.issuer]
            assert headers["sec-fetch-dest"] == "iframe"
            assert "referer" not in headers
            told.append(parameters["sid"])
        assert told[0] != told[1]


async def test_lg_07_an_application_that_does_not_answer_holds_nobody_up(server):
    # Takes connections, and says nothing.
    with serve_application() as site, socket.create_server(("127.0.0.1", 0)) as silent:
        stuck = f"http://127.0.0.1:{silent.getsockname()[1]}"
        server.apply(
            acme.organization(
                acme.web_application(
                    "front-stuck",
                    redirect_uris=[f"{site.origin}/cb", f"{stuck}/cb"],
                    post_logout_redirect_uris=[f"{site.origin}/signed-out"],
                    frontchannel_logout_uri=f"{stuck}/front",
                )
            )
        )
        async with chromium() as browser:
            page = await browser.new_page()
            query = authorization("front-stuck", f"{site.origin}/cb")
            await page.goto(f"{server.issuer}/oauth/v2/authorize?{query}")
            await fill_in(page)
            await page.wait_for_url(f"{site.origin}/cb?**")
            leave = {
                "client_id": "front-stuck",
                "post_logout_redirect_uri": f"{site.origin}/signed-out",
            }
            await page.goto(f"{server.issuer}/oidc/v1/end_session?{urlencode(leave)}")
            await page.click('button[value="yes"]', no_wait_after=True)
            # The way on is there at once, and taken by itself after a while.
            await page.wait_for_selector("a[data-leave]")
            await page.wait_for_url(f"{site.origin}/signed-out")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_in_between_is_accessible(server, language, scheme, tmp_path):
    with serve_application() as site:
        server.apply(
            acme.organization(
                acme.web_application(
                    "front-page",
                    client_name="Shop",
                    redirect_uris=[f"{site.origin}/cb"],
                    post_logout_redirect_uris=[f"{site.origin}/signed-out"],
                    frontchannel_logout_uri=f"{site.origin}/front",
                )
            )
        )
        async with chromium() as browser:
            context = await browser.new_context(locale=language, color_scheme=scheme)
            page = await context.new_page()
            query = authorization("front-page", f"{site.origin}/cb", ui_locales=language)
            await page.goto(f"{server.issuer}/oauth/v2/authorize?{query}")
            await fill_in(page)
            await page.wait_for_url(f"{site.origin}/cb?**")
            # Neither the frame nor the application answers, so the page stays.
            await page.route("**/front?**", hold)
            await page.route("**/signed-out", hold)
            leave = {
                "client_id": "front-page",
                "post_logout_redirect_uri": f"{site.origin}/signed-out",
                "ui_locales": language,
            }
            await page.goto(f"{server.issuer}/oidc/v1/end_session?{urlencode(leave)}")
            await page.click('button[value="yes"]', no_wait_after=True)
            await page.wait_for_selector("a[data-leave]")
            assert await page.locator("html").get_attribute("lang") == language
            results = await Axe().run(page, options={"resultTypes": ["violations"]})
            assert results.violations_count == 0, results.generate_report()
            for width in (1280, 320):
                await page.set_viewport_size({"width": width, "height": 640})
                await page.screenshot(path=tmp_path / f"{language}-{scheme}-{width}.png")
                spill = "document.documentElement.scrollWidth - innerWidth"
                assert await page.evaluate(spill) <= 0
                assert await page.locator("iframe").is_hidden()


async def hold(_route):
    """Never answer a request."""
