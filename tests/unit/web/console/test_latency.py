"""How long requests took: measured with each trace, drawn on the first page."""

import re
from html import unescape
from itertools import pairwise

import msgspec
import pytest

from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.pages.languages import load_languages
from ostiary.store.reads.traces import TraceFilter
from ostiary.web.console.pictures import MOST_TRACES, draw_latency, find_quantile
from support.account import visit
from support.console import administer, open_console, text_of
from support.instance import NOW

ENGLISH = load_languages()["en"]
TRACE = Trace(
    id="one",
    at=NOW,
    endpoint=Endpoint.TOKEN,
    outcome=Result.SUCCESS,
    client_id="shop",
    organization_id="acme",
    project_id="store",
    duration=1_200,
)


def trace(number: int, **fields) -> Trace:
    """Return a trace of its own."""
    return msgspec.structs.replace(TRACE, id=f"trace-{number}", turn=number, **fields)


def drawn(page) -> str:
    """Return the words of the picture of latencies."""
    found = re.findall(r'<svg [^>]*aria-label="([^"]*)"', page.text)
    (words,) = [unescape(one) for one in found if one.startswith("How long requests took")]
    return words


@pytest.mark.parametrize(
    ("numbers", "percent", "found"),
    [
        ([7], 50, 7),
        ([7], 95, 7),
        ([2, 1], 50, 1),
        ([3, 1, 2], 50, 2),
        (range(1, 101), 50, 50),
        (range(1, 101), 95, 95),
        (range(1, 21), 95, 19),
        (range(1, 20), 95, 19),
    ],
)
def test_so_many_of_a_hundred_are_not_above(numbers, percent, found) -> None:
    assert find_quantile(numbers, percent) == found
    assert sum(one <= found for one in numbers) * 100 >= percent * len(numbers)


def test_only_what_succeeded_within_a_day_and_was_measured_counts() -> None:
    found = (
        trace(1, duration=2_000),
        trace(2, duration=4_000),
        trace(3, duration=900_000, outcome=Result.FAILURE),
        trace(4, duration=None),
        trace(5, duration=12_345, endpoint=Endpoint.USERINFO),
        trace(6, duration=800_000, at=NOW - 86_400),
    )
    chart = draw_latency(found, NOW, ENGLISH)
    assert [(one.label, one.series, one.number) for one in chart.bars] == [
        ("Token · 2", 0, 2_000),
        ("Token · 2", 1, 4_000),
        ("Userinfo · 1", 0, 12_345),
        ("Userinfo · 1", 1, 12_345),
    ]
    assert not chart.cut
    assert all(one.x + one.width < chart.width for one in chart.bars)
    assert all(one.y + one.height <= chart.height for one in chart.bars)
    tops = [one.y for one in chart.bars]
    assert all(low + 16 <= high for low, high in pairwise(tops))


def test_it_says_that_there_was_more_than_it_looked_at() -> None:
    many = tuple(trace(number) for number in range(MOST_TRACES))
    assert draw_latency(many, NOW, ENGLISH).cut
    # All of the last day are among them: nothing is left out.
    old = (*many[:-1], trace(MOST_TRACES, at=NOW - 86_400))
    assert not draw_latency(old, NOW, ENGLISH).cut


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw_latency((), NOW, ENGLISH).bars == ()


@pytest.mark.parametrize(
    ("tag", "microseconds", "said"),
    [
        ("en", 0, "0.0\u00a0ms"),
        ("en", 1_249, "1.2\u00a0ms"),
        ("de", 1_249, "1,2\u00a0ms"),
        ("en", 9_949, "9.9\u00a0ms"),
        ("en", 9_950, "10\u00a0ms"),
        ("de", 1_234_567, "1.235\u00a0ms"),
    ],
)
def test_a_short_time_is_said_in_milliseconds(tag, microseconds, said) -> None:
    assert load_languages()[tag].milliseconds(microseconds) == said


class TestPage:
    async def test_half_and_nearly_all_by_endpoint(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await instance.add(trace(1, duration=2_000), trace(2, duration=31_000))
        page = await open_console(browser)
        assert drawn(page).endswith(
            "Token · 2 half of them, at most 2.0\u00a0ms, Token · 2 95 of 100, at most 31\u00a0ms"
        )
        assert "left a trace" in text_of(page)

    async def test_ad_01_of_another_organization_nothing(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await instance.add(trace(1, organization_id="other", project_id="elsewhere"))
        page = await open_console(browser)
        assert "How long requests took" in text_of(page)
        assert "Token · 1" not in page.text

    async def test_whoever_administers_a_project_alone_sees_none(self, instance, browser) -> None:
        await administer(instance, "project_owner")
        await instance.add(trace(1))
        assert "How long requests took" not in (await open_console(browser)).text

    async def test_the_page_of_a_trace_says_it(self, instance, browser) -> None:
        await administer(instance, "org_viewer")
        await instance.add(trace(1), trace(2, duration=None))
        page = await open_console(browser, "/console/traces/trace-1")
        assert "Took 1.2\u00a0ms" in page.text.replace("</dt><dd>", " ")
        assert "Took" not in text_of(await visit(browser, "/console/traces/trace-2"))


async def test_traces_kept_before_they_were_measured_are_read(instance) -> None:
    await instance.add(trace(1, duration=None), trace(2))
    found = await instance.store.list_traces(TraceFilter(), None, 10)
    assert [one.duration for one in found] == [1_200, None]
