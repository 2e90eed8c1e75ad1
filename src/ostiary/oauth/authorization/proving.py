"""What stands behind an authorization request: its client, where to answer, and all the rest.

It comes in the query or a form, pushed before (RFC 9126), or in a request object (RFC 9101).
First is proven who asks and where the answer goes, so that errors can be told there; then
everything else is verified.
"""

from typing import Protocol

import msgspec

from ostiary.model.client import Client
from ostiary.oauth.authorization import pushed, request_object
from ostiary.oauth.authorization.loading import Reader, Visit, load_facts
from ostiary.oauth.authorization.registered import check_again
from ostiary.oauth.authorization.request import AuthorizationRequest, UnverifiedRequest
from ostiary.oauth.authorization.request_object import RequestObjects
from ostiary.oauth.authorization.steps import prove, require_client, verify
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.message import Form
from ostiary.oauth.reader import PushedReader, RoleReader
from ostiary.oauth.usable import Owners, read_owners


class Store(Reader, RoleReader, PushedReader, Protocol):
    """The reads that a request is verified by."""


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be answered; nothing else about it is verified."""

    request: AuthorizationRequest
    client: Client
    # Its parameters; None where they were verified before, when they were pushed.
    form: Form | None = None
    # What stood beside a request object.
    outer: Form | None = None
    # Why the request object is not good. Its client is answered all the same.
    refusal: OAuthError | None = None


class Proving(msgspec.Struct, frozen=True, kw_only=True):
    """Proves and verifies requests."""

    issuer: str
    store: Store
    keys: KeySource
    objects: RequestObjects

    async def prove(
        self, unverified: UnverifiedRequest, client: Client | None, visit: Visit
    ) -> Proven:
        """Prove the client that a request names, and where it is answered.

        Raises:
            OAuthError: they are not proven; the client is told nothing.
            Unavailable: the store cannot answer now.
        """
        form = unverified.form
        owners = await read_owners(client, self.store)
        if pushed.is_pushed(form):
            request_object.refuse_both(form)
            known = require_client(client, owners)
            request = await pushed.fetch(form, known, self.store, visit.now)
            return Proven(request=request, client=known)
        if request_object.is_used(form):
            return await self._open(form, require_client(client, owners), owners, visit)
        request, known = prove(unverified, client, owners)
        return Proven(request=request, client=known, form=form)

    async def _open(self, outer: Form, client: Client, owners: Owners, visit: Visit) -> Proven:
        """Prove what is in a request object; if that cannot be relied on, what is beside it.

        Raises:
            OAuthError: neither says where to answer.
        """
        policies = await self.store.policies(client.organization_id)
        try:
            opened = await self.objects.open(
                outer,
                client,
                by_reference=policies.fetch_request_uris,
                ip=visit.source.ip,
                now=visit.now,
            )
        except OAuthError as error:
            if outer.get("redirect_uri") is None:
                raise
            request, client = prove(UnverifiedRequest(outer), client, owners)
            return Proven(request=request, client=client, form=outer, refusal=error)
        request, client = prove(UnverifiedRequest(opened.form), client, owners)
        request = msgspec.structs.replace(request, mark=opened.mark)
        return Proven(request=request, client=client, form=opened.form, outer=outer)

    async def verify(self, proven: Proven, now: int) -> AuthorizationRequest:
        """Verify the rest of a request.

        Raises:
            OAuthError: it is not good; its client is told.
            Unavailable: the store cannot answer now.
        """
        form, client = proven.form, proven.client
        if proven.refusal is not None:
            raise proven.refusal
        if form is None:
            check_again(proven.request, client, now)
            return proven.request
        if proven.outer is not None:
            request_object.compare(proven.outer, form)
        policies = await self.store.policies(client.organization_id)
        facts = await load_facts(
            form,
            client,
            self.store,
            issuer=self.issuer,
            ring=await self.keys.ring(),
            now=now,
            unpushed=client.require_pushed_authorization_requests
            or policies.require_pushed_authorization_requests,
            unsigned=client.require_signed_request_object and proven.outer is None,
        )
        return verify(proven.request, facts)
