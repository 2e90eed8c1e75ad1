"""The token endpoint: the steps that every grant shares, once (RFC 6749, 3.2).

    form -> client -> facts -> issuance -> tokens and effects -> one commit

A lost race loads and decides again, once, on fresh facts: then the line that detects a
replay is the one that runs.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.jose.errors import NoSigningKey
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.oauth.clients import Authenticated, RemoteKeys, authenticate
from ostiary.oauth.effects import Conflict, Effects, Emit, Remember
from ostiary.oauth.errors import (
    InvalidClient,
    OAuthError,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from ostiary.oauth.issuance import GrantType, TokenRequest
from ostiary.oauth.message import Form
from ostiary.oauth.mint import Response, mint
from ostiary.oauth.reader import Reader


class Store(Reader, Protocol):
    """Reads, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none.

        Raises:
            Conflict: a precondition did not hold.
            Unavailable: the store cannot answer now.
        """
        ...


class KeySource(Protocol):
    """Where the current keys come from."""

    async def ring(self) -> KeyRing:
        """Return the keys of this moment."""
        ...


class TokenEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Answers token requests."""

    issuer: str
    url: str
    store: Store
    keys: KeySource
    remote_keys: RemoteKeys
    clock: Clock
    entropy: Entropy
    grants: Mapping[str, GrantType]
    # Whether one more failure of this client from this address is recorded now.
    ration: Callable[[str, str, int], bool]

    async def answer(self, form: Form, authorization: str | None, source: Source) -> Response:
        """Answer one token request.

        Raises:
            OAuthError: refused; the effects of the refusal are committed by then.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        grant = self._grant(form)
        client = await self._authenticate(form, authorization, now, source)
        try:
            return await self._issue(form, grant, client, now, source)
        except OAuthError as refusal:
            if client.effects or refusal.effects:
                await self._apply_refusal((*client.effects, *refusal.effects))
            raise

    def _grant(self, form: Form) -> GrantType:
        name = form.require("grant_type")
        grant = self.grants.get(name)
        if grant is None:
            raise UnsupportedGrantType(
                "This grant_type does not exist here; supported are " + ", ".join(self.grants),
                rule="grant-type-unknown",
                section="RFC 6749, 5.2",
                received=name,
                expected=" ".join(self.grants),
            )
        return grant

    async def _authenticate(
        self, form: Form, authorization: str | None, now: int, source: Source
    ) -> Authenticated:
        try:
            return await authenticate(
                form,
                authorization,
                audiences=(self.issuer, self.url),
                reader=self.store,
                remote_keys=self.remote_keys,
                now=now,
            )
        except InvalidClient as refusal:
            # Only for clients that exist, and so many a minute: strangers cannot fill the
            # audit trail.
            if refusal.client is not None and self.ration(refusal.client.client_id, source.ip, now):
                await self.store.apply((Emit(_failed(refusal.client, refusal, now, source)),))
            raise

    async def _issue(
        self, form: Form, grant: GrantType, client: Authenticated, now: int, source: Source
    ) -> Response:
        request = await self._request(form, client, now, source)
        if grant.grant_type not in request.client.grant_types:
            raise UnauthorizedClient(
                "This client is not registered for this grant_type.",
                rule="grant-type-registered",
                section="RFC 6749, 5.2",
                received=grant.grant_type,
                expected=" ".join(request.client.grant_types),
            )
        for last in (False, True):
            issuance = grant.decide(request, await grant.load(request, self.store))
            try:
                response, effects = mint(request, grant.grant_type, issuance, self.entropy)
            except NoSigningKey as missing:
                raise TemporarilyUnavailable(
                    f"The server cannot sign for this client: {missing.message}.",
                    rule="key-missing",
                ) from missing
            try:
                await self.store.apply((*client.effects, *effects))
            except Conflict as conflict:
                if isinstance(conflict.effect, Remember):
                    raise _replayed() from None
                if last:
                    break
            else:
                return response
        raise TemporarilyUnavailable(
            "Another request changed the same thing at the same time; send this one again.",
            rule="conflict",
        )

    async def _request(
        self, form: Form, client: Authenticated, now: int, source: Source
    ) -> TokenRequest:
        registration = client.registration
        return TokenRequest(
            form=form,
            client=client.client,
            organization=client.organization,
            apis=registration.apis,
            policies=registration.policies,
            configuration=registration.configuration,
            issuer=self.issuer,
            ring=await self.keys.ring(),
            now=now,
            source=source,
        )

    async def _apply_refusal(self, effects: Effects) -> None:
        try:
            await self.store.apply(effects)
        except Conflict as conflict:
            if isinstance(conflict.effect, Remember):
                raise _replayed() from None
            raise


def _failed(client: Client, refusal: InvalidClient, now: int, source: Source) -> Event:
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


def _replayed() -> InvalidClient:
    return InvalidClient(
        "This client_assertion was used before; make a new one, with a new jti, each time.",
        rule="client-assertion-replayed",
        section="RFC 7523, 3",
        detail="assertion_replayed",
    )
