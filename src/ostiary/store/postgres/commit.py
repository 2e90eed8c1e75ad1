"""Steps on PostgreSQL: one statement where that is enough, and many events in one."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from asyncpg import DeadlockDetectedError, PostgresError, Record, UniqueViolationError
from msgspec.structs import replace

from ostiary.oauth.effects import Conflict, Unavailable
from ostiary.store.codec import Values, scrub_event
from ostiary.store.plan import Kind, Part, Plan
from ostiary.store.postgres.connection import Link, is_unstorable_text
from ostiary.store.postgres.pool import Pool
from ostiary.store.postgres.statements import (
    INSERT_EVENTS,
    LOCKING,
    REVOKE_GRANTS_OF_SESSION,
    WON,
    statement,
)
from ostiary.store.postgres.watch import Watch
from ostiary.store.tables import TABLES

# Steps of more parts are run part by part: they are rare, and each would be a statement
# of its own to plan and to keep.
_LARGEST_STATEMENT = 24
_DEADLOCKS = 5
_EVENTS_AT_ONCE = 256
_WAITING_LIMIT = 10_000

_TABLES = (*(table.name for table in TABLES), "burnt_values", "counters")
# What is counted may not be there yet, and then cannot be locked before others are cleared.
_COUNTERS = frozenset({Kind.COUNT, Kind.CLEAR})
_RANKS = {name: rank for rank, name in enumerate(_TABLES)}


class _Lost(Exception):
    """A part lost: the transaction is rolled back."""

    def __init__(self, part: Part) -> None:
        self.part = part


class _Append(NamedTuple):
    """Events that wait for their commit."""

    rows: Sequence[Values]
    future: asyncio.Future[None]


class Committer:
    """Applies steps by the writing connections."""

    def __init__(self, writers: Pool, watch: Watch) -> None:
        self._writers = writers
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._appends: list[_Append] = []
        self._appending: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    async def apply(self, step: Plan) -> None:
        """Apply a step, also when the caller goes away meanwhile."""
        if self._closed:
            raise Unavailable("the store is closed")
        if not step.parts:
            await self._append(step.events)
            return
        if len(self._running) >= _WAITING_LIMIT:
            raise Unavailable("PostgreSQL: the server does not keep up")
        task = self._loop.create_task(self._apply(step))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Finish what was begun."""
        self._closed = True
        tasks = {task for task in (*self._running, self._appending) if task is not None}
        if tasks:
            await asyncio.wait(tasks)

    async def _apply(self, step: Plan) -> None:
        try:
            await self._attempt(step)
        except PostgresError as error:
            if not is_unstorable_text(error):
                raise _translate(step, error) from error
            # Nothing was applied. What an event quotes of a request may be any text.
            events = tuple(map(scrub_event, step.events))
            try:
                await self._attempt(replace(step, events=events))
            except PostgresError as again:
                raise _translate(step, again) from again
        except Conflict:
            if step.configuration:
                # Whoever decides again must not do so on what was remembered.
                await self._watch.refresh()
            raise

    async def _attempt(self, step: Plan) -> None:
        """Run a step; again where it was the victim of a deadlock, which undid all of it."""
        one = len(step.parts) <= _LARGEST_STATEMENT and not step.ordered
        if not step.ordered:
            step = replace(step, parts=tuple(sorted(step.parts, key=_order)))
            kinds = {part.form.kind for part in step.parts}
            one = one and not kinds >= _COUNTERS
        for _ in range(_DEADLOCKS):
            try:
                await (self._run(step) if one else self._run_in_order(step))
            except DeadlockDetectedError:
                continue
            except _Lost as lost:
                raise Conflict(lost.part.effect) from None
            return
        raise Unavailable("PostgreSQL: deadlocks")

    async def _run(self, step: Plan) -> None:
        """Run a step as one statement, in a transaction only where it needs one."""
        parts = step.parts
        made = statement(tuple(part.form for part in parts), len(step.events))
        values = [*chain(*(part.values for part in parts)), *chain(*step.events)]
        if made.risky or any(part.form.kind is Kind.REVOKE_SESSION for part in parts):
            async with self._writers.transaction() as link:
                version = _read(await link.fetch(made.sql, *values), parts)
                await _revoke_grants(link, parts)
        else:
            version = _read(await self._writers.fetch(made.sql, values), parts)
        if version is not None:
            self._watch.note(version)

    async def _run_in_order(self, step: Plan) -> None:
        """Run a step part by part, as given."""
        version = None
        async with self._writers.transaction() as link:
            for part in step.parts:
                made = statement((part.form,), 0)
                try:
                    answer = await link.fetch(made.sql, *part.values)
                except UniqueViolationError:
                    raise _Lost(part) from None
                raised = _read(answer, (part,))
                version = version if raised is None else raised
                await _revoke_grants(link, (part,))
            if step.events:
                await link.execute(INSERT_EVENTS, *zip(*step.events, strict=True))
        if version is not None:
            self._watch.note(version)

    async def _append(self, rows: Sequence[Values]) -> None:
        if len(self._appends) >= _WAITING_LIMIT:
            raise Unavailable("PostgreSQL: the server does not keep up")
        future: asyncio.Future[None] = self._loop.create_future()
        self._appends.append(_Append(rows, future))
        if self._appending is None:
            self._appending = self._loop.create_task(self._append_all())
        await future

    async def _append_all(self) -> None:
        """Write the events that wait, as many as there are at once, until none wait."""
        while self._appends:
            group = self._appends[:_EVENTS_AT_ONCE]
            del self._appends[:_EVENTS_AT_ONCE]
            try:
                await self._insert_events(group)
            except PostgresError:
                # One of them cannot be stored, and none was: take them one by one.
                for one in group:
                    await self._append_one(one)
            except Unavailable as error:
                for one in group:
                    _end(one, error)
            else:
                for one in group:
                    _end(one, None)
        self._appending = None

    async def _append_one(self, one: _Append) -> None:
        rows = tuple(map(scrub_event, one.rows))
        try:
            await self._insert_events((_Append(rows, one.future),))
        except PostgresError as error:
            _end(one, ValueError(f"an event cannot be stored: {error}"))
        except Unavailable as error:
            _end(one, error)
        else:
            _end(one, None)

    async def _insert_events(self, group: Sequence[_Append]) -> None:
        rows = chain(*(one.rows for one in group))
        await self._writers.fetch(INSERT_EVENTS, tuple(zip(*rows, strict=True)))


