"""Measure Ostiary beside what this machine could do at best.

Starts a real server in production mode on one core, with a fresh database and an event
committed durably for each token, loads it over loopback from another core, and prints
what each work costs. `--profile WORK` shows where a work's time goes instead.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop
from rich.console import Console

from bench.load import Unmeasured, Unproven, measure
from bench.machine import Limits, mean, measure_limits
from bench.profiling import Sampler
from bench.report import Footprint, Report
from bench.stage import Stage, set_stage
from bench.works import Unexpected, Work, all_works
from ostiary.identity.passwords import CURRENT
from support.crowd import declaration
from support.engine import Engine, Postgresql, Sqlite
from support.keepalive import Lost, NotSent
from support.tree import members, read_memory, role_of

_SERVER_CORE, _LOAD_CORE = 0, 1
_ENGINES = {"sqlite": Sqlite, "postgresql": Postgresql}
_LIMIT_SECONDS = 1
_WIDTH = 130


def main() -> None:
    """Run what the command line asks for."""
    # The tables are wider than what is assumed of a file or a pipe.
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    works = all_works()
    options = _parse([work.name for work in works])
    chosen = [work for work in works if work.name in (options.work or _names(works))]
    if (os.cpu_count() or 1) <= _LOAD_CORE:
        raise SystemExit("the server and the load need a core each; this machine has one in all")
    # What is started from here on, a database too, shares the server's core.
    os.sched_setaffinity(0, {_SERVER_CORE})
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ostiary-bench-", dir=options.folder) as folder,
            _ENGINES[options.database].start(Path(folder)) as engine,
        ):
            os.sched_setaffinity(0, {_LOAD_CORE})
            if options.profile:
                (work,) = (work for work in works if work.name == options.profile)
                uvloop.run(_profile(console, Path(folder), engine, work, options))
            else:
                report = uvloop.run(_measure(console, Path(folder), engine, chosen, options))
                report.show(console)
                if options.json:
                    report.write_json(options.json)
    except* (Unexpected, Unproven, Unmeasured, Lost, NotSent) as group:
        raise SystemExit(f"bench: {_first(group)}") from None


def _first(group: BaseExceptionGroup) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _names(works: list[Work]) -> list[str]:
    return [work.name for work in works]


def _parse(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--database", choices=list(_ENGINES), default="sqlite")
    parser.add_argument("--work", action="append", choices=names, help="only this; repeatable")
    parser.add_argument("--profile", choices=names, help="show the hottest functions of a work")
    parser.add_argument("--lines", type=int, default=40, help="how many of them")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to measure each work")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    parser.add_argument("--folder", type=Path, help="where the database goes (a real disk)")
    return parser.parse_args()


async def _measure(
    console: Console,
    folder: Path,
    engine: Engine,
    works: list[Work],
    options: argparse.Namespace,
) -> Report:
    report = Report(engine.name, _filesystem(folder), _SERVER_CORE, options.connections)
    with console.status("measuring the machine") as status:
        before = _limits()
        with set_stage(folder, engine, _SERVER_CORE, {}) as stage:
            status.update("starting the server")
            report.first_start = await stage.start()
            stage.server.apply(declaration(device_interval=1))
            stage.server.stop()
            report.cold_start = await stage.start()
            await stage.settle()
            report.idle = _footprints(stage)
            for work in works:
                status.update(f"measuring: {work.title}")
                measured = await measure(stage, work, options.connections, options.seconds)
                report.measurements.append((work, measured))
            report.after = _footprints(stage)
        status.update("measuring the machine again")
        report.limits = mean(before, _limits())
    return report


async def _profile(
    console: Console,
    folder: Path,
    engine: Engine,
    work: Work,
    options: argparse.Namespace,
) -> None:
    sampler = Sampler(folder / "samples")
    sampler.folder.mkdir()
    with set_stage(folder, engine, _SERVER_CORE, sampler.environment) as stage:
        await stage.start()
        stage.server.apply(declaration(device_interval=1))
        await stage.settle()
        measured = await measure(stage, work, options.connections, options.seconds, sampler)
        console.print(f"{work.title}: {measured.per_cpu_second:,.0f} per CPU-second, sampled")
        sampler.read().show(console, measured.count, options.lines)


def _limits() -> Limits:
    cost = (CURRENT.passes, CURRENT.memory, 1)
    return measure_limits(_SERVER_CORE, _LIMIT_SECONDS, cost)


def _footprints(stage: Stage) -> list[Footprint]:
    found = []
    for member in members(stage.root):
        memory = read_memory(member.pid)
        found.append(Footprint(role_of(member), memory.resident, memory.proportional))
    return found


def _filesystem(folder: Path) -> str:
    command = ["stat", "--file-system", "--format=%T", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
