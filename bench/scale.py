"""How long lists take in a large instance: 10,000 organizations, 100,000 users, 1,000,000 events.

    python -m bench.scale [--database sqlite|postgresql] [--users N] [--events N]

Fills a fresh database, and reads every list that administrators see: in the store the first
page, one from the middle and the last one, then every list of the management API over HTTP.
Each must answer within 100 ms. Signs people in before and after. Exits with 1 where a list is
slower.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.doors import Figure, figure, measure_lists, measure_sign_in
from bench.population import (
    NOW,
    Size,
    fill_postgresql,
    fill_sqlite,
    organization_id,
    user_id,
)
from bench.stage import set_stage
from ostiary.clock import SystemClock
from ostiary.model.client import ClientKind
from ostiary.model.user import UserState
from ostiary.store import Store, open_store
from ostiary.store.reads.events import EventFilter
from ostiary.store.reads.users import UserFilter
from support.crowd import declaration
from support.engine import Postgresql, Sqlite
from support.management_server import make_owner

PROMISE = 100.0  # milliseconds
_PAGE = 100
_TIMES = 7
_SERVER_CORE = 0

Read = Callable[[], Awaitable[Any]]
_ENGINES = {"sqlite": Sqlite, "postgresql": Postgresql}


def reads(store: Store, size: Size) -> dict[str, Read]:
    """Return every list that is promised to be quick."""
    large, small = organization_id(0), organization_id(size.organizations // 2)
    middle, last = user_id(size.users // 2), user_id(size.users - 1)
    person = user_id(size.users // 3)

    def users(after: str = "", **wanted: Any) -> Read:
        return lambda: store.search_users(UserFilter(**wanted), after, _PAGE)

    def events(position: int | None = None, types: tuple[str, ...] = (), **wanted: Any) -> Read:
        filters = EventFilter(**wanted)
        return lambda: store.list_events(types, position, _PAGE, filters)

    return {
        "users": users(),
        "users, from the middle": users(middle),
        "users, the last page": users(last),
        "users of the large organization": users(organization_id=large),
        "users of a small one": users(organization_id=small),
        "users who are locked": users(state=UserState.LOCKED),
        "users who are locked, of a small one": users(
            organization_id=small, state=UserState.LOCKED
        ),
        "users who are pending (nobody)": users(state=UserState.PENDING),
        "search: one letter": users(text="a"),
        "search: a common beginning": users(text="an"),
        "search: a whole address": users(text="user-not-there@org"),
        "search: two words": users(text="anbe co"),
        "search: many who are not locked": users(text="a", state=UserState.PENDING),
        "search: in a small organization": users(text="a", organization_id=small),
        "search: domain of everybody": users(text="org-0"),
        "organizations": lambda: store.list_organizations("", _PAGE),
        "organizations, from the middle": lambda: store.list_organizations(small, _PAGE),
        "projects": lambda: store.list_projects(None, "", _PAGE),
        "projects of one organization": lambda: store.list_projects(small, "", _PAGE),
        "applications": lambda: store.list_clients(ClientKind.APPLICATION, None, None, "", _PAGE),
        "applications of one organization": lambda: store.list_clients(
            ClientKind.APPLICATION, small, None, "", _PAGE
        ),
        "service accounts (none)": lambda: store.list_clients(
            ClientKind.SERVICE_ACCOUNT, None, None, "", _PAGE
        ),
        "groups": lambda: store.list_groups(None, "", _PAGE),
        "members of the large group": lambda: store.list_group_members("group-000000", "", _PAGE),
        "members of an organization": lambda: store.list_members(organization_id(1), "", _PAGE),
        "role assignments of the large project": lambda: store.list_role_assignments(
            "project-000000", None, "", _PAGE
        ),
        "roles of a person": lambda: store.role_assignments("project-000000", person),
        "groups of a person": lambda: store.group_keys(large, person),
        "sessions of a person": lambda: store.list_sessions_of_user(person, "", _PAGE),
        "grants of a person": lambda: store.list_grants_of_user(person, "", _PAGE),
        "events, newest": events(),
        "events, from the middle": events(size.events // 2),
        "events of a person": events(user_id=person),
        "events of an application": events(client_id="client-000001"),
        "events of a small organization": events(organization_id=small),
        "events of an organization without any": events(organization_id="nothing"),
        "events of a type": events(types=("auth.login.failure",)),
        "events of a type that never came": events(types=("key.revoked",)),
        "events of a day": events(since=NOW - 86400, before=NOW),
        "events of an hour in the middle": events(
            since=NOW - size.events * 15, before=NOW - size.events * 15 + 3600
        ),
        "events of an hour, of nobody": events(
            since=NOW - size.events * 15,
            before=NOW - size.events * 15 + 3600,
            types=("auth.login.success", "key.revoked"),
            session_id="nothing",
        ),
        "events of a day, long ago": events(since=0, before=NOW - size.events * 29),
        "sign-in: the user of a name": lambda: store.user_by_login_name("nobody@nowhere.test"),
    }


async def measure(store: Store, size: Size) -> list[Figure]:
    """Read every list several times."""
    figures = []
    for name, read in reads(store, size).items():
        times = []
        found: Any = ()
        for _ in range(_TIMES):
            begun = time.perf_counter()
            found = await read()
            times.append(time.perf_counter() - begun)
        figures.append(
            figure(name, times, len(found.users if hasattr(found, "users") else found or ()))
        )
    return figures


async def run(kind: str, size: Size, console: Console) -> bool:
    """Fill a database, measure it, and tell whether every list keeps the promise."""
    with (
        tempfile.TemporaryDirectory(prefix="ostiary-scale-") as folder,
        _ENGINES[kind].start(Path(folder)) as engine,
        set_stage(Path(folder) / "server", engine, _SERVER_CORE, {}) as stage,
        console.status("starting") as status,
    ):
        await stage.start()
        stage.server.apply(declaration())
        tokens = make_owner(stage.server)
        signing_in = [await measure_sign_in(stage, "sign-in with its pages, before")]
        stage.server.stop()
        begun = time.perf_counter()

        def note(table: str) -> None:
            status.update(f"filling: {table}")

        if isinstance(engine, Sqlite):
            await asyncio.to_thread(fill_sqlite, engine.path, size, note)
        else:
            await fill_postgresql(engine.url, size, note)
        filled = time.perf_counter() - begun
        status.update("measuring the store")
        async with await open_store(engine.url, SystemClock()) as store:
            figures = await measure(store, size)
        status.update("measuring the API")
        await stage.start()
        figures += await measure_lists(stage, tokens, size)
        signing_in.append(await measure_sign_in(stage, "sign-in with its pages, now"))
    table = Table(box=SIMPLE, title=f"{kind}, filled in {filled:.0f} s")
    for column, side in (("list", "left"), ("rows", "right"), ("median ms", "right")):
        table.add_column(column, justify=side)
    table.add_column("worst ms", justify="right")
    table.add_column("")
    for one in (*figures, *signing_in):
        slow = "[red]slow[/red]" if one.median > PROMISE else ""
        table.add_row(one.name, str(one.found), f"{one.median:.1f}", f"{one.worst:.1f}", slow)
    console.print(table)
    return all(one.median <= PROMISE for one in figures)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser("python -m bench.scale", description=__doc__)
    parser.add_argument("--database", choices=list(_ENGINES), action="append")
    parser.add_argument("--organizations", type=int, default=Size().organizations)
    parser.add_argument("--users", type=int, default=Size().users)
    parser.add_argument("--events", type=int, default=Size().events)
    options = parser.parse_args()
    size = Size(organizations=options.organizations, users=options.users, events=options.events)
    console = Console() if sys.stdout.isatty() else Console(width=110)
    kinds = options.database or list(_ENGINES)
    good = [asyncio.run(run(kind, size, console)) for kind in kinds]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