async def _revoke_grants(link: Link, parts: Sequence[Part]) -> None:
    for part in parts:
        if part.form.kind is Kind.REVOKE_SESSION:
            await link.execute(REVOKE_GRANTS_OF_SESSION, *part.values)


def _read(answer: Sequence[Record], parts: Sequence[Part]) -> int | None:
    """Read the answer of a step's statement: the version that it raised, if it did."""
    ((lost, version),) = answer
    if lost != WON:
        raise _Lost(parts[lost])
    return None if version is None else int(version)


def _order(part: Part) -> tuple[int, int, Values]:
    """Put what locks rows into one order for all steps, and before everything else."""
    kind = part.form.kind
    if kind in LOCKING or kind is Kind.COUNT:
        return 0, _RANKS[part.form.table], part.row
    if kind in {Kind.INSERT, Kind.ENQUEUE}:
        return kind, 0, ()
    return kind, _RANKS[part.form.table], part.row


def _translate(step: Plan, error: PostgresError) -> Exception:
    """Return what the caller is told of a statement that was refused because of a value."""
    if isinstance(error, UniqueViolationError):
        for part in step.parts:
            if part.form.table == error.table_name and part.form.columns:
                return Conflict(part.effect)
    return ValueError(f"a value cannot be stored: {error}")


def _end(one: _Append, error: Exception | None) -> None:
    if one.future.done():
        return
    if error is None:
        one.future.set_result(None)
    else:
        one.future.set_exception(error)
