"""OpenID Connect RP-Initiated Logout 1.0: the end_session endpoint and its page (LG-01 to 04)."""

import re
from urllib.parse import urlencode

import pytest

from ostiary.model.client import ClientState
from ostiary.model.grant import Interaction
from ostiary.oauth.authorization.approval import session_id_for
from ostiary.oauth.subject import subject_of
from support.authorization import EVIL, ISSUER, WEB, change
from support.jose import make_key, sign_as
from support.site import FORM, fields_of, open_site

pytestmark = pytest.mark.usefixtures("sites")

END = "/oidc/v1/end_session"
LOGOUT = "/logout"
BACK = "https://app.test/signed-out"
CLIENT = change(
    WEB,
    post_logout_redirect_uris=(BACK, BACK + "?a=b", "com.example.app:/out"),
    client_uri="https://app.test/",
)
OTHER = change(EVIL, post_logout_redirect_uris=("https://evil.test/out",))


async def ask(site, **parameters):
    return await site.send("GET", END, urlencode(parameters).encode())


async def post(site, **parameters):
    body = urlencode(parameters).encode()
    headers = {"content-type": FORM, "content-length": str(len(body))}
    return await site.send("POST", END, b"", body, headers)


async def page(site, answer):
    """Follow to the page that asks."""
    assert answer.location.startswith(LOGOUT + "?flow=")
    return await site.send("GET", LOGOUT, answer.location.partition("?")[2].encode())


async def decide(site, answer, decision, **changes):
    """Answer the question of a page."""
    shown = await page(site, answer)
    assert shown.status == 200, shown.text
    form = fields_of(shown.text) | {"decision": decision} | changes
    body = urlencode(form).encode()
    headers = {
        "content-type": FORM,
        "content-length": str(len(body)),
        "origin": "null",
        "sec-fetch-site": "same-origin",
    }
    query = answer.location.partition("?")[2].encode()
    return await site.send("POST", LOGOUT, query, body, headers)


async def signed_in(site, user="alice"):
    """Have somebody signed in; return their session."""
    session_id = await site.sign_in(user)
    browser = await site.browser()
    return next(
        one.session for one in await site.store.sessions(browser.id) if one.session.id == session_id
    )


async def hint(site, session, client=CLIENT, **claims):
    """Return the ID token that a client has of a session."""
    ring = await site.keys.ring()
    now = site.clock.now()
    told = {
        "iss": ISSUER,
        "sub": session.user_id,
        "aud": client.client_id,
        "iat": now - 100_000,
        "exp": now - 99_700,
        "sid": session_id_for(client, session, ring.mac("sid")[1]),
        **claims,
    }
    return ring.sign("ES256", {k: v for k, v in told.items() if v is not None}, "JWT")


async def who(site):
    """Return who is signed in in the browser."""
    browser = await site.browser()
    return sorted(one.user.id for one in await site.store.sessions(browser.id))


