"""OpenID Connect Core, 10.1.1: keys of clients that change."""

import asyncio
import json

import pytest

from ostiary.egress import jwks as remote
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress, Fetched
from ostiary.egress.jwks import PAUSE, TTL, RemoteKeys
from ostiary.jose import jws, jwt
from ostiary.jose.errors import KeysUnavailable, UnknownKey
from support.jose import NOW, make_key, sign_as
from support.listener import listen, respond

URI = "https://app.test/jwks"


class Clock:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time


class Site:
    """Publishes a key set, and counts who asks for it."""

    def __init__(self, *pairs):
        self.pairs = pairs
        self.fetched = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure = None
        self.body = None

    async def fetch(self, url, *, accept):
        self.fetched.append(url)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        body = json.dumps({"keys": [pair.public_jwk for pair in self.pairs]}).encode()
        return Fetched(media_type=accept[0], body=self.body or body)


@pytest.fixture
def clock():
    return Clock()


OLD, NEW = make_key("ES256"), make_key("ES256", 1)


async def test_a_set_is_fetched_once_while_it_is_fresh(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    for _ in range(3):
        assert OLD.kid in await keys.key_set("app", URI, OLD.kid)
        assert OLD.kid in await keys.key_set("app", URI, None)
    clock.time += TTL - 1
    await keys.key_set("app", URI, OLD.kid)
    assert site.fetched == [URI]
    clock.time += 1
    await keys.key_set("app", URI, OLD.kid)
    assert site.fetched == [URI, URI]


async def test_an_unfamiliar_kid_causes_a_fetch_while_the_set_is_fresh(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    await keys.key_set("app", URI, OLD.kid)
    site.pairs = (OLD, NEW)
    clock.time += PAUSE
    found = await keys.key_set("app", URI, NEW.kid)
    assert NEW.kid in found
    assert len(site.fetched) == 2


async def test_a_removed_key_is_gone_with_the_next_fetch(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    await keys.key_set("app", URI, OLD.kid)
    site.pairs = (NEW,)
    clock.time += PAUSE
    await keys.key_set("app", URI, NEW.kid)
    assert OLD.kid not in await keys.key_set("app", URI, OLD.kid)


async def test_ss_05_unfamiliar_kids_cause_one_fetch_in_thirty_seconds(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    for second in range(PAUSE * 3):
        clock.time = NOW + second
        for index in range(20):
            assert OLD.kid in await keys.key_set("app", URI, f"unknown-{second}-{index}")
    assert len(site.fetched) == 3


async def test_ss_05_the_pause_is_each_clients_own(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    for client in ("a", "b"):
        for _ in range(5):
            await keys.key_set(client, URI, "unknown")
    assert len(site.fetched) == 2


async def test_another_address_is_another_set(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    await keys.key_set("app", URI, OLD.kid)
    await keys.key_set("app", URI + "2", OLD.kid)
    assert site.fetched == [URI, URI + "2"]


@pytest.mark.parametrize(
    ("failure", "body"),
    [
        (FetchFailed(Reason.REFUSED, "detail"), None),
        (None, b"{"),
        (None, b"[]"),
        (None, b'{"keys":[{"kty":"oct","k":"AA"}]}'),
        (None, b'{"keys":[],"keys":[]}'),
    ],
)
async def test_a_failure_is_remembered_for_thirty_seconds(clock, failure, body):
    site = Site(OLD)
    site.failure, site.body = failure, body
    keys = RemoteKeys(site, clock)
    for second in (0, 1, PAUSE - 1):
        clock.time = NOW + second
        with pytest.raises(KeysUnavailable, match="again after 30 seconds") as caught:
            await keys.key_set("app", URI, OLD.kid)
        assert "detail" not in caught.value.message
    assert len(site.fetched) == 1
    site.failure = site.body = None
    clock.time = NOW + PAUSE
    assert OLD.kid in await keys.key_set("app", URI, OLD.kid)


async def test_a_failed_renewal_leaves_the_set_until_it_is_stale(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    await keys.key_set("app", URI, OLD.kid)
    site.failure = FetchFailed(Reason.TIMEOUT, "slow")
    clock.time += PAUSE
    assert OLD.kid in await keys.key_set("app", URI, "unknown")
    assert len(site.fetched) == 2
    clock.time = NOW + TTL
    with pytest.raises(KeysUnavailable):
        await keys.key_set("app", URI, OLD.kid)


async def test_malformed_keys_are_passed_over(clock):
    site = Site()
    bad = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "bad"}
    site.body = json.dumps({"keys": [bad, OLD.public_jwk]}).encode()
    found = await RemoteKeys(site, clock).key_set("app", URI, OLD.kid)
    assert OLD.kid in found
    assert "bad" not in found


async def test_concurrent_requests_share_one_fetch(clock):
    site = Site(OLD)
    site.gate.clear()
    keys = RemoteKeys(site, clock)
    waiting = [asyncio.create_task(keys.key_set("app", URI, OLD.kid)) for _ in range(50)]
    await asyncio.sleep(0)
    site.gate.set()
    found = await asyncio.gather(*waiting)
    assert all(OLD.kid in one for one in found)
    assert len(site.fetched) == 1


async def test_a_known_kid_does_not_wait_for_an_unfamiliar_one(clock):
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    await keys.key_set("app", URI, OLD.kid)
    clock.time += PAUSE
    site.gate.clear()
    waiting = asyncio.create_task(keys.key_set("app", URI, "unknown"))
    await asyncio.sleep(0)
    assert OLD.kid in await keys.key_set("app", URI, OLD.kid)
    assert not waiting.done()
    site.gate.set()
    await waiting


async def test_who_hangs_up_does_not_stop_the_others(clock):
    site = Site(OLD)
    site.gate.clear()
    keys = RemoteKeys(site, clock)
    first, second = (asyncio.create_task(keys.key_set("app", URI, OLD.kid)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    site.gate.set()
    assert OLD.kid in await second
    assert first.cancelled()
    assert len(site.fetched) == 1


async def test_the_number_of_remembered_sets_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(remote, "CAPACITY", 3)
    site = Site(OLD)
    keys = RemoteKeys(site, clock)
    for client in ("a", "b", "c", "a", "d"):
        await keys.key_set(client, URI, OLD.kid)
    assert len(site.fetched) == 4
    for client, fetches in (("a", 4), ("c", 4), ("d", 4), ("b", 5)):
        await keys.key_set(client, URI, OLD.kid)
        assert len(site.fetched) == fetches, client


async def test_a_client_changes_its_keys_without_telling_anybody(clock):
    """From the published set over a real connection to a verified assertion."""

    async def publish(_reader, writer):
        document = {"keys": [pair.public_jwk for pair in published]}
        writer.write(respond(json.dumps(document).encode(), media_type="application/jwk-set+json"))
        await writer.drain()

    async def verify(pair):
        token = sign_as(pair)
        keys = await remote_keys.key_set("app", url, jws.parse(token).header.kid)
        return jwt.verify(token, keys, algs=["ES256"], types=[None]).claims.sub

    published = [OLD]
    async with listen(publish) as site:
        url = f"http://127.0.0.1:{site.port}/jwks"
        egress = Egress(["127.0.0.0/8"])
        remote_keys = RemoteKeys(egress, clock)
        assert await verify(OLD) == "alice"
        published = [NEW]
        with pytest.raises(UnknownKey):
            await verify(NEW)  # the set was fetched a moment ago
        clock.time += PAUSE
        assert await verify(NEW) == "alice"
        with pytest.raises(UnknownKey):
            await verify(OLD)
        await egress.aclose()
    assert site.hits == 2
