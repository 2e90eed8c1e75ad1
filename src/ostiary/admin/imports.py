"""Bringing people over from elsewhere: many at a time, each by itself.

Whoever is there already under the same name in the same organization is left as they are,
so that a run that was interrupted can be repeated; their password never changes.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum

import msgspec
from msgspec import UNSET

from ostiary.admin import organizations, users
from ostiary.admin.actor import Actor, Area
from ostiary.admin.errors import AdminError, AlreadyExists, Invalid
from ostiary.admin.import_formats import ImportFields, Row
from ostiary.admin.rehearsal import Rehearsal
from ostiary.admin.store import Admin
from ostiary.admin.user_fields import UserFields
from ostiary.identity.users import canonical_name
from ostiary.model.user import User

# Users that are written at the same time, to share the waiting for the disk.
_AT_ONCE = 100


class Outcome(StrEnum):
    """What became of one row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row: what became of it, and why it could not be."""

    number: int
    outcome: Outcome
    username: str = ""
    user_id: str | None = None
    problems: tuple[str, ...] = ()


async def import_users(  # noqa: PLR0913 - who imports what, where to, and in which way
    admin: Admin,
    actor: Actor,
    organization_id: str,
    rows: Iterable[Row],
    *,
    dry_run: bool = False,
    update: bool = False,
) -> AsyncIterator[Result]:
    """Make the users of a file, and tell of each row in order.

    With `update`, what the file says of users who are there already replaces what they
    have; else they stay as they are.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Unavailable: the database went away; what was written stays.
    """
    await organizations.require(admin, actor, organization_id, Area.USER)
    stage = admin
    if dry_run:
        stage = msgspec.structs.replace(
            admin, store=Rehearsal(admin.store), hash_password=_hash_nothing
        )
    for batch in _batches(rows):
        works = (_import(stage, actor, organization_id, row, update=update) for row in batch)
        for result in await asyncio.gather(*works):
            yield result


async def _hash_nothing(_password: bytes) -> str:
    return ""


def _batches(rows: Iterable[Row]) -> Iterable[tuple[Row, ...]]:
    iterator = iter(rows)
    while batch := tuple(itertools.islice(iterator, _AT_ONCE)):
        yield batch


async def _import(
    admin: Admin, actor: Actor, organization_id: str, row: Row, *, update: bool
) -> Result:
    if row.fields is None:
        return _failed(row, map(str, row.problems))
    try:
        outcome, user = await _bring(admin, actor, organization_id, row.fields, update=update)
    except Invalid as error:
        return _failed(row, map(str, error.problems))
    except AdminError as error:
        return _failed(row, (" ".join(filter(None, (error.message, error.hint))),))
    return Result(number=row.number, outcome=outcome, username=user.username, user_id=user.id)


async def _bring(
    admin: Admin, actor: Actor, organization_id: str, fields: ImportFields, *, update: bool
) -> tuple[Outcome, User]:
    user_id = None if fields.id is UNSET else fields.id
    name = canonical_name(fields.username or "")
    present = await admin.store.read_user_by_login_name(name)
    if present is None:
        request = _narrow(fields)
        made = await users.create(admin, actor, organization_id, request, user_id)
        return Outcome.CREATED, made
    same = canonical_name(present.username) == name and user_id in {None, present.id}
    if not same or present.organization_id != organization_id:
        raise AlreadyExists("user name", fields.username or "", path="username")
    if not update:
        return Outcome.UNCHANGED, present
    request = msgspec.structs.replace(_narrow(fields), password=UNSET)
    changed = await users.update(admin, actor, present.id, request)
    return (Outcome.UNCHANGED if changed.version == present.version else Outcome.UPDATED), changed


def _narrow(fields: ImportFields) -> UserFields:
    return UserFields(**{name: getattr(fields, name) for name in UserFields.__struct_fields__})


def _failed(row: Row, problems: Iterable[str]) -> Result:
    return Result(
        number=row.number, outcome=Outcome.FAILED, username=row.name, problems=tuple(problems)
    )
