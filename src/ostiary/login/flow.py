"""A flow: an authorization request that waits for a person, in one browser.

`load` brings together what its pages and decisions need, and refuses the flows of others.
"""

from typing import Any

import msgspec

from ostiary.login.discovery import organization_of_name
from ostiary.login.store import LoginStore
from ostiary.model.client import Client
from ostiary.model.event import Event, Source
from ostiary.model.grant import Interaction
from ostiary.model.organization import Organization
from ostiary.model.policy import Policies
from ostiary.model.session import Browser
from ostiary.model.user import User
from ostiary.oauth.authorization.authentication import session_refusal
from ostiary.oauth.authorization.interaction import Reason, acting_organization
from ostiary.oauth.authorization.loading import Visit, reopen
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Effects, Update
from ostiary.oauth.membership import belongs
from ostiary.oauth.reader import SignedIn


class FlowUnbound(Exception):
    """The flow was deposited by a POST; the authorization endpoint binds it to a browser."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow and everything around it, as of one moment."""

    interaction: Interaction
    request: AuthorizationRequest
    client: Client
    browser: Browser
    # The sessions of the browser that answer for their user, last used first; then those
    # that were not ended, but no longer do.
    live: tuple[SignedIn, ...]
    stale: tuple[SignedIn, ...]
    # Whose sign-in page it is, and the policies in force there: of the organization that the
    # request names, else of the one whose domain the person named, else of the application's.
    policies: Policies
    organization: Organization | None = None
    # Who of the live sessions is somebody that the request asks for: their user ids.
    asked_for: frozenset[str] | None = None
    source: Source
    now: int

    @property
    def eligible(self) -> tuple[SignedIn, ...]:
        """The live sessions that may answer: of people of the organization that is named."""
        return tuple(one for one in self.live if self.admits(one))

    def admits(self, signed: SignedIn) -> bool:
        """Tell whether somebody belongs to the organization that the request names, if any."""
        return self.asked_for is None or signed.user.id in self.asked_for

    def acting_for(self, signed: SignedIn) -> str | None:
        """Return the organization that somebody acts for here, as far as that was said."""
        return acting_organization(self.request, self.interaction, signed.session.id)

    @property
    def acting(self) -> SignedIn | None:
        """Who answers the request: the session of the flow, or the only one there is."""
        if self.interaction.session_id is None:
            eligible = self.eligible
            return eligible[0] if len(eligible) == 1 else None
        return self.find(self.interaction.session_id)

    def find(self, session_id: str) -> SignedIn | None:
        """Return the live session of this browser with this id."""
        for signed in self.live:
            if signed.session.id == session_id:
                return signed
        return None

    def advance(self, session_id: str, *steps: str, **changes: Any) -> Update:
        """Note that a session did steps. What another one did here does not count for it.

        `changes` are those of the interaction besides.
        """
        done = self.interaction.done
        if self.interaction.session_id not in (None, session_id):
            done = tuple(name for name in done if name == Reason.SELECT_ACCOUNT)
        done = tuple(dict.fromkeys((*done, *map(str, steps))))
        return Update(self.interaction, {"session_id": session_id, "done": done, **changes})

    def event(self, kind: str, user: User, session_id: str, **details: Any) -> Event:
        """Make an event about what a person did here."""
        return Event(
            type=kind,
            at=self.now,
            actor_type="user",
            actor_id=user.id,
            user_id=user.id,
            client_id=self.client.client_id,
            organization_id=user.organization_id,
            session_id=session_id,
            ip=self.source.ip,
            user_agent=self.source.user_agent,
            trace_id=self.source.trace_id,
            details=details,
        )


def note_name(flow: Flow, name: str) -> Effects:
    """Keep what the person signs in as, for the page that asks for the password."""
    return (Update(flow.interaction, {"login_name": name}),)


async def _find_host(
    store: LoginStore, interaction: Interaction, request: AuthorizationRequest, client: Client
) -> Organization | None:
    """Return the organization whose sign-in page is shown."""
    if request.organization is not None:
        return await store.organization(request.organization)
    found = await organization_of_name(store, interaction.login_name or request.login_hint or "")
    return found or await store.organization(client.organization_id)


async def load(store: LoginStore, flow_id: str, visit: Visit) -> Flow:
    """Load a flow for the browser that comes.

    Raises:
        FlowRefused: there is no such flow, it is over, or it is another browser's.
        FlowUnbound: it is no browser's yet.
        Unavailable: the store cannot answer now.
    """
    attempt = await reopen(flow_id, visit, store)
    if attempt.interaction is None or not attempt.interaction.browser_id or attempt.browser is None:
        raise FlowUnbound
    host = await _find_host(store, attempt.interaction, attempt.request, attempt.client)
    host_id = attempt.client.organization_id if host is None else host.id
    live: list[SignedIn] = []
    stale: list[SignedIn] = []
    for signed_in in await store.sessions(attempt.browser.id):
        organization = await store.organization(signed_in.user.organization_id)
        refusal = session_refusal(signed_in, organization, visit.now)
        (live if refusal is None else stale).append(signed_in)
    wanted = attempt.request.organization
    return Flow(
        interaction=attempt.interaction,
        request=attempt.request,
        client=attempt.client,
        browser=attempt.browser,
        live=tuple(live),
        stale=tuple(stale),
        policies=await store.policies(host_id),
        organization=host,
        asked_for=None if wanted is None else await _find_members(store, wanted, live),
        source=visit.source,
        now=visit.now,
    )


async def _find_members(
    store: LoginStore, organization_id: str, live: list[SignedIn]
) -> frozenset[str]:
    return frozenset(
        {one.user.id for one in live if await belongs(one.user, organization_id, store)}
    )


def select_organization(flow: Flow, signed: SignedIn, organization_id: str) -> Effects:
    """Go on with one of the organizations that the person belongs to."""
    step = Reason.SELECT_ORGANIZATION
    return (flow.advance(signed.session.id, step, organization_id=organization_id),)


def select_account(flow: Flow, signed: SignedIn) -> Effects:
    """Go on with one of the accounts that are signed in in this browser."""
    return (flow.advance(signed.session.id, Reason.SELECT_ACCOUNT),)
