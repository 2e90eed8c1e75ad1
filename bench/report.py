"""What was measured, beside the limits and the targets: as a table and as JSON."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.load import Measurement
from bench.machine import Limits
from bench.works import Work

_MEBIBYTE = 1 << 20
_FIGURES = (
    "per s",
    "per CPU-s",
    "at best",
    "µs each",
    "in database",
    "limit",
    "of limit",
    "target",
    "",
)
# The work's own limit per CPU-second of one core: what it signs or hashes at the least.
_LIMITED_BY = {
    "client-credentials-rs256": "RS256",
    "client-credentials-es256": "ES256",
    "refresh": "RS256",
    "code-flow": "RS256",
    "sign-in": "Argon2id",
}


@dataclass(frozen=True)
class Target:
    """A floor: `rate` per CPU-second, or `ratio` of the limit."""

    rate: float | None = None
    ratio: float | None = None

    def met(self, rate: float, limit: float | None) -> bool:
        """Tell whether a rate reaches the target."""
        if self.rate is not None:
            return rate >= self.rate
        return limit is not None and self.ratio is not None and rate / limit >= self.ratio

    def __str__(self) -> str:
        """Write the target as it stands in the table."""
        if self.rate is not None:
            return f"≥ {self.rate:,.0f}"
        return f"≥ {self.ratio:.0%}"


_TARGETS = {
    "sqlite": {
        "client-credentials-rs256": Target(ratio=0.60),
        "client-credentials-es256": Target(rate=8_000),
        "introspection": Target(rate=5_000),
        "device-polling": Target(rate=5_000),
        "client-credentials-opaque": Target(rate=10_000),
        "refresh": Target(rate=2_400),
        "code-flow": Target(rate=1_200),
        "sign-in": Target(ratio=0.90),
    },
    "postgresql": {
        "client-credentials-rs256": Target(ratio=0.58),
        "client-credentials-es256": Target(rate=6_000),
        "client-credentials-opaque": Target(rate=6_000),
        "refresh": Target(rate=1_800),
        "code-flow": Target(rate=700),
        "sign-in": Target(ratio=0.90),
    },
}
_MOST_MEMORY = 90 * _MEBIBYTE
_LONGEST_START = 1.0
# From here on decimals say nothing.
_MANY = 100
# Share of the cores that other programs may take before the figures mean less.
_QUIET = 0.05


@dataclass(frozen=True)
class Footprint:
    """What one of the server's processes holds, in bytes."""

    role: str
    resident: int
    proportional: int


