"""Sector identifiers as they are fetched (OpenID Connect Core 8.1)."""

import json

import pytest

from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.egress.sector import read_sector
from support.listener import listen, respond

URIS = ["https://app.test/cb", "com.example.app:/cb"]


async def fetch(body, **answer):
    async with listen(respond(body, **answer)) as site:
        egress = Egress((f"127.0.0.1:{site.port}",))
        try:
            return await read_sector(egress, f"http://127.0.0.1:{site.port}/sector.json")
        finally:
            await egress.aclose()


async def test_the_list_is_read():
    assert await fetch(json.dumps(URIS).encode(), media_type="application/json") == tuple(URIS)


@pytest.mark.parametrize(
    "body", [b"{}", b'"x"', b"[1]", b"[null]", b'[["https://app.test/cb"]]', b"[", b"\xff", b""]
)
async def test_anything_else_is_no_list(body):
    with pytest.raises(FetchFailed) as error:
        await fetch(body, media_type="application/json")
    assert error.value.reason is Reason.PROTOCOL
    assert str(error.value) == "fetch_failed"


async def test_another_media_type_is_refused():
    with pytest.raises(FetchFailed) as error:
        await fetch(json.dumps(URIS).encode(), media_type="text/html")
    assert error.value.reason is Reason.MEDIA_TYPE


async def test_what_may_not_be_reached_is_not():
    egress = Egress(())
    with pytest.raises(FetchFailed):
        await read_sector(egress, "https://127.0.0.1/sector.json")
    await egress.aclose()
