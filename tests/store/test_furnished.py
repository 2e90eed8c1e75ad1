"""What comes with the program is read before what the database holds, and never written."""

import msgspec

from ostiary.model.client import ClientKind
from ostiary.oauth.effects import Insert
from ostiary.playground.sandbox import ORGANIZATION, WEB, make_sandbox
from ostiary.store import open_store
from support import records

FURNISHED = make_sandbox("https://id.example", b"\1" * 32, old=False).furnished


async def test_it_is_there_besides_the_database(url, clock) -> None:
    async with await open_store(url, clock, furnished=FURNISHED) as store:
        await store.apply(records.place())
        found = await store.registration(WEB)
        assert found is not None
        assert found.client == FURNISHED.clients[WEB]
        assert (found.organization, found.project) == (FURNISHED.organization, FURNISHED.project)
        assert found.apis == FURNISHED.apis
        assert found.policies == await store.policies("")
        own = records.client()
        assert await store.client(own.client_id) == own


async def test_a_record_of_the_same_name_does_not_take_its_place(url, clock) -> None:
    planted = msgspec.structs.replace(
        records.client(), client_id=WEB, redirect_uris=("https://evil.example/",)
    )
    async with await open_store(url, clock, furnished=FURNISHED) as store:
        await store.apply((*records.place(), Insert(planted)))
        assert await store.client(WEB) == FURNISHED.clients[WEB]


async def test_it_is_in_no_list_and_in_no_other_process_that_was_not_given_it(url, clock) -> None:
    async with await open_store(url, clock, furnished=FURNISHED) as store:
        for kind in ClientKind:
            assert await store.list_clients(kind, ORGANIZATION, None, "", 10) == ()
        assert await store.list_organizations("", 10) == ()
        assert await store.read_organization(ORGANIZATION) is None
    async with await open_store(url, clock) as store:
        assert await store.client(WEB) is None
        assert await store.organization(ORGANIZATION) is None
        assert await store.project(ORGANIZATION) is None
        assert await store.apis(ORGANIZATION) == ()
