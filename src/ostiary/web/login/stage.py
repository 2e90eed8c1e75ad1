"""What the resources of a flow's pages have in common."""

from urllib.parse import urlsplit

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.identity.users import display_name
from ostiary.jose.keyring import KeyRing
from ostiary.login.device import remember_visit
from ostiary.login.enrolment import Enrolment
from ostiary.login.factors.passkey import PasskeyFactor, relying_party
from ostiary.login.factors.password import PasswordFactor, Visitor
from ostiary.login.flow import Flow, FlowUnbound
from ostiary.login.registration import is_open
from ostiary.login.second_factor import SecondFactors
from ostiary.login.session import SignIn
from ostiary.login.steps import Steps
from ostiary.model.event import Event, Result
from ostiary.model.user import User
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_UNKNOWN, FlowRefused
from ostiary.oauth.authorization.session_state import browser_state
from ostiary.oauth.effects import Conflict, Count, Emit
from ostiary.oauth.handle import BODY_LENGTH
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.reader import SignedIn
from ostiary.pages.branding import find_brand
from ostiary.pages.languages import Language
from ostiary.pages.text import shown_name
from ostiary.pages.views import Account, Brand, View
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.csrf import Forged, check_sender, check_token, make_token
from ostiary.web.errors import HTML, read_language
from ostiary.web.idp import Idp
from ostiary.web.login.paths import CONTINUE, of_flow
from ostiary.web.source import read_source

