"""RFC 8628: a device without a browser, and who answers it elsewhere (DV-01 to DV-08)."""

import asyncio
import re

import pytest

from ostiary.login.device_entry import MAX_WRONG, MAX_WRONG_OF_STRANGERS, WINDOW
from ostiary.model.client import AppType, ClientState
from ostiary.oauth.device import user_code
from ostiary.oauth.effects import RevokeSession
from ostiary.oauth.grants.device_code import grant_type
from support.authorization import CHALLENGE
from support.instance import ENTROPY, ISSUER, PASSWORD, hidden, open_instance
from support.token import VERIFIER
from support.tokens import Caller, assert_refused, basic, make_client

DEVICE = "/oauth/v2/device_authorization"
PAGE = "/device"
TV = make_client(
    "tv",
    type=AppType.DEVICE,
    client_name="Television",
    client_uri=None,
    token_endpoint_auth_method="none",
    secrets=(),
    redirect_uris=(),
    grant_types=(grant_type, "refresh_token"),
    response_types=(),
    allowed_scopes=("openid", "profile", "offline_access", "orders.read"),
)
OTHER = make_client(
    "other-tv",
    **{
        f: getattr(TV, f)
        for f in (
            "type",
            "token_endpoint_auth_method",
            "secrets",
            "redirect_uris",
            "grant_types",
            "response_types",
            "allowed_scopes",
        )
    },
)
SECRET_TV = make_client(
    "secret-tv", type=AppType.DEVICE, redirect_uris=(), grant_types=(grant_type,)
)
WITHOUT = make_client("without")


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(TV, OTHER, SECRET_TV, WITHOUT)
        yield Caller(instance)


async def begin(caller, client=TV, **form):
    form = {"client_id": client.client_id, "scope": "openid offline_access"} | form
    answer = await caller.http.post(DEVICE, data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def poll(caller, codes, client=TV, wait=5):
    caller.instance.clock.time += wait
    form = {"grant_type": grant_type, "device_code": codes["device_code"]}
    return await caller.send(client, form)


async def type_code(browser, code, headers=None):
    sent = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
    return await browser.http.post(PAGE, data={"user_code": code}, headers=sent)


async def follow(browser, answer):
    while answer.status_code == 303:
        answer = await browser.get(answer.headers["location"])
    return answer


async def reach_consent(browser, codes, username="alice"):
    """Type the code and sign in, up to the consent page."""
    page = await follow(browser, await type_code(browser, codes["user_code"]))
    if 'name="password"' in page.text:
        filled = {**hidden(page), "username": username, "password": PASSWORD}
        page = await follow(browser, await browser.post(str(page.url), filled))
    assert 'name="decision"' in page.text, page.text
    return page


async def answer(browser, codes, decision="allow"):
    page = await reach_consent(browser, codes)
    sent = await browser.post(str(page.url), {**hidden(page), "decision": decision})
    return await follow(browser, sent)


@pytest.fixture
async def browser(caller):
    async with caller.instance.browser() as browser:
        yield browser


async def test_3_2_the_response(caller):
    codes = await begin(caller)
    assert set(codes) == {
        *("device_code", "user_code", "verification_uri", "verification_uri_complete"),
        *("expires_in", "interval"),
    }
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["user_code"])
    assert codes["verification_uri"] == ISSUER + PAGE
    assert codes["verification_uri_complete"] == f"{ISSUER}{PAGE}?user_code={codes['user_code']}"
    assert (codes["expires_in"], codes["interval"]) == (600, 5)


