"""What is there to choose from is chosen; where that is too much, its id is typed."""

import pytest

from ostiary.model.organization import Organization, Project
from ostiary.web.console.choices import MAX_PROJECTS
from ostiary.web.console.page import MAX_PLACES
from support.account import visit
from support.console import administer, do, open_console


@pytest.fixture(autouse=True)
async def alice(instance, browser):
    """Alice administers it all, at the console."""
    await administer(instance, "instance_owner")
    await open_console(browser)


async def test_a_project_beyond_all_choice_gets_an_application(instance, browser) -> None:
    path = "/console/do/create_application"
    assert '<select id="f-project"' in (await visit(browser, path)).text
    await instance.add(
        *(Project(id=f"p{n}", organization_id="acme", name="P") for n in range(MAX_PROJECTS))
    )
    assert '<select id="f-project"' not in (await visit(browser, path)).text
    fields = {"client_id": "late", "redirect_uris": "https://late.test/cb"}
    await do(browser, path, project="store", **fields)
    assert (await instance.store.client("late")).project_id == "store"
    page = await visit(browser, "/console/applications?project=store")
    assert '<input id="filter-project"' in page.text
    assert "/console/applications/late" in page.text


async def test_an_organization_beyond_all_choice_gets_a_user(instance, browser) -> None:
    path = "/console/do/create_user"
    assert '<select id="f-organization"' in (await visit(browser, path)).text
    await instance.add(*(Organization(id=f"o{n}", name="O") for n in range(MAX_PLACES)))
    await do(browser, path, organization="other", username="late")
    (made,) = [
        one for one in await instance.store.list_users("other", "", 9) if one.username == "late"
    ]
    assert made.organization_id == "other"