class TestHint:
    """An ID token of one's own, however old, signs out and leads back."""

    async def test_2_logs_out_and_redirects(self):
        site = await open_site(CLIENT)
        session = await signed_in(site)
        token = await hint(site, session)

        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK, state="a b&c")
        assert answer.location == BACK + "?state=a%20b%26c"
        assert await who(site) == []
        (event,) = site.events
        assert (event.type, event.user_id, event.client_id) == ("auth.logout", "alice", "web")

    @pytest.mark.parametrize("over", [False, True], ids=["live", "over"])
    async def test_2_a_pairwise_subject_is_known(self, over):
        pair = change(CLIENT, subject_type="pairwise")
        site = await open_site(pair)
        session = await signed_in(site)
        sub = subject_of(pair, "alice", await site.keys.ring())
        # Of a session that is over, the person is asked whether the one of today ends too.
        told = {"sub": sub} | ({"sid": "of-yesterday"} if over else {})
        answer = await ask(site, id_token_hint=await hint(site, session, pair, **told))
        if over:
            assert "alice" in (await page(site, answer)).text
        assert await who(site) == (["alice"] if over else [])

    async def test_2_by_post_as_well(self):
        site = await open_site(CLIENT)
        token = await hint(site, await signed_in(site))

        answer = await post(site, id_token_hint=token, post_logout_redirect_uri=BACK)
        assert (await page(site, answer)).location == BACK
        assert await who(site) == []

    @pytest.mark.parametrize("uri", [BACK + "?a=b", "com.example.app:/out"])
    async def test_3_only_the_state_is_added(self, uri):
        site = await open_site(CLIENT)
        token = await hint(site, await signed_in(site))
        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=uri, state="s")
        assert answer.location == uri + ("&" if "?" in uri else "?") + "state=s"

    async def test_3_without_a_state_nothing_is_added(self):
        site = await open_site(CLIENT)
        token = await hint(site, await signed_in(site))
        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK)
        assert answer.location == BACK

    async def test_core_3_1_2_6_after_it_nobody_is_signed_in(self):
        site = await open_site(CLIENT)
        token = await hint(site, await signed_in(site))
        assert "code" in (await site.authorize(prompt="none")).reply
        await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK)
        assert (await site.authorize(prompt="none")).reply["error"] == "login_required"

    async def test_3_without_an_address_there_is_a_page(self):
        site = await open_site(CLIENT)
        answer = await ask(site, id_token_hint=await hint(site, await signed_in(site)))
        assert answer.status == 200
        assert "signed out" in answer.text
        assert "https://app.test/" in answer.text
        assert await who(site) == []

    async def test_2_a_client_id_must_fit(self):
        site = await open_site(CLIENT, OTHER)
        token = await hint(site, await signed_in(site))
        good = await ask(site, id_token_hint=token, client_id="web", post_logout_redirect_uri=BACK)
        assert good.location == BACK

    async def test_only_its_own_session_ends(self):
        site = await open_site(CLIENT)
        alice = await signed_in(site)
        await signed_in(site, "bob")

        await ask(site, id_token_hint=await hint(site, alice))
        assert await who(site) == ["bob"]

    async def test_lg_02_a_session_that_is_over_ends_no_other(self):
        site = await open_site(CLIENT)
        old = await hint(site, await signed_in(site), sid="another")
        answer = await ask(site, id_token_hint=old, post_logout_redirect_uri=BACK)
        assert "flow=" in answer.location
        assert await who(site) == ["alice"]

        # Whoever says yes goes back.
        assert (await decide(site, answer, "yes")).location == BACK
        assert await who(site) == []

    async def test_lg_02_nor_that_of_another_user(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        bob = await signed_in(site, "bob")
        token = await hint(site, bob)
        await ask(site, id_token_hint=token)

        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK)
        assert answer.location == BACK
        assert await who(site) == ["alice"]

    async def test_where_nobody_is_signed_in_it_leads_back(self):
        site = await open_site(CLIENT)
        token = await hint(site, await signed_in(site))
        site.cookies.clear()
        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK)
        assert answer.location == BACK


