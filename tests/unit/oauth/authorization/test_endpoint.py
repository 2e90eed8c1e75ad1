"""Flows from their first request to the answer, and what others do at the same time."""

import asyncio

import pytest

from ostiary.model.client import ClientState
from ostiary.model.grant import Interaction
from ostiary.model.session import Browser
from ostiary.model.user import UserState
from ostiary.oauth.authorization import pending
from ostiary.oauth.effects import Consume, RevokeSession, Unavailable
from ostiary.oauth.handle import digest
from support.authorization import NAT, WEB, change, make_consent, query
from support.jose import NOW
from support.site import CONTINUE, COOKIE, STATE, open_site

pytestmark = pytest.mark.usefixtures("sites")

THIRD_PARTY = change(WEB, require_consent=True)


def meanwhile(site, act, times=1):
    """Have somebody else act before each of the next steps."""
    left = [times]

    async def before():
        if left[0]:
            left[0] -= 1
            await act()

    site.store.before = before


async def test_from_the_request_to_the_code():
    site = await open_site(THIRD_PARTY)
    answer = await site.authorize(scope="openid profile", ui_locales="de")
    assert answer.location.startswith("/login?flow=")
    flow = answer.flow
    stored = await site.interaction(flow)
    assert stored.peer == "192.0.2.1"
    assert stored.expires_at == NOW + 1800
    assert stored.request["scopes"] == ["openid", "profile"]
    assert flow not in repr(stored)

    session_id = await site.log_in(flow)
    assert (await site.resume(flow)).location == f"/consent?flow={flow}"
    await site.consent(flow, session_id)
    answer = await site.resume(flow)

    assert answer.location.startswith("https://app.test/cb?code=")
    (grant,), (code,) = site.grants, site.codes
    assert (grant.user_id, grant.session_id) == ("alice", session_id)
    assert code.grant_id == grant.id
    assert (await site.interaction(flow)).consumed_at == NOW
    assert [event.type for event in site.events] == ["code.issued"]


async def test_the_consent_page_is_told_whom_it_asks():
    site = await open_site(THIRD_PARTY)
    session_id = await site.sign_in()
    answer = await site.authorize()
    assert answer.location == f"/consent?flow={answer.flow}"
    assert (await site.interaction(answer.flow)).session_id == session_id


async def test_who_is_signed_in_gets_a_code_at_once_and_nothing_is_stored_for_a_page():
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize()
    assert "code" in answer.reply
    # The first time the browser state comes along.
    assert (answer.header("set-cookie") or "").startswith(STATE)
    site.store.steps.clear()
    answer = await site.authorize()
    assert answer.header("set-cookie") is None
    assert not site.store.inserted(Interaction)
    assert len(site.store.steps) == 1


async def test_a_known_browser_keeps_its_cookie_and_lives_as_long_as_the_flow():
    site = await open_site()
    browser = await site.know(expires_at=NOW + 10)
    answer = await site.authorize()
    assert answer.header("set-cookie") is None
    assert (await site.browser()).expires_at == NOW + pending.LIFETIME
    assert (await site.interaction(answer.flow)).browser_id == browser.id


async def test_a_forgotten_browser_gets_a_new_cookie():
    site = await open_site()
    old = await site.know(expires_at=NOW)
    answer = await site.authorize()
    assert answer.header("set-cookie")
    assert (await site.browser()).id != old.id


async def test_a_post_is_stored_and_resumed():
    site = await open_site()
    flow = (await site.post(query(scope="openid email"))).flow
    assert site.cookies == {}
    answer = await site.resume(flow)
    assert answer.location == f"/login?flow={flow}"
    assert COOKIE in site.cookies
    await site.log_in(flow)
    assert "code" in (await site.resume(flow)).reply
    assert site.grants[0].scopes == ("openid", "email")


async def test_a_post_that_is_refused_is_not_stored():
    site = await open_site()
    assert (await site.post(query(scope="x"))).reply["error"] == "invalid_scope"
    assert (await site.post(query(redirect_uri="https://evil.test/"))).status == 400
    assert not site.store.inserted(Interaction)


async def test_a_posted_request_of_a_browser_that_is_about_to_be_forgotten():
    site = await open_site()
    await site.know(expires_at=NOW + 10)
    flow = (await site.post(query())).flow
    await site.resume(flow)
    assert (await site.browser()).expires_at == NOW + pending.LIFETIME


