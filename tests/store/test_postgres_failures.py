"""R-5: what the store does when PostgreSQL is away, mute, busy or set up otherwise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import pytest

from ostiary.clock import SystemClock
from ostiary.model.grant import Grant
from ostiary.oauth.effects import (
    Clear,
    Conflict,
    Count,
    Effects,
    Emit,
    Insert,
    Require,
    Unavailable,
)
from ostiary.store import SchemaError, Store, open_store
from ostiary.store.postgres.statements import CHANNEL
from support import postgres, records
from support.records import NOW

# Every answer comes within three seconds; a shared machine gets some more.
PATIENCE = 12


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[postgres.Cluster]:
    """A server that may be stopped, killed and frozen."""
    with postgres.cluster() as running:
        yield running


@pytest.fixture
async def fragile(own_cluster) -> AsyncIterator[Store]:
    """A store on the server that may be stopped."""
    url = own_cluster.url(own_cluster.create())
    async with await open_store(url, SystemClock()) as store:
        await store.migrate()
        await store.apply((*records.place(), *records.sign_in()))
        yield store


async def refused(operation: Callable[[], Awaitable[object]]) -> None:
    """Hold an operation to being answered in time, by 503."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Unavailable):
            await operation()


async def recovered(operation: Callable[[], Awaitable[object]]) -> None:
    """Wait until an operation works again, without any help."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await operation()
            except Unavailable:
                await asyncio.sleep(0.05)


async def stale(store: Store) -> None:
    """Wait until the configuration is no longer known to be fresh."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.revalidate()
            except Unavailable:
                return
            await asyncio.sleep(0.02)


def operations(store: Store) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: store.user("alice"),
        lambda: store.sessions("browser"),
        lambda: store.apply((Emit(records.event()),)),
        lambda: store.apply((Count("key", 10**6, 60, NOW), Emit(records.event()))),
        lambda: store.list_users(None, "", 10),
        store.check,
        lambda: store.client("shop-web"),
        store.revalidate,
    ]


class TestOutage:
    """While the server is away everything answers 503; afterwards everything works again."""

    async def test_by_stopping(self, own_cluster, fragile):
        await fragile.client("shop-web")
        await asyncio.to_thread(own_cluster.stop, "immediate")
        try:
            await stale(fragile)
            for operation in operations(fragile):
                await refused(operation)
        finally:
            await asyncio.to_thread(own_cluster.start)
        for operation in operations(fragile):
            await recovered(operation)
        assert await fragile.client("shop-web") == records.client()

    async def test_by_freezing(self, own_cluster, fragile):
        for operation in operations(fragile):
            await operation()
        own_cluster.freeze()
        try:
            for operation in operations(fragile):
                await refused(operation)
            step = (Emit(records.event("unknown")), Count("once", 1, 60, NOW))
            await refused(lambda: fragile.apply(step))
        finally:
            own_cluster.thaw()
        for operation in operations(fragile):
            await recovered(operation)
        # Nobody sent it a second time: it was applied once or not at all.
        seen = [event.type for _, event in await fragile.events(limit=1000)]
        assert seen.count("unknown") <= 1

    async def test_of_every_connection_at_once(self, own_cluster, fragile):
        for operation in operations(fragile):
            await operation()
        name = (await fragile.check()).details["database"]
        ended = own_cluster.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE datname = '{name}'"
        )
        assert int(ended) >= 3
        for operation in operations(fragile):
            await recovered(operation)

    async def test_at_the_start(self, own_cluster, clock):
        url = own_cluster.url(own_cluster.create())
        await asyncio.to_thread(own_cluster.stop)
        try:
            await refused(lambda: open_store(url, clock))
        finally:
            await asyncio.to_thread(own_cluster.start)
        async with await open_store(url, clock) as store:
            assert await store.schema_version() == 0

    async def test_of_a_database_that_is_not_there(self, own_cluster, clock):
        with pytest.raises(Unavailable, match="nowhere"):
            await open_store(own_cluster.url("nowhere"), clock)


