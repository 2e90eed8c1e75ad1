"""Attacks on sessions: cookies, fixation, what outlives its end, several people in one browser."""

import asyncio
import base64
import re
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from ostiary.identity import passwords
from ostiary.login.steps import Steps
from ostiary.model.organization import State
from ostiary.model.user import UserState
from ostiary.oauth.effects import RevokeSession
from ostiary.oauth.handle import digest
from ostiary.web import csrf
from ostiary.web.login import stage
from support.instance import PASSWORD, Browser, Instance, flow_of, hidden, open_instance

AUTHORIZE = "/oauth/v2/authorize"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


async def ask(browser: Browser, **parameters: str) -> httpx.Response:
    """Come from the blog, which needs no consent, with an authorization request."""
    asked = {
        "response_type": "code",
        "client_id": "blog",
        "redirect_uri": "https://blog.test/cb",
        "scope": "openid",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **parameters,
    }
    return await browser.http.get(
        f"{AUTHORIZE}?{urlencode(asked)}", headers={"Sec-Fetch-Site": "cross-site"}
    )


def answered(response: httpx.Response) -> bool:
    """Whether the application gets a code without anybody being asked."""
    return response.headers["location"].startswith("https://blog.test/cb?code=")


async def sign_in(browser: Browser, username: str = "alice", **fields: str) -> httpx.Response:
    """Sign in on the way to the blog."""
    response = await ask(browser, prompt="login")
    response = await browser.sign_in(username, flow=flow_of(response), **fields)
    response = await browser.get(response.headers["location"])
    assert answered(response), response.headers
    return response


async def cookies_of(browser: Browser, **fields: str) -> dict[str, str]:
    response = await browser.sign_in(**fields)
    assert response.status_code == 303
    return {value.partition("=")[0]: value for value in response.headers.get_list("set-cookie")}


async def test_se_01_attributes_of_cookies(instance: Instance) -> None:
    browser = instance.browser()
    first = (await ask(browser)).headers.get_list("set-cookie")
    later = list((await cookies_of(browser)).values())
    assert len(first) == 1
    assert len(later) == 3
    # This one a page of ours reads in a frame of any site; it opens nothing.
    (state,) = (cookie for cookie in later if cookie.startswith("__Host-ostiary_state="))
    assert state.split("; ")[1:] == ["Path=/", "SameSite=None", "Secure"]
    later.remove(state)
    for cookie in first + later:
        assert cookie.startswith("__Host-ostiary_")
        attributes = cookie.split("; ")[1:]
        assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= set(attributes)
        assert not any(attribute.lower().startswith("domain") for attribute in attributes)


async def test_se_01_other_sites_get_the_cookie_only_by_policy(instance: Instance) -> None:
    stored = await instance.store.read_configuration()
    await instance.change(stored, policies={"login": {"cross_site_sessions": True}})
    cookies = await cookies_of(instance.browser())
    attributes = cookies["__Host-ostiary_browser"].split("; ")[1:]
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=None"} == set(attributes)
    assert "SameSite=Lax" in cookies["__Host-ostiary_device"]


async def test_se_01_a_session_cookie_unless_one_wants_to_be_remembered(instance) -> None:
    names = ("__Host-ostiary_browser", "__Host-ostiary_device")
    plain = await cookies_of(instance.browser())
    assert "Max-Age" not in plain[names[0]]
    lasting = await cookies_of(instance.browser(), remember="on")
    assert f"Max-Age={30 * 86400}" in lasting[names[0]]
    assert "Max-Age=31536000" in lasting[names[1]]


async def test_se_01_values_are_opaque(instance: Instance) -> None:
    cookies = await cookies_of(instance.browser())
    browser = cookies["__Host-ostiary_browser"].partition("=")[2].partition(";")[0]
    assert re.fullmatch(r"[0-9A-Za-z]{43}", browser)  # 256 bits in base62
    device = cookies["__Host-ostiary_device"].partition("=")[2].partition(";")[0]
    assert not device.startswith("ey")
    for text in ("alice", "user-alice", "acme"):
        assert text not in device
        assert base64.b64encode(text.encode()).decode().rstrip("=") not in device


