"""Who may enter a back-channel endpoint: client authentication, with what it leaves behind.

A failed attempt of a client that exists is in the audit trail, so many a minute; what an
assertion burns is committed.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.model.sighting import Seen, Trait
from ostiary.oauth.clients.authentication import (
    Authenticated,
    authenticate,
    authenticate_by_grant,
)
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.clients.presented import presents_credentials
from ostiary.oauth.clients.private_key_jwt import Purpose
from ostiary.oauth.effects import Conflict, Effects, Emit, Remember
from ostiary.oauth.errors import InvalidClient, InvalidGrant
from ostiary.oauth.message import Form
from ostiary.oauth.reader import Reader
from ostiary.oauth.sightings import Sightings


class Store(Reader, Protocol):
    """Reads, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none.

        Raises:
            Conflict: a precondition did not hold.
            Unavailable: the store cannot answer now.
        """
        ...


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Authenticates the clients of back-channel endpoints.

    `audiences` are what an assertion may be addressed to, besides the endpoint called.
    """

    audiences: tuple[str, ...]
    store: Store
    remote_keys: RemoteKeys
    # Whether one more failure of this client from this address is recorded now.
    ration: Callable[[str, str, int], bool]
    sightings: Sightings = msgspec.field(default_factory=Sightings)

    async def authenticate(
        self, form: Form, authorization: str | None, url: str, source: Source, now: int
    ) -> Authenticated:
        """Authenticate the client of a request to `url`; its effects are left to the caller.

        Raises:
            InvalidClient: nothing tells an unknown client from a wrong credential.
            InvalidRequest: several methods at once.
        """
        audiences = self.audiences if url in self.audiences else (*self.audiences, url)
        try:
            client = await authenticate(
                form,
                authorization,
                audiences=audiences,
                reader=self.store,
                remote_keys=self.remote_keys,
                now=now,
            )
        except InvalidClient as refusal:
            await self._record(refusal, source, now)
            raise
        if seen := _see(client):
            self.sightings.note(client.client.client_id, seen, now)
        return client

    async def authenticate_by_grant(
        self, form: Form, authorization: str | None, url: str, source: Source, now: int
    ) -> Authenticated:
        """Authenticate the client whose assertion a request brings as its grant.

        Other credentials are not needed; where there are any, they are the same client's
        (RFC 7521, 4.1).

        Raises:
            InvalidGrant: the assertion is not good, or not the authenticated client's.
            InvalidClient: other credentials are not good.
            InvalidRequest: no assertion, or several methods at once.
        """
        assertion = form.require("assertion")
        other = None
        if presents_credentials(form, authorization):
            other = await self.authenticate(form, authorization, url, source, now)
        try:
            client = await authenticate_by_grant(
                assertion,
                form.get("client_id") if other is None else other.client.client_id,
                audiences=self.audiences,
                reader=self.store,
                remote_keys=self.remote_keys,
                now=now,
            )
        except InvalidGrant as refusal:
            await self._record(refusal, source, now)
            raise
        if other is None:
            return client
        return msgspec.structs.replace(client, effects=(*other.effects, *client.effects))

    async def _record(
        self, refusal: InvalidClient | InvalidGrant, source: Source, now: int
    ) -> None:
        # Only for clients that exist, and so many a minute: strangers cannot fill the audit
        # trail.
        client = refusal.client
        if client is not None and self.ration(client.client_id, source.ip, now):
            await self.store.apply((Emit(_failed(client, refusal, now, source)),))

    async def admit(
        self, form: Form, authorization: str | None, url: str, source: Source, now: int
    ) -> Authenticated:
        """Authenticate likewise, and burn what was presented at once.

        Raises:
            InvalidClient: also where an assertion was used before.
            InvalidRequest: several methods at once.
        """
        client = await self.authenticate(form, authorization, url, source, now)
        if client.effects:
            await self.burn(client, client.effects)
        return client

    async def burn(self, client: Authenticated, effects: Effects) -> None:
        """Commit effects that hold the marks of a client's assertion.

        Raises:
            InvalidClient: the assertion was used before, for authentication.
            InvalidGrant: likewise, as a grant.
        """
        try:
            await self.store.apply(effects)
        except Conflict as conflict:
            if isinstance(conflict.effect, Remember):
                raise replayed(client.purpose) from None
            raise


def _see(client: Authenticated) -> tuple[Seen, ...]:
    """Return what a client shows of itself that proved who it is.

    One that only named itself shows nothing: anybody can name it.
    """
    method = client.client.token_endpoint_auth_method
    if method == "none":
        return ()
    if client.secret is None:
        return ((Trait.AUTH_METHOD, method),)
    return ((Trait.AUTH_METHOD, method), (Trait.SECRET, str(client.secret.created_at)))


def replayed(purpose: Purpose) -> InvalidClient | InvalidGrant:
    """Return the refusal of an assertion that was used before."""
    return purpose.refusal(
        f"This {purpose.parameter} was used before; make a new one, with a new jti, each time.",
        rule="client-assertion-replayed",
        section="RFC 7523, 3",
        detail="assertion_replayed",
    )


def _failed(
    client: Client, refusal: InvalidClient | InvalidGrant, now: int, source: Source
) -> Event:
    return Event(
        type="client_auth.failed",
        at=now,
        result=Result.FAILURE,
        reason=refusal.detail,
        client_id=client.client_id,
        organization_id=client.organization_id,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
    )
