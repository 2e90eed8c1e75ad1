"""Applications: the clients of a project (RFC 6749, 2; RFC 7591)."""

from typing import Any

import msgspec
from msgspec import UNSET

from ostiary.admin import (
    apis,
    endings,
    holdings,
    logos,
    projects,
    role_assignments,
    subjects,
    texts,
)
from ostiary.admin.actor import (
    Actor,
    Area,
    authorize_change,
    authorize_instance,
    authorize_read,
)
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.client_defaults import Values
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.client_rules import Surroundings, settle
from ostiary.admin.errors import AlreadyExists, Invalid, NotFound, Problem
from ostiary.admin.policies import in_force
from ostiary.admin.secrets import (
    is_only,
    new_secret,
    store_secret,
)
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.model.client import Client, ClientKind, ClientSecret, ClientState
from ostiary.model.image import APPLICATION
from ostiary.oauth import management
from ostiary.oauth.effects import Effects, Emit, Insert
from ostiary.oauth.registry import SECRET_METHODS

WHAT = {ClientKind.APPLICATION: "application", ClientKind.SERVICE_ACCOUNT: "service account"}
AREAS = {ClientKind.APPLICATION: Area.PROJECT, ClientKind.SERVICE_ACCOUNT: Area.USER}
# Lists whose members lint looks for in the traffic.
_LISTS = ("grant_types", "response_types", "redirect_uris", "allowed_scopes")
_EVENT = {ClientKind.APPLICATION: "client", ClientKind.SERVICE_ACCOUNT: "service_account"}


class Registered(msgspec.Struct, frozen=True):
    """A client, and the secret that was made for it: it cannot be read again."""

    client: Client
    client_secret: str | None = None


async def create(
    admin: Admin, actor: Actor, project_id: str, metadata: ClientMetadata, *, declared: bool = False
) -> Registered:
    """Register an application. A secret is made unless one was given or none is needed.

    Raises:
        NotFound: there is no such project for the actor.
        NotAllowed: the actor may only read.
        Invalid: the metadata break rules.
        AlreadyExists: the client_id was given out before.
    """

    async def step() -> tuple[Registered, Effects]:
        project = await projects.require(admin, actor, project_id)
        return await register(
            admin,
            actor,
            Client(
                client_id="",
                organization_id=project.organization_id,
                project_id=project.id,
                declared=declared,
            ),
            metadata,
        )

    return await commit(admin, step)


async def update(
    admin: Admin, actor: Actor, client_id: str, metadata: ClientMetadata
) -> Registered:
    """Change what was given of an application.

    A given secret takes the place of all others at once. One is made where the client is
    to authenticate by secret and has none.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the metadata break rules.
    """
    return await commit(
        admin, lambda: change(admin, actor, ClientKind.APPLICATION, client_id, metadata)
    )


async def set_state(
    admin: Admin,
    actor: Actor,
    client_id: str,
    state: ClientState,
    *,
    kind: ClientKind = ClientKind.APPLICATION,
) -> Client:
    """Switch a client off or on again; everything issued to it follows at once.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the state is that of a deleted client.
    """
    if state is ClientState.DELETED:
        raise Invalid.at("state", "must be active or inactive: to delete, delete it")

    async def step() -> tuple[Client, Effects]:
        present = await require(admin, actor, kind, client_id)
        changed, effects = revise(
            present, differences(present, {"state": state}), admin.clock.now()
        )
        if not effects:
            return present, ()
        verb = "enabled" if state is ClientState.ACTIVE else "disabled"
        return changed, (*effects, tell_change(admin, actor, present, verb))

    return await commit(admin, step)