async def test_se_07_a_planted_cookie_is_worthless(instance: Instance) -> None:
    """Session fixation: the attacker knows the cookie that the victim signs in with."""
    mallory, victim = instance.browser(), instance.browser()
    flow = flow_of(await ask(mallory))
    planted = mallory.cookie
    assert planted is not None
    victim.http.cookies.set("__Host-ostiary_browser", planted, domain="id.test", path="/")
    response = await victim.sign_in(flow=flow)
    assert response.status_code == 303
    assert victim.cookie != planted
    for path in (
        f"/oauth/v2/authorize/continue?flow={flow}",
        f"/login/select?flow={flow}",
        f"/consent?flow={flow}",
    ):
        assert (await mallory.get(path)).status_code == 403
    assert "/login?" in (await ask(mallory)).headers["location"]
    assert answered(await ask(victim))


async def test_every_sign_in_gives_a_new_cookie(instance: Instance) -> None:
    browser, seen = instance.browser(), set()
    for _ in range(3):
        await sign_in(browser)
        seen.add(browser.cookie)
        instance.clock.time += 5
    assert len(seen) == 3
    (session,) = await browser.sessions()
    assert session.proofs[0].at == instance.clock.time - 5
    assert len(session.proofs) == 1


async def test_the_cookie_before_the_last_sign_in_is_dead(instance: Instance) -> None:
    browser = instance.browser()
    await sign_in(browser)
    old = browser.cookie
    assert old is not None
    await sign_in(browser)
    thief = instance.browser()
    thief.http.cookies.set("__Host-ostiary_browser", old, domain="id.test", path="/")
    assert "/login?" in (await ask(thief)).headers["location"]


async def test_a_failed_sign_in_changes_no_cookie(instance: Instance) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    before = browser.cookie
    response = await browser.sign_in("alice", "wrong", flow=flow)
    assert "set-cookie" not in response.headers
    assert browser.cookie == before


@pytest.mark.parametrize(
    "end", ["revoked", "password", "deactivated", "locked", "deleted", "organization"]
)
async def test_se_04_a_session_dies_with_what_it_rests_on(instance: Instance, end: str) -> None:
    browser = instance.browser()
    await sign_in(browser)
    assert answered(await ask(browser))
    (session,) = await browser.sessions()
    alice = await instance.user("alice")
    instance.clock.time += 1
    now = instance.clock.time
    if end == "revoked":
        await instance.apply(RevokeSession(session.id, "test", now))
    elif end == "password":
        await instance.change(alice, credentials_changed_at=now)
    elif end == "organization":
        acme = await instance.store.organization("acme")
        assert acme is not None
        await instance.add(msgspec.structs.replace(acme, id="other", state=State.INACTIVE))
        await instance.change(alice, organization_id="other")
    else:
        await instance.change(alice, state=UserState(end))
    response = await ask(browser)
    assert "/login?" in response.headers["location"]
    flow = flow_of(response)
    # The chooser and the consent page do not know the session either.
    for path in ("/login/select", "/consent"):
        assert (await browser.get(f"{path}?flow={flow}")).headers[
            "location"
        ] == f"/login?flow={flow}"
    silent = await ask(browser, prompt="none")
    assert "error=login_required" in silent.headers["location"]


@pytest.mark.parametrize(
    ("remember", "idle", "absolute"),
    [({}, 7200, 43200), ({"remember": "on"}, 14 * 86400, 30 * 86400)],
)
async def test_se_05_sessions_end(instance: Instance, remember, idle, absolute) -> None:
    browser = instance.browser()
    await sign_in(browser, **remember)
    (session,) = await browser.sessions()
    began = instance.clock.time
    assert session.idle_expires_at == began + idle
    assert session.expires_at == began + absolute
    instance.clock.time = began + idle - 1
    assert answered(await ask(browser))
    instance.clock.time = began + absolute
    assert "/login?" in (await ask(browser)).headers["location"]


async def test_se_05_a_clock_that_is_set_back_revives_no_ended_session(instance) -> None:
    browser = instance.browser()
    await sign_in(browser)
    (session,) = await browser.sessions()
    await instance.apply(RevokeSession(session.id, "test", instance.clock.time))
    instance.clock.time -= 3600
    assert "/login?" in (await ask(browser)).headers["location"]


async def test_se_05_an_expired_session_is_replaced_and_not_revived(instance: Instance) -> None:
    browser = instance.browser()
    await sign_in(browser, remember="on")
    (before,) = await browser.sessions()
    instance.clock.time = before.idle_expires_at + 1
    await sign_in(browser)
    (after,) = await browser.sessions()
    assert after.id != before.id


