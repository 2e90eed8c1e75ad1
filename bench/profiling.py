"""Where the CPU time of a work goes, by function and line."""

import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from support.tree import read_member, role_of

_SAMPLER = Path(__file__).resolve().parent / "sampler"
_SOURCES = Path(__file__).resolve().parent.parent / "src"
_PATIENCE = 10.0


@dataclass
class Profile:
    """Seconds of CPU time: in a line itself (`own`), and in and below a function (`below`)."""

    main_seconds: float = 0.0
    other_seconds: float = 0.0
    own: Counter[str] = field(default_factory=Counter)
    below: Counter[str] = field(default_factory=Counter)

    def add(self, seen: dict[str, object]) -> None:
        """Add what one process saw."""
        self.main_seconds += seen["main_seconds"]
        self.other_seconds += seen["other_seconds"]
        self.own.update(seen["own"])
        self.below.update(seen["below"])

    def show(self, console: Console, count: int, lines: int) -> None:
        """Print the hottest functions and lines, in microseconds for each time of the work."""
        console.print(
            f"\nloop thread {self.main_seconds / count * 1e6:.1f} µs, other threads "
            f"{self.other_seconds / count * 1e6:.1f} µs for each of {count:,} times"
        )
        for title, counter in (
            ("in and below the function", self.below),
            ("in the line itself, and in C below it", self.own),
        ):
            table = Table(title, "µs each", "share", box=SIMPLE)
            total = self.main_seconds + self.other_seconds
            for place, seconds in counter.most_common(lines):
                each, share = seconds / count * 1e6, seconds / total
                table.add_row(_shorten(place), f"{each:.1f}", f"{share:.1%}")
            console.print(table)


class Sampler:
    """Tells the processes of a server when to look at themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told: list[int] = []

    @property
    def environment(self) -> dict[str, str]:
        """What the server has to be started with."""
        return {"PYTHONPATH": str(_SAMPLER), "BENCH_SAMPLES": str(self.folder)}

    def begin(self) -> None:
        """Begin to sample."""
        self._signal(signal.SIGUSR1)

    def end(self) -> None:
        """Stop sampling."""
        self._told = self._signal(signal.SIGUSR2)

    def read(self) -> Profile:
        """Return what all processes saw together."""
        profile = Profile()
        deadline = time.monotonic() + _PATIENCE
        for pid in self._told:
            written = self.folder / f"{pid}.json"
            while not written.exists() and read_member(pid) is not None:
                if time.monotonic() > deadline:
                    raise SystemExit(f"process {pid} did not tell what it saw")
                time.sleep(0.01)
            if written.exists():
                profile.add(json.loads(written.read_text()))
        return profile

    def _signal(self, number: int) -> list[int]:
        pids = [int(path.stem) for path in self.folder.glob("*.ready")]
        found = [read_member(pid) for pid in pids]
        # The supervisor takes any signal for a request to stop.
        workers = [member.pid for member in found if member and role_of(member) == "worker"]
        for pid in workers:
            os.kill(pid, number)
        return workers


def _shorten(place: str) -> str:
    path, _, rest = place.partition(":")
    for start in (f"{_SOURCES}/", "site-packages/"):
        _, found, after = path.partition(start)
        if found:
            return f"{after}:{rest}"
    return f"{'/'.join(path.split('/')[-2:])}:{rest}"
