"""APIs: resource servers with an audience and scopes of their own (RFC 8707)."""

from functools import partial

from msgspec import UNSET, UnsetType

from ostiary.admin import projects, texts, uris
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, Invalid, NotFound, Problem
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.listing import read_all
from ostiary.model.organization import Api, State
from ostiary.oauth.effects import Effects, Insert
from ostiary.oauth.scope import IDENTITY_SCOPES, valid_scope

WHAT = "API"
MAX_SCOPES = 200
_MAX_SCOPE = 200
# Prefixes of the scopes that mean something to the server itself.
RESERVED_SCOPES = ("urn:ostiary:", "urn:zitadel:")


class ApiFields(Request, frozen=True, kw_only=True):
    """What an API is made with, or what is to change about it."""

    id: str | UnsetType = UNSET
    audience: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType | None = UNSET
    state: State | UnsetType = UNSET


async def create(
    admin: Admin, actor: Actor, project_id: str, request: ApiFields, *, declared: bool = False
) -> Api:
    """Add an API to a project.

    Raises:
        NotFound: there is no such project for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule, or there is no audience.
        AlreadyExists: the id was given out before, or the audience is another API's.
    """
    _check(request, admin.issuer)
    if request.audience is UNSET:
        raise Invalid.at("audience", "is missing: the URI by which tokens name the API")
    audience = request.audience

    async def step() -> tuple[Api, Effects]:
        now = admin.clock.now()
        project = await projects.require(admin, actor, project_id)
        key = new_id(now, admin.entropy) if request.id is UNSET else request.id
        if await admin.store.read_api(key) is not None:
            raise AlreadyExists("API id", key, path="id")
        await _require_free(admin, audience, None)
        made = Api(
            id=key,
            organization_id=project.organization_id,
            project_id=project.id,
            audience=audience,
            scopes=request.scopes or (),
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        event = tell("api.created", actor, now, organization_id=project.organization_id, target=key)
        return made, (Insert(made), event)

    return await commit(admin, step)


async def update(admin: Admin, actor: Actor, api_id: str, request: ApiFields) -> Api:
    """Change an API. Clients keep scopes that it no longer has, without use.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: the audience is another API's.
    """
    _check(request, admin.issuer)

    async def step() -> tuple[Api, Effects]:
        now = admin.clock.now()
        present = await _require(admin, actor, api_id)
        if request.audience is not UNSET:
            await _require_free(admin, request.audience, present.id)
        changes = differences(present, _values(request))
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = tell(
            "api.updated",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
            changed=tuple(changes),
        )
        return changed, (*effects, event)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, api_id: str) -> Api:
    """Delete an API: no new tokens are issued for it.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[Api, Effects]:
        now = admin.clock.now()
        present = await _require(admin, actor, api_id)
        changed, effects = revise(present, {"state": State.DELETED}, now)
        event = tell(
            "api.deleted",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
        )
        return changed, (*effects, event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, api_id: str) -> Api:
    """Return an API.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await _read(admin, api_id)
    authorize_read(
        actor, found.organization_id, WHAT, api_id, Area.PROJECT, project_id=found.project_id
    )
    return found


async def list_all(  # noqa: PLR0913 - where to look, and which page
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None = None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Api, ...]:
    """Return APIs ordered by id, of one project, one organization or all.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    organization_id = await projects.find_place(admin, actor, organization_id, project_id)
    return await admin.store.list_apis(organization_id, project_id, after, limit)


async def scopes_of(admin: Admin, organization_id: str) -> frozenset[str]:
    """Return every scope that clients of an organization can be allowed."""
    apis = await read_all(partial(admin.store.list_apis, organization_id, None))
    return frozenset(IDENTITY_SCOPES).union(*(api.scopes for api in apis))


async def _require(admin: Admin, actor: Actor, api_id: str) -> Api:
    found = await _read(admin, api_id)
    authorize_change(
        actor, found.organization_id, WHAT, api_id, Area.PROJECT, project_id=found.project_id
    )
    return found


async def _read(admin: Admin, api_id: str) -> Api:
    found = await admin.store.read_api(api_id)
    if found is None or found.state is State.DELETED:
        raise NotFound(WHAT, api_id)
    return found


async def _require_free(admin: Admin, audience: str, api_id: str | None) -> None:
    other = await admin.store.read_api_by_audience(audience)
    if other is not None and other.id != api_id:
        raise AlreadyExists("audience", audience, path="audience")


def _values(request: ApiFields) -> dict[str, object]:
    values: dict[str, object] = {}
    if request.audience is not UNSET:
        values["audience"] = request.audience
    if request.scopes is not UNSET:
        values["scopes"] = request.scopes or ()
    if request.state is not UNSET:
        values["state"] = request.state
    return values


def _check(request: ApiFields, issuer: str) -> None:
    problems = []
    if request.id is not UNSET and (wrong := texts.check_id(request.id)):
        problems.append(Problem("id", wrong))
    if request.audience is not UNSET:
        problems.extend(_check_audience(request.audience, issuer))
    problems.extend(_check_scopes(request.scopes or ()))
    if request.state is State.DELETED:
        problems.append(Problem("state", "must be active or inactive: to delete, delete it"))
    if problems:
        raise Invalid(problems)


def _check_audience(audience: str, issuer: str) -> list[Problem]:
    """Check that it is an absolute URI without a fragment (RFC 8707, 2), and not our own."""
    try:
        uris.parse(audience)
    except uris.Refused as refused:
        return [Problem("audience", str(refused))]
    # Tokens for the issuer open its userinfo endpoint and its own API.
    if audience == issuer or audience.startswith(f"{issuer}/"):
        return [Problem("audience", "belongs to this server itself: choose another URI")]
    return []


def _check_scopes(scopes: tuple[str, ...]) -> list[Problem]:
    problems = []
    if len(scopes) > MAX_SCOPES:
        problems.append(Problem("scopes", f"must have at most {MAX_SCOPES} entries"))
    for index, scope in enumerate(scopes[:MAX_SCOPES]):
        path = f"scopes[{index}]"
        if not valid_scope(scope) or len(scope) > _MAX_SCOPE:
            problems.append(Problem(path, 'must be printable ASCII without spaces, " or \\'))
        elif scope in IDENTITY_SCOPES or scope.startswith(RESERVED_SCOPES):
            problems.append(Problem(path, "is a scope of the server itself: choose another name"))
        elif scope in scopes[:index]:
            problems.append(Problem(path, "is in the list twice"))
    return problems
