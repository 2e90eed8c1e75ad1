"""A large instance to measure: organizations, people and events, made in bulk past the server.

Rows are those that the store writes, in a realistic shape: one organization is large, the
others are small, and events are spread over people and time.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from ostiary.identity.users import login_names
from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.grant import Grant
from ostiary.model.membership import Group, GroupMember, Membership
from ostiary.model.organization import Organization, Project, Role, RoleAssignment
from ostiary.model.record import Record
from ostiary.model.session import Proof, ProofKind, Session
from ostiary.model.user import Profile, User, UserState
from ostiary.store.codec import EVENT_COLUMNS, codec_of, encode_event

NOW = 1_800_000_000
_DAY = 86400
_BATCH = 5_000
_SYLLABLES = ("an", "be", "co", "da", "el", "fi", "go", "hu", "is", "jo", "ka", "lu", "mi", "no")
_TYPES = (
    *("token.issued", "token.refreshed", "code.issued", "code.redeemed"),
    *("auth.login.success", "auth.login.failure", "account.updated", "session.revoked"),
)


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is of everything."""

    organizations: int = 10_000
    users: int = 100_000
    events: int = 1_000_000

    @property
    def in_largest(self) -> int:
        """How many of the users are in one organization."""
        return self.users // 2


def organization_id(number: int) -> str:
    """Return the id of an organization; the first is the large one."""
    return f"org-{number:06}"


def user_id(number: int) -> str:
    """Return the id of a user; the first half is in the large organization."""
    return f"user-{number:08}"


def home_of(size: Size, number: int) -> str:
    """Return the organization of a user."""
    if number < size.in_largest:
        return organization_id(0)
    return organization_id(1 + number % max(size.organizations - 1, 1))


def _spread(number: int, salt: int) -> int:
    """Return a number that is spread over 32 bits, and the same each time."""
    return (number + 1) * (2_654_435_761 + 2 * salt) % 2**32


