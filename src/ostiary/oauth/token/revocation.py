"""The revocation endpoint (RFC 7009).

Revoking a refresh token ends its grant, and with it everything that was issued under it;
revoking an access token ends that token alone, also while it cannot be used, as when its
user is locked: it must not come back. What is no token of anybody, or no longer one, is
answered as if it had been one, and nothing happens (RFC 7009, 2.2).
"""

import msgspec

from ostiary.clock import Clock
from ostiary.model.client import Client
from ostiary.model.event import Event, Source
from ostiary.model.personal_token import PersonalToken
from ostiary.oauth.clients import Door, Store
from ostiary.oauth.effects import Conflict, Delete, Effect, Emit, Remember, RevokeGrant, RevokeToken
from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.message import Form
from ostiary.oauth.reader import Standing
from ostiary.oauth.token.bearer import REVOKED, Presented
from ostiary.oauth.token.found import FoundRefresh, find_refresh, find_revocable

REASON = "client_revoked"


class RevocationEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Ends tokens at the wish of their clients."""

    issuer: str
    url: str
    door: Door
    store: Store
    keys: KeySource
    clock: Clock

    async def answer(
        self, form: Form, authorization: str | None, source: Source
    ) -> dict[str, object]:
        """Revoke what is to be revoked; the answer is empty.

        Raises:
            OAuthError: the client did not prove itself, names no token, or names one of
                another client.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        client = (await self.door.admit(form, authorization, self.url, source, now)).client
        token = form.require("token")
        ring = await self.keys.ring()
        refresh = await find_refresh(token, self.store, ring)
        if refresh is not None:
            await self._end_grant(refresh, client, source, now)
            return {}
        access = await find_revocable(token, self.store, ring, self.issuer, now)
        if access is not None:
            await self._end_token(access, client, source, now)
        return {}

    async def _end_grant(
        self, found: FoundRefresh, client: Client, source: Source, now: int
    ) -> None:
        standing = found.family.standing
        if found.family.family.client_id != client.client_id:
            raise _foreign()
        if standing.grant.revoked_at is None:
            event = _event("grant.revoked", client, standing, source, now)
            await self.store.apply((RevokeGrant(standing.grant.id, REASON, now), Emit(event)))

    async def _end_token(self, access: Presented, client: Client, source: Source, now: int) -> None:
        if access.client.client_id != client.client_id:
            raise _foreign()
        end: Effect
        if access.personal is not None:
            end = Delete(PersonalToken, access.personal.token.digest)
        elif access.digest is not None:
            end = RevokeToken(access.digest, now)
        else:
            end = Remember(REVOKED, access.jti.encode(), access.expires_at)
        event = _event("token.revoked", client, access.standing, source, now, target=access.jti)
        try:
            await self.store.apply((end, Emit(event)))
        except Conflict:
            # Somebody else revoked it a moment ago.
            return


def _foreign() -> InvalidGrant:
    return InvalidGrant(
        "This token was issued to another client, which alone can revoke it here.",
        rule="revocation-client",
        section="RFC 7009, 2.1",
    )


def _event(  # noqa: PLR0913 - what the audit trail tells
    kind: str,
    client: Client,
    standing: Standing | None,
    source: Source,
    now: int,
    *,
    target: str | None = None,
) -> Event:
    grant = None if standing is None else standing.grant
    return Event(
        type=kind,
        at=now,
        reason=REASON,
        actor_id=client.client_id,
        client_id=client.client_id,
        organization_id=client.organization_id,
        user_id=None if grant is None else grant.user_id,
        session_id=None if grant is None else grant.session_id,
        grant_id=None if grant is None else grant.id,
        target=target,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
    )
