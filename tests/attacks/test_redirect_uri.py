"""Attacks on the redirect URI (RU): nobody is ever sent to an address that is not registered."""

from urllib.parse import quote, urlencode

import pytest

from ostiary.admin.uris import Refused, parse_redirect_uri
from support.authorization import WEB, change, parameters, query
from support.site import Site, open_site

pytestmark = pytest.mark.usefixtures("sites")

EVIL = "https://evil.test/cb"
TO_NAT = {"client_id": "nat"}


def raw(redirect_uri: str, **changes: str) -> bytes:
    """Return a fine request with a redirect URI as it stands in the URL."""
    rest = urlencode(parameters(**changes, redirect_uri=None))
    return f"{rest}&redirect_uri={redirect_uri}".encode()


def assert_page(site: Site, answer, status: int = 400) -> None:
    """The server's own page: nothing leads away from it, and nothing was given."""
    assert answer.status == status
    assert answer.header("location") is None
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-frame-options") == "DENY"
    assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")
    assert "evil" not in answer.text
    assert "<form" not in answer.text
    assert not site.codes
    assert not site.grants


async def refuse(redirect_uri: str, rule: str = "redirect-uri-mismatch", **changes: str) -> str:
    """Send a request of somebody who is signed in; return the page that refuses it."""
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize_raw(raw(redirect_uri, **changes))
    assert_page(site, answer)
    (event,) = site.events
    assert event.reason == rule
    if rule == "redirect-uri-mismatch":
        assert event.type == "redirect_uri.mismatch"
        assert event.client_id == changes.get("client_id", "web")
        assert event.organization_id == "t1"
        assert event.trace_id in answer.text
    return answer.text


async def test_ru_01_a_foreign_address():
    page = await refuse(quote(EVIL))
    assert "redirect_uri" in page
    assert "differs from a registered one only in its host" in page
    assert "No registered one has this host." in await refuse(quote("https://evil.test/x"))


@pytest.mark.parametrize("uri", ["https://app.test/CB", "HTTPS://APP.TEST/cb"])
async def test_ru_02_upper_and_lower_case(uri):
    assert "upper and lower case" in await refuse(quote(uri))


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.test/cb/",
        "https://app.test/cb2",
        "https://app.test/cb/../admin",
        "https://app.test/cb%2f..%2fadmin",
        "https://app.test/cb/..;/x",
        "https://app.test/cb;x=1",
        "https://app.test/cb?x=1",
        "https://app.test/cb#x",
        "https://app.test",
    ],
)
async def test_ru_03_more_or_less_than_is_registered(uri):
    await refuse(quote(uri))
    await refuse(quote(uri, safe="%;/:?="))


@pytest.mark.parametrize(
    ("client_id", "uri"),
    [
        ("web", "https://app.test@evil.test/cb"),
        ("web", "https://app.test:443@evil.test/cb"),
        ("web", "https://app.test%40evil.test/cb"),
        ("nat", "http://127.0.0.1:80@evil.test/cb"),
        ("nat", "http://127.0.0.1@evil.test/cb"),
        ("nat", "http://127.0.0.1:80%40evil.test/cb"),
        ("nat", "http://[::1]:80@evil.test/cb"),
        ("nat", "http://127.0.0.1.evil.test/cb"),
        ("nat", "http://127.0.0.1:51004.evil.test/cb"),
    ],
)
async def test_ru_04_user_information(client_id, uri):
    await refuse(quote(uri), client_id=client_id)


@pytest.mark.parametrize(
    "uri", ["https://app.test/*", "https://*.app.test/cb", "https://app.test@evil.test/cb"]
)
def test_ru_06_wildcards_and_user_information_cannot_be_registered(uri):
    with pytest.raises(Refused):
        parse_redirect_uri(uri)