class TestLocks:
    """A row that somebody else holds costs seconds, not for ever."""

    @staticmethod
    async def waiters(url):
        """Count the programs on this database that wait for a row of another one."""
        link = await asyncpg.connect(url)
        try:
            return await link.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        finally:
            await link.close()

    async def test_of_another_program_are_waited_for_in_vain(self, url, store):
        await store.apply(records.sign_in())
        other = await asyncpg.connect(url)
        async with other.transaction():
            await other.execute("SELECT 1 FROM grants FOR UPDATE")
            await refused(lambda: store.apply((Require(Grant, "grant"), Emit(records.event()))))
        await other.close()
        await store.apply((Require(Grant, "grant"), Emit(records.event("held"))))
        assert [event.type for _, event in await store.events()] == ["held"]

    async def test_of_another_program_that_ends_in_time_are_waited_for(self, url, store):
        await store.apply(records.sign_in())
        other = await asyncpg.connect(url)
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE grants SET revoked_at = 1")
        waiting = asyncio.ensure_future(store.apply((Require(Grant, "grant"),)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await transaction.commit()
        with pytest.raises(Conflict):
            await waiting
        await other.close()

    async def test_that_two_hold_against_each_other_cost_a_second_try(self, url, store):
        await store.apply((Count("a", 9, 60, NOW), Count("b", 9, 60, NOW)))
        # Only who looks for a deadlock gives way; this program never looks, so the store has to.
        other = await asyncpg.connect(url, server_settings={"deadlock_timeout": "1h"})
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE counters SET last_at = 0 WHERE key = 'b'")
        step = asyncio.ensure_future(store.apply((Count("a", 9, 60, NOW), Clear("b"))))
        while not await self.waiters(url):  # noqa: ASYNC110 - PostgreSQL tells of no event
            await asyncio.sleep(0.01)
        await other.execute("UPDATE counters SET last_at = 0 WHERE key = 'a'")
        assert not step.done()
        await transaction.commit()
        await step
        await other.close()
        usage = await store.usage(("a", "b"))
        assert (set(usage), usage["a"].count) == ({"a"}, 2)


class TestConnections:
    """There are a few, and whoever comes waits for one."""

    async def test_are_shared_by_many(self, store, open_another):
        small = await open_another(readers=1, writers=1)
        await asyncio.gather(*(small.user("alice") for _ in range(100)))
        steps: list[Effects] = [(Count(f"k{n}", 1, 60, NOW),) for n in range(40)]
        await asyncio.gather(*map(small.apply, steps))
        assert len(await small.usage(tuple(f"k{n}" for n in range(40)))) == 40

    async def test_are_not_lost_when_callers_go_away(self, store, open_another):
        small = await open_another(readers=2, writers=2)
        for _ in range(10):
            tasks = [asyncio.ensure_future(small.user("alice")) for _ in range(8)]
            await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert await small.user("alice") is not None

    async def test_are_refused_once_the_store_is_closed(self, store):
        await store.close()
        for late in (store.user("alice"), store.apply((Emit(records.event()),)), store.check()):
            with pytest.raises(Unavailable):
                await late

    async def test_finish_what_was_begun_before_they_close(self, store, open_another):
        waiting = [asyncio.ensure_future(store.apply((Emit(records.event()),))) for _ in range(50)]
        counted = [
            asyncio.ensure_future(store.apply((Count(f"k{n}", 1, 60, NOW),))) for n in range(10)
        ]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*waiting, *counted) == [None] * 60
        assert (await (await open_another()).counts())["events"] == 50


class TestSettings:
    """The server's own settings."""

    @pytest.mark.parametrize(
        ("given", "kept"),
        [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")],
    )
    async def test_never_make_a_commit_less_than_durable(self, cluster, url, clock, given, kept):
        name = url.rpartition("/")[2]
        cluster.execute(f"ALTER DATABASE {name} SET synchronous_commit = {given}")
        async with await open_store(url, clock) as store:
            assert (await store.check()).details["synchronous_commit"] == kept

    async def test_of_a_database_that_takes_no_writes_are_refused(self, cluster, url, clock):
        name = url.rpartition("/")[2]
        cluster.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(Unavailable):
            await open_store(url, clock)

    async def test_of_a_database_without_unicode_are_refused(self, cluster, clock):
        cluster.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        async with await open_store(cluster.url("latin"), clock) as store:
            with pytest.raises(SchemaError, match="UTF8"):
                await store.migrate()
        cluster.drop("latin")


class TestClock:
    """Processes agree on the database's time."""

    class Wrong(SystemClock):
        """A machine's clock that is an hour late."""

        def read(self) -> float:
            return super().read() - 3600

    async def test_is_corrected(self, url):
        late, right = self.Wrong(), SystemClock()
        right.offset = 9999
        async with await open_store(url, late) as store, await open_store(url, right):
            assert 3590 < store._engine.skew < 3610
            assert 3590 < (await store.check()).skew < 3610
            assert abs(late.now() - right.now()) < 10

    async def test_of_a_test_is_left_alone(self, store, clock):
        assert clock.now() == NOW
        assert (await store.check()).skew == 0.0


class TestNotification:
    """A change is told to the others, and asked for by them as well."""

    async def test_of_a_change_is_sent(self, url, store):
        other = await asyncpg.connect(url)
        heard: asyncio.Queue[str] = asyncio.Queue()
        await other.add_listener(CHANNEL, lambda *_args: heard.put_nowait(_args[-1]))
        await store.apply((Insert(records.project("other")),))
        async with asyncio.timeout(PATIENCE):
            assert int(await heard.get()) == await store.revalidate()
        await other.remove_listener(CHANNEL, heard.put_nowait)
        await other.close()

    async def test_that_is_nonsense_changes_nothing(self, url, store):
        before = await store.revalidate()
        other = await asyncpg.connect(url)
        for text in ("", "many", "-1", "9" * 30 + "x"):
            await other.execute("SELECT pg_notify($1, $2)", CHANNEL, text)
        await other.close()
        await asyncio.sleep(0.3)
        assert await store.revalidate() == before
