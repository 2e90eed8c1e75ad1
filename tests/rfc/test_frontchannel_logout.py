"""OpenID Connect Front-Channel Logout 1.0: applications sign a person out in frames (LG-07)."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from ostiary.model.client import ClientState
from ostiary.oauth.authorization.approval import session_id_for
from support.authorization import EVIL, ISSUER, WEB, change
from support.site import FORM, fields_of, open_site

pytestmark = pytest.mark.usefixtures("sites")

END = "/oidc/v1/end_session"
BACK = "https://app.test/signed-out"
FRAME = "https://app.test/front?tenant=1"
CLIENT = change(WEB, post_logout_redirect_uris=(BACK,), frontchannel_logout_uri=FRAME)
OTHER = change(
    EVIL, client_name="Other", frontchannel_logout_uri="https://evil.test/out", require_pkce=False
)


async def use(site, client):
    """Have the person that is signed in use an application."""
    answer = await site.authorize(client_id=client.client_id, redirect_uri=client.redirect_uris[0])
    assert "code" in answer.reply, answer.reply


async def hint(site, session):
    ring = await site.keys.ring()
    now = site.clock.now()
    sid = session_id_for(CLIENT, session, ring.mac("sid")[1])
    claims = {"iss": ISSUER, "sub": session.user_id, "aud": "web", "exp": now + 60, "sid": sid}
    return ring.sign("ES256", claims, "JWT")


async def sign_out(site, **parameters):
    token = await hint(site, await site.session())
    query = urlencode({"id_token_hint": token} | parameters).encode()
    return await site.send("GET", END, query)


def frames_of(page):
    """Return the addresses of the frames of a page."""
    return [html.unescape(one) for one in re.findall(r'<iframe src="([^"]*)"', page)]


def policy_of(answer):
    """Return the origins that the page may have frames of."""
    parts = dict(
        part.split(" ", 1)
        for part in (answer.header("content-security-policy") or "").split("; ")
        if " " in part
    )
    return parts.get("frame-src")


@pytest.fixture
async def site():
    site = await open_site(CLIENT, OTHER)
    await site.sign_in()
    return site


async def test_2_each_application_of_the_session_has_a_frame(site):
    await use(site, CLIENT)
    await use(site, OTHER)
    session = await site.session()
    answer = await sign_out(site)
    assert answer.status == 200
    mine, other = sorted(frames_of(answer.text))
    assert mine.startswith(FRAME + "&")
    assert other.startswith("https://evil.test/out?")
    sid_key = (await site.keys.ring()).mac("sid")[1]
    told = parse_qs(urlsplit(mine).query)
    assert told["iss"] == [ISSUER]
    assert told["sid"] == [session_id_for(CLIENT, session, sid_key)]
    # Each knows the session by a name of its own.
    assert parse_qs(urlsplit(other).query)["sid"] != told["sid"]


async def test_2_the_session_is_over_before_the_frames_load(site):
    await use(site, CLIENT)
    await sign_out(site)
    browser = await site.browser()
    assert await site.store.sessions(browser.id) == ()


async def test_2_nobody_else_has_one(site):
    await use(site, CLIENT)
    answer = await sign_out(site)
    assert len(frames_of(answer.text)) == 1
    assert policy_of(answer) == "https://app.test"


async def test_2_sessions_that_go_on_are_left_alone(site):
    await use(site, CLIENT)
    alice = await site.session()
    await site.sign_in("bob")
    await site.authorize(prompt="select_account")
    answer = await site.send(
        "GET", END, urlencode({"id_token_hint": await hint(site, alice)}).encode()
    )
    assert len(frames_of(answer.text)) == 1
    sid_key = (await site.keys.ring()).mac("sid")[1]
    assert session_id_for(CLIENT, alice, sid_key) in answer.text


async def test_2_then_the_page_leads_back_by_itself(site):
    await use(site, CLIENT)
    answer = await sign_out(site, post_logout_redirect_uri=BACK, state="a&b")
    assert answer.status == 200
    (refresh,) = re.findall(r'<meta http-equiv="refresh" content="([^"]*)"', answer.text)
    assert html.unescape(refresh) == f"0;url={BACK}?state=a%26b"
    (link,) = re.findall(r'<a class="primary" href="([^"]*)"', answer.text)
    assert html.unescape(link) == f"{BACK}?state=a%26b"


async def test_2_without_an_address_it_stays(site):
    await use(site, CLIENT)
    answer = await sign_out(site)
    assert "http-equiv" not in answer.text
    assert "signed out" in answer.text


async def test_2_after_a_question_as_well(site):
    await use(site, CLIENT)
    asked = await site.send("GET", END)
    query = asked.location.partition("?")[2].encode()
    form = fields_of((await site.send("GET", "/logout", query)).text)
    body = urlencode(form | {"decision": "yes"}).encode()
    headers = {
        "content-type": FORM,
        "content-length": str(len(body)),
        "sec-fetch-site": "same-origin",
    }
    answer = await site.send("POST", "/logout", query, body, headers)
    assert len(frames_of(answer.text)) == 1


async def test_lg_07_frames_are_of_registered_origins_only_and_cannot_leave(site):
    await use(site, CLIENT)
    await use(site, OTHER)
    answer = await sign_out(site)
    assert policy_of(answer) == "https://app.test https://evil.test"
    assert answer.header("cross-origin-embedder-policy") == "unsafe-none"
    assert answer.header("referrer-policy") == "no-referrer"
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    # Neither can a frame take the whole window elsewhere, nor open another one.
    sandboxes = re.findall(r'<iframe [^>]*sandbox="([^"]*)"', answer.text)
    assert sandboxes == ["allow-scripts allow-same-origin"] * 2


async def test_lg_07_off_unless_registered():
    site = await open_site(change(CLIENT, frontchannel_logout_uri=None))
    await site.sign_in()
    await use(site, WEB)
    answer = await sign_out(site, post_logout_redirect_uri=BACK)
    assert answer.location == BACK
    assert policy_of(answer) is None


async def test_lg_07_not_of_an_application_that_was_switched_off(site):
    await use(site, CLIENT)
    await use(site, OTHER)
    evil = await site.store.client("evil")
    await site.change(evil, state=ClientState.INACTIVE)
    await site.store.revalidate()
    assert policy_of(await sign_out(site)) == "https://app.test"


async def test_3_metadata_says_that_it_is_there(site):
    document = msgspec.json.decode(
        (await site.send("GET", "/.well-known/openid-configuration")).body
    )
    assert document["frontchannel_logout_supported"] is True
    assert document["frontchannel_logout_session_supported"] is True
