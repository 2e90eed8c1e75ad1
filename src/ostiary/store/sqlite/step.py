"""What waits in the writer's queue."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from ostiary.store.plan import Plan


class Step:
    """A plan that is committed together with others."""

    __slots__ = ("abandoned", "error", "future", "plan")

    def __init__(self, plan: Plan, future: asyncio.Future[Any]) -> None:
        self.plan = plan
        self.future = future
        self.error: Exception | None = None
        # Nobody waits for it any more.
        self.abandoned = False

    @property
    def result(self) -> None:
        """A step has no result but that it was done."""


class Job:
    """A function that is run in a transaction of its own."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(
        self, work: Callable[[sqlite3.Connection], Any], future: asyncio.Future[Any]
    ) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None