async def test_se_06_no_address_holds_what_identifies_a_session(instance: Instance) -> None:
    browser, seen = instance.browser(), []
    response = await ask(browser)
    seen.append(response.headers["location"])
    flow = flow_of(response)
    page = await browser.get(f"/login?flow={flow}")
    seen.append(page.text)
    response = await browser.sign_in(flow=flow)
    seen.append(response.headers["location"])
    response = await browser.get(response.headers["location"])
    seen.append(response.headers["location"])
    (session,) = await browser.sessions()
    values = [cookie.value for cookie in browser.http.cookies.jar]
    assert len(values) == 3
    for text in seen:
        assert session.id not in text
        assert not any(value and value in text for value in values)


async def test_se_06_a_page_names_sessions_to_their_own_browser_only(instance: Instance) -> None:
    """The chooser's form holds session ids; they open nothing without the cookie."""
    alice, mallory = instance.browser(), instance.browser()
    await instance.add_user("mallory")
    await sign_in(alice)
    await sign_in(mallory, "mallory")
    (session,) = await alice.sessions()
    flow = await mallory.open_flow()
    page = await mallory.get(f"/login/select?flow={flow}")
    response = await mallory.post(
        f"/login/select?flow={flow}", {**hidden(page), "account": session.id}
    )
    assert response.status_code == 409
    interaction = await instance.store.interaction(digest(flow))
    assert interaction is not None
    assert interaction.session_id is None


async def test_se_08_handles_are_random(instance: Instance) -> None:
    browser, flows = instance.browser(), set()
    for _ in range(20):
        flows.add(flow_of(await ask(browser, prompt="login")))
    assert len(flows) == 20
    assert {len(flow) for flow in flows} == {43}


async def test_two_people_share_a_browser(instance: Instance) -> None:
    browser = instance.browser()
    await instance.add_user("bob")
    await sign_in(browser, "alice")
    await sign_in(browser, "bob")
    assert {session.user_id for session in await browser.sessions()} == {"user-alice", "user-bob"}
    flow = flow_of(await ask(browser))
    page = await browser.get(f"/login/select?flow={flow}")
    assert "Alice" in page.text
    assert "Bob" in page.text
    (bob,) = [s for s in await browser.sessions() if s.user_id == "user-bob"]
    response = await browser.post(f"/login/select?flow={flow}", {**hidden(page), "account": bob.id})
    response = await browser.get(response.headers["location"])
    assert answered(response)
    code = re.search(r"code=(\w+)", response.headers["location"])
    assert code is not None
    issued = await instance.store.code(digest(code[1]))
    assert issued is not None
    assert issued.standing.user.id == "user-bob"


async def test_prompt_login_is_not_met_by_an_older_session_of_another_account(instance) -> None:
    """Sign in as Alice, then switch to Bob's old session: Bob has to sign in, too."""
    browser = instance.browser()
    await instance.add_user("bob")
    await sign_in(browser, "bob")
    instance.clock.time += 300
    flow = flow_of(await ask(browser, prompt="login"))
    assert (await browser.sign_in("alice", flow=flow)).status_code == 303
    (bob,) = [s for s in await browser.sessions() if s.user_id == "user-bob"]
    page = await browser.get(f"/login/select?flow={flow}")
    response = await browser.post(f"/login/select?flow={flow}", {**hidden(page), "account": bob.id})
    response = await browser.get(response.headers["location"])
    assert response.headers["location"] == f"/login?flow={flow}"


async def test_mf_01_steps_cannot_be_skipped(instance: Instance) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    for path in ("/oauth/v2/authorize/continue", "/consent", "/login/select"):
        response = await browser.get(f"{path}?flow={flow}")
        assert response.headers["location"] == f"/login?flow={flow}"
    page = await browser.get(f"/login?flow={flow}")
    fields = {**hidden(page), "decision": "allow", "account": "", "username": "alice"}
    response = await browser.post(f"/consent?flow={flow}", fields)
    assert response.headers["location"] == f"/login?flow={flow}"
    response = await browser.post(f"/login/select?flow={flow}", fields)
    assert response.status_code == 403
    response = await browser.post(f"/login?flow={flow}", hidden(page))
    assert response.status_code == 400
    interaction = await instance.store.interaction(digest(flow))
    assert interaction is not None
    assert (interaction.done, interaction.session_id) == ((), None)


