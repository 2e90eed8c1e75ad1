"""What else knows of the playground: the advisor leads to it, the account ends what it may do."""

import re

import pytest

from ostiary.playground.flows import FLOWS
from ostiary.web.advisor import _TRIED
from support.account import fields_of, visit
from support.instance import open_instance
from support.playground import Developer, known_of

ADVICE = {
    "framework=fastapi&purpose=login": "code",
    "who=person&where=browser&backend=no&purpose=apis": "browser",
    "who=nobody&credential=secret": "machine",
    "who=person&where=device&purpose=login": "device",
    # That waits for a later capability; this is what works until then.
    "who=person&where=elsewhere&purpose=login": "device",
}


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path, dev=True, playground=True) as instance:
        yield instance


@pytest.mark.parametrize(("query", "flow"), ADVICE.items())
async def test_the_advisor_leads_to_the_flow_that_it_advises(instance, query, flow) -> None:
    async with instance.browser() as browser:
        page = await browser.get(f"/advisor?{query}")
        found = re.search(r'href="/playground/([^"]+)"', page.text)
        assert found is not None
        assert found[1] == flow
        assert (await browser.get(f"/playground/{flow}")).status_code == 200
        assert "/playground" not in (await browser.get("/advisor")).text


def test_the_advisor_names_flows_that_are_there() -> None:
    assert set(_TRIED.values()) <= set(FLOWS)


async def test_where_not_everybody_may_try_the_advisor_does_not_say_so(tmp_path) -> None:
    async with open_instance(tmp_path, playground=True) as instance, instance.browser() as browser:
        page = await browser.get("/advisor?framework=fastapi&purpose=login")
        assert page.status_code == 200
        assert "/playground" not in page.text


async def test_what_was_allowed_is_seen_and_ended_on_the_account_pages(instance) -> None:
    async with instance.browser() as browser, instance.program() as http:
        developer = Developer(browser)
        page = await developer.press(await developer.open("code"))
        page = await developer.press(page)
        token = known_of(page)["v.access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await http.get("/oidc/v1/userinfo", headers=bearer)).status_code == 200
        apps = await visit(browser, "/account/apps")
        assert "Playground: web application" in apps.text
        fields = fields_of(apps, "client", "ostiary:playground-web")
        assert (await browser.post("/account/apps", fields)).status_code == 303
        assert (await http.get("/oidc/v1/userinfo", headers=bearer)).status_code == 401
