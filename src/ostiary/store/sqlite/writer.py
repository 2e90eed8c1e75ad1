"""The one thread that writes: all steps that wait share a transaction, and so one fsync."""

import asyncio
import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, TypeVar

from ostiary.oauth.effects import Unavailable
from ostiary.store.plan import Plan
from ostiary.store.sqlite.commit import Committer
from ostiary.store.sqlite.step import Job, Step
from ostiary.store.sqlite.turn import Turn

T = TypeVar("T")

_log = logging.getLogger(__name__)

_GROUP_LIMIT = 256  # steps in one transaction, which is to end within 50 ms
_COLLECT_STEPS = 64  # steps that are not made to wait for more
_COLLECT_LIMIT = 0.008  # seconds for which they are: as long as 16 RSA signatures take
_QUEUE_LIMIT = 10_000  # steps that wait
_PATIENCE = 5.0  # seconds after which a step that waits is given up
_WATCH_EVERY = 1.0

_EXIT_IO_ERROR = 74  # EX_IOERR of sysexits.h


def end_at_once(reason: str) -> None:
    """End this process without running anything else: what it would do may be wrong."""
    _log.critical("%s; ending this process, so that recovery reads what the disk has", reason)
    logging.shutdown()
    os._exit(_EXIT_IO_ERROR)


class Writer:
    """Queues steps on the event loop, and commits them in groups in a thread of its own."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        turn: Turn,
        *,
        fatal: Callable[[str], None] = end_at_once,
    ) -> None:
        """`fatal` is called in the writer's thread after a failed fsync, and must not return."""
        self._committer = Committer(connection, turn, fatal)
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[list[Step | Job] | None] = SimpleQueue()
        # Steps that are to reach the thread together, and how many there were a turn of the
        # event loop ago.
        self._fresh: list[Step | Job] = []
        self._seen = 0
        self._collect_until = 0.0
        # What the thread has, oldest first, with the time at which it got it.
        self._begun: deque[tuple[float, list[Step | Job]]] = deque()
        self._waiting = 0
        self._stalled = False
        self._watch: asyncio.TimerHandle | None = None
        self._closed = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="ostiary-writer", daemon=True)
        self._thread.start()

    def submit(self, plan: Plan) -> asyncio.Future[None]:
        """Queue a step. The future ends when it is on the disk, or with why it is not.

        Raises:
            Unavailable: the disk does not keep up, or the store is closed.
        """
        if self._stalled or self._waiting >= _QUEUE_LIMIT:
            raise Unavailable("SQLite: the disk does not keep up")
        return self._add(Step(plan, self._loop.create_future()))

    def run(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run a function in a transaction of its own; the future ends with its result.

        Raises:
            Unavailable: the store is closed.
        """
        return self._add(Job(work, self._loop.create_future()))

    async def close(self) -> None:
        """Commit what waits, and end the thread.

        Raises:
            Unavailable: the disk does not answer.
        """
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        try:
            async with asyncio.timeout(2 * _PATIENCE):
                await asyncio.shield(self._ended)
        except TimeoutError:
            raise Unavailable("SQLite: the disk does not answer") from None
        finally:
            if self._watch is not None:
                self._watch.cancel()

    def _add(self, step: Step | Job) -> asyncio.Future[Any]:
        if self._closed:
            raise Unavailable("the store is closed")
        self._fresh.append(step)
        self._waiting += 1
        if len(self._fresh) == 1 and not self._begun:
            self._begin_to_collect()
        return step.future

    def _begin_to_collect(self) -> None:
        self._seen = 0
        self._collect_until = self._loop.time() + _COLLECT_LIMIT
        self._loop.call_soon(self._collect)

    def _collect(self) -> None:
        """Let the loop go on as long as it makes more steps, and then hand over all of them.

        A commit costs as much as ten steps do, so that a busy loop gains by waiting. A
        loop that has nothing else to do hands over at its next turn.
        """
        count = len(self._fresh)
        if self._seen < count < _COLLECT_STEPS and self._loop.time() < self._collect_until:
            self._seen = count
            self._loop.call_soon(self._collect)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        if not self._fresh:
            return
        steps, self._fresh = self._fresh, []
        self._begun.append((self._loop.time(), steps))
        self._queue.put(steps)
        if self._watch is None:
            self._watch = self._loop.call_later(_WATCH_EVERY, self._give_up_on_old)

    def _give_up_on_old(self) -> None:
        self._watch = None
        oldest = self._loop.time() - _PATIENCE
        for begun, steps in self._begun:
            if begun > oldest:
                break
            self._stalled = True
            _abandon(steps)
        if self._stalled:
            _abandon(self._fresh)
        if self._begun:
            self._watch = self._loop.call_later(_WATCH_EVERY, self._give_up_on_old)

    def _resolve(self, count: int) -> None:
        self._stalled = False
        for _ in range(count):
            _, steps = self._begun.popleft()
            self._waiting -= len(steps)
            for step in steps:
                future = step.future
                if future.done():  # cancelled, or given up
                    continue
                if step.error is None:
                    future.set_result(step.result)
                else:
                    future.set_exception(step.error)
        if self._fresh and not self._begun:
            self._begin_to_collect()

    def _run(self) -> None:
        """Commit what comes until the store is closed. Runs in the thread."""
        queue = self._queue
        while (steps := queue.get()) is not None:
            count = 1
            stop = False
            while len(steps) < _GROUP_LIMIT and not queue.empty():
                more = queue.get()
                if more is None:
                    stop = True
                    break
                steps = steps + more
                count += 1
            self._committer.commit(steps)
            self._tell(self._resolve, count)
            if stop:
                break
        self._committer.close()
        self._tell(self._end)

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def _tell(self, callback: Callable[..., None], *values: int) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *values)
        except RuntimeError:
            _log.warning("the event loop ended before the store was closed")


def _abandon(steps: Iterable[Step | Job]) -> None:
    """Tell the callers of steps that they may not be done. A job may take its time."""
    for step in steps:
        if isinstance(step, Step) and not step.future.done():
            step.abandoned = True
            step.future.set_exception(Unavailable("SQLite: the disk does not answer"))
