"""The page of policies: what is decided, and the finding beside it with a button that mends it."""

import re
from html import unescape

from ostiary.admin import lint
from ostiary.admin.actor import system
from ostiary.web.api.endpoint import Service
from support.account import follow, send, visit
from support.console import administer, links_of, open_console, text_of

PATH = "/console/policies"
# What the instance decided badly, and more of the same policies that nobody complains of.
BAD = {
    "login": {"cross_site_sessions": True, "remember_me": False},
    "client_registration": {"mode": "open", "unused_days": 7},
}


async def decide(instance, policies=BAD) -> None:
    """Have the instance decide something."""
    record = await instance.store.read_configuration()
    await instance.change(record, policies=policies)


async def policies_of(instance) -> dict:
    """Return what the instance decided."""
    return (await instance.store.read_configuration()).policies


def panel_of(page, name: str) -> str:
    """Return the part of the page about a policy."""
    return page.text.partition(f'aria-labelledby="policy-{name}"')[2].partition("</section>")[0]


async def test_a_finding_is_beside_its_policy(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    assert 'id="policy-registration-open"' in panel_of(page, "client_registration")
    assert 'id="policy-cross-site-sessions"' in panel_of(page, "login")
    assert "policy-registration-open" not in panel_of(page, "login")
    # The values are told as such, and not as a text for machines.
    assert "JSON" not in text_of(page)
    assert "Code (seconds) 60 (1 minute)" in text_of(page)
    assert "Session unused (seconds) 7200 (2 hours)" in text_of(page)
    assert "Refresh again within (seconds) 10 Session" in text_of(page)
    assert "Mode open to everybody" in text_of(page)
    assert len(page.content) < 60 * 1024
    lint_page = await visit(browser, "/console/lint")
    assert f"{PATH}#policy-registration-open" in links_of(lint_page)


async def test_every_finding_about_policies_has_its_place(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(
        instance,
        {
            **BAD,
            "allow_request_uri": True,
            "token_lifetimes": {"access_token": 3600, "code": 300},
            "password": {"blocklist": False, "min_length": 8},
        },
    )
    page = await open_console(browser, PATH)
    found = await lint.inspect_policies(Service(instance.idp).admin, system("test"), None)
    assert len(found) > 5
    for one in found:
        assert f'class="opinion" id="{one.rule}"' in page.text, one.rule


async def test_one_click_makes_the_change_that_is_shown(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    command = "ostiary policy update --set client_registration.mode=token"
    assert command in unescape(panel_of(page, "client_registration"))
    done = await follow(browser, await send(browser, page, "rule", "policy-registration-open"))
    assert done.url.path == PATH
    assert "Done: Change the policies" in text_of(done)
    assert 'id="policy-registration-open"' not in done.text
    assert await policies_of(instance) == {
        **BAD,
        "client_registration": {"mode": "token", "unused_days": 7},
    }
    (event,) = await instance.events("policy.changed")
    assert event.actor_id == "user-alice"


async def test_what_somebody_changed_meanwhile_is_looked_at_first(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    other = {**BAD, "client_registration": {"mode": "open", "unused_days": 9}}
    await decide(instance, other)
    refused = await send(browser, page, "rule", "policy-registration-open")
    assert refused.status_code == 409
    assert "It was changed since" in text_of(refused)
    assert await policies_of(instance) == other


async def test_what_is_mended_already_or_no_finding_changes_nothing(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    for rule in ("policy-mfa-of-mars", "", "policy-password-short"):
        answer = await send(browser, page, "rule", "policy-registration-open", rule=rule)
        assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert await policies_of(instance) == BAD


async def test_ad_16_a_form_without_its_token_changes_nothing(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    for token in ("", "x" * 40):
        answer = await send(browser, page, "rule", "policy-registration-open", form_token=token)
        assert answer.status_code == 403
    assert await policies_of(instance) == BAD


async def test_ad_01_whoever_may_only_look_has_no_button(instance, browser) -> None:
    await administer(instance, "instance_viewer")
    await decide(instance)
    page = await open_console(browser, PATH)
    assert "policy-registration-open" in page.text
    assert 'name="rule"' not in page.text
    token = re.findall(r'name="form_token" value="([^"]*)"', page.text)[0]
    fields = {"form_token": token, "rule": "policy-registration-open", "version": "1"}
    assert (await browser.post(PATH, fields)).status_code == 403
    assert await policies_of(instance) == BAD


async def test_whoever_signed_in_long_ago_signs_in_again_first(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await decide(instance)
    page = await open_console(browser, PATH)
    instance.clock.time += 600
    answer = await send(browser, page, "rule", "policy-registration-open")
    assert (await follow(browser, answer)).url.path == "/login"
    assert await policies_of(instance) == BAD


class TestOrganization:
    PATH = "/console/organizations/acme/lint"

    async def decided(self, instance) -> dict:
        """Return what the organization decided."""
        return (await instance.store.read_organization("acme")).policies

    async def test_what_it_may_decide_is_mended_by_one_click(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        assert self.PATH in links_of(await visit(browser, "/console/organizations/acme"))
        assert f"{self.PATH}#policy-mfa" in links_of(await visit(browser, "/console/lint"))
        page = await visit(browser, self.PATH)
        command = "ostiary org update acme"
        assert command not in panel_of(page, "mfa")  # which has no option for policies
        assert "-X PATCH" in panel_of(page, "mfa")
        done = await follow(browser, await send(browser, page, "rule", "policy-mfa"))
        assert await self.decided(instance) == {"mfa": {"required": "administrators"}}
        # Whoever administers something needs a second factor from now on.
        assert done.url.path.startswith("/login")

    async def test_what_is_the_instances_alone_is_not_there(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await decide(instance)
        page = await open_console(browser, self.PATH)
        assert "policy-registration-open" not in page.text
        assert 'id="policy-client_registration"' not in page.text
        lint_page = await visit(browser, "/console/lint")
        assert f"{self.PATH}#policy-registration-open" not in links_of(lint_page)

    async def test_ad_01_that_of_another_is_not_there(self, instance, browser) -> None:
        await administer(instance, "org_owner")
        await open_console(browser)
        elsewhere = "/console/organizations/other/lint"
        for one in ("other", "nowhere", "%00", "%0a", "a" * 300):
            page = await visit(browser, f"/console/organizations/{one}/lint")
            assert page.status_code == 404
        page = await visit(browser, self.PATH)
        token = re.findall(r'name="form_token" value="([^"]*)"', page.text)[-1]
        fields = {"form_token": token, "rule": "policy-mfa", "version": "1"}
        assert (await browser.post(elsewhere, fields)).status_code == 403
        assert (await instance.store.read_organization("other")).policies == {}

    async def test_ad_01_whoever_may_only_look_has_no_button(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        page = await open_console(browser, self.PATH)
        assert "policy-mfa" in page.text
        assert 'name="rule"' not in page.text

    async def test_what_the_instance_left_no_room_for_has_no_button(
        self, instance, browser
    ) -> None:
        await administer(instance, "org_owner")
        await decide(instance, {"login": {"allowed_factors": ["password", "recovery_code"]}})
        page = await open_console(browser, self.PATH)
        # Without a second factor to have, nobody can be asked for one.
        assert 'id="policy-mfa"' in page.text
        assert 'value="policy-mfa"' not in page.text
