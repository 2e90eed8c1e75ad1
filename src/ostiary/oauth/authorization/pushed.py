"""Pushed authorization requests (RFC 9126): a client sends its request ahead, and proves itself.

The request is checked when it is pushed, kept under a handle of 256 random bits that is
good for a minute, and used up when it is answered: whoever reloads the page before that
goes on, and whoever brings it again afterwards does not.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.model.client import Client
from ostiary.model.event import Event, Source
from ostiary.model.grant import PushedRequest
from ostiary.oauth import handle
from ostiary.oauth.authorization import request_object
from ostiary.oauth.authorization.loading import load_facts
from ostiary.oauth.authorization.pending import (
    FLOW_EXPIRED,
    FLOW_FINISHED,
    FLOW_UNKNOWN,
    LIFETIME,
    FlowRefused,
    TooManyPending,
)
from ostiary.oauth.authorization.request import (
    AuthorizationRequest,
    UnverifiedRequest,
    restore,
)
from ostiary.oauth.authorization.request_object import Opened, RequestObjects
from ostiary.oauth.authorization.steps import prove, verify
from ostiary.oauth.clients import Door, Store
from ostiary.oauth.effects import Conflict, Consume, Effects, Emit, Insert, Remember
from ostiary.oauth.errors import InvalidRequest
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.message import Form
from ostiary.oauth.reader import PushedReader
from ostiary.oauth.redirect import redirect_uri_matches
from ostiary.oauth.usable import read_owners

PREFIX = "urn:ietf:params:oauth:request_uri:"
SECTION = "RFC 9126, 2.1"
# What a page tells the developer of the application.
CODE = "invalid_request_uri"
_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


class PushedRequestEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Takes authorization requests from clients that prove themselves."""

    issuer: str
    url: str
    door: Door
    store: Store
    keys: KeySource
    clock: Clock
    entropy: Entropy
    objects: RequestObjects
    # Whether a public client, which anybody can pose as, may push once more from this address.
    ration: Callable[[str, str, int], bool]

    async def answer(self, form: Form, authorization: str | None, source: Source) -> dict[str, Any]:
        """Check and keep one request.

        Raises:
            OAuthError: the client did not prove itself, or its request is not good.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        client = (await self.door.admit(form, authorization, self.url, source, now)).client
        if client.public and not self.ration(client.client_id, source.ip, now):
            raise TooManyPending(
                "Too many requests of this application were pushed from this network; wait a "
                "minute.",
                rule="pushed-peer",
            )
        opened = await self._open(_strip(form, client), client, now)
        request = await self._check(opened, client, now, wrapped=form.get("request") is not None)
        text = handle.random_text(self.entropy)
        digest = handle.digest(text)
        lifetime = (await self.store.policies(client.organization_id)).token_lifetimes.par
        record = PushedRequest(
            digest=digest,
            client_id=client.client_id,
            request=request.store(),
            created_at=now,
            begin_before=now + lifetime,
            # Somebody who begins in time has as long as others to sign in.
            expires_at=now + lifetime + LIFETIME,
        )
        event = Event(
            type="request.pushed",
            at=now,
            actor_id=client.client_id,
            client_id=client.client_id,
            organization_id=client.organization_id,
            target=name_of(digest),
            ip=source.ip,
            user_agent=source.user_agent,
            trace_id=source.trace_id,
            details={"scopes": list(request.scopes)},
        )
        effects = (Insert(record), Emit(event))
        try:
            await self.store.apply((*request_object.burn(opened.mark, client.client_id), *effects))
        except Conflict as conflict:
            if isinstance(conflict.effect, Remember):
                raise request_object.used() from None
            raise
        return {"request_uri": PREFIX + text, "expires_in": lifetime}

    async def _open(self, form: Form, client: Client, now: int) -> Opened:
        """Return the parameters that count: those of the request object, if there is one."""
        if form.get("request_uri") is not None:
            raise InvalidRequest(
                "A pushed request cannot name a request_uri: send the parameters themselves.",
                rule="pushed-request-uri",
                section=SECTION,
            )
        if form.get("request") is None:
            return Opened(form)
        opened = await self.objects.open_pushed(form, client, now)
        request_object.compare(form, opened.form)
        return opened

    async def _check(
        self, opened: Opened, client: Client, now: int, *, wrapped: bool
    ) -> AuthorizationRequest:
        form = opened.form
        proven, client = prove(
            UnverifiedRequest(form), client, await read_owners(client, self.store)
        )
        facts = await load_facts(
            form,
            client,
            self.store,
            issuer=self.issuer,
            ring=await self.keys.ring(),
            now=now,
            unsigned=client.require_signed_request_object and not wrapped,
        )
        return verify(proven, facts)


def _strip(form: Form, client: Client) -> Form:
    """Leave out what authenticated the client: it is neither checked nor kept again."""
    values = {name: value for name, value in form.values.items() if name not in _CREDENTIALS}
    return msgspec.structs.replace(form, values=values | {"client_id": client.client_id})


def name_of(digest: bytes) -> str:
    """Return the name of a pushed request in the audit trail, which opens nothing."""
    return digest.hex()[:32]


def is_pushed(form: Form) -> bool:
    """Tell whether a request refers to one that was pushed."""
    return (form.get("request_uri") or "").startswith(PREFIX)


async def fetch(form: Form, client: Client, reader: PushedReader, now: int) -> AuthorizationRequest:
    """Return the request that was pushed; the other parameters beside it count for nothing.

    Raises:
        FlowRefused: it is unknown, another client's, over, or was answered already.
    """
    digest = handle.digest((form.get("request_uri") or "").removeprefix(PREFIX))
    found = await reader.pushed_request(digest)
    if found is None or found.client_id != client.client_id:
        raise FlowRefused(FLOW_UNKNOWN, 400, client, code=CODE)
    if found.consumed_at is not None:
        raise used(client)
    try:
        request = restore(found.request)
    except msgspec.ValidationError:
        raise _expired(client) from None
    if found.begin_before <= now or not redirect_uri_matches(request.redirect_uri, client):
        raise _expired(client)
    return msgspec.structs.replace(request, pushed=digest.hex())


def used(client: Client) -> FlowRefused:
    """Return the refusal of a request that was answered already."""
    return FlowRefused(FLOW_FINISHED, 400, client, code=CODE)


def _expired(client: Client) -> FlowRefused:
    return FlowRefused(FLOW_EXPIRED, 400, client, code=CODE)


def consume(request: AuthorizationRequest, now: int) -> Effects:
    """Return what uses up the pushed request behind a request, if there is one."""
    if request.pushed is None:
        return ()
    return (Consume(PushedRequest, bytes.fromhex(request.pushed), now),)
