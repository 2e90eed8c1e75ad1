"""A request under an idempotency key is done once, whoever else sends it at the same time."""

import asyncio

import pytest

from ostiary.admin import clients
from ostiary.admin.actor import operator
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.errors import AlreadyExists
from ostiary.admin.store import Admin
from ostiary.oauth.effects import Insert
from ostiary.store import Store
from ostiary.web.api.idempotency import LIFETIME, Answer, Keeper, Request
from ostiary.web.api.problems import Refused
from support import records
from support.jose import ENTROPY, make_instance_key, make_ring
from support.records import NOW

ACTOR = operator("root")
RING = make_ring(make_instance_key("browser"))
STORES, TASKS = 3, 8


class Still:
    def now(self) -> int:
        return NOW


async def hash_nothing(_: bytes) -> str:
    return ""


async def allow(_: str) -> None:
    return None


def registering(store: Store, client_id: str):
    """Return what a request does: it registers an application, whose secret is shown once."""

    async def do(within) -> Answer:
        admin = Admin(
            issuer="https://login.test",
            store=within,
            clock=Still(),
            entropy=ENTROPY,
            hash_password=hash_nothing,
            check_address=allow,
        )
        metadata = ClientMetadata(client_id=client_id, redirect_uris=("https://new.test/",))
        made = await clients.create(admin, ACTOR, "shop", metadata)
        return Answer(status=201, headers={}, body=(made.client_secret or "").encode())

    return lambda key="k", raw=b"{}": Keeper(store, RING, ENTROPY, NOW).once(
        Request(key=key, actor=ACTOR, path="/applications", raw=raw), do
    )


async def test_one_of_many_at_once_does_it_and_all_are_told_the_same(store, open_another):
    stores = [store, *[await open_another() for _ in range(STORES - 1)]]
    answers = await asyncio.gather(
        *(registering(one, "new")() for one in stores for _ in range(TASKS))
    )
    secrets = {answer.body for answer, _ in answers}
    assert len(secrets) == 1
    assert sum(not kept for _, kept in answers) == 1
    made = await store.read_client("new")
    assert made is not None
    assert len(made.secrets) == 1
    events = await store.list_events(("client.created",), None, 100)
    assert len(events) == 1


async def test_another_body_under_the_same_key_is_a_conflict(store):
    await registering(store, "new")()
    with pytest.raises(Refused) as refused:
        await registering(store, "other")(raw=b'{"other": true}')
    assert (refused.value.status, refused.value.code) == (409, "conflict")
    assert await store.read_client("other") is None


async def test_what_was_refused_is_not_kept(store):
    await store.apply((Insert(records.client("taken")),))
    for _ in range(2):
        with pytest.raises(AlreadyExists):
            await registering(store, "taken")("one")
    assert (await store.counts())["kept_answers"] == 0
    _, kept = await registering(store, "free")("one")
    assert not kept


async def test_neither_key_nor_answer_can_be_read_from_the_database(store):
    answer, _ = await registering(store, "new")("my-key")
    row = await store.read_kept_answer(await _only_digest(store))
    assert row is not None
    stored = b"|".join((row.digest, row.fingerprint, row.sealed))
    assert b"my-key" not in stored
    assert answer.body not in stored
    assert row.expires_at == NOW + LIFETIME


async def test_it_is_purged_in_time(store):
    await registering(store, "new")()
    assert (await store.purge(NOW + LIFETIME - 1))["kept_answers"] == 0
    assert (await store.purge(NOW + LIFETIME))["kept_answers"] == 1


async def _only_digest(store: Store) -> bytes:
    keeper = Keeper(store, RING, ENTROPY, NOW)
    request = Request(key="my-key", actor=ACTOR, path="/applications", raw=b"{}")
    return keeper._mac("digest", request, b"my-key")
