"""The way into our own pages: signed in as for any application, and then let in.

A page asks at each request what an application asks once: whether the person's session is
still good for it, by the same decision (`oauth.authorization.interaction`). Where it is not,
a flow begins that leads back to the page. Of several sessions in a browser the person
chooses one, which a cookie of the pages then names; alone it opens nothing.
"""

from contextlib import suppress
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.jose.keyring import KeyRing
from ostiary.login import mac
from ostiary.login.account.person import Person
from ostiary.model.client import Client
from ostiary.model.policy import Policies
from ostiary.model.session import Browser, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.approval import TOUCH_AFTER, touch
from ostiary.oauth.authorization.authentication import Authentication
from ostiary.oauth.authorization.endpoint import Ask
from ostiary.oauth.authorization.entry import Entered, entry_request
from ostiary.oauth.authorization.interaction import Reason, Respond, decide
from ostiary.oauth.authorization.loading import Attempt, Visit, find_browser, load
from ostiary.oauth.authorization.request import AuthorizationRequest, restore
from ostiary.oauth.built_in import IDLE
from ostiary.oauth.effects import Conflict
from ostiary.oauth.handle import digest
from ostiary.oauth.reader import SignedIn
from ostiary.pages.branding import find_frame_brand
from ostiary.pages.views import Brand
from ostiary.web.cookies import Cookies
from ostiary.web.errors import read_language
from ostiary.web.idp import Idp
from ostiary.web.login.paths import CONTINUE, of_flow
from ostiary.web.oauth.authorization import make_authorization_endpoint
from ostiary.web.source import read_source

