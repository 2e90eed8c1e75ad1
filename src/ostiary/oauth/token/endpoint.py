"""The token endpoint: the steps that every grant shares, once (RFC 6749, 3.2).

    form -> client -> facts -> issuance -> tokens and effects -> one commit

A lost race loads and decides again, once, on fresh facts: then the line that detects a
replay is the one that runs.
"""

from collections.abc import Callable, Mapping

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.jose.errors import NoSigningKey
from ostiary.model.event import Source
from ostiary.oauth.clients import Authenticated, Door, Store, replayed
from ostiary.oauth.clients.use import Uses
from ostiary.oauth.completion import complete
from ostiary.oauth.effects import Conflict, Remember
from ostiary.oauth.errors import (
    OAuthError,
    SlowDown,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from ostiary.oauth.grants import jwt_bearer
from ostiary.oauth.issuance import GrantType, TokenRequest
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.management import with_management
from ostiary.oauth.message import Form
from ostiary.oauth.mint import Response, mint
from ostiary.oauth.peer import peer_of
from ostiary.oauth.sightings import Sightings
from ostiary.oauth.token.seen import see


class TokenEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Answers token requests."""

    issuer: str
    url: str
    door: Door
    store: Store
    keys: KeySource
    clock: Clock
    entropy: Entropy
    grants: Mapping[str, GrantType]
    polls: Callable[[bytes, int], int | None]
    uses: Uses = msgspec.field(default_factory=Uses)
    sightings: Sightings = msgspec.field(default_factory=Sightings)

    async def answer(self, form: Form, authorization: str | None, source: Source) -> Response:
        """Answer one token request.

        Raises:
            OAuthError: refused; the effects of the refusal are committed by then.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        grant = self._grant(form)
        prove = self.door.authenticate
        if grant.grant_type == jwt_bearer.grant_type:
            prove = self.door.authenticate_by_grant
        client = await prove(form, authorization, self.url, source, now)
        try:
            return await self._issue(form, grant, client, now, source)
        except OAuthError as refusal:
            await self._settle(client, refusal)
            raise

    async def _settle(self, client: Authenticated, refusal: OAuthError) -> None:
        """Commit what a refusal leaves behind."""
        if not (client.effects or refusal.effects):
            return
        try:
            await self.door.burn(client, (*client.effects, *refusal.effects))
        except Conflict:
            # Of several polls at once one raises the interval, and each is told to slow
            # down; what they presented is burned all the same.
            if not isinstance(refusal, SlowDown):
                raise
            if client.effects:
                await self.door.burn(client, client.effects)

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
            decided = grant.decide(request, await grant.load(request, self.store))
            issuance = await complete(request, decided, self.store, self.door.remote_keys)
            try:
                response, effects = mint(request, grant.grant_type, issuance, self.entropy)
            except NoSigningKey as missing:
                raise TemporarilyUnavailable(
                    f"The server cannot sign for this client: {missing.message}.",
                    rule="key-missing",
                ) from missing
            try:
                used = self.uses.note(request.client)
                await self.store.apply((*client.effects, *effects, *used))
            except Conflict as conflict:
                if isinstance(conflict.effect, Remember):
                    raise replayed(client.purpose) from None
                if last:
                    break
            else:
                self.uses.remember(request.client)
                reads_keys = self.sightings.reads_keys(peer_of(request.source.ip))
                seen = see(request, grant.grant_type, issuance, reads_keys=reads_keys)
                self.sightings.note(request.client.client_id, seen, now)
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
            apis=with_management(registration.apis, self.issuer),
            policies=registration.policies,
            configuration=registration.configuration,
            issuer=self.issuer,
            ring=await self.keys.ring(),
            now=now,
            source=source,
            polls=self.polls,
        )
