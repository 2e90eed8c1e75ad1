"""The console's page of an application's first sign-in: its steps, and how to begin."""

import re
import zipfile
from io import BytesIO

import msgspec
import pytest

from ostiary.model.event import Event, Result
from ostiary.model.sighting import Sighting, Trait
from ostiary.oauth.effects import Emit, Insert
from support.account import fields_of, send, visit
from support.console import add_other, administer, do, links_of, open_console, text_of
from support.instance import SHOP, open_instance
from support.records import trace

PATH = "/console/applications/desk/quickstart"
DESK = msgspec.structs.replace(
    SHOP,
    client_id="desk",
    client_name="<b>Desk</b>",
    project_id="store",
    redirect_uris=("http://localhost:8000/auth",),
)
JOB = msgspec.structs.replace(
    DESK,
    client_id="job",
    token_endpoint_auth_method="private_key_jwt",
    jwks={"keys": []},
)


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as running:
        await running.add(DESK, JOB)
        yield running


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


async def test_a_new_application_waits_and_is_told_how_to_begin(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, PATH)
    assert page.status_code == 200
    said = text_of(page)
    assert "Waiting for the first sign-in" in said
    assert "Begin with FastAPI or Starlette" in said
    assert "OIDC_CLIENT_ID=desk" in said
    assert "authorize_redirect" in said
    assert "The secret was shown when it was made" in said
    assert "<b>Desk" not in page.text
    assert PATH in links_of(await visit(browser, "/console/applications/desk"))


async def test_steps_are_ticked_off_until_it_is_verified(instance, browser):
    now = instance.clock.now()
    issued = {"client_id": "desk", "organization_id": "acme", "at": now}
    await instance.apply(
        Emit(Event(type="code.issued", **issued)),
        Emit(Event(type="token.issued", reason="authorization_code", **issued)),
        Emit(
            Event(
                type="client_auth.failed",
                reason="secret",
                result=Result.FAILURE,
                trace_id="seen-here",
                **issued,
            )
        ),
    )
    seen = Sighting(
        client_id="desk",
        trait=Trait.ENDPOINT,
        value="userinfo",
        first_seen_at=now,
        last_seen_at=now,
    )
    await instance.store.note_sightings((seen,), now)
    await administer(instance, "org_viewer")
    said = text_of(await open_console(browser, PATH))
    assert "Verified: it works" in said
    assert said.count("not yet; it works without") == 3
    assert "client_auth.failed" in said
    assert "seen-here" in said


async def test_the_steps_are_read_again_as_the_page_shows_them(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, PATH)
    assert f'data-steps="{PATH}/steps"' in page.text
    before = (await visit(browser, f"{PATH}/steps")).json()
    assert before["title"] == "Waiting for the first sign-in"
    assert {one["text"] for one in before["steps"]} == {"not yet", "not yet; it works without"}
    assert before["failures"] == []
    now = instance.clock.now()
    issued = {"client_id": "desk", "organization_id": "acme", "at": now}
    failed = {"type": "client_auth.failed", "result": Result.FAILURE, "at": now}
    await instance.apply(
        Emit(Event(type="code.issued", **issued)),
        Emit(Event(type="token.issued", reason="authorization_code", **issued)),
        # Of one failure there is a trace, of one there is none, and one is another's.
        *(
            Emit(Event(trace_id=trace_id, client_id="desk", organization_id="acme", **failed))
            for trace_id in ("kept", "lost", "foreign")
        ),
        Insert(trace("kept", organization_id="acme", project_id="store", client_id="desk")),
        Insert(trace("foreign", organization_id="other", project_id="elsewhere")),
    )
    after = (await visit(browser, f"{PATH}/steps")).json()
    assert after["title"] == "Verified: it works"
    assert after["complete"] is False
    seen = {one["id"]: one["text"] for one in after["steps"]}
    assert seen["request"] not in {"not yet", "not yet; it works without"}
    assert seen["logout"] == "not yet; it works without"
    urls = {one["trace"]: one["url"] for one in after["failures"]}
    assert urls == {"kept": "/console/traces/kept", "lost": None, "foreign": None}
    shown = await visit(browser, PATH)
    for one in after["steps"]:
        assert f'data-step="{one["id"]}">{one["text"]}<' in shown.text
    assert "/console/traces/kept" in links_of(shown)
    assert "/console/traces/foreign" not in links_of(shown)


