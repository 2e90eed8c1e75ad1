"""Administrators of every kind at the console, in browsers without JavaScript."""

import re
from html import unescape

import httpx

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.organization import Organization, Project
from support.account import Browser, enter, follow
from support.instance import Instance

# A role, and where it is held: organization and project.
PLACES: dict[str, tuple[str | None, str | None]] = {
    "instance_owner": (None, None),
    "instance_viewer": (None, None),
    "org_owner": ("acme", None),
    "org_user_manager": ("acme", None),
    "org_viewer": ("acme", None),
    "project_owner": ("acme", "store"),
}


async def add_other(instance: Instance) -> None:
    """Make another organization, with a project and somebody in it."""
    await instance.add(
        Organization(id="other", name="Other"),
        Project(id="elsewhere", organization_id="other", name="Elsewhere"),
    )
    await instance.add_user("otto", organization_id="other")


async def administer(instance: Instance, role: str, username: str = "alice") -> None:
    """Give somebody a role, at the place that it has here."""
    organization, project = PLACES[role]
    record = Administrator(
        id=f"{role}-{username}",
        user_id=f"user-{username}",
        role=AdministratorRole(role),
        organization_id=organization,
        project_id=project,
    )
    await instance.add(record)


async def open_console(browser: Browser, path: str = "/console", **who: str) -> httpx.Response:
    """Go to a page of the console, and sign in on the way where that is asked for."""
    return await enter(browser, path, **who)


def form_token(page: httpx.Response) -> str:
    """Return the token of the form of an operation."""
    form = page.text.partition('class="sheet"')[2]
    found = re.search(r'name="form_token" value="([^"]*)"', form)
    assert found is not None, page.text
    return found[1]


async def fill_in(browser: Browser, path: str, **fields: str) -> httpx.Response:
    """Open the form of an operation, fill it in and send it; return the answer itself.

    Double underscores in names of fields stand for points.
    """
    page = await open_console(browser, path)
    version = re.search(r'name="version" value="([^"]*)"', page.text)
    sent = {name.replace("__", "."): value for name, value in fields.items()}
    sent |= {"form_token": form_token(page), "version": version[1] if version else ""}
    return await browser.post(path, sent)


async def do(browser: Browser, path: str, **fields: str) -> httpx.Response:
    """Do an operation by its form, and go where that leads."""
    return await follow(browser, await fill_in(browser, path, **fields))


def text_of(page: httpx.Response) -> str:
    """Return what somebody reads on a page, within its main part."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def links_of(page: httpx.Response) -> set[str]:
    """Return where the links of a page lead."""
    return {unescape(one) for one in re.findall(r'href="([^"]*)"', page.text)}
