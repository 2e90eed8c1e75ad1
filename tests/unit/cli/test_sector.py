"""Commands read sector identifiers by the rules that the server fetches by."""

import json

import pytest

from ostiary.cli.instance import _SectorReader
from ostiary.settings import Settings
from ostiary.settings.tree import Egress
from support.certificates import Authority
from support.listener import listen, respond

URIS = ["https://app.test/cb"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


async def read(authority, **egress):
    body = json.dumps(URIS).encode()
    tls = authority.server_context("127.0.0.1")
    async with listen(respond(body, media_type="application/json"), tls=tls) as site:
        settings = Settings(egress=Egress(ca_file=str(authority.ca_file), **egress))
        return await _SectorReader(settings)(f"https://127.0.0.1:{site.port}/sector.json")


async def test_from_where_the_settings_allow_it(authority):
    assert await read(authority, allow=("127.0.0.0/8",)) == tuple(URIS)


async def test_and_from_nowhere_else(authority):
    assert await read(authority) is None