async def test_another_stack_is_a_link(instance, browser):
    await administer(instance, "project_owner")
    await open_console(browser, PATH)
    said = text_of(await visit(browser, f"{PATH}?stack=go"))
    assert "Begin with Go with go-oidc" in said
    assert (await visit(browser, f"{PATH}?stack=spa")).status_code == 404
    # A control character names none either.
    assert (await visit(browser, f"{PATH}?stack=%00")).status_code == 404


async def test_an_application_without_a_program_has_its_steps(instance, browser):
    await administer(instance, "project_owner")
    said = text_of(await open_console(browser, "/console/applications/job/quickstart"))
    assert "Waiting for the first sign-in" in said
    assert "There is no program for an application of this kind" in said


async def test_nobody_sees_that_of_an_application_of_others(instance, browser):
    await add_other(instance)
    elsewhere = msgspec.structs.replace(
        DESK, client_id="theirs", organization_id="other", project_id="elsewhere"
    )
    await instance.add(elsewhere)
    await administer(instance, "org_owner")
    await open_console(browser, "/console")
    answer = await visit(browser, "/console/applications/theirs/quickstart")
    assert answer.status_code == 404


async def test_se_05_a_page_that_is_watched_keeps_no_session_open(instance, browser):
    await administer(instance, "project_owner")
    await open_console(browser, PATH)
    sessions = await instance.store.list_sessions("user-alice", "", 10)
    for _ in range(15):
        instance.clock.time += 60
        answer = await browser.get(f"{PATH}/steps")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert await instance.store.list_sessions("user-alice", "", 10) == sessions
    instance.clock.time += 1
    assert (await browser.get(f"{PATH}/steps")).status_code == 401
    assert (await visit(browser, PATH)).url.path == "/login"


NEW = "/console/do/create_application"


async def make(browser, query="?stack=flask", **fields):
    """Make an application by its form."""
    given = {
        "project": "store",
        "client_id": "till",
        "client_name": "Till",
        "redirect_uris": "http://localhost:4711/auth",
        "allowed_scopes": "openid",
    }
    return await do(browser, NEW + query, **(given | fields))


def secret_of(page):
    """Return the secret that a page shows."""
    return re.search(r"OIDC_CLIENT_SECRET=([\w-]{30,})", text_of(page))[1]


def unpack(answer):
    """Return what is in an archive, by name, and the permissions of each."""
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        return {
            one.filename: (archive.read(one).decode(), one.external_attr >> 16 & 0o777)
            for one in archive.infolist()
        }


async def test_a_new_application_comes_with_its_program_and_its_secret(instance, browser):
    await administer(instance, "project_owner")
    page = await make(browser)
    said = text_of(page)
    assert "Done: Add an application" in said
    assert "Keep this now: it is never shown again." in said
    assert "Begin with Flask" in said
    secret = secret_of(page)
    fields = {**fields_of(page, "stack", "flask"), "decision": "files"}
    answer = await browser.post("/console/applications/till/quickstart", fields)
    assert 'filename="flask.zip"' in answer.headers["content-disposition"]
    files = unpack(answer)
    assert {"flask/application.py", "flask/requirements.txt", "flask/.gitignore"} <= set(files)
    variables, permissions = files["flask/.env"]
    assert f"OIDC_CLIENT_SECRET={secret}\n" in variables
    assert permissions == 0o600
    assert files["flask/application.py"][1] == 0o644
    # It is nowhere afterwards.
    later = await visit(browser, "/console/applications/till/quickstart?stack=flask")
    assert secret not in later.text
    lacking, _ = unpack(await send(browser, later, "stack", "flask", decision="files"))[
        "flask/.env"
    ]
    assert "# OIDC_CLIENT_SECRET: shown when it was made" in lacking