async def test_3_3_from_code_to_tokens(caller, browser):
    codes = await begin(caller)
    assert_refused(await poll(caller, codes), "authorization_pending")

    done = await answer(browser, codes)
    assert done.status_code == 200
    assert "connected" in done.text
    tokens = (await poll(caller, codes)).json()
    assert {"access_token", "id_token", "refresh_token"} <= set(tokens)
    assert (await caller.userinfo(tokens["access_token"])).json()["sub"] == "user-alice"
    refreshed = await caller.refresh(TV, tokens["refresh_token"])
    assert refreshed.status_code == 200
    types = [event.type for event in await caller.instance.events()]
    kinds = ("device.requested", "device.approved", "token.issued")
    positions = [types.index(kind) for kind in kinds]
    assert positions == sorted(positions)
    redeemed = (await caller.instance.events("token.issued"))[0]
    (approved,) = await caller.instance.events("device.approved")
    assert redeemed.reason == grant_type
    assert redeemed.grant_id == approved.grant_id


async def test_3_5_the_answer_is_no(caller, browser):
    codes = await begin(caller)
    done = await answer(browser, codes, "deny")
    assert "turned away" in done.text
    assert_refused(await poll(caller, codes), "access_denied")
    (event,) = await caller.instance.events("device.denied")
    assert (event.user_id, event.reason, event.ip) == ("user-alice", "denied", "192.0.2.1")
    assert (event.client_id, event.organization_id) == ("tv", "acme")
    assert event.session_id


async def test_3_5_nobody_answers(caller, browser):
    codes = await begin(caller)
    page = await reach_consent(browser, codes)
    caller.instance.clock.time += 600
    assert_refused(await poll(caller, codes, wait=0), "expired_token")
    # And it is too late then.
    late = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
    assert (await follow(browser, late)).status_code == 410
    assert_refused(await poll(caller, codes), "expired_token")


async def test_6_1_codes_are_read_as_people_type_them(caller, browser):
    codes = await begin(caller)
    plain = codes["user_code"].replace("-", "")
    spaced, odd = f" {plain[:2]} {plain[2:].lower()} ", "\u00a0:\u2212\n".join(plain)
    for typed in (codes["user_code"].lower(), plain, spaced, odd):
        page = await follow(browser, await type_code(browser, typed))
        assert page.status_code == 200
        assert "Television" in page.text


def test_6_1_user_codes_are_even_and_unlike_words():
    codes = [user_code.make(ENTROPY) for _ in range(500)]
    assert len(set(codes)) == 500
    assert set("".join(codes)) == set(user_code.LETTERS)
    assert not set("AEIOUY01") & set(user_code.LETTERS)


@pytest.mark.parametrize(
    "typed", ["", "x", "BCDF", "BCDFGHJKL", "AAAA-AAAA", "é" * 8, "²" * 8, "B" * 5_000, "'--"]
)
async def test_6_1_what_is_no_code(browser, typed):
    page = await type_code(browser, typed)
    assert page.status_code == 400
    assert 'name="user_code"' in page.text