async def test_a_refusal_ends_the_flow():
    site = await open_site(THIRD_PARTY)
    session_id = await site.sign_in()
    flow = (await site.authorize()).flow
    await site.do(flow, "denied", session_id)
    answer = await site.resume(flow)
    assert answer.reply["error"] == "access_denied"
    assert (await site.interaction(flow)).consumed_at == NOW
    assert (await site.resume(flow)).status == 410
    assert not site.codes


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, 303), (pending.LIFETIME - 1, 303), (pending.LIFETIME, 410)]
)
async def test_a_flow_has_half_an_hour(seconds, status):
    site = await open_site()
    flow = (await site.authorize()).flow
    await site.change(await site.browser(), expires_at=NOW + 10_000)
    site.clock.time += seconds
    assert (await site.resume(flow)).status == status


async def test_a_finished_flow_names_the_way_back():
    site = await open_site(change(WEB, client_uri="https://app.test/"))
    flow = (await site.authorize()).flow
    await site.log_in(flow)
    await site.resume(flow)
    answer = await site.resume(flow)
    assert answer.status == 410
    assert 'href="https://app.test/"' in answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"state": ClientState.INACTIVE},
        {"redirect_uris": ("https://app.test/other",)},
    ],
)
async def test_a_client_that_was_changed_while_the_person_signed_in(changed):
    site = await open_site()
    flow = (await site.authorize()).flow
    await site.log_in(flow)
    await site.change_client(**changed)
    answer = await site.resume(flow)
    assert answer.status == 400
    assert answer.header("location") is None
    assert not site.codes


async def test_a_scope_that_was_withdrawn_while_the_person_signed_in():
    site = await open_site()
    flow = (await site.authorize(scope="openid email")).flow
    await site.log_in(flow)
    await site.change_client(allowed_scopes=("openid",))
    assert (await site.resume(flow)).reply["error"] == "invalid_scope"
    assert not site.codes


async def test_a_flow_of_another_version_of_the_server():
    site = await open_site()
    flow = (await site.authorize()).flow
    await site.change(await site.interaction(flow), request={"client_id": 7})
    assert (await site.resume(flow)).status == 410


class TestSessions:
    """Whose session answers is looked at on each visit."""

    @pytest.mark.parametrize(
        "state", [UserState.LOCKED, UserState.DEACTIVATED, UserState.DELETED, UserState.PENDING]
    )
    async def test_of_somebody_who_was_switched_off(self, state):
        site = await open_site()
        await site.sign_in()
        await site.change_user(state=state)
        assert (await site.authorize()).location.startswith("/login")

    @pytest.mark.parametrize(
        "fields", [{"idle_expires_at": NOW}, {"expires_at": NOW}, {"revoked_at": NOW - 1}]
    )
    async def test_that_ended(self, fields):
        site = await open_site()
        await site.sign_in(**fields)
        assert (await site.authorize()).location.startswith("/login")

    async def test_from_before_a_change_of_password(self):
        site = await open_site()
        await site.sign_in()
        await site.change_user(credentials_changed_at=NOW - 1)
        assert (await site.authorize()).location.startswith("/login")

    async def test_of_another_browser(self):
        site = await open_site()
        await site.sign_in()
        await site.know()
        assert (await site.authorize()).location.startswith("/login")

    async def test_two_people_choose(self):
        site = await open_site()
        await site.sign_in("alice")
        bob = await site.sign_in("bob")
        answer = await site.authorize()
        assert answer.location.startswith("/login/select?flow=")
        await site.do(answer.flow, "select_account", bob)
        assert "code" in (await site.resume(answer.flow)).reply
        assert site.grants[0].user_id == "bob"

    async def test_consent_is_that_of_whoever_answers(self):
        site = await open_site(THIRD_PARTY, make_consent("bob"))
        await site.sign_in("alice")
        await site.sign_in("bob")
        assert "code" in (await site.authorize(login_hint="bob", prompt="none")).reply
        answer = await site.authorize(login_hint="alice", prompt="none")
        assert answer.reply["error"] == "consent_required"


