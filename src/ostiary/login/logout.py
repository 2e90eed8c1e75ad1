"""Signing out: from a request to ended sessions, with a question in between where needed."""

from collections.abc import Awaitable, Callable

import msgspec

from ostiary.clock import Entropy
from ostiary.login.store import LoginStore
from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.grant import Interaction
from ostiary.model.session import Browser
from ostiary.oauth.authorization import pending
from ostiary.oauth.authorization.approval import session_id_for
from ostiary.oauth.authorization.loading import Visit, find_browser, usable_sessions
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.authorization.session_state import browser_state
from ostiary.oauth.effects import Conflict, Consume, Effects, Emit, Insert, RevokeSession, Update
from ostiary.oauth.errors import TemporarilyUnavailable
from ostiary.oauth.handle import digest, random_text
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.logout.decision import Confirm, End, decide
from ostiary.oauth.logout.frontchannel import frame_address, frame_origin, wants_frame
from ostiary.oauth.logout.request import LogoutRequest, restore
from ostiary.oauth.peer import peer_of
from ostiary.oauth.reader import SignedIn

REASON = "logout"


class Frame(msgspec.Struct, frozen=True):
    """A frame in which an application signs a person out, and the origin that it is of."""

    address: str
    origin: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody of these is signed in any more; `sessions` is empty where nobody was."""

    request: LogoutRequest
    client: Client | None
    sessions: tuple[SignedIn, ...]
    # The browser state from now on; None where the browser is not known.
    state: str | None = None
    # Of the applications that the sessions were used with, those that want to be told so.
    frames: tuple[Frame, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The person has to be asked, on the page of this flow."""

    flow: str
    request: LogoutRequest
    client: Client | None
    sessions: tuple[SignedIn, ...]
    interaction: Interaction
    browser: Browser


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is about to be answered."""

    request: LogoutRequest
    client: Client | None
    browser: Browser | None
    visit: Visit
    # What the request waited in, which is used up with it.
    used: Consume | None = None


class Logout(msgspec.Struct, frozen=True, kw_only=True):
    """Ends sessions."""

    issuer: str
    store: LoginStore
    keys: KeySource
    entropy: Entropy

    async def begin(self, request: LogoutRequest, visit: Visit) -> Ended | Question:
        """Answer a request that came with the browser's cookie, or keep it for a question.

        Raises:
            TooManyPending: too many requests wait.
            TemporarilyUnavailable: others changed the same at the same time, twice.
            Unavailable: the store cannot answer now.
        """
        return await _twice(lambda: self._begin(request, visit))

    async def _begin(self, request: LogoutRequest, visit: Visit) -> Ended | Question:
        browser, outcome, client = await self._decide(request, visit)
        if browser is None or isinstance(outcome, End):
            ending = Ending(request=request, client=client, browser=browser, visit=visit)
            return await self._end(ending, outcome.sessions)
        flow, interaction = await self._open(request, visit)
        interaction = msgspec.structs.replace(interaction, browser_id=browser.id)
        keep = pending.keep_browser(browser, interaction.expires_at)
        await self.store.apply((*keep, Insert(interaction)))
        return Question(
            flow=flow,
            request=request,
            client=client,
            sessions=outcome.sessions,
            interaction=interaction,
            browser=browser,
        )

    async def deposit(self, request: LogoutRequest, visit: Visit) -> str:
        """Keep a request that came by POST, which reads no cookie; return its flow.

        Raises:
            TooManyPending: too many requests wait.
            Unavailable: the store cannot answer now.
        """
        flow, interaction = await self._open(request, visit)
        await self.store.apply((Insert(interaction),))
        return flow

    async def resume(self, flow: str, visit: Visit) -> Ended | Question:
        """Go on with a flow: end it, or ask.

        Raises:
            FlowRefused: it is unknown, over, or another browser's.
            TemporarilyUnavailable: others changed the same at the same time, twice.
            Unavailable: the store cannot answer now.
        """
        return await _twice(lambda: self._resume(flow, visit))

    async def _resume(self, flow: str, visit: Visit) -> Ended | Question:
        interaction, request = await self._load(flow, visit)
        browser, outcome, client = await self._decide(request, visit)
        if interaction.browser_id and (browser is None or browser.id != interaction.browser_id):
            raise FlowRefused("logout_elsewhere", 403)
        if browser is None or isinstance(outcome, End):
            used = Consume(Interaction, interaction.digest, visit.now)
            ending = Ending(request=request, client=client, browser=browser, visit=visit, used=used)
            return await self._end(ending, outcome.sessions)
        if not interaction.browser_id:
            change = Update(interaction, {"browser_id": browser.id})
            await self.store.apply((change, *pending.keep_browser(browser, interaction.expires_at)))
        return Question(
            flow=flow,
            request=request,
            client=client,
            sessions=outcome.sessions,
            interaction=interaction,
            browser=browser,
        )

    async def answer(self, question: Question, visit: Visit, *, leave: bool) -> Ended:
        """Note the person's answer: the sessions that they were asked about end, or stay.

        Raises:
            FlowRefused: it was answered meanwhile.
            Unavailable: the store cannot answer now.
        """
        ending = Ending(
            request=question.request,
            client=question.client,
            browser=question.browser,
            visit=visit,
            used=Consume(Interaction, question.interaction.digest, visit.now),
        )
        return await self._end(ending, question.sessions if leave else ())

    async def leave(self, signed: SignedIn, browser: Browser, visit: Visit) -> Ended:
        """End the session of somebody who signs out on a page of ours.

        Raises:
            Unavailable: the store cannot answer now.
        """
        locale = signed.user.profile.locale
        request = LogoutRequest(ui_locales=() if locale is None else (locale,))
        ending = Ending(request=request, client=None, browser=browser, visit=visit)
        return await self._end(ending, (signed,))

    async def _decide(
        self, request: LogoutRequest, visit: Visit
    ) -> tuple[Browser | None, End | Confirm, Client | None]:
        client = None
        if request.client_id is not None:
            client = await self.store.client(request.client_id)
        browser = await find_browser(visit, self.store)
        if browser is None:
            return None, End(()), client
        sessions = await self.store.sessions(browser.id)
        return browser, decide(request, client, sessions, await self.keys.ring()), client

    async def _open(self, request: LogoutRequest, visit: Visit) -> tuple[str, Interaction]:
        peer = peer_of(visit.source.ip)
        count = self.store.pending_interactions
        pending.check_room(
            await count(peer, visit.now, pending.MAX_PER_PEER),
            await count(None, visit.now, pending.MAX_TOTAL),
        )
        flow = random_text(self.entropy)
        interaction = Interaction(
            digest=digest(flow),
            browser_id="",
            client_id=request.client_id or "",
            request=request.store(),
            peer=peer,
            created_at=visit.now,
            expires_at=visit.now + pending.LIFETIME,
        )
        return flow, interaction

    async def _load(self, flow: str, visit: Visit) -> tuple[Interaction, LogoutRequest]:
        interaction = await self.store.interaction(digest(flow))
        request = None if interaction is None else restore(interaction.request)
        if interaction is None or request is None:
            raise FlowRefused("logout_unknown", 404)
        if interaction.consumed_at is not None or interaction.expires_at <= visit.now:
            raise FlowRefused("logout_over", 410)
        return interaction, request

    async def _end(self, ending: Ending, sessions: tuple[SignedIn, ...]) -> Ended:
        used, visit = ending.used, ending.visit
        effects: Effects = () if used is None else (used,)
        for one in sessions:
            effects += (
                RevokeSession(one.session.id, REASON, visit.now),
                Emit(_event(one, ending.client, visit)),
            )
        if effects:
            try:
                await self.store.apply(effects)
            except Conflict as conflict:
                if conflict.effect is used:
                    raise FlowRefused("logout_over", 410) from None
                raise
        sid_key = (await self.keys.ring()).mac("sid")[1]
        return Ended(
            request=ending.request,
            client=ending.client,
            sessions=sessions,
            state=await self._state(ending.browser, visit.now, sid_key),
            frames=await self._frames(sessions, sid_key),
        )

    async def _state(self, browser: Browser | None, now: int, key: bytes) -> str | None:
        if browser is None:
            return None
        live = await usable_sessions(browser, now, self.store)
        return browser_state(browser, (one.session.id for one in live), key)

    async def _frames(self, sessions: tuple[SignedIn, ...], sid_key: bytes) -> tuple[Frame, ...]:
        frames = []
        for one in sessions:
            for client_id in await self.store.clients_of_session(one.session.id):
                client = await self.store.client(client_id)
                if client is not None and wants_frame(client):
                    sid = session_id_for(client, one.session, sid_key)
                    address = frame_address(client, self.issuer, sid)
                    frames.append(Frame(address, frame_origin(client)))
        return tuple(frames)


async def _twice(step: Callable[[], Awaitable[Ended | Question]]) -> Ended | Question:
    for _ in range(2):
        try:
            return await step()
        except Conflict:
            continue
    raise TemporarilyUnavailable(
        "Another request changed the same thing at the same time; send this one again.",
        rule="conflict",
    )


def _event(one: SignedIn, client: Client | None, visit: Visit) -> Event:
    return Event(
        type="auth.logout",
        at=visit.now,
        actor_type="user",
        actor_id=one.user.id,
        user_id=one.user.id,
        client_id=None if client is None else client.client_id,
        organization_id=one.user.organization_id,
        session_id=one.session.id,
        ip=visit.source.ip,
        user_agent=visit.source.user_agent,
        trace_id=visit.source.trace_id,
    )
