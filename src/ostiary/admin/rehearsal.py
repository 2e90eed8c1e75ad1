"""A store that writes nowhere: what a series of operations would do, without doing it.

It reads through to the real store, and shows what was written to it on top. Thereby a
plan is made by the very operations that carry it out.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import msgspec

from ostiary.admin.rehearsed_people import RehearsedPeople, join, key_of
from ostiary.admin.store import Store
from ostiary.model.administrator import Administrator
from ostiary.model.client import Client, ClientKind, ClientState
from ostiary.model.domain import VerifiedDomain
from ostiary.model.image import Image
from ostiary.model.organization import Api, Organization, Project, RoleAssignment, State
from ostiary.model.policy import Configuration
from ostiary.model.record import Record
from ostiary.model.setup import SetupToken
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import LoginName, User, UserState
from ostiary.model.webhook import Webhook, WebhookState
from ostiary.oauth.effects import Delete, Effects, Insert, Update

R = TypeVar("R", bound=Record)

_KEYS: dict[type[Record], str] = {
    Client: "client_id",
    LoginName: "name",
    VerifiedDomain: "domain",
}


def _key(record: Record) -> str:
    return key_of(record, _KEYS.get(type(record), "id"))


class Rehearsal(RehearsedPeople):
    """The store of a plan."""

    def __init__(self, store: Store) -> None:
        """Nothing is ever written to `store`."""
        self._store = store
        # What was written here, by kind and key; None where it was deleted.
        self._written: defaultdict[type[Record], dict[str, Record | None]] = defaultdict(dict)
        # Other ways to find it: keys by audience, and by project, user and organization; None
        # is the project's own.
        self._apis: dict[str, str] = {}
        self._assignments: dict[tuple[str, str, str | None], str] = {}

    async def apply(self, effects: Effects) -> None:
        """Take in what inserts, updates and deletes would do."""
        for effect in effects:
            match effect:
                case Insert(record=record):
                    self._write(record)
                case Update(record=record, changes=changes):
                    version = record.version + 1
                    self._write(msgspec.structs.replace(record, version=version, **changes))
                case Delete(kind=kind, key=key):
                    self._written[kind][join(key)] = None

    def _write(self, record: Record) -> None:
        key = _key(record)
        self._written[type(record)][key] = record
        if isinstance(record, Api):
            self._apis[record.audience] = key
        if isinstance(record, RoleAssignment):
            giver = None if record.grant_id is None else record.organization_id
            self._assignments[record.project_id, record.user_id, giver] = key

    async def _read(
        self, kind: type[R], key: str, inner: Callable[[str], Awaitable[R | None]]
    ) -> R | None:
        written = self._written[kind]
        return cast("R | None", written[key]) if key in written else await inner(key)

    async def _list(
        self,
        kind: type[R],
        fetch: Callable[[str, int], Awaitable[tuple[R, ...]]],
        keep: Callable[[R], bool],
        after: str,
        limit: int,
    ) -> tuple[R, ...]:
        written = cast("dict[str, R | None]", self._written[kind])
        found = [
            record
            for key, record in written.items()
            if record is not None and key > after and keep(record)
        ]
        wanted = limit + len(found)
        cursor = after
        while True:
            page = await fetch(cursor, limit)
            found += [record for record in page if _key(record) not in written]
            if len(page) < limit or len(found) >= wanted:
                break
            cursor = _key(page[-1])
        return tuple(sorted(found, key=_key)[:limit])

    async def read_organization(self, organization_id: str) -> Organization | None:
        """Return the organization, whatever its state."""
        return await self._read(Organization, organization_id, self._store.read_organization)

    async def read_verified_domain(self, domain: str) -> VerifiedDomain | None:
        """Return whose a domain is for certain."""
        return await self._read(VerifiedDomain, domain, self._store.read_verified_domain)

    async def read_image(self, owner: str) -> Image | None:
        """Return the logo of an owner."""
        return await self._read(Image, owner, self._store.read_image)

    async def read_project(self, project_id: str) -> Project | None:
        """Return the project, whatever its state."""
        return await self._read(Project, project_id, self._store.read_project)

    async def read_api(self, api_id: str) -> Api | None:
        """Return the API, whatever its state."""
        return await self._read(Api, api_id, self._store.read_api)

    async def read_client(self, client_id: str) -> Client | None:
        """Return the client, whatever its state."""
        return await self._read(Client, client_id, self._store.read_client)

    async def read_user(self, user_id: str) -> User | None:
        """Return the user, whatever their state."""
        return await self._read(User, user_id, self._store.read_user)

    async def read_setup_token(self, digest: bytes) -> SetupToken | None:
        """Return the setup token with this digest; none is made in a rehearsal."""
        return await self._store.read_setup_token(digest)

    async def read_webhook(self, webhook_id: str) -> Webhook | None:
        """Return the webhook, whatever its state."""
        return await self._read(Webhook, webhook_id, self._store.read_webhook)

    async def list_webhooks(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Webhook, ...]:
        """Return webhooks ordered by id, of one organization or of all."""
        return await self._list(
            Webhook,
            lambda cursor, count: self._store.list_webhooks(organization_id, cursor, count),
            lambda one: (
                one.state is not WebhookState.DELETED
                and (organization_id is None or one.organization_id == organization_id)
            ),
            after,
            limit,
        )

    async def settled_position(self) -> int:
        """Return the end of the audit trail, to which a rehearsal adds nothing."""
        return await self._store.settled_position()

    async def ticket(self, digest: bytes) -> Ticket | None:
        """Return the ticket whose secret has this digest; none is made in a rehearsal."""
        return await self._store.ticket(digest)

    async def unused_ticket(self, user_id: str, purpose: Purpose) -> Ticket | None:
        """Return the last ticket of a user for a purpose that was not used."""
        return await self._store.unused_ticket(user_id, purpose)

    async def list_tickets_of_user(
        self, user_id: str, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return the tickets of a user for a purpose; none is made in a rehearsal."""
        return await self._store.list_tickets_of_user(user_id, purpose, after, limit)

    async def list_tickets(
        self, organization_id: str | None, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return tickets that were not used, ordered by id."""
        return await self._store.list_tickets(organization_id, purpose, after, limit)

    async def read_configuration(self) -> Configuration:
        """Return the configuration of the instance."""
        written = self._written[Configuration].get(Configuration().id)
        if written is not None:
            return cast("Configuration", written)
        return await self._store.read_configuration()

    async def read_api_by_audience(self, audience: str) -> Api | None:
        """Return the API that is not deleted and has this audience."""
        found = cast("Api | None", self._written[Api].get(self._apis.get(audience, "")))
        if found is None or found.audience != audience or not _is_there(found.state):
            stored = await self._store.read_api_by_audience(audience)
            found = None if stored is None or stored.id in self._written[Api] else stored
        return found

    async def read_user_by_login_name(self, name: str) -> User | None:
        """Return the user who signs in under this case-folded name."""
        if name in self._written[LoginName]:
            written = cast("LoginName | None", self._written[LoginName][name])
            return None if written is None else await self.read_user(written.user_id)
        found = await self._store.read_user_by_login_name(name)
        return None if found is None else await self.read_user(found.id)

    async def read_role_assignment(
        self, project_id: str, user_id: str, organization_id: str | None = None
    ) -> RoleAssignment | None:
        """Return the roles in a project that an organization gave somebody or a group."""
        written = self._written[RoleAssignment]
        key = self._assignments.get((project_id, user_id, organization_id), "")
        if written.get(key) is not None:
            return cast("RoleAssignment", written[key])
        stored = await self._store.read_role_assignment(project_id, user_id, organization_id)
        return None if stored is None or stored.id in written else stored

    async def read_role_assignment_by_id(self, assignment_id: str) -> RoleAssignment | None:
        """Return the role assignment with this id."""
        return await self._read(
            RoleAssignment, assignment_id, self._store.read_role_assignment_by_id
        )

    async def read_administrator(self, administrator_id: str) -> Administrator | None:
        """Return the administrator with this id."""
        return await self._read(Administrator, administrator_id, self._store.read_administrator)

    async def administrators_of(self, user_id: str) -> tuple[Administrator, ...]:
        """Return everything that a user or service account administers, ordered by id."""
        written = cast("dict[str, Administrator | None]", self._written[Administrator])
        stored = await self._store.administrators_of(user_id)
        found = [one for one in stored if one.id not in written]
        found += [one for one in written.values() if one is not None and one.user_id == user_id]
        return tuple(sorted(found, key=_key))

    async def list_administrators(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Administrator, ...]:
        """Return administrators ordered by id, of one project, one organization or all."""
        return await self._list(
            Administrator,
            lambda cursor, count: self._store.list_administrators(
                organization_id, project_id, cursor, count
            ),
            lambda one: (
                _is(organization_id, one.organization_id) and _is(project_id, one.project_id)
            ),
            after,
            limit,
        )

    async def list_organizations(self, after: str, limit: int) -> tuple[Organization, ...]:
        """Return organizations ordered by id."""
        return await self._list(
            Organization,
            self._store.list_organizations,
            lambda one: _is_there(one.state),
            after,
            limit,
        )

    async def list_projects(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Project, ...]:
        """Return projects ordered by id, of one organization or of all."""
        return await self._list(
            Project,
            lambda cursor, count: self._store.list_projects(organization_id, cursor, count),
            lambda one: _is_there(one.state) and _is(organization_id, one.organization_id),
            after,
            limit,
        )

    async def list_apis(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Api, ...]:
        """Return APIs ordered by id, of one project, one organization or all."""
        return await self._list(
            Api,
            lambda cursor, count: self._store.list_apis(organization_id, project_id, cursor, count),
            lambda one: (
                _is_there(one.state)
                and _is(organization_id, one.organization_id)
                and _is(project_id, one.project_id)
            ),
            after,
            limit,
        )

    async def list_clients(
        self,
        kind: ClientKind,
        organization_id: str | None,
        project_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[Client, ...]:
        """Return clients of a kind ordered by client_id."""
        return await self._list(
            Client,
            lambda cursor, count: self._store.list_clients(
                kind, organization_id, project_id, cursor, count
            ),
            lambda one: (
                one.kind is kind
                and one.state is not ClientState.DELETED
                and _is(organization_id, one.organization_id)
                and _is(project_id, one.project_id)
            ),
            after,
            limit,
        )

    async def list_users(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[User, ...]:
        """Return users ordered by id, of one organization or of all."""
        return await self._list(
            User,
            lambda cursor, count: self._store.list_users(organization_id, cursor, count),
            lambda one: (
                one.state is not UserState.DELETED and _is(organization_id, one.organization_id)
            ),
            after,
            limit,
        )

    async def list_role_assignments(
        self,
        project_id: str | None,
        user_id: str | None,
        after: str,
        limit: int,
        organization_id: str | None = None,
    ) -> tuple[RoleAssignment, ...]:
        """Return role assignments ordered by id; `organization_id` is who gave them."""
        return await self._list(
            RoleAssignment,
            lambda cursor, count: self._store.list_role_assignments(
                project_id, user_id, cursor, count, organization_id
            ),
            lambda one: (
                _is(project_id, one.project_id)
                and _is(user_id, one.user_id)
                and _is(organization_id, one.organization_id)
            ),
            after,
            limit,
        )


def _is(wanted: str | None, value: str | None) -> bool:
    return wanted is None or wanted == value


def _is_there(state: State) -> bool:
    return state is not State.DELETED
