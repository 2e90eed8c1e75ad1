"""Exactly one winner, whoever else wants the same: tasks, stores and processes."""

import asyncio
import json
import random
import sys
from collections import Counter
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest

from ostiary.model.grant import Grant
from ostiary.model.session import Session
from ostiary.oauth.effects import (
    Clear,
    Conflict,
    Count,
    Effects,
    Emit,
    Insert,
    Remember,
    Require,
    RevokeGrant,
    RevokeSession,
    Update,
)
from ostiary.store import Store
from support import records
from support.contender import COUNT_LIMIT, TASKS, contend, redemption, rotate
from support.process import Process, clean_environment
from support.records import NOW

TESTS = Path(__file__).parents[1]
STORES = 3
PROCESSES = 4


@pytest.fixture
async def stores(store, open_another) -> list[Store]:
    """Several stores on one database, each with connections and a writer of its own."""
    return [store, *[await open_another() for _ in range(STORES - 1)]]


async def codes(store: Store, number: int) -> None:
    await store.apply(records.sign_in())
    await store.apply(tuple(Insert(records.code(f"redeem-{n}")) for n in range(number)))


def contend_in_processes(url: str, kind: str, number: int, folder: Path) -> list[list]:
    """Let several processes begin at the same moment; return what each of them won."""
    command = [sys.executable, "-m", "support.contender", url, kind, str(number)]
    environment = clean_environment(PYTHONPATH=str(TESTS))
    with ExitStack() as stack:
        children = []
        for n in range(PROCESSES):
            process = Process(
                command, folder=folder, environment=environment, name=f"contender-{n}"
            )
            stack.callback(process.stop)
            children.append(process.start(talking=True).child)
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        return [json.loads(child.stdout.readline()) for child in children]


class TestCodes:
    """CO-02, R-2: one code, many redeemers, one winner."""

    async def test_have_one_winner_among_tasks_of_several_stores(self, stores):
        await codes(stores[0], 20)
        won = await asyncio.gather(
            *(
                contend(stores[n % STORES], "redeem", f"redeem-{code}", str(n))
                for code in range(20)
                for n in range(18)
            )
        )
        assert Counter(filter(None, won)) == {f"redeem-{n}": 1 for n in range(20)}
        assert (await stores[0].counts())["refresh_families"] == 20
        assert len(await stores[0].events()) == 20

    async def test_have_one_winner_among_processes(self, url, store, tmp_path):
        await codes(store, 30)
        won = await asyncio.to_thread(contend_in_processes, url, "redeem", 30, tmp_path)
        assert Counter(chain(*won)) == {f"redeem-{n}": 1 for n in range(30)}
        assert (await store.counts())["refresh_families"] == 30
        redeemed = Counter(event.target for _, event in await store.events(limit=1000))
        assert redeemed == {f"redeem-{n}": 1 for n in range(30)}

    async def test_are_not_redeemed_after_their_grant_was_revoked(self, stores):
        await codes(stores[0], 1)
        await stores[1].apply((RevokeGrant("grant", "test", NOW),))
        with pytest.raises(Conflict) as conflict:
            await stores[2].apply(redemption("redeem-0", "late"))
        assert conflict.value.effect == Require(Grant, "grant")


class TestValues:
    """CA-01: an assertion is accepted once, on whichever node."""

    async def test_are_burnt_once_among_processes(self, url, store, tmp_path):
        won = await asyncio.to_thread(contend_in_processes, url, "remember", 30, tmp_path)
        assert Counter(chain(*won)) == {f"remember-{n}": 1 for n in range(30)}

    async def test_are_burnt_in_pairs_or_not_at_all(self, stores):
        """Two values in each step, in every order: whoever loses one has burnt neither."""
        names = [bytes([n]) for n in range(8)]
        pairs = [(a, b) for a in names for b in names if a != b]
        random.shuffle(pairs)

        async def burn(store: Store, pair: tuple[bytes, bytes]) -> tuple[bytes, ...]:
            try:
                await store.apply(tuple(Remember("pair", value, NOW) for value in pair))
            except Conflict:
                return ()
            return pair

        burnt = await asyncio.gather(*(burn(stores[n % STORES], p) for n, p in enumerate(pairs)))
        assert Counter(chain(*burnt)).most_common(1)[0][1] == 1
        left = set(names) - set(chain(*burnt))
        await stores[0].apply(tuple(Remember("pair", value, NOW) for value in left))