class TestRaces:
    """A lost race loads and decides again, once, on fresh facts."""

    async def test_two_answers_to_one_flow_give_one_code(self):
        site = await open_site()
        flow = (await site.authorize()).flow
        await site.log_in(flow)
        meanwhile(site, lambda: site.quietly(Consume(Interaction, digest(flow), NOW)))
        answer = await site.resume(flow)
        assert answer.status == 410
        assert not site.codes
        assert not site.grants

    async def test_double_clicks_give_one_code(self):
        site = await open_site()
        flow = (await site.authorize()).flow
        await site.log_in(flow)
        answers = await asyncio.gather(*(site.resume(flow) for _ in range(8)))
        assert sorted(answer.status for answer in answers) == [303] + [410] * 7
        assert len(site.codes) == len(site.grants) == 1

    async def test_a_session_that_ends_while_it_is_answered_for(self):
        site = await open_site()
        session_id = await site.sign_in()
        meanwhile(site, lambda: site.quietly(RevokeSession(session_id, "logout", NOW)))
        assert (await site.authorize()).location.startswith("/login?flow=")
        assert not site.codes

    async def test_many_requests_of_one_session_at_once(self):
        """All but one lose the race to mark the session as seen, and need not win it."""
        site = await open_site()
        await site.sign_in()
        answers = await asyncio.gather(*(site.authorize() for _ in range(8)))
        assert all("code" in answer.reply for answer in answers)
        assert len(site.codes) == 8
        assert (await site.session()).last_seen_at == NOW

    async def test_a_second_conflict_is_told_to_the_client(self):
        site = await open_site()
        await site.sign_in()

        async def touch():
            await site.change(await site.session(), ip="192.0.2.9")

        meanwhile(site, touch, times=2)
        assert (await site.authorize()).reply["error"] == "temporarily_unavailable"
        assert not site.codes

    async def test_a_second_conflict_of_a_flow_is_a_page(self):
        site = await open_site(THIRD_PARTY)
        flow = (await site.authorize()).flow
        session_id = await site.sign_in(at=NOW - 5)

        async def touch():
            await site.change(await site.interaction(flow), peer="192.0.2.9")

        meanwhile(site, touch, times=2)
        answer = await site.resume(flow)
        assert answer.status == 503
        assert answer.header("retry-after")
        assert (await site.resume(flow)).location == f"/consent?flow={flow}"
        assert (await site.interaction(flow)).session_id == session_id

    async def test_two_browsers_come_for_one_posted_flow(self):
        site = await open_site()
        flow = (await site.post(query())).flow
        other = await site.know()
        site.cookies.clear()

        async def bind():
            await site.change(await site.interaction(flow), browser_id=other.id)

        meanwhile(site, bind)
        assert (await site.resume(flow)).status == 403

    async def test_a_refusal_that_loses_against_an_answer(self):
        site = await open_site(THIRD_PARTY)
        session_id = await site.sign_in()
        flow = (await site.authorize()).flow
        await site.do(flow, "denied", session_id)
        meanwhile(site, lambda: site.quietly(Consume(Interaction, digest(flow), NOW)))
        assert (await site.resume(flow)).status == 410


async def test_the_answer_is_one_step_with_everything_in_it():
    site = await open_site()
    flow = (await site.authorize()).flow
    await site.log_in(flow)
    await site.resume(flow)
    step = site.store.steps[-1]
    assert isinstance(step[0], Consume)
    assert {type(effect).__name__ for effect in step} == {"Consume", "Require", "Insert", "Emit"}


async def test_a_new_browser_is_stored_before_its_flow():
    site = await open_site()
    await site.authorize()
    records = [type(effect.record) for effect in site.store.steps[0]]
    assert records == [Browser, Interaction]


async def test_a_store_that_cannot_answer():
    site = await open_site()
    await site.sign_in()

    async def fail():
        raise Unavailable

    site.store.before = fail
    answer = await site.authorize()
    assert answer.status == 503
    assert answer.header("location") is None
    assert answer.header("retry-after")


async def test_native_applications_end_to_end():
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize(client_id="nat", redirect_uri="http://[::1]:50001/cb")
    assert answer.location.startswith("http://[::1]:50001/cb?code=")
    assert site.codes[0].redirect_uri == "http://[::1]:50001/cb"
    answer = await site.authorize(client_id="nat", redirect_uri=NAT.redirect_uris[2])
    assert answer.location.startswith("com.example.app:/cb?code=")


async def test_consent_is_not_read_where_it_is_not_asked_for(monkeypatch):
    async def consent(*_):
        raise AssertionError

    site = await open_site()
    await site.sign_in()
    monkeypatch.setattr(site.store, "consent", consent)
    assert "code" in (await site.authorize()).reply


async def test_continue_without_a_flow():
    assert (await (await open_site()).send("GET", CONTINUE)).status == 400
