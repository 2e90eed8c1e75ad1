"""Times in filters and forms: typed in as dates, of the person's own zone, told as seconds."""

import json
import re
import shlex
from html import unescape

import msgspec
import pytest

from ostiary.cli.times import read_past
from ostiary.model.event import Event
from ostiary.model.webhook import Webhook
from ostiary.oauth.effects import Emit
from ostiary.web.console.moments import read_moment, write_moment
from support.account import visit
from support.console import administer, fill_in, open_console, text_of

BERLIN, KIRITIMATI, NIUE = "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue"
AT = 1_800_000_000  # 2027-01-15T08:00:00Z
LAST = 253_402_214_400


class TestReadMoment:
    @pytest.mark.parametrize(
        ("text", "zone", "at"),
        [
            ("2027-01-15T08:00", None, AT),
            ("2027-01-15 08:00:01", None, AT + 1),
            ("2027-01-15T09:00", BERLIN, AT),
            ("2027-07-15T10:00", BERLIN, 1_815_638_400),
            ("2027-01-15T08:00Z", BERLIN, AT),
            ("2027-01-15T10:00+02:00", None, AT),
            ("2027-01-15", None, AT - 8 * 3600),
            ("2027-01-15T08:00", "No/Where", AT),
            (str(AT), BERLIN, AT),
            ("0", None, 0),
        ],
    )
    def test_a_time_is_of_the_zone_unless_it_names_its_own(self, text, zone, at) -> None:
        assert read_moment(text, zone) == at

    @pytest.mark.parametrize(
        "text",
        [
            *("yesterday", "-1", "1e9", "٣", "1969-12-31T23:59", "0001-01-01T00:00"),
            *(
                "9999-12-31T23:59",
                str(LAST + 1),
                "9" * 12,
                "9" * 13,
                "9" * 5000,
                "2027-13-01T00:00",
            ),
            *(
                "2027-13-01T00:00",
                "2027-01-15T08:00" + " " * 100,
                "<script>",
                "2027-01-15T25:00",
                "\x00",
            ),
        ],
    )
    def test_whatever_is_none_is_refused(self, text) -> None:
        with pytest.raises(ValueError, match="must be a date"):
            read_moment(text, None)

    @pytest.mark.parametrize(
        "zone", [None, BERLIN, KIRITIMATI, NIUE, "Africa/Monrovia", "No/Where"]
    )
    @pytest.mark.parametrize("at", [0, AT, AT + 59, LAST])
    def test_what_a_field_shows_is_read_as_the_same(self, at, zone) -> None:
        assert read_moment(write_moment(at, zone), zone) == at