async def delete(
    admin: Admin, actor: Actor, client_id: str, *, kind: ClientKind = ClientKind.APPLICATION
) -> Client:
    """Delete a client: everything issued to it ends, and its id is never given out again.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[Client, Effects]:
        now = admin.clock.now()
        present = await require(admin, actor, kind, client_id)
        erased: dict[str, Any] = {
            "state": ClientState.DELETED,
            "secrets": (),
            "contacts": (),
            "tokens_not_before": now,
        }
        changed, effects = revise(present, erased, now)
        roles = await role_assignments.take_all(admin, present.client_id)
        administered = await holdings.take_all(admin, present.client_id)
        logo = logos.follow(APPLICATION + client_id, present.logo_uri, None, now)
        event = tell_change(admin, actor, present, "deleted")
        return changed, (*effects, *roles, *administered, *logo, event)

    deleted = await commit(admin, step)
    if kind is ClientKind.SERVICE_ACCOUNT:
        # Good for nothing without their owner; they go in steps of their own.
        await endings.end_personal_tokens(admin, deleted.client_id)
    return deleted


async def show(
    admin: Admin, actor: Actor, client_id: str, *, kind: ClientKind = ClientKind.APPLICATION
) -> Client:
    """Return a client.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await _read(admin, kind, client_id)
    authorize_read(
        actor,
        found.organization_id,
        WHAT[kind],
        client_id,
        AREAS[kind],
        project_id=found.project_id,
    )
    return found