async def test_the_same_form_sent_twice_at_once_signs_in_once(instance: Instance) -> None:
    """A double click: both answers lead on, and one cookie is set."""
    browser = instance.browser()
    flow = await browser.open_flow()
    page = await browser.get(f"/login?flow={flow}")
    filled = {**hidden(page), "username": "alice", "password": PASSWORD}
    responses = await asyncio.gather(*(browser.post(f"/login?flow={flow}", filled) for _ in "ab"))
    assert [response.status_code for response in responses] == [303, 303]
    assert sorted("set-cookie" in response.headers for response in responses) == [False, True]
    assert len(await browser.sessions()) == 1


async def test_the_same_form_sent_while_the_first_is_answered(instance, monkeypatch) -> None:
    """The slower of two answers finds the browser's cookie changed under it."""
    browser = instance.browser()
    flow = await browser.open_flow()
    page = await browser.get(f"/login?flow={flow}")
    filled = {**hidden(page), "username": "alice", "password": PASSWORD}
    old = browser.cookie
    assert old is not None
    verify = passwords.verify_password
    slower = browser.instance.browser()
    slower.http.cookies.set("__Host-ostiary_browser", old, domain="id.test", path="/")
    loop = asyncio.get_running_loop()

    def first_the_other(encoded: str, password: bytes) -> bool:
        monkeypatch.setattr(passwords, "verify_password", verify)
        other = browser.post(f"/login?flow={flow}", filled)
        assert asyncio.run_coroutine_threadsafe(other, loop).result(10).status_code == 303
        return verify(encoded, password)

    monkeypatch.setattr(passwords, "verify_password", first_the_other)
    response = await slower.post(f"/login?flow={flow}", filled)
    assert response.headers["location"] == f"/oauth/v2/authorize/continue?flow={flow}"
    assert "set-cookie" not in response.headers
    # Whoever only has the old cookie gets no further.
    assert (await slower.get(response.headers["location"])).status_code == 403
    assert len(await browser.sessions()) == 1


async def test_two_tabs_answer_and_choose_at_once(instance: Instance) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    response = await browser.sign_in(flow=flow)
    response = await browser.get(response.headers["location"])
    consent = await browser.get(response.headers["location"])
    chooser = await browser.get(f"/login/select?flow={flow}")
    (session,) = await browser.sessions()
    responses = await asyncio.gather(
        browser.post(f"/consent?flow={flow}", {**hidden(consent), "decision": "allow"}),
        browser.post(f"/consent?flow={flow}", {**hidden(consent), "decision": "allow"}),
        browser.post(f"/login/select?flow={flow}", {**hidden(chooser), "account": session.id}),
    )
    # A lost race is run again, once; who loses twice is told to come back.
    assert {response.status_code for response in responses} <= {303, 503}
    assert sum(response.status_code == 303 for response in responses) >= 2
    interaction = await instance.store.interaction(digest(flow))
    assert interaction is not None
    assert {"login", "consent"} <= set(interaction.done)


@pytest.mark.parametrize("path", ["/login/select", "/consent"])
async def test_a_session_that_ends_while_its_page_is_open(instance: Instance, path: str) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    await browser.sign_in(flow=flow)
    page = await browser.get(f"{path}?flow={flow}")
    (session,) = await browser.sessions()
    await instance.apply(RevokeSession(session.id, "test", instance.clock.time))
    fields = {**hidden(page), "decision": "allow", "account": session.id}
    response = await browser.post(f"{path}?flow={flow}", fields)
    assert response.headers["location"] == f"/login?flow={flow}"
    assert await instance.store.consent("user-alice", "shop") is None


async def test_a_session_that_ends_while_its_answer_is_noted(instance, monkeypatch) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    await browser.sign_in(flow=flow)
    page = await browser.get(f"/consent?flow={flow}")
    (session,) = await browser.sessions()
    check_token = csrf.check_token
    ended = RevokeSession(session.id, "test", instance.clock.time)

    async def end_first(self, flow_id, visit):
        await instance.apply(ended)
        return await Steps.load(self, flow_id, visit)

    def then(*parts) -> None:
        check_token(*parts)
        monkeypatch.setattr(Steps, "_again", end_first)

    monkeypatch.setattr(stage, "check_token", then)
    fields = {**hidden(page), "decision": "allow"}
    response = await browser.post(f"/consent?flow={flow}", fields)
    response = await browser.get(response.headers["location"])
    assert response.headers["location"] == f"/login?flow={flow}"
    assert await instance.store.consent("user-alice", "shop") is None