def _word(number: int, salt: int) -> str:
    value = _spread(number, salt) >> 8
    size = len(_SYLLABLES)
    syllables = (_SYLLABLES[value // size**n % size] for n in range(3))
    return "".join(syllables).capitalize()


def _users(size: Size) -> Iterator[User]:
    states = [UserState.ACTIVE] * 98 + [UserState.LOCKED, UserState.DEACTIVATED]
    for number in range(size.users):
        given, family = _word(number, 1), _word(number, 2)
        yield User(
            id=user_id(number),
            organization_id=home_of(size, number),
            username=f"{given}.{family}.{number}".lower(),
            state=states[number % len(states)],
            email=f"{given}.{family}.{number}@{home_of(size, number)}.test".lower(),
            email_verified=True,
            profile=Profile(given_name=given, family_name=family),
            metadata={"number": str(number)},
            created_at=NOW - number,
            updated_at=NOW - number,
        )


def _organizations(size: Size) -> Iterator[Record]:
    for number in range(size.organizations):
        yield Organization(
            id=organization_id(number), name=f"Organization {number}", created_at=NOW
        )


def _projects(size: Size) -> Iterator[Record]:
    for number in range(size.organizations):
        yield Project(
            id=f"project-{number:06}",
            organization_id=organization_id(number),
            name="Shop",
            roles=(Role(key="buyer"), Role(key="clerk")),
        )


def _clients(size: Size) -> Iterator[Record]:
    for number in range(size.organizations):
        yield Client(
            client_id=f"client-{number:06}",
            organization_id=organization_id(number),
            project_id=f"project-{number:06}",
            client_name="Shop",
            redirect_uris=(f"https://shop-{number}.test/cb",),
        )


def _assignments(size: Size) -> Iterator[Record]:
    for number in range(size.users):
        place = home_of(size, number).removeprefix("org-")
        yield RoleAssignment(
            id=f"assignment-{number:08}",
            organization_id=home_of(size, number),
            project_id=f"project-{place}",
            user_id=user_id(number),
            roles=("buyer",),
        )


def _groups(size: Size) -> Iterator[Record]:
    for number in range(size.organizations):
        yield Group(id=f"group-{number:06}", organization_id=organization_id(number), key="staff")


def _members(size: Size) -> Iterator[Record]:
    for number in range(size.users):
        place = home_of(size, number).removeprefix("org-")
        yield GroupMember(group_id=f"group-{place}", user_id=user_id(number))


def _memberships(size: Size) -> Iterator[Record]:
    # Everybody of the large organization belongs to the second one as well.
    for number in range(size.in_largest):
        yield Membership(organization_id=organization_id(1), user_id=user_id(number))


def _sessions(size: Size) -> Iterator[Record]:
    for number in range(0, size.users, 5):
        yield Session(
            id=f"session-{number:08}",
            browser_id=f"browser-{number:08}",
            user_id=user_id(number),
            organization_id=home_of(size, number),
            proofs=(Proof(kind=ProofKind.PASSWORD, at=NOW),),
            created_at=NOW,
            last_seen_at=NOW,
            idle_expires_at=NOW + _DAY,
            expires_at=NOW + _DAY,
        )


def _grants(size: Size) -> Iterator[Record]:
    for number in range(0, size.users, 5):
        yield Grant(
            id=f"grant-{number:08}",
            client_id=f"client-{home_of(size, number).removeprefix('org-')}",
            user_id=user_id(number),
            organization_id=home_of(size, number),
            session_id=f"session-{number:08}",
            sid="sid",
            scopes=("openid",),
            auth_time=NOW,
            acr="urn:ostiary:acr:1fa",
            amr=("pwd",),
            created_at=NOW,
            expires_at=NOW + 30 * _DAY,
        )


def _events(size: Size) -> Iterator[tuple[Any, ...]]:
    for number in range(size.events):
        who = _spread(number, 3) % size.users
        place = home_of(size, who)
        yield encode_event(
            Event(
                type=_TYPES[number % len(_TYPES)],
                at=NOW - (size.events - number) * 30,
                actor_type="user",
                actor_id=user_id(who),
                user_id=user_id(who),
                client_id=f"client-{place.removeprefix('org-')}",
                organization_id=place,
                ip="192.0.2.1",
                user_agent="Firefox",
                trace_id=f"trace-{number}",
            )
        )


Rows = Iterable[tuple[Any, ...]]
Write = Callable[[str, tuple[str, ...], Rows], None]


def tables(size: Size) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    """Return every table with its columns and rows, parents first."""
    people = list(_users(size))
    yield from (
        _table(_organizations(size), Organization),
        _table(_projects(size), Project),
        _table(_clients(size), Client),
        _table(people, User),
    )
    names = codec_of(type(login_names(people[0])[0]))
    yield (
        "login_names",
        names.columns,
        (names.encode(name) for user in people for name in login_names(user)),
    )
    yield from (
        _table(_assignments(size), RoleAssignment),
        _table(_groups(size), Group),
        _table(_members(size), GroupMember),
        _table(_memberships(size), Membership),
        _table(_sessions(size), Session),
        _table(_grants(size), Grant),
    )
    yield "events", EVENT_COLUMNS, _events(size)


def _table(records: Iterable[Record], kind: type[Record]) -> tuple[str, tuple[str, ...], Rows]:
    codec = codec_of(kind)
    return codec.table.name, codec.columns, map(codec.encode, records)


def fill_sqlite(path: Path, size: Size, note: Callable[[str], None]) -> None:
    """Fill a migrated SQLite file that nobody else has open."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        for name, columns, rows in tables(size):
            note(name)
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"
            for batch in _batches(rows):
                database.execute("BEGIN")
                database.executemany(statement, batch)
                database.execute("COMMIT")


async def fill_postgresql(url: str, size: Size, note: Callable[[str], None]) -> None:
    """Fill a migrated database of PostgreSQL, and let it settle and learn what is in it."""
    connection = await asyncpg.connect(url)
    try:
        for name, columns, rows in tables(size):
            note(name)
            for batch in _batches(rows):
                await connection.copy_records_to_table(name, records=batch, columns=list(columns))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _batches(rows: Rows) -> Iterator[list[tuple[Any, ...]]]:
    iterator = iter(rows)
    while batch := [row for _, row in zip(range(_BATCH), iterator, strict=False)]:
        yield batch
