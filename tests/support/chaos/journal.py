"""What the clients of a dying server were told, in their own words.

Each acknowledged thing is written before its client goes on, one JSON value a line, so that
after the run the server's database can be held to it.
"""

import json
from pathlib import Path
from typing import Any, Self


class Journal:
    """An append-only file of entries, each with a `kind`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self.count = 0

    def write(self, kind: str, **members: Any) -> None:
        """Append one entry."""
        self._file.write(json.dumps({"kind": kind} | members) + "\n")
        self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def entries(self) -> list[dict[str, Any]]:
        """Read back every entry, in the order in which they were written."""
        with self.path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]
