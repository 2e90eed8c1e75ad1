"""The page of the advisor: each answer is a link, and each link leads on."""

import gzip
import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from ostiary.advisor.advice import advise
from ostiary.advisor.answers import given_of, settle, walk
from ostiary.pages.advisor import Speaker
from ostiary.pages.advisor_page import link, show
from ostiary.pages.languages import load_languages
from support.site import open_site, sites

__all__ = ["sites"]

pytestmark = pytest.mark.usefixtures("sites")


def links_of(page: str) -> set[str]:
    found = {unescape(one) for one in re.findall(r'href="([^"]+)"', page)}
    return {one for one in found if urlsplit(one).path == "/advisor"}


async def visit(site, url: str, language: str = "en"):
    parts = urlsplit(url)
    return await site.send(
        "GET", parts.path, parts.query.encode(), headers={"accept-language": language}
    )


async def test_s4_02_every_link_leads_to_a_page_and_every_advice_can_be_reached() -> None:
    """A crawl from the start, by links alone."""
    site = await open_site()
    waiting, seen, advised = ["/advisor"], set(), set()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = await visit(site, url)
        assert answer.status == 200, (url, answer.text)
        heading = re.search(r'eyebrow">.*?<h1>(.*?)</h1>', answer.text, re.DOTALL)
        if heading:
            advised.add(unescape(heading.group(1)))
        # Frameworks lead to the same; one is enough.
        waiting += [
            one for one in links_of(answer.text) if "framework=" not in one or "=django" in one
        ]
    english = Speaker(load_languages()["en"])
    for way in walk():
        shown = english.advice(advise(way), settle(given_of(way)), "https://id.example")
        assert shown.title in advised


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_result_shows_all_there_is(language: str) -> None:
    site = await open_site()
    answer = await visit(
        site, "/advisor?who=person&where=terminal&browser=no&purpose=away&risk=high", language
    )
    text = unescape(answer.text)
    assert f'<html lang="{language}"' in text
    speaker = Speaker(load_languages()[language])
    for key in (
        *("at_a_glance", "drawing", "settings", "reasons", "sources", "warnings", "fallbacks"),
        *("not_chosen", "comparison", "waits", "as_file", "as_command", "as_call"),
    ):
        assert speaker.say(key) in text, key
    assert "<svg" in text
    assert speaker.say("rule.device.title") in text
    assert "urn:ietf:params:oauth:grant-type:device_code" in text


async def test_s3_07_s3_08_s3_09_the_comparison_in_two_groups() -> None:
    answer = await visit(await open_site(), "/advisor?who=nobody&credential=key")
    text = unescape(answer.text)
    people, machines = text.index("People sign in"), text.index("Machines among themselves")
    assert people < text.index("Device authorization", people) < machines
    assert machines < text.index("Token exchange", machines)
    for column in ("Clients", "A person takes part", "Needs a secret or key", "Choose it if"):
        assert f'<th scope="col">{column}</th>' in text


async def test_it_is_small_on_the_wire() -> None:
    site = await open_site()
    for way in walk():
        answer = await site.send(
            "GET",
            "/advisor",
            urlsplit(link(given_of(way))).query.encode(),
            headers={"accept-encoding": "gzip", "accept-language": "de"},
        )
        assert answer.header("content-encoding") == "gzip"
        assert len(answer.body) < 8_000
        assert b"</html>" in gzip.decompress(answer.body)


def test_answers_are_taken_back_with_those_that_follow() -> None:
    speaker = Speaker(load_languages()["en"])
    standing = settle(
        {"who": "person", "where": "browser", "backend": "no", "purpose": "apis", "risk": "high"}
    )
    page = show(standing, speaker, "id.example", "https://id.example")
    urls = [one.change_url for one in page.given]
    assert urls == [
        "/advisor",
        "/advisor?who=person",
        "/advisor?who=person&where=browser",
        "/advisor?who=person&where=browser&backend=no",
        "/advisor?who=person&where=browser&backend=no&purpose=apis",
    ]
