"""The first organization and project stay out of sight until there are others."""

import re

import pytest

from ostiary.model.organization import Project
from support.account import visit
from support.console import add_other, administer, do, links_of, open_console
from support.instance import open_instance


@pytest.fixture
async def lonely(tmp_path):
    """An instance with one organization and one project, of which Alice owns everything."""
    async with open_instance(tmp_path) as instance:
        await administer(instance, "instance_owner")
        yield instance


@pytest.fixture
async def owner(lonely):
    """Her browser."""
    async with lonely.browser() as browser:
        await open_console(browser)
        yield browser


def columns_of(page) -> list[str]:
    """Return the heads of the first table."""
    head = page.text.partition("<thead>")[2].partition("</thead>")[0]
    return re.findall(r"<th scope=\"col\">([^<]+)</th>", head)


def facts_of(page) -> list[str]:
    """Return what is told of a thing first."""
    return re.findall(r"<dt>([^<]+)</dt>", page.text.partition("<details>")[0])


async def test_nobody_is_asked_for_what_there_is_one_of(owner) -> None:
    home = await visit(owner, "/console")
    assert 'id="place"' not in home.text
    assert {"/console/memberships", "/console/project-grants"}.isdisjoint(links_of(home))
    # This is where others are made.
    assert {"/console/organizations", "/console/projects"} <= links_of(home)
    users = await visit(owner, "/console/users")
    assert "Organization" not in columns_of(users)
    applications = await visit(owner, "/console/applications")
    assert "Project" not in columns_of(applications)
    assert 'id="filter-project"' not in applications.text
    shop = await visit(owner, "/console/applications/shop")
    assert {"Organization", "Project"}.isdisjoint(facts_of(shop))
    form = await visit(owner, "/console/do/create_application")
    assert '<input type="hidden" name="project" value="store">' in form.text
    assert 'id="f-project"' not in form.text


async def test_what_is_made_is_in_them(lonely, owner) -> None:
    form = await visit(owner, "/console/do/create_user")
    (hidden,) = re.findall(r'<input type="hidden" name="organization" value="([^"]*)">', form.text)
    made = await do(owner, "/console/do/create_user", organization=hidden, username="bob")
    user = await lonely.store.user(made.url.path.rpartition("/")[2])
    assert user.organization_id == "acme"


async def test_a_link_to_elsewhere_leads_nowhere_else(owner) -> None:
    form = await visit(owner, "/console/do/create_application?project=elsewhere")
    assert '<input type="hidden" name="project" value="store">' in form.text


async def test_a_filter_that_a_link_gives_is_seen(owner) -> None:
    page = await visit(owner, "/console/applications?project=gone")
    assert 'id="filter-project"' in page.text


async def test_a_second_project_shows_where_things_are(lonely, owner) -> None:
    await lonely.add(Project(id="press", organization_id="acme", name="Press"))
    applications = await visit(owner, "/console/applications")
    assert "Project" in columns_of(applications)
    assert 'id="filter-project"' in applications.text
    shop = await visit(owner, "/console/applications/shop")
    assert "Project" in facts_of(shop)
    assert "Organization" not in facts_of(shop)
    form = await visit(owner, "/console/do/create_application")
    assert 'id="f-project"' in form.text
    # On the page of a project it goes without saying.
    project = await visit(owner, "/console/projects/store")
    assert ">store</a></td>" not in project.text.partition('id="of-applications"')[2]


async def test_a_second_organization_brings_the_rest(lonely, owner) -> None:
    await add_other(lonely)
    home = await visit(owner, "/console")
    assert 'id="place"' in home.text
    assert {"/console/memberships", "/console/project-grants"} <= links_of(home)
    users = await visit(owner, "/console/users")
    assert "Organization" in columns_of(users)
    assert 'id="f-organization"' in (await visit(owner, "/console/do/create_user")).text


async def test_whoever_administers_one_of_several_names_the_other(lonely, owner) -> None:
    await add_other(lonely)
    await lonely.add_user("ines")
    await administer(lonely, "org_owner", "ines")
    async with lonely.browser() as browser:
        page = await open_console(browser, "/console/do/create_project_grant", username="ines")
        field = re.search(r'<(\w+)[^>]*name="organization"', page.text)
        assert field is not None
        assert field[1] == "input"
        assert 'id="f-organization"' in page.text
