"""Lists that are read to their end, a page at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

PAGE = 100


async def read_pages(
    fetch: Callable[[str, int], Awaitable[Sequence[T]]], key: str = "id"
) -> AsyncIterator[Sequence[T]]:
    """Yield the pages of a list: `fetch` returns what comes behind a `key`, up to so many.

    What was yielded may be deleted before the next page is asked for.
    """
    after = ""
    while page := await fetch(after, PAGE):
        after = getattr(page[-1], key)
        yield page


async def read_all(fetch: Callable[[str, int], Awaitable[Sequence[T]]], key: str = "id") -> list[T]:
    """Return a list as a whole."""
    return [one async for page in read_pages(fetch, key) for one in page]
