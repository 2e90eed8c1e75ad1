"""The authorization endpoint: load, decide, commit, for each of its three entrances.

    GET  authorize           begin    answered at once, or a flow begins and a page is shown
    POST authorize           deposit  reads no cookie: a flow begins, and is then resumed
    GET  authorize/continue  resume   after each page of a flow, and after a deposit

Everything that can be told to the client is a `Reply`; what is raised is for a page.
"""

from contextlib import suppress
from typing import Protocol

import msgspec

from ostiary.clock import Entropy
from ostiary.jose.errors import NoSigningKey
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.grant import Interaction, PushedRequest
from ostiary.oauth.authorization import pending, pushed, request_object
from ostiary.oauth.authorization.approval import Approval, approve, make_grant, touch
from ostiary.oauth.authorization.entry import Entered, enter
from ostiary.oauth.authorization.front_channel import FrontChannel
from ostiary.oauth.authorization.interaction import Interact, Reason, Respond, decide
from ostiary.oauth.authorization.loading import (
    Attempt,
    Reader,
    Visit,
    find_browser,
    load,
    reopen,
    usable_sessions,
)
from ostiary.oauth.authorization.pending import FlowRefused, TooManyPending
from ostiary.oauth.authorization.proving import Proven, Proving
from ostiary.oauth.authorization.registered import check_again
from ostiary.oauth.authorization.rejection import record_rejection
from ostiary.oauth.authorization.request import AuthorizationRequest, UnverifiedRequest
from ostiary.oauth.authorization.response import (
    Parameters,
    Reply,
    error_parameters,
    reply,
    reply_error,
)
from ostiary.oauth.authorization.seen import see
from ostiary.oauth.authorization.session_state import browser_state, session_state, unknown_state
from ostiary.oauth.authorization.steps import (
    UnknownClient,
    read_client_id,
)
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.clients.use import Uses
from ostiary.oauth.completion import complete
from ostiary.oauth.device import approval as devices
from ostiary.oauth.effects import Conflict, Consume, Effects, Insert, Remember, Update
from ostiary.oauth.errors import InvalidRequest, OAuthError, TemporarilyUnavailable
from ostiary.oauth.issuance import TokenRequest
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.legacy import CODE
from ostiary.oauth.management import with_management
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.peer import peer_of
from ostiary.oauth.reader import DeviceReader, PushedReader, RoleReader, SignedIn
from ostiary.oauth.sightings import Sightings


class Store(Reader, RoleReader, PushedReader, DeviceReader, Protocol):
    """The reads of the endpoint, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none.

        Raises:
            Conflict: a precondition did not hold.
            Unavailable: the store cannot answer now.
        """
        ...


class Ask(msgspec.Struct, frozen=True):
    """A page has to be shown: which, for which flow, and the cookie of a new browser."""

    reason: Reason
    flow: str
    cookie: str | None = None


Outcome = Reply | Ask | Entered


class AuthorizationEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Answers authorization requests."""

    issuer: str
    store: Store
    keys: KeySource
    remote_keys: RemoteKeys
    entropy: Entropy
    proving: Proving
    uses: Uses = msgspec.field(default_factory=Uses)
    # The address below which errors are explained, by trace id; None: they are not.
    explanations: str | None = None
    sightings: Sightings = msgspec.field(default_factory=Sightings)

    async def begin(self, query: bytes, visit: Visit) -> Outcome:
        """Answer a request that came by GET.

        Raises:
            OAuthError: client or redirect URI are not proven, or too many requests wait.
            Unavailable: the store cannot answer now.
        """
        proven = await self._prove(query, visit)
        request, client = proven.request, proven.client
        try:
            request = await self.proving.verify(proven, visit.now)
            return await self._begin(request, client, visit)
        except TooManyPending as error:
            await self._record(error, client.client_id, client, visit)
            raise
        except OAuthError as error:
            return await self._refuse(error, request, client, visit)

    async def enter(
        self, request: AuthorizationRequest, client: Client, visit: Visit
    ) -> Ask | Entered:
        """Open one of our own pages, or begin a flow that leads there.

        Raises:
            TooManyPending: too many requests wait.
            TemporarilyUnavailable: others changed the same at the same time, twice.
            Unavailable: the store cannot answer now.
        """
        outcome = await self._begin(request, client, visit)
        if isinstance(outcome, Ask | Entered):
            return outcome
        raise ValueError(f"not an own page, but {outcome!r} answered")

    async def open(self, request: AuthorizationRequest, client: Client, visit: Visit) -> Ask:
        """Begin a flow for a request with `prompt=consent` that was verified elsewhere.

        Raises:
            TooManyPending: too many requests wait.
            Unavailable: the store cannot answer now.
            ValueError: the request could be answered without asking anybody.
        """
        outcome = await self._begin(request, client, visit)
        if not isinstance(outcome, Ask):
            raise ValueError(f"nobody was asked, but {outcome!r} answered")  # noqa: TRY004
        return outcome

    async def deposit(self, body: bytes, visit: Visit) -> Reply | str:
        """Store a request that came by POST; return the id of the flow to resume.

        Raises:
            OAuthError: client or redirect URI are not proven, or too many requests wait.
            Unavailable: the store cannot answer now.
        """
        proven = await self._prove(body, visit)
        client = proven.client
        try:
            request = await self.proving.verify(proven, visit.now)
            peer = await self._find_room(visit)
        except TooManyPending as error:
            await self._record(error, client.client_id, client, visit)
            raise
        except OAuthError as error:
            await self._record(error, client.client_id, client, visit)
            uri = self._explained_at(visit)
            return reply_error(proven.request.reply_to, error, self.issuer, uri)
        flow, interaction = pending.open_flow(request, peer, visit.now, self.entropy)
        await self.store.apply((Insert(interaction),))
        return flow

    async def resume(self, flow: str, visit: Visit) -> Outcome:
        """Go on with a flow: answer it, or show its next page.

        Raises:
            FlowRefused: it is unknown, over, or another browser's.
            TemporarilyUnavailable: it was moved on by others at the same time, twice.
            Unavailable: the store cannot answer now.
        """
        for _ in range(2):
            try:
                return await self._resume(flow, visit)
            except Conflict:
                continue
        raise _busy()

    async def _prove(self, parameters: bytes, visit: Visit) -> Proven:
        client_id, client = None, None
        try:
            unverified = UnverifiedRequest(parse_form(parameters))
            client_id = read_client_id(unverified)
            client = await self.store.client(client_id)
            return await self.proving.prove(unverified, client, visit)
        except OAuthError as error:
            await self._record(error, client_id, client, visit)
            raise

    async def _begin(self, request: AuthorizationRequest, client: Client, visit: Visit) -> Outcome:
        for _ in range(2):
            browser = await find_browser(visit, self.store)
            attempt = Attempt(request=request, client=client, visit=visit, browser=browser)
            facts = await load(attempt, self.store, self.keys)
            outcome = decide(request, facts, visit.now)
            try:
                if isinstance(outcome, Respond):
                    return await self._respond(attempt, outcome, facts.signed_in)
                return await self._ask(attempt, outcome)
            except Conflict:
                continue
        raise _busy()

    async def _resume(self, flow: str, visit: Visit) -> Outcome:
        attempt = await reopen(flow, visit, self.store)
        try:
            check_again(attempt.request, attempt.client, visit.now)
            facts = await load(attempt, self.store, self.keys)
            outcome = decide(attempt.request, facts, visit.now)
        except OAuthError as error:
            if attempt.request.device is not None:
                return await self._deny(attempt, attempt.request.device, error.rule)
            await self._finish(attempt, ())
            if attempt.request.entry is not None:
                raise FlowRefused(pending.FLOW_EXPIRED, 410) from error
            return await self._refuse(error, attempt.request, attempt.client, visit)
        if isinstance(outcome, Interact):
            return await self._ask(attempt, outcome, flow)
        try:
            return await self._respond(attempt, outcome, facts.signed_in)
        except InvalidRequest as error:  # its answer cannot be encrypted for the client
            await self._finish(attempt, ())
            return await self._refuse(error, attempt.request, attempt.client, visit)

    async def _respond(
        self, attempt: Attempt, decision: Respond, live: tuple[SignedIn, ...]
    ) -> Reply | Entered:
        request, client = attempt.request, attempt.client
        if request.entry is not None:
            return await self._enter(attempt, decision.signed_in)
        ring = await self.keys.ring()
        approval = Approval(
            request=request,
            client=client,
            decision=decision,
            client_policies=await self.store.policies(client.organization_id),
            user_policies=await self.store.policies(decision.signed_in.user.organization_id),
            sid_key=ring.mac("sid")[1],
            now=attempt.visit.now,
            source=attempt.visit.source,
        )
        if request.device is not None:
            record = await devices.waiting(request.device, self.store, client, approval.now)
            await self._finish(attempt, devices.approve(approval, record, self.entropy))
            return devices.APPROVED
        grant = make_grant(approval, self.entropy)
        parameters, effects = approve(approval, grant, self.entropy)
        if request.response_type != CODE:
            terms = await self._terms(approval, ring)
            front = FrontChannel(approval=approval, terms=terms)
            issuance = await complete(terms, front.issue(grant), self.store, self.remote_keys)
            try:
                parameters, tokens = front.add(issuance, parameters, self.entropy)
            except NoSigningKey as missing:
                raise TemporarilyUnavailable(
                    f"The server cannot sign for this client: {missing.message}.",
                    rule="key-missing",
                ) from missing
            effects += tokens
        await self._finish(attempt, (*effects, *self.uses.note(client)))
        self.uses.remember(client)
        self.sightings.note(client.client_id, see(request, client), approval.now)
        return await self._reply(attempt, parameters, live)

    async def _reply(
        self, attempt: Attempt, parameters: Parameters, live: tuple[SignedIn, ...]
    ) -> Reply:
        """Answer the client, and let one of OpenID Connect watch who is signed in from now on."""
        to, present, browser = attempt.request.reply_to, attempt.visit.state, attempt.browser
        if not attempt.request.openid:
            return reply(to, parameters, self.issuer)
        if browser is None:
            state = unknown_state(present, self.entropy)
        else:
            key = (await self.keys.ring()).mac("sid")[1]
            state = browser_state(browser, (one.session.id for one in live), key)
        told = {**parameters, "session_state": session_state(to, state, self.entropy)}
        answer = reply(to, told, self.issuer)
        return answer if state == present else msgspec.structs.replace(answer, browser_state=state)

    async def _enter(self, attempt: Attempt, signed_in: SignedIn) -> Entered:
        session, now = signed_in.session, attempt.visit.now
        entered, effects = enter(attempt.request, session)
        policies = await self.store.policies(session.organization_id)
        await self._finish(attempt, (*effects, *touch(session, policies.token_lifetimes, now)))
        return entered

    async def _terms(self, approval: Approval, ring: KeyRing) -> TokenRequest:
        """Return what tokens for the client are made with."""
        registration = await self.store.registration(approval.client.client_id)
        if registration is None or registration.organization is None:
            raise UnknownClient("The application was removed meanwhile.", rule="client-unknown")
        return TokenRequest(
            form=Form({}),
            client=approval.client,
            organization=registration.organization,
            apis=with_management(registration.apis, self.issuer),
            policies=registration.policies,
            configuration=registration.configuration,
            issuer=self.issuer,
            ring=ring,
            now=approval.now,
            source=approval.source,
        )

    async def _deny(self, attempt: Attempt, device: str, rule: str) -> Reply:
        """Tell a device that the answer was no."""
        now, interaction = attempt.visit.now, attempt.interaction
        record = await devices.waiting(device, self.store, attempt.client, now)
        acting = None if interaction is None else interaction.session_id
        present = await usable_sessions(attempt.browser, now, self.store)
        denial = devices.Denial(
            rule=rule,
            client=attempt.client,
            signed_in=next((one for one in present if one.session.id == acting), None),
            source=attempt.visit.source,
            now=now,
        )
        await self._finish(attempt, devices.deny(denial, record))
        return devices.DENIED

    async def _finish(self, attempt: Attempt, effects: Effects) -> None:
        """Commit what answers an attempt, and use up what it came by.

        Raises:
            FlowRefused: the pushed request or request object behind it was answered before.
        """
        try:
            await self.store.apply((*_consume(attempt), *effects))
        except Conflict as conflict:
            effect = conflict.effect
            if isinstance(effect, Consume) and effect.kind is PushedRequest:
                raise pushed.used(attempt.client) from None
            if isinstance(effect, Remember):
                code = request_object.used().error
                raise FlowRefused(pending.FLOW_FINISHED, 400, attempt.client, code=code) from None
            raise

    async def _ask(self, attempt: Attempt, outcome: Interact, flow: str = "") -> Ask:
        """Show a page, of a new flow or of one that goes on; bind the flow to the browser."""
        now, browser, interaction = attempt.visit.now, attempt.browser, attempt.interaction
        changes: dict[str, str] = {}
        effects: Effects = ()
        cookie = None
        if interaction is None:
            peer = await self._find_room(attempt.visit)
            flow, interaction = pending.open_flow(attempt.request, peer, now, self.entropy)
        if not interaction.browser_id:
            if browser is None:
                browser, cookie = pending.new_browser(now, self.entropy)
                effects = (Insert(browser),)
            else:
                effects = pending.keep_browser(browser, interaction.expires_at)
            changes["browser_id"] = browser.id
        if outcome.session_id not in (None, interaction.session_id):
            changes["session_id"] = outcome.session_id
        if attempt.interaction is None:
            effects += (Insert(msgspec.structs.replace(interaction, **changes)),)
        elif changes:
            effects += (Update(interaction, changes),)
        if effects:
            await self.store.apply(effects)
        return Ask(outcome.reason, flow, cookie)

    async def _find_room(self, visit: Visit) -> str:
        """Return the peer that a new flow counts for.

        Raises:
            TooManyPending: of this peer, or in all.
        """
        peer = peer_of(visit.source.ip)
        count = self.store.pending_interactions
        pending.check_room(
            await count(peer, visit.now, pending.MAX_PER_PEER),
            await count(None, visit.now, pending.MAX_TOTAL),
        )
        return peer

    async def _refuse(
        self, error: OAuthError, request: AuthorizationRequest, client: Client, visit: Visit
    ) -> Reply:
        await self._record(error, client.client_id, client, visit)
        browser = await find_browser(visit, self.store) if request.openid else None
        live = await usable_sessions(browser, visit.now, self.store)
        attempt = Attempt(request=request, client=client, visit=visit, browser=browser)
        answer = await self._reply(
            attempt, error_parameters(error, self._explained_at(visit)), live
        )
        return msgspec.structs.replace(answer, refusal=error)

    def _explained_at(self, visit: Visit) -> str | None:
        """Return the address for developers at which an error of this visit is explained."""
        return None if self.explanations is None else self.explanations + visit.source.trace_id

    async def _record(
        self, error: OAuthError, client_id: str | None, client: Client | None, visit: Visit
    ) -> None:
        effects = record_rejection(error, client_id, client, visit.now, visit.source)
        if not effects:
            return
        # Of these effects only the count can lose: then enough was recorded this minute.
        with suppress(Conflict):
            await self.store.apply(effects)


def _consume(attempt: Attempt) -> Effects:
    """Use up the flow of an attempt: of two answers at once, one is given."""
    now = attempt.visit.now
    request = attempt.request
    mine = pushed.consume(request, now) + request_object.burn(request.mark, request.client_id)
    if attempt.interaction is None:
        return mine
    return (Consume(Interaction, attempt.interaction.digest, now), *mine)


def _busy() -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Another request changed the same thing at the same time; send this one again.",
        rule="conflict",
    )
