"""Deleting what files declared once and declare no more.

Only what declarative configuration made is ever deleted, children first. Users are never;
and what still holds something that was made in another way stays.
"""

from collections.abc import AsyncIterator, Container
from functools import partial
from typing import Any

import msgspec

from ostiary.admin import (
    administrators,
    apis,
    clients,
    groups,
    memberships,
    organizations,
    project_grants,
    projects,
    role_assignments,
    roles,
    webhooks,
)
from ostiary.admin.actor import Actor
from ostiary.admin.declaration import Kind, scope_of
from ostiary.admin.errors import InUse
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_all
from ostiary.model.client import ClientKind

# Children before those that they are in.
_ORDER = (
    Kind.WEBHOOK,
    Kind.ADMINISTRATOR,
    Kind.ROLE_ASSIGNMENT,
    Kind.PROJECT_GRANT,
    Kind.GROUP,
    Kind.MEMBER,
    Kind.APPLICATION,
    Kind.SERVICE_ACCOUNT,
    Kind.API,
    Kind.ROLE,
    Kind.PROJECT,
    Kind.ORGANIZATION,
)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was declared: `key` is what people call it by."""

    kind: Kind
    key: str
    organization_id: str = ""
    project_id: str = ""
    # What the store knows it by, where people know it by another name.
    id: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from everything else; for some it is what they belong to."""
        return (self.kind, *scope_of(self.kind, self.organization_id, self.project_id), self.key)


class Removal(msgspec.Struct, frozen=True):
    """Something that was deleted, or the reason why it was not."""

    item: Item
    kept_because: str | None = None


async def run(
    admin: Admin, actor: Actor, named: Container[tuple[str, ...]]
) -> AsyncIterator[Removal]:
    """Delete what was declared before and is not among the named identities."""
    for kind in _ORDER:
        for item in await _list_declared(admin, kind):
            if item.identity in named:
                continue
            try:
                await _delete(admin, actor, item)
            except InUse as error:
                yield Removal(item, f"{error.message} It is no longer declared, but stays.")
            else:
                yield Removal(item)


async def _list_declared(admin: Admin, kind: Kind) -> list[Item]:  # noqa: C901 - one branch a kind of thing
    store = admin.store
    records: list[Any]
    match kind:
        case Kind.ADMINISTRATOR:
            records = await read_all(partial(store.list_administrators, None, None))
        case Kind.ROLE_ASSIGNMENT:
            records = await read_all(partial(store.list_role_assignments, None, None))
        case Kind.PROJECT_GRANT:
            records = await read_all(partial(store.list_project_grants, None, None, None))
        case Kind.GROUP:
            records = await read_all(partial(store.list_groups, None))
        case Kind.MEMBER:
            records = await _all_members(admin)
        case Kind.APPLICATION:
            records = await _all_clients(admin, ClientKind.APPLICATION)
        case Kind.SERVICE_ACCOUNT:
            records = await _all_clients(admin, ClientKind.SERVICE_ACCOUNT)
        case Kind.API:
            records = await read_all(partial(store.list_apis, None, None))
        case Kind.WEBHOOK:
            records = await read_all(partial(store.list_webhooks, None))
        case Kind.ORGANIZATION:
            records = await read_all(store.list_organizations)
        case _:
            records = await read_all(partial(store.list_projects, None))
    if kind is Kind.ROLE:
        return [
            Item(
                kind=kind,
                key=role.key,
                organization_id=project.organization_id,
                project_id=project.id,
            )
            for project in records
            for role in project.roles
            if role.declared
        ]
    return [_describe(kind, record) for record in records if record.declared]


def _describe(kind: Kind, record: Any) -> Item:
    match kind:
        case Kind.ROLE_ASSIGNMENT | Kind.MEMBER:
            key = record.user_id
        case Kind.PROJECT_GRANT:
            key = record.granted_organization_id
        case Kind.GROUP:
            key = record.key
        case Kind.APPLICATION | Kind.SERVICE_ACCOUNT:
            key = record.client_id
        case _:
            key = record.id
    return Item(
        kind=kind,
        key=key,
        organization_id=getattr(record, "organization_id", None) or "",
        project_id=getattr(record, "project_id", None) or "",
        id=getattr(record, "id", ""),
    )


async def _all_clients(admin: Admin, kind: ClientKind) -> list[Any]:
    return await read_all(partial(admin.store.list_clients, kind, None, None), "client_id")


async def _all_members(admin: Admin) -> list[Any]:
    found: list[Any] = []
    for organization in await read_all(admin.store.list_organizations):
        found += await read_all(partial(admin.store.list_members, organization.id), "user_id")
    return found


async def _delete(admin: Admin, actor: Actor, item: Item) -> None:  # noqa: C901 - one branch a kind of thing
    match item.kind:
        case Kind.ADMINISTRATOR:
            await administrators.revoke(admin, actor, item.key)
        case Kind.ROLE_ASSIGNMENT:
            await role_assignments.revoke(
                admin, actor, item.project_id, item.key, item.organization_id
            )
        case Kind.PROJECT_GRANT:
            await project_grants.delete(admin, actor, item.id)
        case Kind.GROUP:
            await groups.delete(admin, actor, item.id)
        case Kind.MEMBER:
            await memberships.remove(admin, actor, item.organization_id, item.key)
        case Kind.APPLICATION:
            await clients.delete(admin, actor, item.key)
        case Kind.SERVICE_ACCOUNT:
            await clients.delete(admin, actor, item.key, kind=ClientKind.SERVICE_ACCOUNT)
        case Kind.API:
            await apis.delete(admin, actor, item.key)
        case Kind.WEBHOOK:
            await webhooks.delete(admin, actor, item.key)
        case Kind.ROLE:
            await roles.delete(admin, actor, item.project_id, item.key)
        case Kind.PROJECT:
            await projects.delete(admin, actor, item.key)
        case _:
            await organizations.delete(admin, actor, item.key)
