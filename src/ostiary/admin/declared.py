"""How each kind of thing that can be declared is brought about.

One function for each kind: it reads what is there, makes or changes it, and returns the
record before and after. Whatever is there under the same id in another place belongs to
somebody else, and is answered as taken.
"""

from collections.abc import Awaitable, Callable

import msgspec
from msgspec import UNSET

from ostiary.admin import (
    administrators,
    apis,
    clients,
    groups,
    instance,
    invitations,
    memberships,
    organizations,
    project_grants,
    projects,
    role_assignments,
    roles,
    service_accounts,
    users,
    webhooks,
)
from ostiary.admin.actor import Actor
from ostiary.admin.declaration import Entry, Kind
from ostiary.admin.errors import AlreadyExists
from ostiary.admin.store import Admin
from ostiary.identity.users import canonical_name
from ostiary.model.client import Client, ClientKind, ClientState
from ostiary.model.organization import State
from ostiary.model.user import UserState
from ostiary.model.webhook import WebhookState


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one entry. `before` is None where it was made."""

    before: msgspec.Struct | None
    after: msgspec.Struct
    secret: str | None = None
    # What changed besides the record itself.
    changed: tuple[str, ...] = ()


async def bring_about(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    """Make, or change to, what an entry declares.

    Raises:
        AdminError: it cannot be.
    """
    return await _DOORS[entry.kind](admin, actor, entry)


async def _instance(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_configuration()
    return Effect(before=before, after=await instance.update(admin, actor, entry.request))


async def _organization(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_organization(entry.key)
    if before is None or before.state is State.DELETED:
        made = await organizations.create(admin, actor, entry.request, declared=True)
        return Effect(before=None, after=made)
    after = await organizations.update(admin, actor, entry.key, entry.request)
    return Effect(before=before, after=after)


async def _project(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_project(entry.key)
    if before is None or before.state is State.DELETED:
        made = await projects.create(
            admin, actor, entry.organization_id, entry.request, declared=True
        )
        return Effect(before=None, after=made)
    if before.organization_id != entry.organization_id:
        raise AlreadyExists("project id", entry.key, path="id")
    after = await projects.update(admin, actor, entry.key, entry.request)
    return Effect(before=before, after=after)


async def _role(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    project = await projects.show(admin, actor, entry.project_id)
    before = next((role for role in project.roles if role.key == entry.key), None)
    if before is None:
        made = await roles.create(admin, actor, entry.project_id, entry.request, declared=True)
        return Effect(before=None, after=made)
    after = await roles.update(admin, actor, entry.project_id, entry.request)
    return Effect(before=before, after=after)


async def _api(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_api(entry.key)
    if before is None or before.state is State.DELETED:
        made = await apis.create(admin, actor, entry.project_id, entry.request, declared=True)
        return Effect(before=None, after=made)
    if before.project_id != entry.project_id:
        raise AlreadyExists("API id", entry.key, path="id")
    return Effect(before=before, after=await apis.update(admin, actor, entry.key, entry.request))


def _usable(client: Client | None) -> Client | None:
    return None if client is None or client.state is ClientState.DELETED else client


async def _application(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = _usable(await admin.store.read_client(entry.key))
    if before is None:
        made = await clients.create(admin, actor, entry.project_id, entry.request, declared=True)
        return Effect(before=None, after=made.client, secret=made.client_secret)
    if before.kind is not ClientKind.APPLICATION or before.project_id != entry.project_id:
        raise AlreadyExists("client_id", entry.key, path="client_id")
    changed = await clients.update(admin, actor, entry.key, entry.request)
    return Effect(before=before, after=changed.client, secret=changed.client_secret)


async def _service_account(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = _usable(await admin.store.read_client(entry.key))
    if before is None:
        made = await service_accounts.create(
            admin, actor, entry.organization_id, entry.request, declared=True
        )
        return Effect(before=None, after=made.client, secret=made.client_secret)
    if (
        before.kind is not ClientKind.SERVICE_ACCOUNT
        or before.organization_id != entry.organization_id
    ):
        raise AlreadyExists("service account id", entry.key, path="id")
    changed = await service_accounts.update(admin, actor, entry.key, entry.request)
    return Effect(before=before, after=changed.client, secret=changed.client_secret)


async def _user(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_user_by_login_name(entry.key)
    if before is None or before.state is UserState.DELETED:
        made = await users.create(admin, actor, entry.organization_id, entry.request)
        return Effect(before=None, after=made)
    # The name may be the e-mail address of another user.
    same = canonical_name(before.username) == entry.key
    if not same or before.organization_id != entry.organization_id:
        raise AlreadyExists("user name", entry.request.username, path="username")
    # A password is set at creation only.
    request = msgspec.structs.replace(entry.request, password=UNSET)
    return Effect(before=before, after=await users.update(admin, actor, before.id, request))


async def _invitation(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    """Invite somebody once: whoever has an account with the address is left alone."""
    before = await admin.store.read_user_by_login_name(entry.key)
    if before is None or before.state is UserState.DELETED:
        made = await invitations.invite(admin, actor, entry.organization_id, entry.request)
        return Effect(before=None, after=made.user)
    if before.organization_id != entry.organization_id:
        raise AlreadyExists("e-mail address", entry.request.email, path="email")
    return Effect(before=before, after=before)


async def _member(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    user = await users.find(admin, actor, entry.request.user)
    before = await admin.store.read_membership(entry.organization_id, user.id)
    after = await memberships.add(admin, actor, entry.organization_id, user.id, declared=True)
    return Effect(before=before, after=after)


async def _group(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_group_by_key(entry.organization_id, entry.key)
    if before is None:
        made = await groups.create(
            admin, actor, entry.organization_id, entry.request, declared=True
        )
        return Effect(before=None, after=made)
    present = await groups.member_ids(admin, before.id)
    after = await groups.update(admin, actor, before.id, entry.request)
    changed = () if await groups.member_ids(admin, before.id) == present else ("members",)
    return Effect(before=before, after=after, changed=changed)


async def _project_grant(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_project_grant_to(entry.project_id, entry.key)
    if before is None:
        made = await project_grants.create(
            admin, actor, entry.project_id, entry.request, declared=True
        )
        return Effect(before=None, after=made)
    after = await project_grants.update(admin, actor, before.id, entry.request.roles)
    return Effect(before=before, after=after)


async def _role_assignment(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    giver = entry.organization_id
    subject = await role_assignments.find_subject(admin, entry.request, giver)
    project = await admin.store.read_project(entry.project_id)
    own = project is None or project.organization_id == giver
    before = await admin.store.read_role_assignment(
        entry.project_id, subject, None if own else giver
    )
    after = await role_assignments.assign(admin, actor, entry.request, giver, declared=True)
    return Effect(before=before, after=after)


async def _webhook(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await admin.store.read_webhook(entry.key)
    organization_id = entry.organization_id or None
    if before is None or before.state is WebhookState.DELETED:
        made = await webhooks.create(admin, actor, organization_id, entry.request, declared=True)
        return Effect(before=None, after=made.webhook, secret=made.secret)
    if before.organization_id != organization_id:
        raise AlreadyExists("webhook id", entry.key, path="id")
    return Effect(
        before=before, after=await webhooks.update(admin, actor, entry.key, entry.request)
    )


async def _administrator(admin: Admin, actor: Actor, entry: Entry) -> Effect:
    before = await administrators.find(admin, actor, entry.request)
    after = await administrators.grant(admin, actor, entry.request, declared=True)
    return Effect(before=before, after=after)


_DOORS: dict[Kind, Callable[[Admin, Actor, Entry], Awaitable[Effect]]] = {
    Kind.INSTANCE: _instance,
    Kind.ORGANIZATION: _organization,
    Kind.PROJECT: _project,
    Kind.ROLE: _role,
    Kind.API: _api,
    Kind.SERVICE_ACCOUNT: _service_account,
    Kind.APPLICATION: _application,
    Kind.USER: _user,
    Kind.INVITATION: _invitation,
    Kind.MEMBER: _member,
    Kind.GROUP: _group,
    Kind.PROJECT_GRANT: _project_grant,
    Kind.ROLE_ASSIGNMENT: _role_assignment,
    Kind.WEBHOOK: _webhook,
    Kind.ADMINISTRATOR: _administrator,
}
