"""The account chooser of a request that names an organization."""

import pytest

from ostiary.model.organization import Organization
from support.instance import open_instance


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as found:
        await found.add(Organization(id="globex", name="Globex"))
        await found.add_user("gloria", organization_id="globex")
        yield found


async def test_only_accounts_that_may_answer_are_offered(instance):
    async with instance.browser() as browser:
        await browser.sign_in("alice")
        await browser.sign_in("gloria")
        for organization, shown, hidden in (
            ("acme", "Alice", "Gloria"),
            ("globex", "Gloria", "Alice"),
        ):
            flow = await browser.open_flow(organization=organization)
            page = await browser.get(f"/login/select?flow={flow}")
            assert page.status_code == 200
            assert shown in page.text
            assert hidden not in page.text


async def test_with_none_of_them_signed_in_there_is_nothing_to_choose(instance):
    async with instance.browser() as browser:
        await browser.sign_in("alice")
        flow = await browser.open_flow(organization="globex")
        answer = await browser.get(f"/login/select?flow={flow}")
        assert answer.headers["location"].startswith("/login?")
        page = await browser.get(f"/login?flow={flow}")
        assert 'value="alice"' not in page.text
        assert "/login/select" not in page.text
