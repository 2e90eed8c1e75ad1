"""What the console shows and does, by name: an index of its declarations.

A kind names operations of the API. Everything else about its pages follows from the rows of
that table: who may see it, its filters, its forms, and what is called when one is sent.
"""

from ostiary.web.console.kind import OPERATIONS, Kind
from ostiary.web.console.kinds import KINDS

BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}

OF_OPERATION: dict[str, Kind] = {
    name: kind
    for kind in reversed(KINDS)
    for name in (kind.listing, kind.show, *kind.operations)
    if name
}
"""The kind that an operation belongs to: of several, the first."""

PAGES: dict[str, str] = {
    OPERATIONS[name].path: name for kind in KINDS for name in (kind.listing, kind.show) if name
}
"""The operations that have a page at their own path, below that of the console."""


def parents_of(path: str) -> tuple[str, ...]:
    """Return the paths above one that have pages, nearest first."""
    found = []
    while path := path.rpartition("/")[0]:
        if path in PAGES:
            found.append(path)
    return tuple(found)
