"""Declarative configuration: files in, a plan and its execution out.

Everything is rehearsed first, by the very operations that do it later, so that nothing
is written as long as anything is wrong. Then each thing is written by itself, parents
first; what was written stays, and a second run carries on.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TypeVar

import msgspec

from ostiary.admin import prune
from ostiary.admin.actor import Actor, authorize_instance
from ostiary.admin.declaration import Entry, Kind, Misdeclared, collect
from ostiary.admin.declared import Effect, bring_about
from ostiary.admin.document import Document
from ostiary.admin.errors import AdminError, AlreadyExists, Invalid, Problem, nested
from ostiary.admin.rehearsal import Rehearsal
from ostiary.admin.store import Admin
from ostiary.model.administrator import Administrator
from ostiary.model.membership import Membership
from ostiary.model.organization import RoleAssignment
from ostiary.oauth.effects import Unavailable

_PARENTS = {
    Kind.PROJECT: ("organization_id",),
    Kind.SERVICE_ACCOUNT: ("organization_id",),
    Kind.USER: ("organization_id",),
    Kind.MEMBER: ("organization_id",),
    Kind.GROUP: ("organization_id",),
    Kind.PROJECT_GRANT: ("organization_id", "project_id"),
    Kind.INVITATION: ("organization_id",),
    Kind.ROLE: ("organization_id", "project_id"),
    Kind.API: ("organization_id", "project_id"),
    Kind.APPLICATION: ("organization_id", "project_id"),
    Kind.ROLE_ASSIGNMENT: ("organization_id", "project_id"),
    Kind.WEBHOOK: ("organization_id",),
    Kind.ADMINISTRATOR: ("organization_id", "project_id"),
}
# Kinds of things of which none rests on another; the roles of a project are one record.
_INDEPENDENT = frozenset(
    {
        Kind.API,
        Kind.SERVICE_ACCOUNT,
        Kind.APPLICATION,
        Kind.USER,
        Kind.MEMBER,
        Kind.PROJECT_GRANT,
        Kind.ROLE_ASSIGNMENT,
        Kind.ADMINISTRATOR,
    }
)
_AT_ONCE = 32
# Fields of records that change with every change.
_TRACES = frozenset({"version", "created_at", "updated_at", "widened_at"})


class Action(StrEnum):
    """What happens to one thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a plan. `fields` are the names of what changes, never values."""

    action: Action
    kind: str
    key: str
    organization: str = ""
    project: str = ""
    fields: tuple[str, ...] = ()


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that was made; it cannot be read again.

    `client_id` is the id of the client, or of the webhook, that it belongs to.
    """

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Leave the value out of messages and logs."""
        return f"Secret(client_id={self.client_id!r})"


class Outcome(msgspec.Struct, kw_only=True):
    """What a run did, or would do. `applied` is false for a dry run."""

    applied: bool
    changes: list[Change] = msgspec.field(default_factory=list)
    unchanged: int = 0
    secrets: list[Secret] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)


class Interrupted(Exception):
    """A run ended early; what it did until then stays done, and is told of."""

    def __init__(self, error: AdminError | Unavailable, outcome: Outcome) -> None:
        super().__init__(str(error))
        self.error = error
        self.outcome = outcome


class Stopped(AdminError):
    """Somebody stopped the run."""

    code = "interrupted"
    status = 499

    def __init__(self) -> None:
        super().__init__("Interrupted.")


T = TypeVar("T")
Progress = Callable[[int, int], None]


async def apply(  # noqa: PLR0913 - who applies what, and in which way
    admin: Admin,
    actor: Actor,
    documents: Iterable[Document],
    *,
    dry_run: bool = False,
    pruned: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Outcome:
    """Bring about what the files declare; with `pruned`, delete what they declared before.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
        Invalid: everything would be pruned.
        Misdeclared: something in the files cannot be; nothing was written.
        Interrupted: others changed the same things meanwhile, the database went away, or
            the run was cancelled.
    """
    authorize_instance(actor)
    entries = collect(documents)
    if pruned and not entries:
        raise Invalid.at("", "the files declare nothing: that would delete everything")
    plan = await _rehearse(admin, actor, entries, pruned=pruned)
    if dry_run or not plan.changes:
        plan.applied = not dry_run
        plan.secrets = []
        return plan
    outcome = Outcome(applied=True)
    named: set[tuple[str, ...]] = set()
    done = 0
    try:
        for batch in _batches(entries):
            effects, stopped = await _finish(
                asyncio.gather(
                    *(bring_about(admin, actor, entry) for entry in batch), return_exceptions=True
                )
            )
            for entry, effect in zip(batch, effects, strict=True):
                if isinstance(effect, Effect):
                    _note(outcome, entry, effect)
                    named.add(_item(entry, effect).identity)
            _raise_first(effects)
            if stopped:
                raise Stopped
            done += len(batch)
            progress(done, len(entries))
        if pruned:
            await _prune(admin, actor, named, outcome)
    except (AdminError, Unavailable) as error:
        raise Interrupted(error, outcome) from error
    return outcome


async def _finish(batch: asyncio.Future[list[T]]) -> tuple[list[T], bool]:
    """Wait for what has begun, also when told to stop: a secret that was made must be shown."""
    try:
        return await asyncio.shield(batch), False
    except asyncio.CancelledError:
        return await batch, True


def _batches(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """Split entries into those that are written at the same time, to share the waiting."""
    for kind, group in itertools.groupby(entries, key=lambda entry: entry.kind):
        several = tuple(group)
        size = _AT_ONCE if kind in _INDEPENDENT else 1
        for start in range(0, len(several), size):
            yield several[start : start + size]


def _raise_first(results: Iterable[Effect | BaseException]) -> None:
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _rehearse(
    admin: Admin, actor: Actor, entries: tuple[Entry, ...], *, pruned: bool
) -> Outcome:
    """Do everything over a store that writes nowhere, and collect all that is wrong."""
    stage = msgspec.structs.replace(
        admin, store=Rehearsal(admin.store), hash_password=_hash_nothing
    )
    outcome = Outcome(applied=False)
    problems: list[tuple[Document, Problem]] = []
    failed: set[tuple[str, str]] = set()
    named: set[tuple[str, ...]] = set()
    for entry in entries:
        parents = _PARENTS.get(entry.kind, ())
        if any((parent, getattr(entry, parent)) in failed for parent in parents):
            continue
        try:
            effect = await bring_about(stage, actor, entry)
            _note(outcome, entry, effect)
            named.add(_item(entry, effect).identity)
        except AdminError as error:
            problems.extend((entry.document, problem) for problem in _problems(entry, error))
            failed.add((f"{entry.kind}_id", entry.key))
    if problems:
        raise Misdeclared(problems)
    if pruned:
        await _prune(stage, actor, named, outcome)
    return outcome


async def _hash_nothing(_password: bytes) -> str:
    """Stand in for the costly hash in a rehearsal, whose results nobody keeps."""
    return ""


async def _prune(admin: Admin, actor: Actor, named: set[tuple[str, ...]], outcome: Outcome) -> None:
    async for removal in prune.run(admin, actor, named):
        if removal.kept_because is not None:
            outcome.warnings.append(removal.kept_because)
            continue
        item = removal.item
        outcome.changes.append(
            Change(
                action=Action.DELETE,
                kind=item.kind,
                key=item.key,
                organization=item.organization_id,
                project=item.project_id,
            )
        )


def _item(entry: Entry, effect: Effect) -> prune.Item:
    """Return what was brought about, by the id that it has in the store."""
    match effect.after:
        case RoleAssignment(user_id=user_id) | Membership(user_id=user_id):
            key = user_id
        case Administrator(id=administrator_id):
            key = administrator_id
        case _:
            key = entry.key
    return prune.Item(
        kind=entry.kind,
        key=key,
        organization_id=entry.organization_id,
        project_id=entry.project_id,
    )


def _problems(entry: Entry, error: AdminError) -> tuple[Problem, ...]:
    if isinstance(error, Invalid):
        return nested(error.problems, entry.path)
    path = f"{entry.path}.{error.path}" if isinstance(error, AlreadyExists) else entry.path
    return (Problem(path, " ".join(filter(None, (error.message, error.hint)))),)


def _note(outcome: Outcome, entry: Entry, effect: Effect) -> None:
    if effect.secret is not None:
        outcome.secrets.append(Secret(client_id=entry.key, client_secret=effect.secret))
    fields = effect.changed
    if effect.before is not None:
        fields += _changed(effect.before, effect.after)
    if effect.before is not None and not fields:
        outcome.unchanged += 1
        return
    outcome.changes.append(
        Change(
            action=Action.CREATE if effect.before is None else Action.UPDATE,
            kind=entry.kind,
            key=entry.key,
            organization=entry.organization_id if entry.kind is not Kind.ORGANIZATION else "",
            project=entry.project_id if entry.kind is not Kind.PROJECT else "",
            fields=fields,
        )
    )


def _changed(before: msgspec.Struct, after: msgspec.Struct) -> tuple[str, ...]:
    return tuple(
        name
        for name in before.__struct_fields__
        if name not in _TRACES and getattr(before, name) != getattr(after, name)
    )