class TestCounts:
    """CVE-2024-4629 class: a limit holds however many come at once."""

    async def test_never_pass_their_limit_among_processes(self, url, store, tmp_path):
        won = await asyncio.to_thread(contend_in_processes, url, "count", 6, tmp_path)
        assert PROCESSES * TASKS > COUNT_LIMIT
        assert Counter(chain(*won)) == {f"count-{n}": COUNT_LIMIT for n in range(6)}
        usage = await store.usage(tuple(f"count-{n}" for n in range(6)))
        assert {one.count for one in usage.values()} == {COUNT_LIMIT}


class TestFamilies:
    """R-3: a refresh family's history is a line."""

    async def test_rotate_one_step_at_a_time_among_tasks(self, stores):
        await stores[0].apply((*records.sign_in(), Insert(records.family())))
        done = await asyncio.gather(*(rotate(stores[n % STORES], 10) for n in range(9)))
        family = (await stores[0].refresh_family(b"family")).family
        assert (family.generation, family.version) == (sum(done), sum(done) + 1)

    async def test_rotate_one_step_at_a_time_among_processes(self, url, store, tmp_path):
        await store.apply((*records.sign_in(), Insert(records.family())))
        won = await asyncio.to_thread(contend_in_processes, url, "rotate", 15, tmp_path)
        assert list(chain(*won)) == [15] * PROCESSES
        family = (await store.refresh_family(b"family")).family
        assert (family.generation, family.version) == (60, 61)

    async def test_have_one_winner_of_each_generation(self, stores):
        await stores[0].apply((*records.sign_in(), Insert(records.family())))
        family = records.family()
        steps = [(Update(family, {"generation": 1, "rotated_at": NOW + n}),) for n in range(18)]
        ends = await asyncio.gather(
            *(stores[n % STORES].apply(step) for n, step in enumerate(steps)),
            return_exceptions=True,
        )
        winners = [n for n, end in enumerate(ends) if end is None]
        assert len(winners) == 1
        assert all(isinstance(end, Conflict) for end in ends if end is not None)
        found = (await stores[0].refresh_family(b"family")).family
        assert found.rotated_at == NOW + winners[0]


class TestRevocation:
    """R-16: what begins after a revocation was acknowledged is refused everywhere."""

    async def test_of_a_grant_stops_issuance(self, stores):
        await stores[0].apply(records.sign_in())
        for n in range(10):
            await stores[0].apply((Insert(records.grant(f"g{n}")),))
            await self._race(stores, f"g{n}", RevokeGrant(f"g{n}", "test", NOW), Grant)

    async def test_of_a_session_stops_issuance(self, stores):
        await stores[0].apply(records.sign_in())
        for n in range(10):
            await stores[0].apply((Insert(records.session(f"s{n}")),))
            await self._race(stores, f"s{n}", RevokeSession(f"s{n}", "test", NOW), Session)

    async def _race(self, stores: list[Store], key: str, revoke, kind) -> None:
        revoked = asyncio.Event()

        async def issue(store: Store) -> None:
            while True:
                late = revoked.is_set()
                token = records.access_token(records.fresh("token"))
                try:
                    await store.apply((Require(kind, key), Insert(token)))
                except Conflict:
                    return
                assert not late, "issued after the revocation was acknowledged"

        async def end() -> None:
            await asyncio.sleep(0.01)
            await stores[0].apply((revoke,))
            revoked.set()

        await asyncio.gather(end(), *(issue(stores[n % STORES]) for n in range(6)))

    async def test_of_a_session_leaves_no_grant_behind(self, stores):
        """A grant that is given while its session ends is either refused or ended with it."""
        await stores[0].apply(records.sign_in())
        for n in range(25):
            name = f"s{n}"
            await stores[0].apply((Insert(records.session(name)),))

            async def give(store: Store, number: int, name: str = name) -> str | None:
                grant = records.grant(f"{name}-{number}", session_id=name)
                try:
                    await store.apply((Require(Session, name), Insert(grant)))
                except Conflict:
                    return None
                return grant.id

            *given, _ = await asyncio.gather(
                *(give(stores[k % STORES], k) for k in range(9)),
                stores[n % STORES].apply((RevokeSession(name, "logout", NOW),)),
            )
            for grant_id in filter(None, given):
                assert (await stores[0].standing(grant_id)).grant.revoked_at == NOW


