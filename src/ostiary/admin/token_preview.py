"""A preview of tokens: what an application would be told about somebody, and why."""

from functools import partial
from typing import Protocol

from ostiary.admin import clients, users
from ostiary.admin.actor import Actor
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, NotFound, Problem
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_all
from ostiary.model.policy import Policies
from ostiary.oauth import extras
from ostiary.oauth.instructions import may_have
from ostiary.oauth.issuance import TokenRequest
from ostiary.oauth.message import Form
from ostiary.oauth.preview import Preview, imagine, preview
from ostiary.oauth.scope import valid_scope


class Reader(extras.Reader, Protocol):
    """What is read of the store besides what management reads."""

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization."""
        ...


class PreviewFields(Request, frozen=True, kw_only=True):
    """Whose tokens are looked at, by id or login name, and which scopes they would grant."""

    user: str
    scopes: tuple[str, ...] = ("openid",)


async def show(
    admin: Admin, actor: Actor, client_id: str, request: PreviewFields, reader: Reader
) -> Preview:
    """Return what an application would be told about somebody.

    Nobody signs in, and nothing is issued or written.

    Raises:
        NotFound: there is no such application or user for the actor.
        Invalid: the application may not ask for one of the scopes.
    """
    client = await clients.show(admin, actor, client_id)
    user = await users.find(admin, actor, request.user)
    problems = [
        Problem(f"scopes[{place}]", "is no scope that the application may ask for")
        for place, scope in enumerate(request.scopes)
        if not valid_scope(scope) or not may_have(scope, client)
    ]
    if problems:
        raise Invalid(problems)
    organization = await admin.store.read_organization(client.organization_id)
    if organization is None:
        raise NotFound("application", client_id)
    asked = TokenRequest(
        form=Form({}),
        client=client,
        organization=organization,
        apis=tuple(await read_all(partial(admin.store.list_apis, client.organization_id, None))),
        policies=await reader.policies(client.organization_id),
        configuration=await admin.store.read_configuration(),
        issuer=admin.issuer,
        ring=await admin.keys.ring(),
        now=admin.clock.now(),
        source=actor.source,
    )
    standing = imagine(asked, user, tuple(dict.fromkeys(request.scopes)))
    told = await extras.read_extras(client, standing, standing.grant.scopes, reader)
    return preview(asked, standing, told)
