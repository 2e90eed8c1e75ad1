"""What waits in the writer's queue."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.store.plan import Plan


class Step(msgspec.Struct):
    """A plan that is committed together with others."""

    plan: Plan
    future: asyncio.Future[Any]
    error: Exception | None = None
    # Nobody waits for it any more.
    abandoned: bool = False

    @property
    def result(self) -> None:
        """A step has no result but that it was done."""


class Job(msgspec.Struct):
    """A function that is run in a transaction of its own."""

    work: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None