@dataclass
class Report:
    """All figures of one run."""

    database: str
    filesystem: str
    core: int
    connections: int
    limits: Limits | None = None
    measurements: list[tuple[Work, Measurement]] = field(default_factory=list)
    # Seconds from exec to the first answer: on an empty database, and on one that is there.
    first_start: float = 0.0
    cold_start: float = 0.0
    idle: list[Footprint] = field(default_factory=list)
    after: list[Footprint] = field(default_factory=list)

    def limit_of(self, work: Work) -> tuple[str, float] | None:
        """Return what bounds a work on this machine, per CPU-second."""
        name = _LIMITED_BY.get(work.name)
        if name is None or self.limits is None:
            return None
        return name, self.limits.hashes if name == "Argon2id" else self.limits.signatures[name]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values."""
        assert self.limits is not None
        return {
            "machine": {
                "cpu": _cpu_model(),
                "cores": os.cpu_count(),
                "kernel": platform.release(),
                "python": platform.python_version(),
                "filesystem": self.filesystem,
            },
            "database": self.database,
            "connections": self.connections,
            "limits_per_cpu_second": {**self.limits.signatures, "Argon2id": self.limits.hashes},
            "works": [self._work(work, measured) for work, measured in self.measurements],
            "start_seconds": {
                "empty_database": self.first_start,
                "existing_database": self.cold_start,
                "target": _LONGEST_START,
                "met": self.cold_start <= _LONGEST_START,
            },
            "memory_bytes": {
                "idle": [vars(footprint) for footprint in self.idle],
                "after_load": [vars(footprint) for footprint in self.after],
                "target": _MOST_MEMORY,
                "met": _total(self.idle) <= _MOST_MEMORY,
            },
        }

    def _work(self, work: Work, measured: Measurement) -> dict[str, Any]:
        limit = self.limit_of(work)
        rate = measured.per_cpu_second
        target = _TARGETS[self.database].get(work.name)
        return {
            "name": work.name,
            "count": measured.count,
            "seconds": measured.seconds,
            "server_cpu_seconds": measured.server_cpu,
            "database_cpu_seconds": measured.database_cpu,
            "load_cpu_seconds": measured.load_cpu,
            "foreign_share_of_cores": measured.foreign,
            "per_second": measured.per_second,
            "per_cpu_second": rate,
            "per_cpu_second_at_best": measured.best,
            "limited_by": limit and limit[0],
            "ratio_of_limit": limit and rate / limit[1],
            "target": target and vars(target),
            "met": target and target.met(rate, limit and limit[1]),
            "events": measured.events,
        }

    def write_json(self, path: Path) -> None:
        """Write all figures to a file."""
        path.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """Print the tables."""
        assert self.limits is not None
        console.print(
            f"\n{_cpu_model()}, Python {platform.python_version()}, {self.database} on "
            f"{self.filesystem}; server pinned to core {self.core}, {self.connections} connections"
        )
        rates = [f"{alg} {rate:,.0f}" for alg, rate in self.limits.signatures.items()]
        rates.append(f"Argon2id {self.limits.hashes:.1f}")
        console.print("one core's own limit per CPU-second: " + ", ".join(rates) + "\n")
        console.print(self._works_table())
        console.print(self._costs_table())
        foreign = sum(measured.foreign for _, measured in self.measurements)
        if foreign > _QUIET * len(self.measurements):
            share = foreign / len(self.measurements)
            console.print(
                f"[yellow]other programs took {share:.0%} of the cores meanwhile: on a quiet "
                "machine the same work costs less[/yellow]"
            )
        durable = sum(sum(measured.events.values()) for _, measured in self.measurements)
        console.print(f"{durable:,} durable events counted in the database: one for each answer")

    def _works_table(self) -> Table:
        table = Table("work", *_FIGURES, box=SIMPLE)
        for column in table.columns[1:]:
            column.justify = "right"
        for work, measured in self.measurements:
            rate, limit = measured.per_cpu_second, self.limit_of(work)
            target = _TARGETS[self.database].get(work.name)
            met = target is not None and target.met(rate, limit and limit[1])
            in_database = measured.database_cpu / measured.count * 1e6
            table.add_row(
                work.title,
                f"{measured.per_second:,.0f}",
                _round(rate),
                _round(measured.best),
                f"{1e6 / rate:,.0f}",
                f"{in_database:,.0f}" if in_database else "",
                limit[0] if limit else "",
                f"{rate / limit[1]:.0%}" if limit else "",
                str(target) if target else "",
                _mark(met) if target else "",
            )
        return table

    def _costs_table(self) -> Table:
        table = Table("cost", "measured", "target", "", box=SIMPLE)
        for column in table.columns[1:]:
            column.justify = "right"
        start = _mark(self.cold_start <= _LONGEST_START)
        table.add_row("start to first answer", f"{self.cold_start:.2f} s", "≤ 1 s", start)
        table.add_row("  the first one, with migrations and keys", f"{self.first_start:.2f} s")
        total = _total(self.idle)
        held, fits = f"{total / _MEBIBYTE:.1f} MiB", _mark(total <= _MOST_MEMORY)
        table.add_row("idle memory, all processes (PSS)", held, "≤ 90 MiB", fits)
        for footprint in self.idle:
            share, resident = footprint.proportional, footprint.resident
            held = f"{share / _MEBIBYTE:.1f} MiB"
            table.add_row(f"  {footprint.role} (RSS {resident / _MEBIBYTE:.1f} MiB)", held)
        table.add_row("memory after the load (PSS)", f"{_total(self.after) / _MEBIBYTE:.1f} MiB")
        return table


def _round(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= _MANY else f"{rate:.1f}"


def _mark(met: bool) -> str:
    return "[green]met[/green]" if met else "[red]missed[/red]"


def _total(footprints: list[Footprint]) -> int:
    return sum(footprint.proportional for footprint in footprints)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