class TestUnproven:
    """Without a hint the person is asked first (LG-01)."""

    async def test_lg_01_a_link_elsewhere_signs_nobody_out(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        shown = await page(site, await ask(site))
        assert shown.status == 200
        assert len(re.findall(r'name="decision"', shown.text)) == 2
        assert await who(site) == ["alice"]

    @pytest.mark.parametrize("given", [{}, {"state": "s"}], ids=["nothing", "state"])
    async def test_2_with_nothing_to_go_back_to_there_is_a_page(self, given):
        site = await open_site(CLIENT)
        await signed_in(site)
        answer = await decide(site, await ask(site, **given), "yes")
        assert answer.status == 200
        assert answer.header("location") is None
        assert await who(site) == []

    async def test_2_after_yes_the_session_ends(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        answer = await decide(site, await ask(site), "yes")
        assert answer.status == 200
        assert "signed out" in answer.text
        assert await who(site) == []

    async def test_2_after_no_it_does_not(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        answer = await decide(
            site, await ask(site, client_id="web", post_logout_redirect_uri=BACK), "no"
        )
        assert answer.status == 200
        assert "still signed in" in answer.text
        assert await who(site) == ["alice"]

    async def test_3_a_named_client_is_led_back_to_after_yes(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site, client_id="web", post_logout_redirect_uri=BACK, state="s")
        assert (await decide(site, asked, "yes")).location == BACK + "?state=s"

    async def test_3_nobody_else_is(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site, post_logout_redirect_uri=BACK)
        answer = await decide(site, asked, "yes")
        assert answer.status == 200
        assert "<code>client_id</code>" in answer.text

    async def test_2_a_logout_hint_chooses_the_account(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        await signed_in(site, "bob")
        shown = await page(site, asked := await ask(site, logout_hint="bob"))
        assert "alice" not in shown.text.lower()
        await decide(site, asked, "yes")
        assert await who(site) == ["alice"]

    async def test_without_one_all_accounts_are_shown_and_end(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        await signed_in(site, "bob")
        await decide(site, await ask(site), "yes")
        assert await who(site) == []

    async def test_who_is_not_signed_in_is_told_so(self):
        site = await open_site(CLIENT)
        answer = await ask(site)
        assert answer.status == 200
        assert "signed out" in answer.text

    async def test_2_ui_locales(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        shown = await page(site, await ask(site, ui_locales="de"))
        assert "Abmelden?" in shown.text


class TestLg02ForgedAndForeignHints:
    """They prove nothing, and there is no redirect."""

    @pytest.fixture
    async def site(self):
        return await open_site(CLIENT, OTHER)

    async def refuse(self, site, token, **more):
        answer = await ask(
            site, id_token_hint=token, post_logout_redirect_uri=BACK, client_id="web", **more
        )
        assert "flow=" in answer.location
        assert await who(site) == ["alice"]
        after = await decide(site, answer, "yes")
        assert after.status == 200
        assert "<code>id_token_hint</code>" in after.text
        assert await who(site) == []

    async def test_signed_by_somebody_else(self, site):
        await signed_in(site)
        claims = {"iss": ISSUER, "sub": "alice", "aud": "web", "exp": site.clock.now() + 60}
        await self.refuse(site, sign_as(make_key("ES256", 9), claims, typ="JWT"))

    async def test_unsigned(self, site):
        await signed_in(site)
        await self.refuse(site, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImF1ZCI6IndlYiJ9.")

    async def test_of_another_client(self, site):
        session = await signed_in(site)
        await self.refuse(site, await hint(site, session, OTHER))

    async def test_of_another_issuer(self, site):
        session = await signed_in(site)
        await self.refuse(site, await hint(site, session, iss="https://other.test"))

    async def test_rt_09_an_access_token(self, site):
        session = await signed_in(site)
        ring = await site.keys.ring()
        claims = {"iss": ISSUER, "sub": session.user_id, "aud": "web", "exp": NOW_AND_LONG}
        await self.refuse(site, ring.sign("ES256", claims, "at+jwt"))

    @pytest.mark.parametrize("part", range(3), ids=["header", "payload", "signature"])
    async def test_that_was_modified(self, site, part):
        parts = (await hint(site, await signed_in(site))).split(".")
        middle = len(parts[part]) // 2
        other = "A" if parts[part][middle] != "A" else "B"
        parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
        await self.refuse(site, ".".join(parts))

    async def test_nor_where_no_client_is_named(self, site):
        """What the hint says of its client counts as little as the rest of it."""
        await signed_in(site)
        claims = {"iss": ISSUER, "sub": "alice", "aud": "web", "exp": site.clock.now() + 60}
        token = sign_as(make_key("ES256", 9), claims, typ="JWT")
        answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK, state="s")
        after = await decide(site, answer, "yes")
        assert after.status == 200
        assert after.header("location") is None

    @pytest.mark.parametrize("token", ["x", "a.b.c", "é", "x" * 5000])
    async def test_no_token_at_all(self, site, token):
        await signed_in(site)
        await self.refuse(site, token)


NOW_AND_LONG = 4_000_000_000


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/",
        BACK + "/",
        BACK + "?x=1",
        BACK.upper(),
        "//evil.test",
        "javascript:alert(1)",
        "https://app.test/cb",
        "",
        "é",
    ],
)
async def test_3_never_to_an_address_that_is_not_registered(uri):
    site = await open_site(CLIENT)
    token = await hint(site, await signed_in(site))
    answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=uri)
    assert answer.status == 200
    assert "location" not in dict(answer.headers)
    assert ("post_logout_redirect_uri" in answer.text) is bool(uri)
    assert "evil" not in answer.text
    assert await who(site) == []


async def test_lg_04_state_is_encoded_and_never_shown():
    site = await open_site(CLIENT)
    token = await hint(site, await signed_in(site))
    state = '"><script>alert(1)</script>\r\nX: y#f'
    answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK, state=state)
    assert re.fullmatch(r"[\x21-\x7e]+", answer.location)
    assert "script>" not in answer.location

    await signed_in(site, "bob")
    shown = await page(site, await ask(site, state=state))
    assert "alert(1)" not in shown.text


async def test_a_parameter_twice():
    site = await open_site(CLIENT)
    answer = await site.send("GET", END, b"state=a&state=b")
    assert answer.status == 400
    assert "<html" in answer.text


async def test_an_application_that_was_switched_off_is_not_led_back_to():
    site = await open_site(CLIENT)
    token = await hint(site, await signed_in(site))
    await site.change_client(state=ClientState.INACTIVE)
    answer = await ask(site, id_token_hint=token, post_logout_redirect_uri=BACK)
    assert (await decide(site, answer, "yes")).status == 200
    assert await who(site) == []


class TestThePage:
    """Nobody but the person in this browser answers, and once."""

    async def test_dv_03_a_form_from_elsewhere(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site)
        await page(site, asked)
        body = b"decision=yes"
        headers = {"content-type": FORM, "content-length": str(len(body))}
        query = asked.location.partition("?")[2].encode()
        for sender in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.test"}, {}):
            answer = await site.send("POST", LOGOUT, query, body, headers | sender)
            assert answer.status == 403
        assert await who(site) == ["alice"]

    async def test_in_another_browser(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site)
        mine = dict(site.cookies)
        site.cookies.clear()
        await signed_in(site, "bob")
        assert (await page(site, asked)).status == 403
        assert await who(site) == ["bob"]
        site.cookies = mine
        assert (await page(site, asked)).status == 200

    async def test_twice(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site)
        await decide(site, asked, "no")
        assert (await page(site, asked)).status == 410
        assert await who(site) == ["alice"]

    async def test_too_late(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site)
        site.clock.time += 1800
        assert (await page(site, asked)).status == 410

    async def test_after_somebody_else_signed_in_it_asks_again(self):
        site = await open_site(CLIENT)
        await signed_in(site)
        asked = await ask(site)
        shown = await page(site, asked)
        await signed_in(site, "bob")
        form = fields_of(shown.text) | {"decision": "yes"}
        body = urlencode(form).encode()
        headers = {
            "content-type": FORM,
            "content-length": str(len(body)),
            "sec-fetch-site": "same-origin",
        }
        query = asked.location.partition("?")[2].encode()
        assert (await site.send("POST", LOGOUT, query, body, headers)).status == 403
        assert await who(site) == ["alice", "bob"]

    @pytest.mark.parametrize("decision", ["", "maybe", "YES"])
    async def test_neither_yes_nor_no(self, decision):
        site = await open_site(CLIENT)
        await signed_in(site)
        assert (await decide(site, await ask(site), decision)).status == 400
        assert await who(site) == ["alice"]

    @pytest.mark.parametrize("flow", ["", "x", "A" * 43, "é" * 43])
    async def test_a_flow_that_does_not_exist(self, flow):
        site = await open_site(CLIENT)
        answer = await site.send("GET", LOGOUT, urlencode({"flow": flow}).encode())
        assert answer.status == 404

    async def test_a_flow_of_signing_in_is_none_of_signing_out(self):
        site = await open_site(CLIENT)
        begun = await site.authorize()
        answer = await site.send("GET", LOGOUT, urlencode({"flow": begun.flow}).encode())
        assert answer.status == 404
        await signed_in(site)
        asked = await ask(site)
        assert (await site.resume(asked.flow)).status in {400, 410}


async def test_do_07_logouts_that_wait_are_bounded():
    site = await open_site(CLIENT)
    await signed_in(site)
    for _ in range(3):
        await ask(site)
    assert len(site.store.inserted(Interaction)) == 3