def field_of(page, name: str) -> dict[str, str]:
    """Return the attributes of a field."""
    (tag,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page.text)
    return {key: unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


async def note(instance, at: int, target: str) -> None:
    """Note that a group was created at a time."""
    event = Event(type="group.created", at=at, organization_id="acme", target=target)
    await instance.apply(Emit(event))


async def live_in(instance, zone: str) -> None:
    """Have Alice live somewhere."""
    user = await instance.user("alice")
    profile = msgspec.structs.replace(user.profile, zoneinfo=zone)
    await instance.change(user, profile=profile)


class TestFilter:
    async def test_a_date_finds_what_happened_from_then_on(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        instance.clock.time = AT + 3600
        await note(instance, AT - 60, "too-early")
        await note(instance, AT, "in-time")
        await note(instance, AT + 60, "too-late")
        query = "type=group.created&since=2027-01-15T08%3A00&before=2027-01-15T08%3A01&user="
        page = await open_console(browser, f"/console/events?{query}")
        assert "in-time" in text_of(page)
        assert "too-early" not in text_of(page)
        assert "too-late" not in text_of(page)
        since = field_of(page, "since")
        assert (since["type"], since["value"]) == ("datetime-local", "2027-01-15T08:00")
        assert "From (UTC)" in text_of(page)
        # The address says the same to everybody, and so do the links of the page.
        assert page.url.query == f"type=group.created&since={AT}&before={AT + 60}".encode()
        assert f"/console/events/export?type=group.created&since={AT}" in unescape(page.text)

    async def test_a_date_is_of_the_zone_that_the_list_is_shown_in(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await live_in(instance, BERLIN)
        instance.clock.time = AT + 3600
        await note(instance, AT, "in-time")
        page = await open_console(
            browser, "/console/events?type=group.created&since=2027-01-15T09:00"
        )
        assert "in-time" in text_of(page)
        assert "From (Europe/Berlin)" in text_of(page)
        assert field_of(page, "since")["value"] == "2027-01-15T09:00"
        later = await visit(browser, "/console/events?type=group.created&since=2027-01-15T09:01")
        assert "in-time" not in text_of(later)

    async def test_seconds_in_links_count_as_before(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await note(instance, instance.clock.time, "staff")
        at = instance.clock.time
        page = await open_console(browser, f"/console/events?type=group.created&since={at}")
        assert "staff" in text_of(page)
        assert page.url.query == f"type=group.created&since={at}".encode()
        exact = await visit(browser, f"/console/events?since={AT + 7}")
        assert field_of(exact, "since")["value"] == "2027-01-15T08:00:07"
        # Without this a browser would refuse to send the field as it is.
        assert field_of(exact, "since")["step"] == "1"
        rows = await browser.get(f"/console/events/latest?type=group.created&since={at}")
        assert len(rows.json()["rows"]) == 1

    @pytest.mark.parametrize(
        "text", ["yesterday", "999999999999", "9" * 40, '"><script>', "a" * 5000]
    )
    async def test_whatever_is_no_time_is_named(self, instance, browser, text) -> None:
        await administer(instance, "org_viewer")
        await note(instance, instance.clock.time, "staff")
        await open_console(browser)
        page = await browser.get(f"/console/events?since={text}&type=group.created")
        assert page.status_code == 422
        assert "That is no date with a time" in text_of(page)
        assert "staff" not in text_of(page)
        assert field_of(page, "since")["aria-invalid"] == "true"
        assert field_of(page, "type")["value"] == "group.created"
        assert "<script>" not in page.text
        for path in ("latest", "export"):
            answer = await browser.get(f"/console/events/{path}?since={text}")
            assert (answer.status_code, answer.content) == (422, b"")


class TestForm:
    PATH = "/console/do/replay_webhook?webhook_id=siem"

    @pytest.fixture
    async def siem(self, instance) -> None:
        """Send events elsewhere; Alice owns the instance, and lives in Berlin."""
        await administer(instance, "instance_owner")
        await live_in(instance, BERLIN)
        await instance.add(Webhook(id="siem", name="SIEM", url="https://siem.test/", events=()))

    @pytest.mark.usefixtures("siem")
    async def test_the_copies_say_the_same_time(self, browser) -> None:
        page = await fill_in(browser, self.PATH, since="2027-01-15T09:00", decision="copy")
        command, call = map(
            unescape, re.findall(r"<pre[^>]*><code>(.*?)</code>", page.text, re.DOTALL)
        )
        words = shlex.split(command)
        assert words[:4] == ["ostiary", "webhook", "replay", "siem"]
        assert read_past(words[words.index("--since") + 1], 0, "--since") == AT
        assert json.loads(re.search(r"-d '(.*)'", call, re.DOTALL)[1]) == {"since": AT}
        assert field_of(page, "since")["value"] == "2027-01-15T09:00"

    @pytest.mark.usefixtures("siem")
    async def test_a_link_may_give_seconds(self, browser) -> None:
        page = await open_console(browser, f"{self.PATH}&since={AT}")
        assert field_of(page, "since")["value"] == "2027-01-15T09:00"
        assert "since · Europe/Berlin" in text_of(page)

    @pytest.mark.usefixtures("siem")
    async def test_whatever_is_no_time_is_named_beside_its_field(self, browser) -> None:
        page = await fill_in(browser, self.PATH, since="yesterday", decision="do")
        assert page.status_code == 422
        assert "must be a date with a time, as 2027-06-30T08:00" in text_of(page)
        assert field_of(page, "since")["aria-invalid"] == "true"
