"""The device authorization endpoint (RFC 8628, 3.1 and 3.2)."""

from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.model.client import Client
from ostiary.model.event import Event, Source
from ostiary.model.grant import DeviceCode
from ostiary.oauth import handle
from ostiary.oauth.authorization import parameters
from ostiary.oauth.authorization.loading import load_facts
from ostiary.oauth.authorization.pending import TooManyPending
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.clients import Door, Store
from ostiary.oauth.device import user_code
from ostiary.oauth.effects import Emit, Insert
from ostiary.oauth.errors import InvalidScope, UnauthorizedClient
from ostiary.oauth.grants.device_code import grant_type
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.message import Form
from ostiary.oauth.scope import parse_scope


class DeviceEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Gives devices their codes."""

    issuer: str
    url: str
    # Where people type the code.
    page: str
    door: Door
    store: Store
    keys: KeySource
    clock: Clock
    entropy: Entropy
    # Whether a public client, which anybody can pose as, may ask once more from this address.
    ration: Callable[[str, str, int], bool]

    async def answer(self, form: Form, authorization: str | None, source: Source) -> dict[str, Any]:
        """Give a device its codes.

        Raises:
            OAuthError: the client did not prove itself, may not use the grant, or asks for
                what it may not have.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        client = (await self.door.admit(form, authorization, self.url, source, now)).client
        if grant_type not in client.grant_types:
            raise UnauthorizedClient(
                "This client is not registered for the device authorization grant.",
                rule="grant-type-registered",
                section="RFC 8628, 3.1",
                received=grant_type,
                expected=" ".join(client.grant_types),
            )
        if client.public and not self.ration(client.client_id, source.ip, now):
            raise TooManyPending(
                "Too many devices of this application asked from this network; wait a minute.",
                rule="device-peer",
            )
        request = await self._check(form, client, now)
        lifetimes = (await self.store.policies(client.organization_id)).token_lifetimes
        text = handle.random_text(self.entropy)
        record = DeviceCode(
            digest=handle.digest(text),
            user_code=user_code.make(self.entropy),
            client_id=client.client_id,
            scopes=request.scopes,
            resources=request.resources,
            code_challenge=request.code_challenge,
            organization_id=request.organization,
            interval=lifetimes.device_interval,
            ip=source.ip,
            created_at=now,
            expires_at=now + lifetimes.device_code,
        )
        event = Event(
            type="device.requested",
            at=now,
            actor_id=client.client_id,
            client_id=client.client_id,
            organization_id=client.organization_id,
            ip=source.ip,
            user_agent=source.user_agent,
            trace_id=source.trace_id,
            details={"scopes": list(request.scopes)},
        )
        await self.store.apply((Insert(record), Emit(event)))
        shown = user_code.show(record.user_code)
        return {
            "device_code": text,
            "user_code": shown,
            "verification_uri": self.page,
            "verification_uri_complete": f"{self.page}?user_code={shown}",
            "expires_in": lifetimes.device_code,
            "interval": record.interval,
        }

    async def _check(self, form: Form, client: Client, now: int) -> AuthorizationRequest:
        facts = await load_facts(
            form,
            client,
            self.store,
            issuer=self.issuer,
            ring=await self.keys.ring(),
            now=now,
        )
        request = AuthorizationRequest(
            client_id=client.client_id,
            redirect_uri="",
            response_mode="query",
            response_type="code",
        )
        request = parameters.read_scopes(parameters.read_resources(request, facts), facts)
        # RFC 8628 knows no PKCE, so nobody is held to it; a device that sends a challenge is.
        if form.get("code_challenge") is not None or form.get("code_challenge_method") is not None:
            request = parameters.read_code_challenge(request, facts)
        # What the client may have and cannot use, offline_access, is no mistake of its own.
        unknown = set(parse_scope(form.get("scope"))).difference(client.allowed_scopes)
        if unknown:
            raise InvalidScope(
                "These scopes do not exist here: " + " ".join(sorted(unknown)),
                rule="scope-unknown",
                section="RFC 8628, 3.1",
                received=form.get("scope"),
                expected=" ".join(client.allowed_scopes),
            )
        return request
