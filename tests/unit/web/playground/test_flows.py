"""Every flow and every mistake of the playground, against the real endpoints, without a script."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.playground.breaks import BREAKS, Place
from ostiary.playground.flows import FLOWS
from support.account import enter
from support.instance import open_instance
from support.playground import Developer, bad_checks, is_front, is_over

# Where a script is needed, a real browser does it (tests/e2e/test_playground_browser.py).
WITHOUT_SCRIPT = sorted(set(FLOWS) - {"implicit"})


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path, dev=True, playground=True) as instance:
        yield instance


@pytest.fixture
async def production(tmp_path):
    async with open_instance(tmp_path, playground=True) as instance:
        role = AdministratorRole.PROJECT_OWNER
        place = {"organization_id": "acme", "project_id": "store"}
        await instance.add(Administrator(id="one", user_id="user-alice", role=role, **place))
        yield instance


@pytest.fixture
async def developer(instance):
    async with instance.browser() as browser:
        yield Developer(browser)


async def decide(developer, page) -> None:
    """Decide about the device in another tab."""
    url = re.search(r'<a class="inline" href="https://id.test(/device[^"]*)"', page.text)
    assert url is not None, page.text
    answer = await developer.come_back(await developer.browser.get(unescape(url[1])))
    while answer.url.path == "/device":
        fields = {"user_code": re.search(r'name="user_code"[^>]*value="([^"]+)"', answer.text)[1]}
        answer = await developer.come_back(await developer.browser.post("/device", fields))


@pytest.mark.parametrize("flow_id", WITHOUT_SCRIPT)
async def test_every_flow_comes_to_its_end(developer, flow_id) -> None:
    await go_through(developer, await developer.open(flow_id), flow_id)


@pytest.mark.parametrize("flow_id", [name for name, flow in FLOWS.items() if not flow.old])
async def test_every_flow_for_an_administrator_in_production(production, flow_id) -> None:
    async with production.browser() as browser:
        page = await enter(browser, f"/playground/{flow_id}")
        await go_through(Developer(browser), page, flow_id)


async def go_through(developer, page, flow_id) -> None:
    """Take every step of a flow, and be content with each answer."""
    done = []
    for step_id in FLOWS[flow_id].steps:
        step = FLOWS[flow_id].step(step_id)
        assert f'<h2 id="next">{step.title}</h2>' in page.text, (step_id, page.text)
        changed = {}
        if step_id == "poll":
            await decide(developer, page)
        if step_id == "password":
            changed = {"p.username": "alice", "p.password": "correct horse battery staple"}
        page = await developer.press(page, **changed)
        assert page.status_code == 200, page.text
        if step_id == "logout":
            assert page.url.path == "/playground"
            return
        assert f"What happened: {step.title}" in page.text, (step_id, page.text)
        assert bad_checks(page) == [], step_id
        assert 'class="problem"' not in page.text, (step_id, page.text)
        if not is_front(page):
            assert not re.search(r"HTTP/1.1 [45]", page.text), (step_id, page.text)
        done.append(step_id)
    assert is_over(page)
    assert tuple(done) == FLOWS[flow_id].steps


@pytest.mark.parametrize("break_id", sorted(BREAKS))
async def test_every_mistake_gets_what_the_page_says(instance, developer, break_id) -> None:
    broken = BREAKS[break_id]
    page = await developer.open(broken.flow, broken.id)
    assert broken.title in unescape(page.text)
    for step_id in broken.way.steps:
        if broken.before and step_id == broken.at:
            assert broken.before in page.text
        if broken.id == "expired-code" and step_id == "redeem":
            instance.clock.time += 2
        page = await developer.press(page)
        if step_id == broken.at:
            break
    if broken.place is Place.PAGE:
        assert (page.status_code, page.url.path) == (400, "/oauth/v2/authorize")
        assert broken.error in page.text
        return
    assert page.status_code == 200
    lesson = re.search(r'<div class="lesson".*?</div>', page.text, re.DOTALL)
    assert lesson is not None, page.text
    told = unescape(re.sub(r"</?(code|strong|p|a|span)\b[^>]*>", "", lesson[0]))
    for text in (broken.means, broken.right, broken.section):
        assert text.replace("`", "") in told
    # The real answer, or what a client has to notice.
    assert "something else" not in told
    assert "Nothing differed" not in told
    if broken.place is Place.ANSWER:
        assert f"HTTP/1.1 {broken.status}" in page.text
        assert (
            broken.error in re.search(r'aria-label="Answer">(.*?)</pre>', page.text, re.DOTALL)[1]
        )
    elif broken.place is Place.CALLBACK:
        assert f'<p lang="en">{broken.error}' in page.text
    else:
        assert bad_checks(page) != []
        assert is_over(page)
    # What the mistake has ended is ended.
    if broken.way.steps[-1] != broken.at:
        page = await developer.press(page)
        assert "HTTP/1.1 401" in page.text
        assert "invalid_token" in page.text


async def test_the_words_are_those_of_the_reader(instance) -> None:
    async with instance.browser(language="de") as browser:
        developer = Developer(browser)
        page = await developer.open("machine", "unknown-scope")
        assert "Ein Scope, den der Client nicht haben darf" in page.text
        fields = {"do": "send", "break": "unknown-scope", "step": "machine", "p.scope": "openid"}
        page = await browser.post("/playground/machine", fields)
        assert "Eine Maschine bekommt, wofür sie registriert ist" in page.text
        page = await browser.post("/playground/token", {"token": "e30.e30.x"})
        assert "Es ist ein JWT (9 Zeichen)." in page.text
        assert 'lang="en"' not in page.text


async def test_a_mistake_that_was_edited_away_is_not_claimed_to_have_happened(developer) -> None:
    page = await developer.open("machine", "unknown-scope")
    page = await developer.press(page, **{"p.scope": "playground.orders"})
    assert "HTTP/1.1 200" in page.text
    assert "something else this time" in page.text


@pytest.mark.parametrize(
    ("uri", "led"),
    [
        ("https://id.test/console/traces/jEwYwrOFoVmo7sdA", True),
        ("https://id.test.evil.test/console/traces/x", False),
        ("javascript:alert(1)//https://id.test/", False),
    ],
)
async def test_an_error_leads_to_the_servers_own_explanation(developer, uri, led) -> None:
    given = {
        "do": "send",
        "step": "machine",
        "answer.status": "400",
        "answer.body": json.dumps({"error": "invalid_scope", "error_uri": uri}),
    }
    page = await developer.browser.post("/playground/machine", given)
    assert (f'<a href="{uri}">How the server explains it</a>' in page.text) is led
    await developer.open("code")
    query = urlencode({"error": "invalid_request", "error_uri": uri})
    page = await developer.browser.get(f"/playground/callback?{query}")
    assert (f'<a href="{uri}">How the server explains it</a>' in page.text) is led
    assert f'href="{uri}"' not in page.text or led


@pytest.mark.parametrize("flow_id", sorted(FLOWS))
async def test_a_flow_offers_the_mistakes_that_can_be_made_in_it(developer, flow_id) -> None:
    page = await developer.open(flow_id)
    offered = re.findall(rf'href="/playground/{flow_id}\?break=([^"]+)"', page.text)
    assert offered == [one.id for one in BREAKS.values() if one.flow == flow_id]
    for broken in offered[:1]:
        page = await developer.open(flow_id, broken)
        assert f'?break={broken}" aria-current="true"' in page.text
        assert f'<a href="/playground/{flow_id}">No mistake</a>' in page.text
