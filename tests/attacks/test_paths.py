"""Paths: each has one spelling (AD-12), and nothing of the inside has one (LX-05)."""

from urllib.parse import unquote

import pytest

from support.instance import Instance, open_instance
from support.site import Answer, call

KEYS = "/oauth/v2/keys"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


async def get(instance: Instance, raw_path: str) -> Answer:
    async def app(scope, receive, send):
        await instance.app(scope | {"raw_path": raw_path.encode()}, receive, send)

    return await call(
        app,
        "GET",
        unquote(raw_path),
        raw=b"",
        body=b"",
        headers={"host": "id.test"},
        ip="192.0.2.1",
    )


@pytest.mark.parametrize(
    "path",
    [
        "//oauth/v2/keys",
        "///oauth/v2/keys",
        "/%2foauth/v2/keys",
        "/oauth%2Fv2%2fkeys",
        "/oauth/v2%2fkeys",
        "/oauth//v2/keys",
        "/oauth/v2/keys/",
        "/oauth/v2/keys%2f",
        "/oauth/v2/./keys",
        "/oauth/v2/%2e/keys",
        "/oauth/../oauth/v2/keys",
        "/oauth/v2/keys;x=1",
        "/oauth/v2/keys.css",
        "/oauth/v2/keys%00",
        "/oauth\\v2\\keys",
        "/OAuth/v2/keys",
        "//health/live",
        "/health%2flive",
    ],
)
async def test_ad_12_another_spelling_is_not_found(instance: Instance, path: str) -> None:
    assert (await get(instance, path)).status == 404


@pytest.mark.parametrize("path", [KEYS, "/health/live"])
async def test_ad_12_control(instance: Instance, path: str) -> None:
    assert (await get(instance, path)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/debug", "/debug/pprof", "/metrics", "/actuator", "/actuator/env", "/server-status"),
        *("/.env", "/.git/config", "/env", "/heapdump", "/trace", "/shell", "/phpinfo.php"),
    ],
)
async def test_lx_05_nothing_of_the_inside_is_served(instance: Instance, path: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 404