_LABEL = "entered"


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a page of ours, and all that the page needs to know about them."""

    browser: Browser
    session: Session
    user: User
    authentication: Authentication
    # Everybody who is signed in in this browser, this person included.
    live: tuple[SignedIn, ...]
    # Of the person's home organization.
    policies: Policies
    visit: Visit
    keys: KeyRing
    # How that organization's pages look.
    brand: Brand = Brand()

    @property
    def person(self) -> Person:
        """The person as the author of changes."""
        visit = self.visit
        return Person(user=self.user, session=self.session, source=visit.source, now=visit.now)


class _Marked(NamedTuple):
    """Whom the pages are open for, and when they were last used, in seconds since the epoch."""

    signed_in: SignedIn
    at: int


class Entrance:
    """Lets people in to the pages of one client that is part of the program."""

    def __init__(self, idp: Idp, client: Client) -> None:
        self._idp = idp
        self._client = client
        self._idle = IDLE.get(client.client_id)
        self._cookies = Cookies(secure=urlsplit(idp.issuer).scheme == "https")
        self._endpoint = make_authorization_endpoint(idp)

    async def admit(  # noqa: PLR0913 - what the page asks of whoever comes
        self,
        req: Request,
        resp: Response,
        *,
        path: str | None = None,
        fresh: bool = False,
        draft: dict[str, str] | None = None,
        by_itself: bool = False,
    ) -> Guest:
        """Return who comes, or send them through sign-in and from there to `path`.

        `path` is that of the request unless given. `fresh`: they must have proven within five
        minutes who they are. `draft` is what they typed, which is there again when they come back.
        `by_itself`: a page asks and nobody has to sit before it, so that this is no sign of use.

        Raises:
            falcon.HTTPSeeOther: they have to sign in, or to choose an account.
            falcon.HTTPUnauthorized: the same, of a page that asks by itself.
            TooManyPending: too many requests wait.
            Unavailable: the store cannot answer now.
        """
        idp, path = self._idp, path or req.path
        visit, keys = self._visit(req), await idp.keys.ring()
        browser = await find_browser(visit, idp.store)
        request = entry_request(self._client, path, fresh=fresh, draft=draft)
        attempt = Attempt(request=request, client=self._client, visit=visit, browser=browser)
        facts = await load(attempt, idp.store, idp.keys)
        live = facts.signed_in
        mark = self._cookies.entered(req, _name(self._client))
        marked = None if mark is None else _find(self._client, keys, mark, live)
        chosen = None if marked is None else marked.signed_in
        if not fresh and self._is_idle(marked, visit.now):
            # Signing in is as good a sign of use as a page that was looked at.
            request = msgspec.structs.replace(request, max_age=self._idle)
        if chosen is not None:
            request = msgspec.structs.replace(request, login_hint=chosen.user.username)
            facts = msgspec.structs.replace(facts, signed_in=(chosen,))
        elif mark is not None and live:
            # Whose pages these were is not signed in any more: nobody takes their place unasked.
            request = msgspec.structs.replace(request, prompts=(Reason.SELECT_ACCOUNT,))
        outcome = decide(request, facts, visit.now)
        if browser is None or not isinstance(outcome, Respond):
            if by_itself:
                raise falcon.HTTPUnauthorized
            await self._send_away(resp, request, visit)
        session = outcome.signed_in.session
        policies = await idp.store.policies(session.organization_id)
        if not by_itself:
            if marked is None or self._is_due(marked, visit.now):
                self._mark(resp, keys, session.browser_id, session.id)
            await self._touch(session, policies, visit.now)
        return Guest(
            browser=browser,
            session=session,
            user=outcome.signed_in.user,
            authentication=outcome.authentication,
            live=live,
            policies=policies,
            visit=visit,
            keys=keys,
            brand=await self._find_brand(req, outcome.signed_in.user),
        )

    def _is_idle(self, marked: _Marked | None, now: int) -> bool:
        """Tell whether nobody has used the pages for longer than they stay open unused."""
        return self._idle is not None and (marked is None or now - marked.at > self._idle)

    def _is_due(self, marked: _Marked, now: int) -> bool:
        """Tell whether it is to be noted that the pages are used."""
        return self._idle is not None and now - marked.at >= TOUCH_AFTER

    async def _find_brand(self, req: Request, user: User) -> Brand:
        language = read_language(req, user.profile.locale)
        return await find_frame_brand(self._idp.store, user.organization_id, language.tag)

    async def choose(self, req: Request, resp: Response, path: str) -> None:
        """Let a person choose another of their accounts, or sign in to one."""
        request = entry_request(self._client, path, prompt=Reason.SELECT_ACCOUNT)
        await self._send_away(resp, request, self._visit(req))

    async def enrol(self, resp: Response, guest: Guest, path: str) -> NoReturn:
        """Have a person set up a further way to sign in, and come back to `path`."""
        request = entry_request(self._client, path, fresh=True, prompt=Reason.ENROL)
        request = msgspec.structs.replace(request, login_hint=guest.user.username)
        await self._send_away(resp, request, guest.visit)

    async def let_in(self, resp: Response, entered: Entered, flow: str) -> None:
        """Open the page that a flow led to, with what was typed on it before."""
        keys = await self._idp.keys.ring()
        self._mark(resp, keys, entered.browser_id, entered.session_id)
        resp.status = 303
        path, joint = entered.path, "&" if "?" in entered.path else "?"
        resp.set_header("Location", f"{path}{joint}draft={flow}" if entered.draft else path)
        resp.content_type = "text/plain; charset=utf-8"

    def _visit(self, req: Request) -> Visit:
        cookie = self._cookies.browser(req)
        return Visit(cookie=cookie, source=read_source(req), now=self._idp.clock.now())

    async def _send_away(
        self, resp: Response, request: AuthorizationRequest, visit: Visit
    ) -> NoReturn:
        outcome = await self._endpoint.enter(request, self._client, visit)
        if isinstance(outcome, Ask):
            if outcome.cookie is not None:
                self._cookies.set_browser(resp, outcome.cookie)
            raise falcon.HTTPSeeOther(of_flow(CONTINUE, outcome.flow))
        # Somebody signed in meanwhile, in another window.
        self._mark(resp, await self._idp.keys.ring(), outcome.browser_id, outcome.session_id)
        raise falcon.HTTPSeeOther(outcome.path)

    def _mark(self, resp: Response, keys: KeyRing, browser_id: str, session_id: str) -> None:
        now = str(self._idp.clock.now())
        value = mac.make(keys, _LABEL, self._client.client_id, browser_id, session_id, now)
        self._cookies.set_entered(resp, _name(self._client), f"{now}.{value}")

    async def find_draft(self, guest: Guest, flow: str) -> dict[str, str] | None:
        """Return what this person typed before they had to sign in, in this browser."""
        found = await self._idp.store.interaction(digest(flow))
        if found is None or found.browser_id != guest.browser.id:
            return None
        if found.session_id != guest.session.id or found.client_id != self._client.client_id:
            return None
        try:
            return restore(found.request).draft
        except msgspec.ValidationError:
            return None

    async def _touch(self, session: Session, policies: Policies, now: int) -> None:
        """Note that the session is in use; whoever noted the same meanwhile comes first."""
        effects = touch(session, policies.token_lifetimes, now)
        if effects:
            with suppress(Conflict):
                await self._idp.store.apply(effects)


def _name(client: Client) -> str:
    """Name the cookie of the pages of a client."""
    return client.client_id.rpartition(":")[2]


def _find(
    client: Client, keys: KeyRing, mark: str, signed_in: tuple[SignedIn, ...]
) -> _Marked | None:
    """Return the session that a mark was made for, and when."""
    at, _, vouched = mark.partition(".")
    for one in signed_in:
        session = one.session
        parts = (client.client_id, session.browser_id, session.id, at)
        if mac.verify(keys, vouched, _LABEL, *parts):
            return _Marked(one, int(at))
    return None
