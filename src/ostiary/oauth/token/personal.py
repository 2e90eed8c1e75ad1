"""Personal access tokens: long-lived tokens that a person or service account makes for programs.

They are good wherever access tokens are, for the scopes that they were made with and that
their owner still has. No client asked for them, and nobody signed in for them: a person's
rest on the account alone, and end with a change of its credentials.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

import msgspec

from ostiary.model.client import Client, ClientKind
from ostiary.model.grant import Grant
from ostiary.model.organization import Api
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.oauth import management
from ostiary.oauth.effects import Conflict, Effects, Unavailable, Update
from ostiary.oauth.reader import PersonalStanding, Standing
from ostiary.oauth.scope import IDENTITY_SCOPES, known_scopes

# What stands for a client where a person's own token is told of; a colon is in no client_id
# that can be chosen.
CLIENT_ID = "ostiary:personal-token"
# How exactly it is known when a token was used last, in seconds.
USE_WINDOW = 3600


class Writer(Protocol):
    """What notes that a token was used."""

    async def apply(self, effects: Effects) -> None:
        """Apply effects in one transaction."""
        ...


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a token is, in the terms of other access tokens."""

    client: Client
    subject: str
    scopes: tuple[str, ...]
    standing: Standing | None


def of_account(found: PersonalStanding, account: Client) -> Owner | None:
    """Return the owner of a service account's token: its scopes are what the account still has.

    None where the client is no service account.
    """
    if account.kind is not ClientKind.SERVICE_ACCOUNT:
        return None
    scopes = tuple(scope for scope in found.token.scopes if scope in account.allowed_scopes)
    return Owner(client=account, subject=account.client_id, scopes=scopes, standing=None)


def of_person(found: PersonalStanding, user: User, apis: Iterable[Api]) -> Owner:
    """Return the owner of a person's token: of its scopes those that the person's APIs still have.

    `apis` are those of the person's organization.
    """
    token = found.token
    known = known_scopes(apis) | {management.SCOPE}
    scopes = tuple(scope for scope in token.scopes if scope in known)
    client = Client(
        client_id=CLIENT_ID,
        organization_id=user.organization_id,
        client_name=token.name,
        token_endpoint_auth_method="private_key_jwt",
        grant_types=(),
        response_types=(),
        allowed_scopes=(),
    )
    session = Session(
        id=token.id,
        browser_id="",
        user_id=user.id,
        organization_id=user.organization_id,
        proofs=(),
        created_at=token.created_at,
        last_seen_at=token.created_at,
        idle_expires_at=token.expires_at,
        expires_at=token.expires_at,
    )
    grant = Grant(
        id=token.id,
        client_id=CLIENT_ID,
        user_id=user.id,
        organization_id=user.organization_id,
        session_id=token.id,
        sid="",
        scopes=scopes,
        auth_time=token.created_at,
        acr="0",
        amr=(),
        offline=True,
        created_at=token.created_at,
        expires_at=token.expires_at,
    )
    standing = Standing(grant=grant, session=session, user=user)
    return Owner(client=client, subject=user.id, scopes=scopes, standing=standing)


def may_ask(scope: str) -> bool:
    """Tell whether a person's token may have an identity scope: `offline_access` means nothing."""
    return scope in IDENTITY_SCOPES and scope != "offline_access"


async def note_use(found: PersonalStanding | None, writer: Writer, now: int) -> None:
    """Note that a token was used, about once an hour; nothing depends on it."""
    if found is None:
        return
    last = found.token.last_used_at
    if last is not None and now - last < USE_WINDOW:
        return
    with suppress(Conflict, Unavailable):
        await writer.apply((Update(found.token, {"last_used_at": now}),))
