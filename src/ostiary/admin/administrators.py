"""Administrators: who may manage what, by roles that are held at a place.

Nobody can give, or take away, what they do not hold themselves; and nobody can change an
account that may do more than they may, whose password or keys would open all of it.
"""

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import organizations, projects, subjects
from ostiary.admin.actor import Actor, Area, Holding, Level
from ostiary.admin.change import commit, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, NotAllowed, NotFound
from ostiary.admin.holdings import holding_of
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.client import ClientKind, ClientState
from ostiary.oauth.effects import Delete, Effects, Insert

WHAT = "administrator"
OF_INSTANCE = frozenset({AdministratorRole.INSTANCE_OWNER, AdministratorRole.INSTANCE_VIEWER})


class AdministratorFields(Request, frozen=True, kw_only=True):
    """Who is to administer what.

    `user` is an id or a login name; for a service account its id is given instead. Roles
    of an organization name it, `project_owner` names the project.
    """

    user: str | UnsetType = UNSET
    service_account: str | UnsetType = UNSET
    role: AdministratorRole
    organization: str | UnsetType | None = UNSET
    project: str | UnsetType | None = UNSET


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    organization_id: str


async def grant(
    admin: Admin, actor: Actor, request: AdministratorFields, *, declared: bool = False
) -> Administrator:
    """Make somebody an administrator; where they are already, nothing changes.

    Raises:
        NotFound: there is no such place, user or service account for the actor.
        NotAllowed: the actor does not hold at this place what the role allows.
        Invalid: the role and the place do not fit, or nobody is named.
    """

    async def step() -> tuple[Administrator, Effects]:
        now = admin.clock.now()
        place = await _find_place(admin, actor, request)
        subject = await _find_subject(admin, actor, request, place)
        if not actor.outranks(place):
            raise NotAllowed(f"You cannot give the role {place.role}: you do not hold it here.")
        present = await _find_held(admin, subject.id, place)
        if present is not None:
            return present, ()
        made = Administrator(
            id=new_id(now, admin.entropy),
            user_id=subject.id,
            role=place.role,
            organization_id=place.organization_id,
            project_id=place.project_id,
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        event = tell(
            "administrator.granted",
            actor,
            now,
            organization_id=made.organization_id,
            user_id=subject.id,
            target=made.project_id,
            changed=(made.role,),
        )
        return made, (Insert(made), event)

    return await commit(admin, step)


async def revoke(admin: Admin, actor: Actor, administrator_id: str) -> Administrator:
    """Take a role away; whatever the person does next is refused.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not hold what the role allows.
    """

    async def step() -> tuple[Administrator, Effects]:
        now = admin.clock.now()
        present = await _read(admin, actor, administrator_id)
        place = holding_of(present)
        if not actor.may(Area.ADMINISTRATOR, Level.WRITE, place.organization_id, place.project_id):
            raise NotAllowed(f"You may look at this {WHAT}, but not change it.")
        if not actor.outranks(place):
            raise NotAllowed(f"You cannot take the role {place.role}: you do not hold it here.")
        event = tell(
            "administrator.revoked",
            actor,
            now,
            organization_id=present.organization_id,
            user_id=present.user_id,
            target=present.project_id,
            changed=(present.role,),
        )
        return present, (Delete(Administrator, present.id), event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, administrator_id: str) -> Administrator:
    """Return who administers what, by id.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    return await _read(admin, actor, administrator_id)


async def list_all(  # noqa: PLR0913 - where to look, and which page
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None = None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Administrator, ...]:
    """Return administrators ordered by id, of one project, one organization or all.

    Those of an organization include those of its projects.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    organization_id = await projects.find_place(
        admin, actor, organization_id, project_id, Area.ADMINISTRATOR
    )
    return await admin.store.list_administrators(organization_id, project_id, after, limit)


async def find(admin: Admin, actor: Actor, request: AdministratorFields) -> Administrator | None:
    """Return the administrator that a request describes, where there is one already.

    Raises:
        NotFound: there is no such place, user or service account for the actor.
        NotAllowed: the actor may not decide who administers the place.
        Invalid: the role and the place do not fit, or nobody is named.
    """
    place = await _find_place(admin, actor, request)
    subject = await _find_subject(admin, actor, request, place)
    return await _find_held(admin, subject.id, place)


async def _find_held(admin: Admin, user_id: str, place: Holding) -> Administrator | None:
    found = await admin.store.administrators_of(user_id)
    return next((one for one in found if holding_of(one) == place), None)


async def _find_place(admin: Admin, actor: Actor, request: AdministratorFields) -> Holding:
    """Return the role and the place that a request names.

    Raises:
        Invalid: they do not fit each other.
        NotFound: there is no such place for the actor.
        NotAllowed: the actor may not decide who administers it.
    """
    role = request.role
    organization_id, project_id = request.organization or None, request.project or None
    if role is AdministratorRole.PROJECT_OWNER:
        if project_id is None:
            raise Invalid.at("project", f"is missing: {role} is held in a project")
        project = await projects.require(admin, actor, project_id, Area.ADMINISTRATOR)
        if organization_id not in {None, project.organization_id}:
            raise Invalid.at("organization", "is not the one that the project belongs to")
        organization_id = project.organization_id
        return Holding(role=role, organization_id=organization_id, project_id=project.id)
    if project_id is not None:
        raise Invalid.at("project", f"does not go with {role}: leave it out")
    if role in OF_INSTANCE:
        if organization_id is not None:
            raise Invalid.at("organization", f"does not go with {role}: leave it out")
        if not actor.may(Area.ADMINISTRATOR, Level.WRITE):
            raise NotAllowed(f"You cannot give the role {role}: you do not hold it.")
        return Holding(role=role)
    if organization_id is None:
        raise Invalid.at("organization", f"is missing: {role} is held in an organization")
    found = await organizations.require(admin, actor, organization_id, Area.ADMINISTRATOR)
    return Holding(role=role, organization_id=found.id)


async def _find_subject(
    admin: Admin, actor: Actor, request: AdministratorFields, place: Holding
) -> _Subject:
    """Return whom a request names: somebody of the same organization, or whom the actor sees.

    Raises:
        Invalid: it names nobody, or two.
        NotFound: there is nobody of that name for the actor.
    """
    if (request.user is UNSET) == (request.service_account is UNSET):
        raise Invalid.at("user", "name either a user or a service_account")
    what, key = "user", request.user
    if request.service_account is not UNSET:
        what, key = "service account", request.service_account
        found = await _find_account(admin, request.service_account)
    else:
        found = await _find_user(admin, request.user or "")
    if found is None or not (
        found.organization_id == place.organization_id
        or actor.may(Area.USER, Level.READ, found.organization_id)
    ):
        raise NotFound(what, str(key))
    return found


async def _find_account(admin: Admin, key: str) -> _Subject | None:
    client = await admin.store.read_client(key)
    if (
        client is None
        or client.kind is not ClientKind.SERVICE_ACCOUNT
        or client.state is ClientState.DELETED
    ):
        return None
    return _Subject(id=client.client_id, organization_id=client.organization_id)


async def _find_user(admin: Admin, name: str) -> _Subject | None:
    user = await subjects.find_user(admin, name)
    if user is None:
        return None
    return _Subject(id=user.id, organization_id=user.organization_id)


async def _read(admin: Admin, actor: Actor, administrator_id: str) -> Administrator:
    found = await admin.store.read_administrator(administrator_id)
    if found is None or not actor.may(
        Area.ADMINISTRATOR, Level.READ, found.organization_id, found.project_id
    ):
        raise NotFound(WHAT, administrator_id)
    return found
