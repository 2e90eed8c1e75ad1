"""The page of a trace: what it explains, to whom, and the button that mends."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from support.account import visit
from support.console import administer, links_of, open_console, text_of
from support.integrator import CALLBACK, answer_of, open_integrator, reference_of

WRONG = f"{CALLBACK}/"


@pytest.fixture
async def integrator(tmp_path):
    async with open_integrator(tmp_path) as opened:
        yield opened


@pytest.fixture
async def owner(integrator):
    """Alice, who develops the application, owns its organization."""
    await administer(integrator.instance, "org_owner")
    await open_console(integrator.browser)
    return integrator.browser


async def fail(integrator) -> str:
    """Make a request fail; return the address of its explanation."""
    page = await integrator.authorize(redirect_uri=WRONG)
    return f"/console/traces/{reference_of(page)}"


def fields_of(page) -> dict[str, str]:
    """Return the hidden fields of the form that mends."""
    form = page.text.partition('class="why"')[2].partition("<form")[2].partition("</form>")[0]
    pattern = r'<input type="hidden" name="([^"]*)" value="([^"]*)">'
    return {name: unescape(value) for name, value in re.findall(pattern, form)}


def picture_of(page) -> ET.Element:
    """Return the picture, which is well-formed XML."""
    return ET.fromstring(page.text[page.text.index("<svg") : page.text.index("</svg>") + 6])


async def test_it_names_cause_and_mend_and_marks_the_difference(integrator, owner):
    page = await visit(owner, await fail(integrator))
    assert page.status_code == 200
    shown = text_of(page)
    assert "It differs from a registered one only in the slash at its end." in shown
    assert "Send one of the registered redirect URIs exactly" in shown
    assert "RFC 9700, 4.1.3" in shown
    assert f"{CALLBACK}<mark>/</mark>" in page.text
    assert "/console/applications/store-web" in links_of(page)


async def test_it_speaks_the_language_of_the_reader(integrator, owner):
    address = await fail(integrator)
    async with integrator.instance.browser(language="de") as german:
        shown = text_of(await open_console(german, address))
    assert "Von einer registrierten unterscheidet sie nur eines: der Schrägstrich am Ende." in shown
    assert "Senden Sie genau eine der registrierten Redirect-URIs" in shown
    assert f"Diese Redirect-URI registrieren: {WRONG}" in shown
    assert "differs" not in shown


async def test_the_button_mends_it(integrator, owner):
    address = await fail(integrator)
    fields = fields_of(await visit(owner, address))
    done = await owner.post(address, fields)
    assert (done.status_code, done.headers["location"]) == (303, address)
    assert "code" in answer_of(await integrator.authorize(redirect_uri=WRONG))
    # It is told once, and there is no button any more.
    again = await visit(owner, address)
    assert fields_of(again) == {}
    # Sent once more, it does nothing.
    assert (await owner.post(address, fields)).status_code == 303


async def test_what_was_agreed_to_is_what_is_done(integrator, owner):
    """Somebody changed the application since the page was shown."""
    address = await fail(integrator)
    fields = fields_of(await visit(owner, address))
    client = await integrator.instance.store.read_client("store-web")
    await integrator.instance.change(client, client_name="New")
    refused = await owner.post(address, fields)
    assert refused.status_code == 409
    assert "It was changed since" in text_of(refused)
    assert (await integrator.authorize(redirect_uri=WRONG)).status_code == 400


async def test_ad_16_another_site_mends_nothing(integrator, owner):
    address = await fail(integrator)
    fields = fields_of(await visit(owner, address))
    headers = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
    for sent, others in ((fields, headers), ({**fields, "form_token": "x"}, None)):
        refused = await owner.post(address, sent, others)
        assert refused.status_code == 403
    assert (await integrator.authorize(redirect_uri=WRONG)).status_code == 400


@pytest.mark.parametrize(
    ("role", "status", "button"),
    [
        ("instance_owner", 200, True),
        ("instance_viewer", 200, False),
        ("org_viewer", 200, False),
        ("project_owner", 200, True),
    ],
)
async def test_ad_01_by_role(integrator, role, status, button):
    await administer(integrator.instance, role)
    await open_console(integrator.browser)
    page = await visit(integrator.browser, await fail(integrator))
    assert page.status_code == status
    assert bool(fields_of(page)) is button


async def test_ad_01_who_administers_nothing_sees_nothing(integrator):
    await integrator.sign_in()
    page = await open_console(integrator.browser, await fail(integrator))
    assert page.status_code == 403
    assert WRONG not in page.text


async def test_ad_01_what_is_foreign_looks_like_what_does_not_exist(integrator, owner):
    await integrator.world.fill("t1")
    for name in ("t1-trace", "nothing"):
        assert (await visit(owner, f"/console/traces/{name}")).status_code == 404


async def test_what_succeeded_is_shown_with_all_its_steps(integrator, owner):
    tokens = await integrator.redeem(await integrator.code())
    assert tokens.status_code == 200
    trace = await integrator.newest(client_id="store-web")
    page = await visit(owner, f"/console/traces/{trace['id']}")
    assert "Why it failed" not in page.text
    assert "refresh_token" in text_of(page)
    export = f"/console/traces/{trace['id']}/export"
    (other,) = {one for one in links_of(page) if one.startswith("/console/traces/")} - {export}
    assert (await visit(owner, other)).status_code == 200


async def test_all_its_steps_are_a_file_for_support(integrator, owner):
    await integrator.redeem(await integrator.code())
    trace = await integrator.newest(client_id="store-web")
    page = await visit(owner, f"/console/traces/{trace['id']}")
    (address,) = [one for one in links_of(page) if one.endswith("/export")]
    file = await owner.get(address)
    assert file.headers["content-disposition"] == 'attachment; filename="sign-in.har"'
    asked, redeemed = file.json()["log"]["entries"]
    assert asked["request"]["url"].endswith("/oauth/v2/authorize")
    assert redeemed["_trace_id"] == trace["id"]
    await integrator.world.fill("t1")
    assert (await visit(owner, "/console/traces/t1-trace/export")).status_code == 404


async def test_the_list_leads_to_each(integrator, owner):
    address = await fail(integrator)
    page = await visit(owner, "/console/traces")
    assert address in links_of(page)
    assert "redirect-uri-mismatch" in text_of(page)


@pytest.mark.parametrize("role", ["instance_owner", "project_owner"])
async def test_the_page_of_the_application_shows_its_last_ones(integrator, role):
    await administer(integrator.instance, role)
    await open_console(integrator.browser)
    address = await fail(integrator)
    page = await visit(integrator.browser, "/console/applications/store-web")
    assert page.status_code == 200
    assert address in links_of(page)


class TestPicture:
    """The steps as a drawing, and in words for whoever does not see it."""

    async def test_has_a_name_and_tells_each_step(self, integrator, owner):
        await integrator.redeem(await integrator.code(), code_verifier="v" * 43)
        trace = await integrator.newest(client_id="store-web")
        picture = picture_of(await visit(owner, f"/console/traces/{trace['id']}"))
        assert picture.attrib["role"] == "img"
        named = picture.attrib["aria-labelledby"].split()
        words = [one.text or "" for one in picture if one.attrib.get("id") in named]
        assert len(words) == 2
        assert "Token request: pkce-mismatch." in words[1]
        labels = [one.text for one in picture.iter("text")]
        assert labels == [
            *("Browser", "Application", "Server"),
            *("authorization", "code", "code"),
            *("authorization_code", "✗ pkce-mismatch"),
        ]
        failed = [one for one in picture.iter("g") if "failed" in one.attrib["class"]]
        assert len(failed) == 1

    async def test_needs_nothing_that_the_policy_forbids(self, integrator, owner):
        page = await visit(owner, await fail(integrator))
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for forbidden in (" style=", "<style", "<script>", " onload", "javascript:"):
            assert forbidden not in page.text

    async def test_what_strangers_sent_cannot_break_it(self, integrator, owner):
        hostile = "</title><script>alert(1)</script>&\"'"
        refused = await integrator.ask("/oauth/v2/token", grant_type=hostile)
        trace = await integrator.explain(refused)
        page = await visit(owner, f"/console/traces/{trace['id']}")
        assert "<script>alert" not in page.text
        assert "alert(1)" in "".join(one.text or "" for one in picture_of(page).iter("text"))


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>'])
async def test_ad_14_markup_in_parameters_is_text(integrator, owner, hostile):
    refused = await integrator.authorize(redirect_uri=f"https://store.test/{hostile}")
    page = await visit(owner, f"/console/traces/{reference_of(refused)}")
    assert page.status_code == 200
    assert "<img src=x" not in page.text
    assert "<svg onload" not in page.text


class TestErrorPage:
    """The page that the person sees leads on, for whoever administers the application."""

    async def test_for_an_administrator_of_the_application(self, integrator, owner):
        page = await integrator.authorize(redirect_uri=WRONG)
        address = f"/console/traces/{reference_of(page)}"
        assert address in links_of(page)
        assert (await visit(owner, address)).status_code == 200

    async def test_not_for_others(self, integrator):
        assert "/console/" not in (await integrator.authorize(redirect_uri=WRONG)).text
        await integrator.sign_in()
        assert "/console/" not in (await integrator.authorize(redirect_uri=WRONG)).text

    async def test_not_for_who_administers_something_else(self, integrator):
        await integrator.sign_in()
        await integrator.world.fill("t1")
        record = Administrator(
            id="elsewhere",
            user_id="user-alice",
            role=AdministratorRole.ORG_OWNER,
            organization_id="t1",
        )
        await integrator.instance.add(record)
        assert "/console/" not in (await integrator.authorize(redirect_uri=WRONG)).text

    async def test_a_post_from_any_site_reads_no_cookie(self, integrator, owner):
        parameters = integrator.request(redirect_uri=WRONG)
        page = await owner.http.post("/oauth/v2/authorize", data=parameters)
        assert page.status_code == 400
        assert "/console/" not in page.text
