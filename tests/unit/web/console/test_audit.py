"""The audit log in the console: filters, as it grows, as a file; and pictures of it."""

import json
import re
from html import unescape

from ostiary.model.event import Event, Result
from ostiary.oauth.effects import Emit
from ostiary.pages.charts import draw_columns, draw_lines
from support.account import visit
from support.console import administer, open_console, text_of


async def happen(instance, kind: str, organization: str, *, ago: int = 0, **fields) -> None:
    """Note that something happened."""
    at = instance.clock.time - ago
    await instance.apply(Emit(Event(type=kind, at=at, organization_id=organization, **fields)))


class TestLatest:
    async def test_the_rows_of_the_list_as_they_are_now(self, instance, browser) -> None:
        await administer(instance, "instance_owner")
        await happen(instance, "group.created", "acme", target="before")
        page = await open_console(browser, "/console/events?type=group.created")
        assert 'data-live="/console/events/latest?type=group.created"' in page.text
        await happen(instance, "group.created", "acme", target="staff")
        found = (await browser.get("/console/events/latest?type=group.created")).json()
        row, earlier = found["rows"]
        assert "before" in [cell["text"] for cell in earlier]
        assert "group.created" in [cell["text"] for cell in row]
        assert "staff" in [cell["text"] for cell in row]

    async def test_ad_01_of_another_organization_nothing(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await happen(instance, "group.created", "other", target="secret-group")
        await open_console(browser)
        for path in ("/console/events", "/console/events/latest", "/console/events/export"):
            for query in ("", "?organization=other"):
                answer = await browser.get(path + query)
                assert answer.status_code == 200
                assert "secret-group" not in answer.text

    async def test_a_pattern_that_names_nothing_is_refused(self, instance, browser) -> None:
        await administer(instance, "instance_owner")
        await open_console(browser)
        for path in ("/console/events", "/console/events/latest", "/console/events/export"):
            assert (await browser.get(f"{path}?type=nonsense.*")).status_code in {400, 422}


async def test_as_a_file_a_line_for_each(instance, browser) -> None:
    await administer(instance, "org_viewer")
    for number in range(3):
        await happen(instance, "group.created", "acme", target=f"group-{number}")
    await open_console(browser)
    answer = await browser.get("/console/events/export?type=group.created")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["content-disposition"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["target"] for one in lines] == ["group-0", "group-1", "group-2"]
    none = await browser.get("/console/events/export?type=group.deleted")
    assert (none.status_code, none.text) == (200, "")


async def test_only_whoever_signed_in_just_now_takes_it_away(instance, browser) -> None:
    await administer(instance, "org_owner")
    await open_console(browser)
    instance.clock.time += 301
    assert (await visit(browser, "/console/events")).url.path == "/console/events"
    assert (await visit(browser, "/console/events/export")).url.path == "/login"
    answer = await open_console(browser, "/console/events/export")
    assert answer.headers["content-type"] == "application/x-ndjson"


async def test_whoever_may_not_see_the_trail_gets_neither(instance, browser) -> None:
    await administer(instance, "project_owner")
    page = await open_console(browser)
    assert "<svg" not in page.text
    for path in ("/console/events", "/console/events/latest", "/console/events/export"):
        assert (await visit(browser, path)).status_code == 403


async def test_pictures_count_what_happened(instance, browser) -> None:
    await administer(instance, "org_viewer")
    await happen(instance, "auth.login.success", "acme", ago=86400)
    await happen(instance, "auth.login.success", "other", ago=86400)
    await happen(instance, "auth.login.success", "acme", ago=30 * 86400)
    await happen(instance, "token.issued", "acme", reason="client_credentials")
    await happen(
        instance, "auth.login.failure", "acme", result=Result.FAILURE, reason="wrong_password"
    )
    page = await open_console(browser)
    drawn = re.findall(r'<svg [^>]*aria-label="([^"]*)"', page.text)
    # Yesterday's, and the sign-in to the console itself.
    assert drawn[0].count("succeeded 1") == 2
    assert drawn[0].count("failed 1") == 1
    assert "client_credentials 1" in drawn[1]
    assert "Sign-ins of the last seven days" in text_of(page)


def test_bars_stay_within_the_picture() -> None:
    rows = tuple((str(day), (day * 7, day)) for day in range(7))
    chart = draw_columns("sign_ins", ("success", "failure"), rows, cut=False)
    assert {one.number for one in chart.bars} == {n for _, numbers in rows for n in numbers}
    for bar in chart.bars:
        assert 0 <= bar.x <= chart.width - bar.width
        assert 0 <= bar.y <= chart.height - bar.height
    lying = draw_lines("tokens", (("a", (10**9,)), ("b", (1,))), cut=True)
    assert all(bar.x + bar.width < lying.width for bar in lying.bars)
    assert draw_lines("tokens", (), cut=False).bars == ()


async def test_a_file_of_nothing_is_empty(instance, browser) -> None:
    await administer(instance, "org_owner")
    await open_console(browser)
    answer = await browser.get("/console/events/export?user=nobody")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"


async def test_what_people_look_for_often_is_a_link_away(instance, browser) -> None:
    await administer(instance, "org_viewer")
    await happen(instance, "auth.login.failure", "acme", result=Result.FAILURE, ago=90_000)
    await happen(instance, "client.created", "acme", target="shop")
    page = await open_console(browser, "/console/events")
    part = page.text.partition('<p class="selections">')[2].partition("</p>")[0]
    found = {text: unescape(url) for url, text in re.findall(r'href="([^"]*)">([^<]*)<', part)}
    assert len(found) == 5
    for url in found.values():
        assert (await visit(browser, url)).status_code == 200
    assert "shop" in text_of(await visit(browser, found["Applications of the last week"]))
    # The failure was more than a day ago.
    assert "Nothing fits" in text_of(await visit(browser, found["Failures of the last day"]))