async def test_another_program_gets_the_secret_that_was_just_shown(instance, browser):
    await administer(instance, "project_owner")
    page = await make(browser)
    fields = fields_of(page, "client_secret")
    answer = await browser.post(
        "/console/applications/till/quickstart",
        {
            "form_token": fields["form_token"],
            "client_secret": fields["client_secret"],
            "stack": "go",
        },
    )
    assert "Begin with Go with go-oidc" in text_of(answer)
    assert secret_of(answer) == secret_of(page)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "another-secret-than-the-one-that-was-shown"}, 403),
        ({"client_secret": ""}, 403),
        ({"form_token": ""}, 403),
        ({"stack": "spa"}, 404),
        ({"stack": "../flask"}, 404),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
async def test_ad_16_only_the_secret_that_was_shown_is_taken_along(
    instance, browser, changes, status
):
    """A page that asked whether a secret is right would be a place to guess it."""
    await administer(instance, "project_owner")
    page = await make(browser)
    fields = {**fields_of(page, "stack", "flask"), "decision": "files", **changes}
    answer = await browser.post("/console/applications/till/quickstart", fields)
    assert answer.status_code == status
    assert "zip" not in answer.headers["content-type"]


async def test_a_new_secret_comes_with_the_program_that_was_looked_at(instance, browser):
    await administer(instance, "project_owner")
    await make(browser)
    page = await visit(browser, "/console/applications/till/quickstart?stack=go")
    url = "/console/do/create_application_secret?client_id=till&stack=go"
    assert url in links_of(page)
    answer = await do(browser, url)
    assert "Begin with Go with go-oidc" in text_of(answer)
    assert secret_of(answer)


async def test_an_application_without_a_secret_begins_at_once(instance, browser):
    await administer(instance, "project_owner")
    page = await make(
        browser,
        "?stack=spa",
        type="OIDC_APP_TYPE_USER_AGENT",
        token_endpoint_auth_method="none",
        redirect_uris="http://localhost:4711/",
    )
    assert page.url.path == "/console/applications/till/quickstart"
    said = text_of(page)
    assert "Done: Add an application" in said
    assert "Begin with Single-page application with oidc-client-ts" in said
    assert "never shown again" not in said


async def test_a_program_that_does_not_fit_any_more_gives_way(instance, browser):
    await administer(instance, "project_owner")
    assert "Begin with FastAPI or Starlette" in text_of(await make(browser, "?stack=spa"))


async def test_where_no_program_fits_the_application_itself_is_shown(instance, browser):
    await administer(instance, "project_owner")
    page = await make(
        browser,
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri="https://keys.test/jwks",
    )
    assert page.url.path == "/console/applications/till"


async def test_somebody_who_may_only_look_takes_the_program_without_a_secret(instance, browser):
    await administer(instance, "org_viewer")
    page = await open_console(browser, PATH)
    answer = await send(browser, page, "stack", "fastapi", decision="files")
    assert "# OIDC_CLIENT_SECRET" in unpack(answer)["fastapi/.env"][0]


async def test_ad_16_what_a_link_fills_in_is_never_folded_away(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, f"{NEW}?access_token_lifetime=77&response_types=code")
    seen, folded, _ = page.text.partition("<details")
    assert 'value="77"' in seen
    assert ">code</textarea>" in seen
    assert folded
    assert "<details open" not in page.text


async def test_who_follows_the_advice_is_told_what_to_look_at(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, f"{NEW}?redirect_uris=http://localhost:8000/auth")
    assert "A link filled this in." in text_of(page)
    assert "A link filled this in." not in text_of(await visit(browser, NEW))