class TestPhishing:
    """RFC 8628, 5.4: somebody else may have sent the link."""

    async def test_3_3_1_the_code_in_the_address_is_only_filled_in(self, caller, browser):
        codes = await begin(caller)
        page = await browser.get(codes["verification_uri_complete"])
        assert f'value="{codes["user_code"]}"' in page.text
        assert "very code" in page.text
        assert_refused(await poll(caller, codes), "authorization_pending")

    async def test_5_4_the_person_sees_what_it_is_about(self, caller, browser):
        codes = await begin(caller, scope="openid profile")
        page = await reach_consent(browser, codes)
        assert "Television" in page.text
        assert codes["user_code"] in page.text
        assert "Run by</dt><dd><bdi>ACME</bdi>" in page.text
        assert "192.0.2.7" in page.text
        assert "Not the network you are in now" in page.text
        assert "in front of you" in page.text
        assert "See your profile" in page.text

    async def test_5_4_the_person_sees_when_and_whether_it_is_near(self, caller):
        codes = await begin(caller)
        caller.instance.clock.time += 170
        async with caller.instance.browser(ip="192.0.2.7") as near:
            page = await reach_consent(near, codes)
            assert "3 minutes ago" in page.text
            assert "The same network as yours" in page.text

    async def test_5_4_consent_is_asked_for_each_device(self, caller, browser):
        for _ in range(2):
            codes = await begin(caller)
            assert "connected" in (await answer(browser, codes)).text
            assert (await poll(caller, codes)).status_code == 200

    async def test_dv_03_an_answer_from_elsewhere(self, caller, browser):
        codes = await begin(caller)
        page = await reach_consent(browser, codes)
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://evil.test"},
        ):
            fields = {**hidden(page), "decision": "allow"}
            sent = await browser.post(str(page.url), fields, headers)
            assert sent.status_code == 403
        sent = await browser.post(str(page.url), {"decision": "allow"})
        assert sent.status_code == 403
        assert_refused(await poll(caller, codes), "authorization_pending")

    async def test_dv_03_a_code_typed_elsewhere(self, caller, browser):
        codes = await begin(caller)
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
            sent = await type_code(browser, codes["user_code"], headers)
            assert sent.status_code == 403

    async def test_dv_03_the_flow_of_another_browser(self, caller, browser):
        codes = await begin(caller)
        page = await reach_consent(browser, codes)
        async with caller.instance.browser() as other:
            assert (await other.get(str(page.url))).status_code == 403


class TestDv01Guessing:
    """Eight letters of twenty, and few guesses."""

    async def test_of_one_network(self, caller, browser):
        codes = await begin(caller)
        for number in range(MAX_WRONG):
            page = await type_code(browser, "BCDF-GHJ" + user_code.LETTERS[number])
            assert page.status_code == 404
        # Not even the right one, for ten minutes.
        refused = await type_code(browser, codes["user_code"])
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "600"
        assert "10 minutes" in refused.text
        async with caller.instance.browser(ip="203.0.113.5") as other:
            assert (await type_code(other, codes["user_code"])).status_code == 303
        caller.instance.clock.time += 600
        codes = await begin(caller)
        assert (await type_code(browser, codes["user_code"])).status_code == 303
        assert len(await caller.instance.events("device.bruteforce")) == 1
        assert len(await caller.instance.events("device.code_unknown")) == MAX_WRONG - 1

    async def test_of_one_network_at_once(self, caller, browser):
        typed = ["BCDF-GHJ" + letter for letter in user_code.LETTERS]
        pages = await asyncio.gather(*(type_code(browser, code) for code in typed))
        statuses = [page.status_code for page in pages]
        assert (statuses.count(404), statuses.count(429)) == (MAX_WRONG, 20 - MAX_WRONG)

    async def test_the_right_code_among_many_at_once(self, caller, browser):
        codes = await begin(caller)
        typed = ["BCDF-GHJ" + letter for letter in user_code.LETTERS] + [codes["user_code"]]
        pages = await asyncio.gather(*(type_code(browser, code) for code in typed))
        assert 303 not in {page.status_code for page in pages}

    async def test_of_all_strangers_together(self, caller, monkeypatch):
        monkeypatch.setattr("ostiary.login.device_entry.MAX_WRONG_OF_STRANGERS", 3)
        codes = await begin(caller)
        for number in range(3):
            async with caller.instance.browser(ip=f"203.0.113.{number}") as other:
                assert (await type_code(other, "BCDF-GHJK")).status_code == 404
        async with caller.instance.browser(ip="198.51.100.1") as other:
            assert (await type_code(other, codes["user_code"])).status_code == 429

    async def test_strangers_do_not_use_up_the_tries_of_others(self, caller, browser, monkeypatch):
        monkeypatch.setattr("ostiary.login.device_entry.MAX_WRONG_OF_STRANGERS", 3)
        await answer(browser, await begin(caller))
        async with caller.instance.browser() as stranger:
            for _ in range(3):
                await type_code(stranger, "BCDF-GHJK")
            codes = await begin(caller)
            assert (await type_code(stranger, codes["user_code"])).status_code == 429
        # Alice is signed in, at the same address: she has tries of her own, and no more.
        for _ in range(MAX_WRONG):
            assert (await type_code(browser, "BCDF-GHJK")).status_code == 404
        assert (await type_code(browser, codes["user_code"])).status_code == 429

    async def test_good_codes_do_not_count(self, caller, browser):
        for _ in range(MAX_WRONG + 2):
            codes = await begin(caller)
            assert (await type_code(browser, codes["user_code"])).status_code == 303

    async def test_what_cannot_be_a_code_does_not_count(self, caller, browser):
        for _ in range(MAX_WRONG + 2):
            assert (await type_code(browser, "BCDF-GHJA")).status_code == 400
        codes = await begin(caller)
        assert (await type_code(browser, codes["user_code"])).status_code == 303

    async def test_used_codes_count(self, caller, browser):
        codes = await begin(caller)
        async with caller.instance.browser(ip="203.0.113.5") as other:
            await answer(other, codes, "deny")
        for _ in range(MAX_WRONG):
            assert (await type_code(browser, codes["user_code"])).status_code == 410
        assert (await type_code(browser, codes["user_code"])).status_code == 429

    def test_a_day_of_guessing_finds_a_code_in_less_than_one_of_a_million(self):
        windows = 86_400 // WINDOW + 1
        codes = len(user_code.LETTERS) ** user_code.LENGTH
        assert windows * MAX_WRONG_OF_STRANGERS / codes < 2**-20


