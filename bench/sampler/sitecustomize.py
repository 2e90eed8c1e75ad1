"""Samples where a process spends its CPU time; Python imports this at its start.

It does so only where this folder stands in PYTHONPATH, as `bench.profiling` puts it there for the
server that it looks at. SIGUSR1 begins, SIGUSR2 writes what was seen to a file and ends.

A timer rings for each millisecond of CPU time that the process uses, or for each tick of the
kernel where ticks are longer. The handler runs in the main thread, between two bytecodes: time
in C is found on the Python line that called it, or at the start of the function that follows.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

_INTERVAL = 0.001
_FOLDER = os.environ.get("BENCH_SAMPLES")
# Where threads are when they wait for work: that is not where CPU time went.
_WAITING = frozenset({"wait", "get", "acquire", "select", "accept", "_worker", "join"})


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"


class _Sampler:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own: Counter[str] = Counter()
        self.below: Counter[str] = Counter()
        self.main_seconds = self.other_seconds = 0.0
        self._main = threading.main_thread().ident
        self._spent = (0.0, 0.0)
        signal.signal(signal.SIGUSR1, self._begin)
        signal.signal(signal.SIGUSR2, self._end)
        (folder / f"{os.getpid()}.ready").touch()

    def _begin(self, *_: object) -> None:
        self._spent = (time.thread_time(), time.process_time())
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL, _INTERVAL)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        thread, process = time.thread_time(), time.process_time()
        main = thread - self._spent[0]
        other = process - self._spent[1] - main
        self._spent = (thread, process)
        self.main_seconds += main
        self.other_seconds += other
        self._count(frame, main)
        frames = sys._current_frames()  # noqa: SLF001 (the documented way to see other threads)
        busy = [
            found
            for ident, found in frames.items()
            if ident != self._main and found.f_code.co_name not in _WAITING
        ]
        for found in busy:
            self._count(found, other / len(busy))

    def _count(self, frame: FrameType | None, seconds: float) -> None:
        if frame is None:
            return
        self.own[f"{_place(frame)}:{frame.f_lineno}"] += seconds  # type: ignore[assignment]
        seen = set()
        while frame is not None:
            place = _place(frame)
            if place not in seen:
                seen.add(place)
                self.below[place] += seconds  # type: ignore[assignment]
            frame = frame.f_back

    def _end(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        seen = {
            "command": sys.argv,
            "main_seconds": self.main_seconds,
            "other_seconds": self.other_seconds,
            "own": self.own,
            "below": self.below,
        }
        partial = self.folder / f"{os.getpid()}.partial"
        partial.write_text(json.dumps(seen))
        partial.rename(self.folder / f"{os.getpid()}.json")


if _FOLDER:
    _Sampler(Path(_FOLDER))
