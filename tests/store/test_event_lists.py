"""Lists of events: each filter, by index; and a trail that is read while it is written."""

import asyncio

import asyncpg
import pytest

from ostiary.admin import events
from ostiary.admin.actor import operator
from ostiary.admin.errors import Invalid
from ostiary.model.event import Result
from ostiary.oauth.effects import Count, Emit
from ostiary.store import EventFilter
from support import records
from support.desk import Desk


@pytest.mark.parametrize(
    "filters",
    [
        EventFilter(actor_id="alice"),
        EventFilter(result=Result.FAILURE),
        EventFilter(trace_id="trace-7"),
        EventFilter(ip="198.51.100.7"),
        EventFilter(types=("auth.login.failure",)),
        EventFilter(types=("auth.login.failure", "code.issued", "account.created")),
        EventFilter(types=("auth.login.failure",), result=Result.FAILURE, ip="198.51.100.7"),
    ],
)
async def test_events_are_filtered(store, filters):
    wanted = records.event(
        "auth.login.failure",
        actor_type="user",
        actor_id="alice",
        result=Result.FAILURE,
        trace_id="trace-7",
        ip="198.51.100.7",
    )
    noise = [records.event("token.issued", actor_id="shop-web") for _ in range(3)]
    await store.apply((*map(Emit, noise), Emit(wanted), *map(Emit, noise)))
    backwards = await store.list_events(filters.types, None, 9, filters)
    forwards = await store.events(filters=filters)
    assert [event for _, event in backwards] == [event for _, event in forwards] == [wanted]


async def test_types_that_are_found_apart_come_in_one_order(store):
    types = ("account.created", "auth.logout", "token.issued", "key.retired")
    await store.apply(tuple(Emit(records.event(types[n % 4])) for n in range(20)))
    seen: list[str] = []
    before = None
    while page := await store.list_events(types, before, 3):
        seen += [event.type for _, event in page]
        before = page[-1][0]
    assert seen[::-1] == [types[n % 4] for n in range(20)]


INDEXES = {
    "events_of_user": EventFilter(user_id="x"),
    "events_of_client": EventFilter(client_id="x"),
    "events_of_organization": EventFilter(organization_id="x"),
    "events_of_session": EventFilter(session_id="x"),
    "events_of_actor": EventFilter(actor_id="x"),
    "events_of_trace": EventFilter(trace_id="x"),
    "events_of_address": EventFilter(ip="x"),
    "events_of_failures": EventFilter(result=Result.FAILURE),
    "events_of_type": EventFilter(types=("account.created",)),
    "events_of_organization_by_type": EventFilter(organization_id="x", types=("account.created",)),
    "events_of_client_by_type": EventFilter(client_id="x", types=("account.created",)),
}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_each_filter_goes_by_an_index(store, engine, index, monkeypatch):
    """A cost that grows with the number of events is a bug."""
    plans = []
    listing = store._engine.listing

    async def explain(query, *values):
        explained = type(query)(f"EXPLAIN QUERY PLAN {query.sqlite}", "")
        plans.append([row[-1] for row in await listing(explained, *values)])
        return await listing(query, *values)

    monkeypatch.setattr(store._engine, "listing", explain)
    filters = INDEXES[index]
    await store.list_events(filters.types, None, 9, filters)
    ((plan,),) = plans
    assert f"USING INDEX {index}" in plan


async def test_an_unknown_type_is_refused(store):
    desk = Desk(store)
    with pytest.raises(Invalid, match="no type of event"):
        await events.list_all(desk.admin, store, operator("t"), EventFilter(types=("nothing",)))
    found = await events.list_all(desk.admin, store, operator("t"), EventFilter(types=("auth.*",)))
    assert found == ()


async def test_an_export_misses_nothing_while_others_write(store, open_another):
    """R-15: whoever goes on behind the last position gets each event once."""
    writers = [await open_another() for _ in range(3)]
    admin = Desk(store).admin
    done = asyncio.Event()

    async def write(number, writer):
        for n in range(40):
            step = [Emit(records.event("account.created", target=f"{number}-{n}"))]
            if n % 2:
                step.insert(0, beside(number, n))
            await writer.apply(tuple(step))

    async def read():
        seen: list[str] = []
        after = 0
        last = False
        while not last:
            last = done.is_set()
            pages = events.export(
                admin, store, operator("t"), EventFilter(types=("account.created",)), after=after
            )
            async for page in pages:
                seen += [event.target for _, event in page]
                after = page[-1][0]
            await asyncio.sleep(0)
        return seen

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(n, writer) for n, writer in enumerate(writers)))
    done.set()
    seen = await reading
    assert sorted(seen) == sorted(f"{number}-{n}" for number in range(3) for n in range(40))


def beside(number, n):
    """Return an effect beside the event, so that it takes a transaction of its own."""
    return Count(f"writer-{number}-{n}", 9, 60, records.NOW)


@pytest.mark.parametrize("engine", ["postgres"])
async def test_an_event_whose_commit_is_late_is_waited_for(store, engine, url):
    """A position is given before the commit: nobody may go past one that is not there yet."""
    await store.apply((Emit(records.event("account.created")),))
    before = await store.settled_position()
    late = await asyncpg.connect(url)
    begun = late.transaction()
    await begun.start()
    insert = (
        "INSERT INTO events (type, at, result, actor_type, ip, user_agent, trace_id) "
        "VALUES ('account.updated', 1, 'success', 'user', '', '', '') RETURNING seq"
    )
    position = await late.fetchval(insert)
    await store.apply((Emit(records.event("account.deleted")),))
    waiting = asyncio.create_task(store.settled_position())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await begun.commit()
    await late.close()
    end = await waiting
    assert before < position < end
    found = await store.events(before, 9, until=end)
    assert [event.type for _, event in found] == ["account.updated", "account.deleted"]
