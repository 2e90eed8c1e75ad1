"""OpenID Connect Session Management 1.0: what applications can watch of who is signed in."""

import hashlib
import re
from urllib.parse import urlencode

import pytest

from ostiary.model.session import Browser
from ostiary.oauth.authorization.session_state import browser_state, origin_of
from ostiary.oauth.effects import RevokeSession
from support.authorization import NAT, WEB, change
from support.instance import open_instance
from support.site import COOKIE, FORM, STATE, fields_of, open_site

pytestmark = pytest.mark.usefixtures("sites")

PAGE = "/oidc/v1/check_session"
END = "/oidc/v1/end_session"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


def read_state(answer):
    """Return the browser state that a response sets."""
    for value in answer.headers.get_list("set-cookie"):
        if value.startswith(f"{STATE}="):
            return value.partition("=")[2].partition(";")[0]
    return None


def made_of(state, value, client_id="web", origin="https://app.test"):
    """Tell whether a session_state is that of a client, an origin and a browser state."""
    digest, _, salt = value.partition(".")
    return hashlib.sha256(f"{client_id} {origin} {state} {salt}".encode()).hexdigest() == digest


async def test_2_a_response_has_the_session_state():
    site = await open_site()
    await site.sign_in()
    value = (await site.authorize()).reply["session_state"]
    assert re.fullmatch(r"[0-9a-f]{64}\.[0-9A-Za-z]{16}", value)
    assert made_of(site.cookies[STATE], value)


async def test_2_so_has_one_by_form_post():
    site = await open_site()
    await site.sign_in()
    page = (await site.authorize(response_mode="form_post")).text
    (value,) = re.findall(r'name="session_state" value="([^"]*)"', page)
    assert made_of(site.cookies[STATE], value)


async def test_2_and_the_refusal_of_a_silent_request():
    site = await open_site()
    answer = await site.authorize(prompt="none")
    assert answer.reply["error"] == "login_required"
    assert made_of(site.cookies[STATE], answer.reply["session_state"])
    # Nothing changed, so the next one is about the same state.
    again = await site.authorize(prompt="none")
    assert again.header("set-cookie") is None
    assert again.reply["session_state"] != answer.reply["session_state"]
    assert made_of(site.cookies[STATE], again.reply["session_state"])


async def test_2_without_openid_there_is_none():
    site = await open_site(change(WEB, allowed_scopes=("orders.read",)))
    await site.sign_in()
    answer = await site.authorize(scope="orders.read")
    assert "code" in answer.reply
    assert "session_state" not in answer.reply


async def test_2_each_has_a_salt_of_its_own():
    site = await open_site()
    await site.sign_in()
    values = {(await site.authorize()).reply["session_state"] for _ in range(5)}
    assert len(values) == 5


async def test_3_2_it_is_about_the_origin_that_was_redirected_to():
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize(client_id="nat", redirect_uri="http://127.0.0.1:4321/cb")
    value = answer.reply["session_state"]
    assert made_of(site.cookies[STATE], value, "nat", "http://127.0.0.1:4321")
    answer = await site.authorize(client_id="nat", redirect_uri=NAT.redirect_uris[2])
    assert made_of(site.cookies[STATE], answer.reply["session_state"], "nat", "null")


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://app.test/cb", "https://app.test"),
        ("https://app.test:443/cb", "https://app.test"),
        ("https://app.test:8443/cb?x", "https://app.test:8443"),
        ("http://[::1]:80/cb", "http://[::1]"),
        ("http://localhost:443/", "http://localhost:443"),
        ("com.example.app:/cb", "null"),
    ],
)
def test_3_2_origins_are_written_as_browsers_write_them(uri, origin):
    assert origin_of(uri) == origin


