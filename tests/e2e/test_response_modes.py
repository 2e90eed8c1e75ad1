"""Response modes in a real Chromium: how an answer travels from the provider to an application.

The application is another site, redirects on from its callback, and begins sign-in by a
link or by a form.
"""

import html
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from support import acme
from support.chromium import chromium, noting

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STATE = "\"><script>document.title='broken'</script>&amp; ä€ '"


class Application:
    """An application that notes what its callback gets, and sends the browser on twice."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, dict[str, str]]] = []
        self.start_page = ""
        self.origin = ""
        # Another origin of the same application, which people end up at.
        self.home = ""

    @property
    def callback(self) -> str:
        """Where it is answered."""
        return f"{self.origin}/callback"

    def ask_by_form(self, issuer: str, parameters: dict[str, str]) -> None:
        """Begin sign-in by a form on the start page."""
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in parameters.items()
        )
        self.start_page = (
            f'<form method="post" action="{issuer}/oauth/v2/authorize">'
            f'{inputs}<button id="go">Sign in</button></form>'
        )


@contextmanager
def serve_application():
    """Serve an application on a free loopback port."""
    application = Application()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/callback":
                self._callback("GET", parts.query)
            elif parts.path == "/on":
                self._redirect(application.home)
            else:
                self._page(application.start_page)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._callback("POST", self.rfile.read(length).decode())

        def _callback(self, method: str, encoded: str) -> None:
            fields = dict(parse_qsl(encoded, keep_blank_values=True))
            application.answers.append((method, fields))
            self._redirect("/on")

        def _redirect(self, location: str) -> None:
            self.send_response(303)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _page(self, text: str) -> None:
            body = f"<!doctype html><title>Application</title>{text}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep the test's output to the test."""

    with ExitStack() as stack:
        origins = []
        for host in ("127.0.0.1", "127.0.0.2"):
            server = stack.enter_context(ThreadingHTTPServer((host, 0), Handler))
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            origins.append(f"http://{host}:{server.server_address[1]}")
        application.origin = origins[0]
        application.home = f"{origins[1]}/home"
        yield application


@pytest.fixture
def application():
    with serve_application() as running:
        yield running


@pytest.fixture
def asked(server, register, application):
    """Register the application; return what makes the parameters of its requests."""
    client_id = "response-modes"
    register(acme.web_application(client_id, redirect_uris=[application.callback]))

    def parameters(**changes: str) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": application.callback,
            "scope": "openid",
            "state": STATE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes

    return parameters


async def sign_in(page) -> None:
    # Chromium tells the console when somebody is faster than its focus.
    await page.locator("[autofocus]:focus").wait_for()
    await page.fill('input[name="username"]', acme.USERNAME)
    await page.fill('input[name="password"]', acme.PASSWORD)
    await page.click("button[type=submit]")


def check_answer(application, server, method: str) -> None:
    ((got, fields),) = application.answers
    assert got == method
    assert set(fields) == {"code", "session_state", "state", "iss"}
    assert fields["state"] == STATE
    assert fields["iss"] == server.issuer


def authorization_url(server, parameters: dict[str, str]) -> str:
    return f"{server.issuer}/oauth/v2/authorize?{urlencode(parameters)}"


@pytest.mark.parametrize(("mode", "method"), [("query", "GET"), ("form_post", "POST")])
async def test_after_the_sign_in_form_the_application_may_redirect_on(
    server, application, asked, mode, method
):
    async with chromium() as browser:
        page = await browser.new_page()
        problems: list[str] = []
        page.on("console", noting(problems))
        await page.goto(authorization_url(server, asked(response_mode=mode)))
        await sign_in(page)
        await page.wait_for_url(application.home)
        check_answer(application, server, method)
        assert await page.title() == "Application"
        assert problems == []


async def test_a_form_post_without_javascript_waits_for_a_click(server, application, asked):
    async with chromium() as browser:
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(authorization_url(server, asked(response_mode="form_post")))
        await sign_in(page)
        button = page.locator("button[type=submit]")
        await button.wait_for()
        assert application.answers == []
        assert await button.count() == 1
        await button.click()
        await page.wait_for_url(application.home)
        check_answer(application, server, "POST")


async def test_a_fragment_stays_in_the_browser(server, application, asked):
    async with chromium() as browser:
        page = await browser.new_page()
        visited: list[str] = []
        page.on("request", lambda request: visited.append(request.url))
        async with page.expect_request(lambda request: request.url == application.callback):
            await page.goto(authorization_url(server, asked(response_mode="fragment")))
            await sign_in(page)
        await page.wait_for_url(f"{application.home}**")
        ((method, fields),) = application.answers
        assert (method, fields) == ("GET", {})
        fragment = dict(parse_qsl(urlsplit(page.url).fragment))
        assert fragment["state"] == STATE
        assert fragment["iss"] == server.issuer
        assert fragment["code"]


async def test_a_posted_request_finds_the_session_of_its_browser(server, application, asked):
    """The form is on another site, so its POST has no cookie; the GET after it has."""
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(authorization_url(server, asked()))
        await sign_in(page)
        await page.wait_for_url(application.home)
        application.answers.clear()

        application.ask_by_form(server.issuer, asked(prompt="none"))
        await page.goto(f"{application.origin}/")
        await page.click("#go")
        await page.wait_for_url(application.home)
        check_answer(application, server, "GET")


async def test_a_posted_request_of_a_stranger_leads_to_the_sign_in_page(server, application, asked):
    async with chromium() as browser:
        page = await browser.new_page()
        application.ask_by_form(server.issuer, asked())
        await page.goto(f"{application.origin}/")
        await page.click("#go")
        await sign_in(page)
        await page.wait_for_url(application.home)
        check_answer(application, server, "GET")
