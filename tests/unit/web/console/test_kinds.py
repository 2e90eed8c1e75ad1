"""Every kind of the catalog: its list, its page and its forms, by somebody who may see it all."""

import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.web.console.catalog import OF_OPERATION
from ostiary.web.console.kind import OPERATIONS, parameters_of
from ostiary.web.console.kinds import KINDS
from support.account import visit
from support.console import fill_in, links_of, open_console, text_of
from support.management import World, open_world


@pytest.fixture
async def world(tmp_path):
    """Two organizations with one of everything, and Alice, who administers the instance."""
    async with open_world(tmp_path) as world:
        record = Administrator(
            id="everything", user_id="user-alice", role=AdministratorRole.INSTANCE_OWNER
        )
        await world.instance.add(record)
        yield world


@pytest.fixture
async def browser(world: World):
    """Alice's browser, in which she signed in."""
    async with world.instance.browser() as browser:
        await open_console(browser)
        yield browser


def own_ids(world: World) -> dict[str, str]:
    """Return a value for each parameter of a path."""
    ids = world.ids["t1"]
    return {
        "organization_id": "t1",
        "project_id": "t1-shop",
        "project_grant_id": ids["project_grant"],
        "key": "clerk",
        "client_id": "t1-web",
        "registration_token_id": ids["registration"],
        "api_id": "t1-api",
        "user_id": ids["reachable"],
        "factor_id": ids["factor"],
        "device_id": ids["device"],
        "group_id": ids["group"],
        "service_account_id": "t1-robot",
        "key_id": ids["key"],
        "personal_token_id": ids["token"],
        "assignment_id": ids["assignment"],
        "administrator_id": ids["administrator"],
        "session_id": ids["session"],
        "grant_id": ids["grant"],
        "webhook_id": "t1-hook",
        "delivery_id": ids["delivery"],
        "domain": "t1.test",
        "trace_id": "t1-trace",
    }


async def test_every_list_and_every_thing_is_shown(world, browser) -> None:
    given = own_ids(world)
    for kind in KINDS:
        for name in filter(None, (kind.listing, kind.show)):
            route = OPERATIONS[name]
            required = {
                "user": world.ids["t1"]["user"],
                "owner": "t1-robot",
            }
            query = "&".join(
                f"{one.name}={required[one.name]}"
                for one in route.filters
                if one.required and one.name in required
            )
            path = f"/console{route.path.format(**given)}"
            page = await visit(browser, f"{path}?{query}" if query else path)
            assert page.status_code == 200, (path, text_of(page))
            assert 'role="alert"' not in page.text, path
            assert len(page.content) < 60 * 1024, path


async def test_every_link_leads_somewhere(world, browser) -> None:
    """From the first page on, over all links; nothing that a link leads to changes anything."""
    seen, waiting = set(), ["/console"]
    while waiting:
        url = waiting.pop()
        if url in seen or not url.startswith("/console") or url.startswith("/console/switch"):
            continue
        seen.add(url)
        page = await visit(browser, url)
        assert page.status_code == 200, (url, page.status_code)
        waiting += sorted(links_of(page))
    operations = {url.partition("?")[0].rpartition("/")[2] for url in seen if "/do/" in url}
    assert len(seen) > 150
    assert operations >= {"create_user", "delete_user", "update_policies", "rotate_keys"}


async def test_every_operation_has_a_form(world, browser) -> None:
    given = own_ids(world)
    for kind in KINDS:
        for name in kind.operations:
            keys = parameters_of(OPERATIONS[name].path)
            values = {**given, "user_id": world.ids["t1"]["reachable"]}
            query = "&".join(f"{key}={values.get(key, 'x')}" for key in keys)
            page = await visit(browser, f"/console/do/{name}" + (f"?{query}" if query else ""))
            assert page.status_code == 200, name
            assert len(page.content) < 60 * 1024, name


def test_everything_that_the_api_does_is_in_the_console() -> None:
    """But for what has a page of its own, or is no operation on anything."""
    missing = set(OPERATIONS) - set(OF_OPERATION)
    # The one thing of a list that has no more to say than its line.
    shown = {"show_membership", "show_group_member"}
    lint = {
        *("list_lint", "lint_application", "lint_policies", "lint_organization_policies"),
        *("list_legacy_applications", "judge_finding", "mend_application", "undo_mend"),
        "list_mends",
    }
    told = {
        *("show_advisor", "ask_advisor", "show_application_quickstart"),
        *("show_application_verification", "export_trace"),
    }
    assert missing == shown | lint | told


async def test_policies_change_one_by_one(world, browser) -> None:
    page = await open_console(browser, "/console/do/update_policies")
    assert 'name="policies.login.remember_me"' in page.text
    answer = await fill_in(
        browser,
        "/console/do/update_policies",
        policies__login__remember_me="false",
        policies__token_lifetimes__access_token="120",
        policies__password__min_length="15",
    )
    assert answer.status_code == 303, text_of(answer)
    found = await world.store.read_configuration()
    assert found.policies == {
        "login": {"remember_me": False},
        "token_lifetimes": {"access_token": 120},
    }


async def test_a_policy_out_of_bounds_is_refused_at_its_field(world, browser) -> None:
    answer = await fill_in(
        browser,
        "/console/do/update_policies",
        policies__token_lifetimes__access_token="99999",
    )
    assert answer.status_code == 422
    field = answer.text.partition('name="policies.token_lifetimes.access_token"')[2]
    assert 'aria-invalid="true"' in field.partition(">")[0]


async def test_a_key_is_shown_once(world, browser) -> None:
    answer = await fill_in(
        browser,
        "/console/do/add_service_account_key?service_account_id=t1-robot",
        alg="ES256",
    )
    assert "BEGIN PRIVATE KEY" in text_of(answer)
    page = await visit(browser, "/console/service-accounts/t1-robot")
    assert "BEGIN PRIVATE KEY" not in page.text


async def test_sessions_end_from_the_list_of_a_person(world, browser) -> None:
    user = world.ids["t1"]["user"]
    page = await visit(browser, f"/console/users/{user}")
    assert f"/console/sessions/{world.ids['t1']['session']}" in links_of(page)
    path = f"/console/do/revoke_session?session_id={world.ids['t1']['session']}"
    await fill_in(browser, path)
    found = await world.store.read_session(world.ids["t1"]["session"])
    assert found.revoked_at is not None
