"""A server's processes, as the kernel tells of them in /proc (proc(5))."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Member:
    """One process of a tree. `cpu` holds its own seconds and those of children that ended."""

    pid: int
    parent: int
    session: int
    cpu: float
    command: str


def read_member(pid: int) -> Member | None:
    """Read one process, or None where it is gone or dead and unburied."""
    folder = Path("/proc") / str(pid)
    try:
        # The name stands in parentheses and may hold anything; the fields follow the last one.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in {"Z", "X"}:
        return None
    ticks = sum(int(field) for field in fields[11:15])
    return Member(pid, int(fields[1]), int(fields[3]), ticks / _TICK, command)


def members(root: int) -> list[Member]:
    """Return the process `root` and all that came of it, also what outlived its parent.

    `root` has to lead a session of its own: that is how orphans are recognised.
    """
    found = [read_member(int(path.name)) for path in Path("/proc").glob("[0-9]*")]
    alive = {member.pid: member for member in found if member is not None}
    chosen = {pid for pid, member in alive.items() if root in {pid, member.session}}
    while True:
        more = {pid for pid, member in alive.items() if member.parent in chosen} - chosen
        if not more:
            return [alive[pid] for pid in sorted(chosen)]
        chosen |= more


def cpu_seconds(*roots: int) -> float:
    """Return the CPU seconds that these trees have used, ended children included."""
    return sum(member.cpu for root in roots for member in members(root))


def busy_seconds() -> float:
    """Return the seconds in which the cores did anything, for whomever, added up."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = _read_cores()
    return (user + nice + system + irq + softirq) / _TICK


def _read_cores() -> list[int]:
    first = Path("/proc/stat").read_text().partition("\n")[0]
    return [int(field) for field in first.split()[1:]]


@dataclass(frozen=True)
class Memory:
    """What a process holds: `resident` bytes, and its fair share `proportional` of them."""

    resident: int
    proportional: int


def read_memory(pid: int) -> Memory:
    """Read the memory of a process (PSS divides shared pages among those who share them)."""
    lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return Memory(resident=sizes["Rss"], proportional=sizes["Pss"])


def role_of(member: Member) -> str:
    """Tell what a process of `ostiary serve` is there for: `worker`, `jobs` or `supervisor`."""
    if "ostiary.web.server.worker" in member.command:
        return "worker"
    if "ostiary.jobs" in member.command:
        return "jobs"
    return "supervisor" if "ostiary" in member.command else member.command
