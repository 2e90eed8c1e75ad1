"""A bar for what takes longer than a second."""

import sys
import time
from typing import Any, Self

_SLOW = 1.0  # seconds until progress is shown


class Progress:
    """A bar on a terminal, once it takes longer than a second."""

    def __init__(self, title: str) -> None:
        """`title` says what takes so long."""
        self._title = title
        self._begun = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        """Begin to wait."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, everything: int) -> None:
        """Show how far it is."""
        if self._bar is None:
            if not sys.stderr.isatty() or time.monotonic() - self._begun < _SLOW:
                return
            # Slow runs on a terminal only.
            from rich import progress  # noqa: PLC0415
            from rich.console import Console  # noqa: PLC0415

            self._bar = progress.Progress(console=Console(stderr=True), transient=True)
            self._bar.add_task(self._title, total=everything)
            self._bar.start()
        self._bar.update(self._bar.tasks[0].id, completed=done)