class TestCodesThatAreOver:
    """Nobody is left without a way on."""

    async def test_too_old(self, caller, browser):
        codes = await begin(caller)
        caller.instance.clock.time += 600
        page = await type_code(browser, codes["user_code"])
        assert page.status_code == 410
        assert "too old" in page.text
        assert 'name="user_code"' in page.text

    @pytest.mark.parametrize("decision", ["allow", "deny"])
    async def test_answered_already(self, caller, browser, decision):
        codes = await begin(caller)
        await answer(browser, codes, decision)
        if decision == "allow":
            assert (await poll(caller, codes)).status_code == 200
        page = await type_code(browser, codes["user_code"])
        assert page.status_code == 410
        assert "used already" in page.text

    async def test_the_application_was_switched_off(self, caller, browser):
        codes = await begin(caller)
        stored = await caller.instance.store.client("tv")
        await caller.instance.change(stored, state=ClientState.INACTIVE)
        assert (await type_code(browser, codes["user_code"])).status_code == 404


class TestPolling:
    """RFC 8628, 3.5: how often a device may ask."""

    async def test_dv_05_too_fast(self, caller):
        codes = await begin(caller)
        assert_refused(await poll(caller, codes), "authorization_pending")
        assert_refused(await poll(caller, codes, wait=3), "slow_down")
        # From now on it is ten seconds.
        assert_refused(await poll(caller, codes, wait=5), "slow_down")
        assert_refused(await poll(caller, codes, wait=15), "authorization_pending")
        record = await caller.instance.store.device_by_user_code(
            codes["user_code"].replace("-", "")
        )
        assert record.interval == 15

    async def test_dv_05_whole_seconds_do_no_wrong_to_a_device_that_keeps_time(self, caller):
        codes = await begin(caller)
        for wait in (5, 4, 5, 4):
            assert_refused(await poll(caller, codes, wait=wait), "authorization_pending")

    async def test_dv_05_many_at_once(self, caller):
        codes = await begin(caller)
        polls = await asyncio.gather(*(poll(caller, codes, wait=0) for _ in range(8)))
        errors = sorted(one.json()["error"] for one in polls)
        assert errors == ["authorization_pending"] + ["slow_down"] * 7

    async def test_dv_05_whoever_does_not_listen_costs_no_more_writes(self, caller):
        codes = await begin(caller)
        await poll(caller, codes)
        for _ in range(600 // 5):
            assert_refused(await poll(caller, codes, wait=0), "slow_down")
        typed = codes["user_code"].replace("-", "")
        before = await caller.instance.store.device_by_user_code(typed)
        assert_refused(await poll(caller, codes, wait=0), "slow_down")
        assert await caller.instance.store.device_by_user_code(typed) == before

    async def test_most_polls_write_nothing(self, caller):
        codes = await begin(caller)
        before = len(await caller.instance.events())
        for _ in range(5):
            assert_refused(await poll(caller, codes), "authorization_pending")
        assert len(await caller.instance.events()) == before

    async def test_dv_06_one_redemption(self, caller, browser):
        codes = await begin(caller)
        await answer(browser, codes)
        caller.instance.clock.time += 5
        answers = await asyncio.gather(*(poll(caller, codes, wait=0) for _ in range(8)))
        assert sorted(one.status_code for one in answers) == [200] + [400] * 7
        assert_refused(await poll(caller, codes), "invalid_grant")

    async def test_dv_04_by_another_client(self, caller, browser):
        codes = await begin(caller)
        await answer(browser, codes)
        assert_refused(await poll(caller, codes, client=OTHER), "invalid_grant")
        assert (await poll(caller, codes)).status_code == 200

    @pytest.mark.parametrize("verifier", [None, "w" * 43, CHALLENGE, "short"])
    async def test_pk_08_a_challenge_that_was_sent_is_enforced(self, caller, browser, verifier):
        codes = await begin(caller, code_challenge=CHALLENGE, code_challenge_method="S256")
        await answer(browser, codes)
        form = {"grant_type": grant_type, "device_code": codes["device_code"]}
        assert_refused(await caller.send(TV, {**form, "code_verifier": verifier}), "invalid_grant")
        assert (await caller.send(TV, {**form, "code_verifier": VERIFIER})).status_code == 200

    async def test_pk_08_a_verifier_that_nobody_announced(self, caller, browser):
        codes = await begin(caller)
        await answer(browser, codes)
        form = {"grant_type": grant_type, "device_code": codes["device_code"]}
        assert_refused(await caller.send(TV, {**form, "code_verifier": VERIFIER}), "invalid_grant")
        assert (await caller.send(TV, form)).status_code == 200

    @pytest.mark.parametrize("code", ["x", "é", "A" * 43, "ost_rt_x"])
    async def test_what_is_no_device_code(self, caller, code):
        assert_refused(await poll(caller, {"device_code": code}), "invalid_grant")

    async def test_dv_07_what_ended_between_answer_and_redemption(self, caller, browser):
        codes = await begin(caller, scope="openid")
        await answer(browser, codes)
        (session,) = await browser.sessions()
        now = caller.instance.clock.now()
        await caller.instance.apply(RevokeSession(session.id, "logout", now))
        assert_refused(await poll(caller, codes), "invalid_grant")

    async def test_dv_07_a_scope_withdrawn_before_redemption(self, caller, browser):
        codes = await begin(caller)
        await answer(browser, codes)
        stored = await caller.instance.store.client("tv")
        await caller.instance.change(stored, allowed_scopes=("openid",))
        assert_refused(await poll(caller, codes), "invalid_grant")

    async def test_dv_07_a_scope_withdrawn_before_the_answer(self, caller, browser):
        codes = await begin(caller)
        page = await reach_consent(browser, codes)
        stored = await caller.instance.store.client("tv")
        await caller.instance.change(stored, allowed_scopes=("openid",))
        sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
        assert "turned away" in (await follow(browser, sent)).text
        (event,) = await caller.instance.events("device.denied")
        assert event.reason == "scope-registered"
        assert_refused(await poll(caller, codes), "access_denied")

    async def test_dv_07_the_grant_withdrawn_before_the_answer(self, caller, browser):
        codes = await begin(caller)
        page = await reach_consent(browser, codes)
        stored = await caller.instance.store.client("tv")
        await caller.instance.change(stored, grant_types=("refresh_token",))
        sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
        assert (await follow(browser, sent)).status_code == 400
        assert await caller.instance.events("device.approved") == []
        async with caller.instance.browser() as other:
            assert (await type_code(other, codes["user_code"])).status_code == 404
        assert_refused(await poll(caller, codes), "unauthorized_client")

    async def test_dv_07_a_client_that_was_switched_off(self, caller, browser):
        codes = await begin(caller)
        page = await reach_consent(browser, codes)
        stored = await caller.instance.store.client("tv")
        await caller.instance.change(stored, state=ClientState.INACTIVE)
        sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
        assert (await follow(browser, sent)).status_code == 400
        assert_refused(await poll(caller, codes), "invalid_client", 401)


class TestRequests:
    """RFC 8628, 3.1: who may begin, and with what."""

    async def test_dv_07_a_client_without_the_grant(self, caller):
        sent = await caller.http.post(DEVICE, data={"scope": "openid"}, headers=basic("without"))
        assert_refused(sent, "unauthorized_client")

    async def test_g13_a_confidential_client_authenticates(self, caller):
        sent = await caller.http.post(DEVICE, data={"client_id": "secret-tv"})
        assert_refused(sent, "invalid_client", 401)
        sent = await caller.http.post(DEVICE, data={"scope": "openid"}, headers=basic("secret-tv"))
        assert sent.status_code == 200

    @pytest.mark.parametrize(
        "sent",
        [
            {"code_challenge": CHALLENGE},
            {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
            {"code_challenge": "short", "code_challenge_method": "S256"},
            {"code_challenge_method": "S256"},
        ],
    )
    async def test_pk_08_a_challenge_that_is_none(self, caller, sent):
        form = {"client_id": "tv", "scope": "openid", **sent}
        assert_refused(await caller.http.post(DEVICE, data=form), "invalid_request")

    @pytest.mark.parametrize("scope", ["email", "nonsense", "openid nonsense", 'a"b'])
    async def test_dv_08_scopes_that_are_not_registered(self, caller, scope):
        sent = await caller.http.post(DEVICE, data={"client_id": "tv", "scope": scope})
        assert_refused(sent, "invalid_scope")

    async def test_rfc8707_a_resource(self, caller, browser):
        codes = await begin(caller, scope="openid orders.read", resource="https://orders.test")
        await answer(browser, codes)
        assert (await poll(caller, codes)).json()["scope"] == "openid orders.read"
        sent = await caller.http.post(
            DEVICE, data={"client_id": "tv", "scope": "openid", "resource": "https://x.test"}
        )
        assert_refused(sent, "invalid_target")

    async def test_a_parameter_twice(self, caller):
        sent = await caller.http.post(
            DEVICE,
            content="client_id=tv&scope=openid&scope=profile",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert_refused(sent, "invalid_request")

    async def test_do_07_strangers_cannot_begin_without_end(self, caller):
        form = {"client_id": "tv", "scope": "openid"}
        statuses = [(await caller.http.post(DEVICE, data=form)).status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]


async def test_an_answered_device_is_not_answered_again(caller, browser):
    codes = await begin(caller)
    page = await reach_consent(browser, codes)
    async with caller.instance.browser() as other:
        await answer(other, codes, "deny")
    sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
    assert (await follow(browser, sent)).status_code == 410
    assert_refused(await poll(caller, codes), "access_denied")
    assert (await type_code(browser, codes["user_code"])).status_code == 410


async def test_what_the_application_asks_of_every_sign_in_holds_here(caller, browser):
    stored = await caller.instance.store.client("tv")
    await caller.instance.change(stored, default_max_age=60)
    await answer(browser, await begin(caller))
    caller.instance.clock.time += 300
    codes = await begin(caller)
    page = await follow(browser, await type_code(browser, codes["user_code"]))
    assert 'name="password"' in page.text
