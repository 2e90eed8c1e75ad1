"""Random walks through an instance in this process: what opens it, takes steps, and closes it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from support.instance import Browser, Instance, open_instance


class Walk(Protocol):
    """One walk, and what is known to be true in it."""

    browsers: list[Browser]

    async def open(self) -> None:
        """Make the people of this walk, who are nobody else's."""
        ...

    async def take(self, step: Any) -> None:
        """Take a step, and check what must hold after each."""
        ...


@contextmanager
def walking(
    folder: Path,
    begin: Callable[[Instance, int], Walk],
    prepare: Callable[[Instance], Awaitable[None]] | None = None,
) -> Iterator[Callable[[Sequence[Any]], None]]:
    """Give a function that takes a walk's steps, with people and browsers of its own each time.

    The instance is opened once: a walk is told from the others by its number.
    """
    numbers = itertools.count()
    with asyncio.Runner() as runner:
        opened = open_instance(folder)
        instance = runner.run(opened.__aenter__())

        async def take(steps: Sequence[Any]) -> None:
            walk = begin(instance, next(numbers))
            await walk.open()
            for step in steps:
                await walk.take(step)
            for browser in walk.browsers:
                await browser.http.aclose()

        try:
            if prepare is not None:
                runner.run(_run(prepare, instance))
            yield lambda steps: runner.run(take(steps))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _run(prepare: Callable[[Instance], Awaitable[None]], instance: Instance) -> None:
    await prepare(instance)