async def list_all(  # noqa: PLR0913 - where to look, and which page
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None = None,
    *,
    kind: ClientKind = ClientKind.APPLICATION,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Client, ...]:
    """Return clients ordered by client_id, of one project, one organization or all.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    organization_id = await projects.find_place(
        admin, actor, organization_id, project_id, AREAS[kind]
    )
    return await admin.store.list_clients(kind, organization_id, project_id, after, limit)


async def register(
    admin: Admin, actor: Actor, template: Client, metadata: ClientMetadata, verb: str = "created"
) -> tuple[Registered, Effects]:
    """Decide on a new client; `template` says where it belongs and of what kind it is.

    `verb` is what its event says.

    Raises:
        Invalid: the metadata break rules.
        AlreadyExists: the client_id was given out before.
    """
    now = admin.clock.now()
    values = settle(metadata, None, await _surroundings(admin, template.organization_id))
    _authorize_scopes(actor, template, values)
    await _check_addresses(admin, None, values)
    await _check_sector(admin, None, values)
    client_id = await _choose_id(admin, metadata)
    secrets, shown = _settle_secrets(admin, (), values, metadata)
    made = msgspec.structs.replace(
        template,
        client_id=client_id,
        secrets=secrets,
        created_at=now,
        updated_at=now,
        **values,
    )
    event = tell_change(admin, actor, made, verb)
    logo = logos.follow(APPLICATION + client_id, None, made.logo_uri, now)
    return Registered(made, shown), (Insert(made), *logo, event)


async def change(
    admin: Admin, actor: Actor, kind: ClientKind, client_id: str, metadata: ClientMetadata
) -> tuple[Registered, Effects]:
    """Decide on a change of a client.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the metadata break rules.
    """
    now = admin.clock.now()
    present = await require(admin, actor, kind, client_id)
    if metadata.client_id is not UNSET and metadata.client_id != present.client_id:
        raise Invalid.at("client_id", "cannot be changed: register another client")
    values = settle(metadata, present, await _surroundings(admin, present.organization_id))
    _authorize_scopes(actor, present, values)
    await _check_addresses(admin, present, values)
    await _check_sector(admin, present, values)
    secrets, shown = _settle_secrets(admin, present.secrets, values, metadata)
    changes = differences(present, {**values, "secrets": secrets})
    told = tuple(changes)
    if widened := _widened(present, changes, now):
        changes["widened_at"] = {**present.widened_at, **widened}
    changed, effects = revise(present, changes, now)
    if not effects:
        return Registered(present), ()
    event = tell_change(admin, actor, present, "updated", told)
    logo = logos.follow(APPLICATION + client_id, present.logo_uri, changed.logo_uri, now)
    return Registered(changed, shown), (*effects, *logo, event)


def _widened(present: Client, changes: Values, now: int) -> dict[str, int]:
    """Return the lists that are given more than they have."""
    return {
        name: now
        for name in _LISTS
        if name in changes and set(changes[name]) - set(getattr(present, name))
    }


async def require(admin: Admin, actor: Actor, kind: ClientKind, client_id: str) -> Client:
    """Return a client that is to be changed.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or the client may do more than the actor.
    """
    found = await _read(admin, kind, client_id)
    authorize_change(
        actor,
        found.organization_id,
        WHAT[kind],
        client_id,
        AREAS[kind],
        project_id=found.project_id,
    )
    if kind is ClientKind.SERVICE_ACCOUNT:
        await holdings.authorize_power_over(admin, actor, found.client_id, WHAT[kind])
    elif management.SCOPE in found.allowed_scopes:
        authorize_instance(actor)
    return found


async def _read(admin: Admin, kind: ClientKind, client_id: str) -> Client:
    found = await admin.store.read_client(client_id)
    if found is None or found.state is ClientState.DELETED or found.kind is not kind:
        raise NotFound(WHAT[kind], client_id)
    return found


async def _surroundings(admin: Admin, organization_id: str) -> Surroundings:
    configuration = await admin.store.read_configuration()
    return Surroundings(
        scopes=await apis.scopes_of(admin, organization_id) | {management.SCOPE},
        algs=configuration.enabled_algs,
        unsigned_id_tokens=in_force(configuration).client_registration.allow_unsigned_id_token,
    )


def _authorize_scopes(actor: Actor, client: Client, values: Values) -> None:
    """Leave it to the instance which applications may manage it in the name of a person.

    A service account may do what it was made an administrator of, and no more; but an
    application may do what whoever signs in to it may.

    Raises:
        NotAllowed: the actor does not administer the whole instance.
    """
    if client.kind is ClientKind.APPLICATION and management.SCOPE in values["allowed_scopes"]:
        authorize_instance(actor)


async def _check_addresses(admin: Admin, present: Client | None, values: Values) -> None:
    """Refuse addresses that the server would not fetch from, before it has to."""
    for name in ("jwks_uri", "backchannel_logout_uri", "sector_identifier_uri"):
        address = values[name]
        if address is None or (present is not None and getattr(present, name) == address):
            continue
        if wrong := await admin.check_address(address):
            raise Invalid.at(name, wrong)


async def _check_sector(admin: Admin, present: Client | None, values: Values) -> None:
    """Hold a client to redirect URIs that the owner of its sector lists (Core 8.1)."""
    address, redirects = values["sector_identifier_uri"], values["redirect_uris"]
    if address is None:
        return
    if present is not None and (address, redirects) == (
        present.sector_identifier_uri,
        present.redirect_uris,
    ):
        return
    listed = await admin.read_sector(address)
    if listed is None:
        raise Invalid.at(
            "sector_identifier_uri",
            "must answer this server with a JSON array of redirect URIs (OpenID Connect Core 8.1)",
        )
    missing = [
        Problem(f"redirect_uris[{index}]", "is not in the list at sector_identifier_uri")
        for index, uri in enumerate(redirects)
        if uri not in listed
    ]
    if missing:
        raise Invalid(missing)


async def _choose_id(admin: Admin, metadata: ClientMetadata) -> str:
    if metadata.client_id is UNSET:
        return new_id(admin.clock.now(), admin.entropy)
    key = metadata.client_id
    if wrong := texts.check_client_id(key):
        raise Invalid.at("client_id", wrong)
    if await subjects.is_taken(admin, key):
        raise AlreadyExists("client_id", key, path="client_id")
    return key


def _settle_secrets(
    admin: Admin,
    present: tuple[ClientSecret, ...],
    values: Values,
    metadata: ClientMetadata,
) -> tuple[tuple[ClientSecret, ...], str | None]:
    """Return the secrets that the client is to have, and the one that was made, if any."""
    now = admin.clock.now()
    if values["token_endpoint_auth_method"] not in SECRET_METHODS:
        return (), None
    if metadata.client_secret is not UNSET:
        if is_only(metadata.client_secret, present, now):
            return present, None
        return (store_secret(metadata.client_secret, now),), None
    if present:
        return present, None
    made = new_secret(admin.entropy)
    return (store_secret(made, now),), made


def tell_change(
    admin: Admin, actor: Actor, client: Client, verb: str, changed: tuple[str, ...] = ()
) -> Emit:
    """Return the event that tells of a change of a client, by the name of its kind."""
    return tell(
        f"{_EVENT[client.kind]}.{verb}",
        actor,
        admin.clock.now(),
        organization_id=client.organization_id,
        client_id=client.client_id,
        target=client.project_id,
        changed=changed,
    )