async def test_steps_that_cross_each_other_all_come_to_an_end(stores, engine, request):
    """No order of rows, effects and steps makes two steps wait for each other for good."""
    if engine == "postgres":
        log = request.getfixturevalue("cluster").log
        logged = len(log.read_text())
    await stores[0].apply(records.sign_in())
    names = [f"x{n}" for n in range(4)]
    for name in names:
        session, grant = records.session(name), records.grant(name, session_id=name)
        await stores[0].apply((Insert(session), Insert(grant)))
    dice = random.Random(7)

    def step(turn: int) -> Effects:
        a, b = dice.sample(names, 2)
        choices: list[Effects] = [
            (Count(a, 10**6, 60, NOW), Count(b, 10**6, 60, NOW)),
            (Require(Grant, a), Require(Session, b), Count(b, 10**6, 60, NOW)),
            (Update(records.session(a), {}), Update(records.session(b), {})),
            (Update(records.session(a), {}), Require(Grant, b)),
            (RevokeGrant(a, "x", NOW), RevokeSession(a, "x", NOW)),
            (RevokeGrant(a, "x", NOW), RevokeGrant(b, "x", NOW)),
            (RevokeSession(a, "x", NOW), RevokeSession(b, "x", NOW)),
            (Clear(a), Clear(b), Emit(records.event())),
            (Clear(a), Count(b, 10**6, 60, NOW)),
            (Remember(f"{turn}", a.encode(), NOW + 60), Remember(f"{turn}", b.encode(), NOW + 60)),
        ]
        return dice.choice(choices)

    for turn in range(20):
        ends = await asyncio.gather(
            *(stores[n % STORES].apply(step(turn)) for n in range(18)), return_exceptions=True
        )
        assert [end for end in ends if end is not None and not isinstance(end, Conflict)] == []
    if engine == "postgres":
        # What PostgreSQL had to break would have ended as well, only a second later.
        assert "deadlock detected" not in log.read_text()[logged:]


async def test_every_step_of_a_crowd_is_there_once(stores):
    await asyncio.gather(
        *(
            stores[n % STORES].apply((Emit(records.event(target=str(n))),) * (n % 3 + 1))
            for n in range(500)
        )
    )
    seen = Counter(event.target for _, event in await stores[0].events(limit=2000))
    assert seen == {str(n): n % 3 + 1 for n in range(500)}


async def test_a_caller_who_goes_away_does_not_disturb_the_others(stores):
    tasks = [
        asyncio.ensure_future(stores[0].apply((Count(f"k{n}", 1, 60, NOW), Emit(records.event()))))
        for n in range(40)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends[::2]} <= {type(None), asyncio.CancelledError}
    assert ends[1::2] == [None] * 20
    await stores[0].apply((Emit(records.event("last")),))
    found = await stores[1].usage(tuple(f"k{n}" for n in range(40)))
    assert {f"k{n}" for n in range(1, 40, 2)} <= set(found)


def test_source_of_the_store_never_trusts_a_row_count():
    # CO-10: a driver may tell rows matched, not rows changed.
    source = TESTS.parent / "src" / "ostiary" / "store"
    texts = [path.read_text(encoding="utf-8") for path in source.rglob("*.py")]
    assert len(texts) > 20
    assert not any("rowcount" in text or "changes()" in text for text in texts)