class TestState:
    """The state is another one after each sign-in and sign-out, and the same in between."""

    @pytest.fixture
    async def site(self):
        site = await open_site()
        await site.sign_in()
        await site.authorize()
        return site

    async def test_3_the_same_while_nothing_changes(self, site):
        before = site.cookies[STATE]
        site.clock.time += 60
        await site.authorize()
        assert site.cookies[STATE] == before

    async def test_3_after_a_second_sign_in(self, site):
        before = site.cookies[STATE]
        await site.sign_in("bob")
        await site.authorize(prompt="none", id_token_hint="")
        assert site.cookies[STATE] != before

    @pytest.mark.parametrize("decision", ["yes", "no"])
    async def test_3_after_a_logout(self, site, decision):
        before = site.cookies[STATE]
        asked = await site.send("GET", END)
        query = asked.location.partition("?")[2].encode()
        page = await site.send("GET", "/logout", query)
        assert site.cookies[STATE] == before

        body = urlencode(fields_of(page.text) | {"decision": decision}).encode()
        headers = {
            "content-type": FORM,
            "content-length": str(len(body)),
            "sec-fetch-site": "same-origin",
        }
        await site.send("POST", "/logout", query, body, headers)
        assert (site.cookies[STATE] != before) is (decision == "yes")
        # What the next refusal says is about the same state.
        told = site.cookies[STATE]
        answer = await site.authorize(prompt="none")
        assert site.cookies[STATE] == told
        assert made_of(told, answer.reply["session_state"])

    async def test_3_after_the_end_of_a_session_elsewhere(self, site):
        before = site.cookies[STATE]
        session = await site.session()
        await site.quietly(RevokeSession(session.id, "admin", site.clock.now()))
        await site.authorize(prompt="none")
        assert site.cookies[STATE] != before

    async def test_3_after_it_expired(self, site):
        before = site.cookies[STATE]
        await site.change(await site.session(), idle_expires_at=site.clock.now())
        await site.authorize(prompt="none")
        assert site.cookies[STATE] != before

    async def test_3_after_signing_in_again_as_the_same_person(self, instance):
        browser = instance.browser()
        states = []
        for _ in range(2):
            answer = await browser.sign_in(flow=await browser.open_flow("blog", prompts=("login",)))
            states.append(read_state(answer))
            answer = await browser.get(answer.headers["location"])
            # Along with the form already, not only with the answer to the application.
            assert read_state(answer) is None
        assert None not in states
        assert states[0] != states[1]

    async def test_3_it_heals_where_the_browser_lost_it(self, site):
        before = site.cookies.pop(STATE)
        await site.authorize()
        assert site.cookies[STATE] == before

    @pytest.mark.parametrize("value", ["", "x", "<script>", "a" * 44, "é" * 22])
    async def test_what_somebody_else_planted_is_replaced(self, site, value):
        before = site.cookies[STATE]
        site.cookies[STATE] = value.encode("utf-8").decode("latin-1")
        await site.authorize()
        assert site.cookies[STATE] == before

    async def test_a_frame_of_another_site_does_not_change_it(self, site):
        # There the cookie of the browser is withheld (SameSite), and nobody seems signed in.
        before = site.cookies[STATE]
        browser = site.cookies.pop(COOKIE)
        answer = await site.authorize(prompt="none")
        assert answer.reply["error"] == "login_required"
        assert site.cookies[STATE] == before
        site.cookies[COOKIE] = browser
        await site.authorize()
        assert site.cookies[STATE] == before

    async def test_a_post_reads_no_cookie_and_sets_none(self, site):
        body = b"client_id=web&response_type=code&scope=openid&prompt=none+login"
        answer = await site.post(body + b"&redirect_uri=https%3A%2F%2Fapp.test%2Fcb")
        assert answer.reply["error"] == "invalid_request"
        assert "session_state" not in answer.reply
        assert answer.header("set-cookie") is None


def test_3_the_state_says_nothing_and_is_bound_to_browser_cookie_and_sessions():
    browser = Browser(id="b", digest=b"d", created_at=0, expires_at=1)
    states = {
        browser_state(browser, ("a", "b"), b"k"),
        browser_state(browser, ("b", "a"), b"k"),
        browser_state(browser, ("a",), b"k"),
        browser_state(browser, (), b"k"),
        browser_state(change(browser, digest=b"e"), (), b"k"),
        browser_state(change(browser, id="c"), (), b"k"),
        browser_state(browser, (), b"l"),
    }
    assert len(states) == 6
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", state) for state in states)


async def test_3_2_the_page_may_be_framed_by_all_and_runs_its_own_script_alone():
    site = await open_site()
    answer = await site.send("GET", PAGE)
    assert answer.status == 200
    assert answer.header("x-frame-options") is None
    assert answer.header("cross-origin-resource-policy") == "cross-origin"
    policy = answer.header("content-security-policy")
    assert policy == ("default-src 'none'; base-uri 'none'; script-src 'self'; frame-ancestors *")
    (script,) = re.findall(r'<script src="([^"]*)">', answer.text)
    assert (await site.send("GET", script)).status == 200
    # It is the same for everybody.
    assert answer.header("set-cookie") is None
    assert answer.header("cache-control") == "public, max-age=3600"


async def test_se_10_the_script_asks_nobody_and_is_old_javascript():
    site = await open_site()
    page = await site.send("GET", PAGE)
    (address,) = re.findall(r'<script src="([^"]*)">', page.text)
    script = (await site.send("GET", address)).text
    code = re.sub(r"//.*", "", script)
    for word in ("fetch", "XMLHttpRequest", "import", "=>", "`", "let ", "const ", "innerHTML"):
        assert word not in code