# Refused forms that are noted for one browser, an hour.
_NOTED_FORGERIES = 10
_HOUR = 3600


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One request for a page of a flow, and everything around it."""

    flow_id: str
    flow: Flow
    visit: Visit
    keys: KeyRing
    language: Language
    brand: Brand
    query: Form
    # Whether mail goes anywhere: what needs it is not offered otherwise.
    can_mail: bool = False
    # Whether people can make an account of their own.
    can_register: bool = False

    def url(self, path: str) -> str:
        """Return the address of another page of this flow."""
        return of_flow(path, self.flow_id)

    def token(self, step: str) -> str:
        """Make the token for a form of this page."""
        return make_token(self.keys, self.flow, step)

    @property
    def client(self) -> str:
        """What to call the application."""
        return shown_name(self.flow.client, self.language.tag)


class Stage:
    """Loads flows for requests, and renders their pages."""

    def __init__(self, idp: Idp) -> None:
        parts = urlsplit(idp.issuer)
        self.idp = idp
        self.site = parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies = Cookies(secure=parts.scheme == "https")
        self.party = relying_party(idp.issuer)
        self.steps = Steps(
            idp.store,
            PasswordFactor(idp.store, idp.passwords, idp.clock),
            PasskeyFactor(idp.store, idp.clock, self.party),
            idp.clock,
            idp.entropy,
        )
        self.second_factors = SecondFactors(idp.store, idp.clock, idp.entropy)
        self.enrolment = Enrolment(idp.store, idp.clock, idp.entropy, self.party)

    async def enter(self, req: Request) -> Scene:
        """Load the flow that a request names.

        Raises:
            FlowRefused, OAuthError: answered with an error page.
            falcon.HTTPSeeOther: the flow is no browser's yet.
        """
        query = parse_form(bytes(req.scope["query_string"]))
        query.refuse_duplicates()
        flow_id = query.get("flow")
        if flow_id is None:
            raise FlowRefused("flow_missing", 400)
        if len(flow_id) != BODY_LENGTH or not flow_id.isascii() or not flow_id.isalnum():
            raise FlowRefused(FLOW_UNKNOWN, 404)
        visit = Visit(
            cookie=self.cookies.browser(req), source=read_source(req), now=self.idp.clock.now()
        )
        try:
            flow = await self.steps.load(flow_id, visit)
        except FlowUnbound:
            raise falcon.HTTPSeeOther(of_flow(CONTINUE, flow_id)) from None
        return await self.scene(req, flow_id, flow, query)

    async def scene(
        self, req: Request, flow_id: str, flow: Flow, query: Form | None = None
    ) -> Scene:
        """Put a flow together with the request that a browser makes in it."""
        acting = flow.acting
        can_mail = bool(self.idp.settings.smtp.host) or self.idp.settings.dev
        language = read_language(
            req, *flow.request.ui_locales, acting.user.profile.locale if acting else None
        )
        return Scene(
            flow_id=flow_id,
            flow=flow,
            visit=Visit(cookie=self.cookies.browser(req), source=flow.source, now=flow.now),
            keys=await self.idp.keys.ring(),
            language=language,
            brand=await find_brand(
                self.idp.store, _owner_of(flow, acting), flow.client, language.tag
            ),
            query=query or Form({}),
            can_mail=can_mail,
            can_register=can_mail and await is_open(self.idp.store, flow),
        )

    async def read(self, req: Request, scene: Scene, step: str) -> Form:
        """Read a form that was sent from this page.

        Raises:
            Forged: it was sent from elsewhere, or made for another step.
            OAuthError: it is no form, too large, or names a field twice.
        """
        try:
            check_sender(req, self.origin)
            form = parse_form(await read_form(req))
            form.refuse_duplicates()
            check_token(scene.keys, form.get("form_token"), scene.flow, step)
        except Forged:
            await self._note_forgery(scene)
            raise
        return form

    async def _note_forgery(self, scene: Scene) -> None:
        flow, source = scene.flow, scene.visit.source
        event = Event(
            type="csrf.blocked",
            at=flow.now,
            result=Result.FAILURE,
            actor_type="browser",
            actor_id=flow.browser.id,
            client_id=flow.client.client_id,
            organization_id=flow.client.organization_id,
            ip=source.ip,
            user_agent=source.user_agent,
            trace_id=source.trace_id,
        )
        counted = Count(
            f"forged-form:{flow.browser.id}", limit=_NOTED_FORGERIES, window=_HOUR, at=flow.now
        )
        try:
            await self.idp.store.apply((counted, Emit(event)))
        except Conflict:
            return  # noted often enough: nobody can fill the audit trail by this

    def visitor(self, req: Request, scene: Scene) -> Visitor:
        """Describe who tries to sign in."""
        return Visitor(
            source=scene.visit.source,
            device=self.cookies.device(req),
            trust=self.cookies.trust(req),
            client_id=scene.flow.client.client_id,
            organization_id=scene.flow.client.organization_id,
            only=scene.flow.request.organization,
            exempt_loopback=self.idp.settings.dev,
        )

    async def renew_cookie(self, resp: Response, scene: Scene, sign_in: SignIn, user: User) -> None:
        """Give the browser its new cookie, and its new state, now that this person is in it."""
        lasting = sign_in.cookie_expires_at
        self.cookies.set_browser(
            resp,
            sign_in.cookie,
            None if lasting is None else lasting - scene.flow.now,
            cross_site=await self.allows_cross_site(scene, user),
        )
        state = browser_state(sign_in.browser, sign_in.session_ids, scene.keys.mac("sid")[1])
        self.cookies.set_state(resp, state)

    async def allows_cross_site(self, scene: Scene, user: User) -> bool:
        """Tell whether frames of other sites get the cookie, which is all sessions' in it."""
        people = (user, *(one.user for one in scene.flow.live))
        found = [await self.idp.store.policies(one.organization_id) for one in people]
        return all(policies.login.cross_site_sessions for policies in found)

    def remember_device(self, req: Request, resp: Response, scene: Scene, user: User) -> None:
        """Know the device from now on: its owner has proven everything that they have."""
        known = self.cookies.device(req)
        device = remember_visit(known, scene.keys, user.id, scene.flow.now, self.idp.entropy)
        self.cookies.set_device(resp, device)

    def show(self, resp: Response, view: View, scene: Scene, status: int = 200) -> None:
        """Answer with a page, in the look of whose it is."""
        resp.status = status
        resp.content_type = HTML
        branded = msgspec.structs.replace(view, brand=scene.brand)
        resp.data = self.idp.pages.render(branded, scene.language)


def _owner_of(flow: Flow, acting: SignedIn | None) -> str | None:
    """Return whose page it is: for pages of our own, that of whoever is signed in."""
    if flow.organization is not None:
        return flow.organization.id
    return None if acting is None else acting.user.organization_id


def go_on(resp: Response, scene: Scene) -> None:
    """Let the authorization endpoint decide what comes next."""
    go_to(resp, scene.url(CONTINUE))


def go_to(resp: Response, url: str) -> None:
    """Send the browser to another page of ours."""
    resp.status = 303
    resp.set_header("Location", url)
    resp.content_type = "text/plain; charset=utf-8"


def shown_account(signed: SignedIn) -> Account:
    """Return an account as a page shows it."""
    user = signed.user
    return Account(
        session_id=signed.session.id,
        name=display_name(user),
        login_name=user.email or user.username,
    )
