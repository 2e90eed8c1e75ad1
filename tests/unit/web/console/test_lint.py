"""The console's pages of lint: one click mends, one takes it back."""

import re

import msgspec
import pytest

from ostiary.model.administrator import AdministratorRole
from ostiary.model.client import Legacy
from support.account import follow, visit
from support.console import add_other, administer, links_of, open_console, text_of
from support.instance import SHOP, open_instance

PATH = "/console/applications/mixed/lint"
FAR, OWN = "https://mixed.test/cb", "http://localhost/cb"
RULE = "redirect-uri-loopback"
MIXED = msgspec.structs.replace(
    SHOP,
    client_id="mixed",
    client_name="Mixed",
    project_id="store",
    redirect_uris=(FAR, OWN),
    grant_types=("authorization_code",),
    require_consent=False,
)
PORTAL = msgspec.structs.replace(
    MIXED,
    client_id="portal",
    client_name="Portal",
    redirect_uris=(FAR,),
    grant_types=("authorization_code", "implicit"),
    response_types=("code", "code id_token"),
    legacy=Legacy(reason="A portal of 2015.", until="2099-12-31"),
    uses_legacy=True,
)


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as running:
        await running.add(MIXED, PORTAL)
        yield running


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


def forms(page):
    """Return the hidden fields of each form of the main part, by what it does."""
    main = page.text.partition("<main")[2]
    found = {}
    for form in re.findall(r"<form method=\"post\".*?</form>", main, re.DOTALL):
        fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
        found[fields["task"]] = fields
    return found


async def send(browser, page, task, **fields):
    return await browser.post(PATH, {**forms(page)[task], **fields})


async def redirect_uris(instance):
    return (await instance.store.read_client("mixed")).redirect_uris


async def test_everything_is_on_one_page_and_leads_to_the_rest(instance, browser):
    await administer(instance, "instance_owner")
    page = await open_console(browser, "/console/lint")
    assert page.status_code == 200
    said = text_of(page)
    assert "A redirect URI leads to the own machine: http://localhost/cb" in said
    assert "Nobody needs a second factor" in said
    assert "Nothing was seen in the traffic yet" in said
    assert "A portal of 2015." in said
    assert PATH in links_of(page)
    assert PATH in links_of(await visit(browser, "/console/applications/mixed"))


async def test_a_click_mends_and_another_takes_it_back(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, PATH)
    done = await follow(browser, await send(browser, page, "mend_application"))
    assert await redirect_uris(instance) == (FAR,)
    assert 'role="status"' in done.text
    assert "mend_application" not in forms(done)
    back = await follow(browser, await send(browser, done, "undo_mend"))
    assert await redirect_uris(instance) == (FAR, OWN)
    assert "It was undone." in text_of(back)
    assert "undo_mend" not in forms(back)


async def test_nothing_is_mended_of_what_somebody_changed_meanwhile(instance, browser):
    await administer(instance, "org_owner")
    page = await open_console(browser, PATH)
    await instance.change(await instance.store.read_client("mixed"), client_name="Changed")
    refused = await send(browser, page, "mend_application")
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert await redirect_uris(instance) == (FAR, OWN)
    # The page that says so is of today, and its form works.
    await follow(browser, await send(browser, refused, "mend_application"))
    assert await redirect_uris(instance) == (FAR,)


async def test_a_finding_is_accepted_with_a_reason_and_told_of_again(instance, browser):
    await administer(instance, "org_owner")
    page = await open_console(browser, PATH)
    empty = await send(browser, page, "judge_finding", reason="")
    assert empty.status_code == 422
    done = await follow(
        browser, await send(browser, page, "judge_finding", reason="<b>To develop.</b>")
    )
    assert "<b>To develop." not in done.text
    assert "<b>To develop.</b>" in text_of(done).replace("&lt;", "<").replace("&gt;", ">")
    assert set(forms(done)) == {"judge_finding"}
    assert "localhost" not in text_of(await visit(browser, "/console/lint"))
    await follow(browser, await send(browser, done, "judge_finding"))
    assert await instance.store.list_silences(("mixed",)) == ()


async def test_ad_01_whoever_may_look_gets_no_form_and_does_nothing_by_one(instance, browser):
    await administer(instance, "org_owner")
    page = await open_console(browser, PATH)
    held = await instance.store.read_administrator("org_owner-alice")
    await instance.change(held, role=AdministratorRole.ORG_VIEWER)
    shown = await visit(browser, PATH)
    assert shown.status_code == 200
    assert forms(shown) == {}
    refused = await send(browser, page, "mend_application")
    assert refused.status_code == 403
    assert await redirect_uris(instance) == (FAR, OWN)


async def test_ad_01_of_others_there_is_no_page(instance, browser):
    await add_other(instance)
    await instance.add(
        msgspec.structs.replace(
            MIXED, client_id="foreign", organization_id="other", project_id="elsewhere"
        )
    )
    await administer(instance, "org_owner")
    page = await open_console(browser, "/console/lint")
    assert "foreign" not in page.text
    missing = await visit(browser, "/console/applications/foreign/lint")
    unknown = await visit(browser, "/console/applications/nobody/lint")
    assert (missing.status_code, unknown.status_code) == (404, 404)


async def test_a_project_owner_sees_what_is_in_their_project(instance, browser):
    await administer(instance, "project_owner")
    page = await open_console(browser, "/console/lint")
    assert page.status_code == 200
    assert "localhost" in text_of(page)
    assert "second factor" not in text_of(page)
    elsewhere = await visit(browser, "/console/lint?project=elsewhere")
    assert elsewhere.status_code == 404


async def test_a_form_of_elsewhere_does_nothing(instance, browser):
    await administer(instance, "org_owner")
    page = await open_console(browser, PATH)
    fields = forms(page)["mend_application"]
    for wrong in ({**fields, "form_token": "x"}, {**fields, "task": "delete_application"}):
        answer = await browser.post(PATH, wrong)
        assert answer.status_code in {403, 404}
    assert await redirect_uris(instance) == (FAR, OWN)


async def test_the_words_are_those_of_the_reader(instance):
    await administer(instance, "org_owner")
    async with instance.browser(language="de") as browser:
        page = await open_console(browser, PATH)
    assert "Eine Rückkehradresse führt auf den eigenen Rechner" in text_of(page)
    assert "Beheben" in text_of(page)