async def test_ru_06_a_wildcard_is_a_character_like_any_other():
    for registered in ("https://app.test/*", "https://*.app.test/cb"):
        site = await open_site(change(WEB, redirect_uris=(registered,)))
        answer = await site.authorize_raw(raw(quote("https://app.test/cb")))
        assert_page(site, answer)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:51004/cb",
        "com.example.app:/cb",
    ],
)
async def test_ru_09_control_a_native_application_chooses_its_port(uri):
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize(client_id="nat", redirect_uri=uri)
    assert answer.location.startswith(f"{uri}?code=")
    assert site.codes[0].redirect_uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:51004/cb2",
        "http://127.0.0.1:51004/cb?x=1",
        "http://localhost:51004/cb",
        "http://localhost/cb",
        "http://127.0.0.2/cb",
        "http://127.1/cb",
        "http://0x7f000001/cb",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:/cb",
    ],
)
async def test_ru_10_everything_but_the_port_of_a_loopback_address(uri):
    await refuse(quote(uri), client_id="nat")


@pytest.mark.parametrize("client_id", ["web", "spa"])
@pytest.mark.parametrize("uri", ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"])
async def test_ru_11_loopback_of_an_application_that_is_not_native(client_id, uri):
    await refuse(quote(uri), client_id=client_id)


@pytest.mark.parametrize(
    "uris", [("https://app.test/cb", EVIL), (EVIL, "https://app.test/cb"), (EVIL, EVIL)]
)
async def test_ru_15_two_redirect_uris(uris):
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize_raw(raw(f"{quote(uris[0])}&redirect_uri={quote(uris[1])}"))
    assert_page(site, answer)
    assert "redirect_uri was sent more than once" in answer.text


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.test/cb%00",
        "https://app.test/cb%0d%0aSet-Cookie:x=1",
        "https://app.test/cb%09",
        "%09https://app.test/cb",
        "https://app.test/cb%20",
        "https://app.test%5C@evil.test",
        "https:%5C%5Capp.test/cb",
        "https:/app.test/cb",
        "///evil.test",
        "//evil.test",
        "https://app%EF%BC%8Etest/cb",
        "https://%D0%B0pp.test/cb",
        "https://app.test/cb%E2%80%AE",
        "%EF%BB%BFhttps://app.test/cb",
        "javascript:alert(1)//https://app.test/cb",
        "data:text/html,x",
        "https%3A%2F%2Fapp.test%2Fcb%25",
        "https%253A%252F%252Fapp.test%252Fcb",
        "%C3",
        "%ED%A0%80",
    ],
)
async def test_ru_17_characters_that_parsers_read_differently(uri):
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize_raw(raw(uri))
    assert_page(site, answer)
    assert site.events[0].reason in {
        "redirect-uri-mismatch",
        "parameter-characters",
        "parameter-encoding",
    }


@pytest.mark.parametrize("octets", [b"\xff" * 100, query() + b"&\xff\xfe=1", b"\0", b"&=&=&"])
async def test_ru_17_octets_that_are_no_text(octets):
    site = await open_site()
    assert_page(site, await site.post(octets))


@pytest.mark.parametrize("size", [8_000, 60_000])
async def test_ru_18_a_huge_redirect_uri(size):
    site = await open_site()
    body = raw("https://app.test/" + "a/../" * (size // 5))
    assert_page(site, await site.post(body))
    assert len(site.events[0].details["received"]) <= 200


async def test_ru_19_an_address_of_another_client():
    await refuse(quote("https://spa.test/cb"), client_id="web")
    await refuse(quote(EVIL), client_id="web")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "/%5Cevil.test",
        "https:evil.test",
        "/%09/evil.test",
        "/%2f%2fevil.test",
        "javascript:evil()",
    ],
)
@pytest.mark.parametrize("name", ["return_to", "next", "redirect_uri", "continue"])
async def test_ru_21_pages_know_no_return_address(target, name):
    site = await open_site()
    answer = await site.authorize()
    flow = answer.flow
    extra = f"flow={flow}&{name}={target}".encode()
    login = await site.send("GET", "/login", extra)
    assert login.status == 200
    assert "evil" not in login.text
    again = await site.send("GET", "/oauth/v2/authorize/continue", extra)
    assert again.location == f"/login?flow={flow}"


async def test_what_differs_is_told_and_nothing_foreign_is_shown():
    page = await refuse(quote("https://app.test/cb/?<script>alert(1)</script>"))
    assert "<script>alert" not in page
    assert "alert" not in page
    page = await refuse(quote("https://app.test/cb/"))
    assert "the slash at its end" in page
    assert "https://app.test/cb" not in page
