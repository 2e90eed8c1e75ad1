"""What our own pages have in common: who comes in, forms, the language, what was just done."""

from urllib.parse import urlsplit

import msgspec
from falcon.asgi import Request, Response

from ostiary.identity.users import display_name
from ostiary.login import mac
from ostiary.model.client import Client
from ostiary.model.event import Result
from ostiary.model.session import Browser
from ostiary.oauth.authorization.session_state import browser_state
from ostiary.oauth.effects import Conflict, Count, Emit
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.reader import SignedIn
from ostiary.pages.languages import Language
from ostiary.pages.views import Account, View
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.csrf import Forged, check_page_token, check_sender, make_page_token
from ostiary.web.entrance import Entrance, Guest
from ostiary.web.errors import HTML, read_language
from ostiary.web.headers import keep_to_ourselves
from ostiary.web.idp import Idp
from ostiary.web.logout.exit import Exit

SIGN_OUT = "sign-out"
_NOTICE = "notice"
# Refused forms that are noted for one session, an hour.
_NOTED_FORGERIES = 10
_HOUR = 3600


class OwnPage:
    """A page of one of the clients that are part of the program, or one of its forms."""

    def __init__(self, idp: Idp, client: Client) -> None:
        parts = urlsplit(idp.issuer)
        self.idp = idp
        self.site = parts.netloc
        self.https = parts.scheme == "https"
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies = Cookies(secure=self.https)
        self.entrance = Entrance(idp, client)
        self._exit = Exit(idp)

    async def admit(  # noqa: PLR0913 - what the page asks of whoever comes
        self,
        req: Request,
        resp: Response,
        path: str,
        *,
        fresh: bool = False,
        draft: dict[str, str] | None = None,
        by_itself: bool = False,
    ) -> Guest:
        """Let a person in to the page at `path`; `Entrance.admit` says what is asked of them.

        Raises:
            Forged: a form comes from elsewhere.
            falcon.HTTPSeeOther: they have to sign in first.
            falcon.HTTPUnauthorized: the same, of a page that asks by itself.
        """
        keep_to_ourselves(resp, https=self.https)
        if req.method == "POST":
            check_sender(req, self.origin)
        return await self.entrance.admit(
            req, resp, path=path, fresh=fresh, draft=draft, by_itself=by_itself
        )

    async def read(self, req: Request, guest: Guest, page: str) -> Form:
        """Read a form that was shown to this person on this page.

        Raises:
            Forged: it is another page's, another person's, or none of ours.
            OAuthError: it is no form, too large, or names a field twice.
        """
        return await self.check(await self.parse(req), guest, page)

    async def parse(self, req: Request) -> Form:
        """Read a form, of which nothing is known yet.

        Raises:
            OAuthError: it is no form, too large, or names a field twice.
        """
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        return form

    async def check(self, form: Form, guest: Guest, page: str) -> Form:
        """Hold a form to the token that it was shown with.

        Raises:
            Forged: it is another page's, another person's, or none of ours.
        """
        await self.check_token(form.get("form_token"), guest, page)
        return form

    async def check_token(self, token: str | None, guest: Guest, page: str) -> None:
        """Hold a form to the token that it was shown with, by which it was found in it.

        Raises:
            Forged: it is another page's, another person's, or none of ours.
        """
        try:
            check_page_token(guest.keys, token, guest.session, page)
        except Forged:
            await self._note_forgery(guest)
            raise

    async def _note_forgery(self, guest: Guest) -> None:
        counted = Count(
            f"forged-form:{guest.browser.id}",
            limit=_NOTED_FORGERIES,
            window=_HOUR,
            at=guest.visit.now,
        )
        event = guest.person.event("csrf.blocked", result=Result.FAILURE)
        try:
            await self.idp.store.apply((counted, Emit(event)))
        except Conflict:
            return  # noted often enough: nobody can fill the audit trail by this

    def token(self, guest: Guest, page: str) -> str:
        """Make the token of a form on a page."""
        return make_page_token(guest.keys, guest.session, page)

    def language(self, req: Request, guest: Guest) -> Language:
        """Choose the language: the person's own first."""
        return read_language(req, guest.user.profile.locale)

    def show(self, resp: Response, view: View, language: Language, status: int = 200) -> None:
        """Answer with a page."""
        resp.status = status
        resp.content_type = HTML
        resp.data = self.idp.pages.render(view, language)

    def say(self, resp: Response, guest: Guest, notice: str) -> None:
        """Have the next page say what was done."""
        parts = (guest.session.id, notice)
        self.cookies.set_notice(resp, f"{notice}.{mac.make(guest.keys, _NOTICE, *parts)}")

    def take_notice(self, req: Request, resp: Response, guest: Guest) -> str | None:
        """Return what was just done, which the page is to say; it is said once."""
        given = self.cookies.notice(req)
        if not given:
            return None
        self.cookies.set_notice(resp, "")
        notice, _, vouched = given.partition(".")
        genuine = mac.verify(guest.keys, vouched, _NOTICE, guest.session.id, notice)
        return notice if genuine else None

    async def leave(self, req: Request, resp: Response, guest: Guest) -> None:
        """End the present session, and show that it is over."""
        signed = SignedIn(session=guest.session, user=guest.user)
        ended = await self._exit.logout.leave(signed, guest.browser, guest.visit)
        await self._exit.show(req, resp, ended)

    def renew_browser(self, resp: Response, guest: Guest, browser: Browser, cookie: str) -> None:
        """Give the browser its new cookie, which lasts as long as any of its sessions does."""
        lasting = [one.session.expires_at for one in guest.live if one.session.remembered]
        self.cookies.set_browser(
            resp,
            cookie,
            max(lasting) - guest.visit.now if lasting else None,
            cross_site=guest.policies.login.cross_site_sessions,
        )
        self.tell_state(resp, msgspec.structs.replace(guest, browser=browser), guest.live)

    def tell_state(self, resp: Response, guest: Guest, live: tuple[SignedIn, ...]) -> None:
        """Let applications notice who is signed in in this browser from now on."""
        key = guest.keys.mac("sid")[1]
        state = browser_state(guest.browser, (one.session.id for one in live), key)
        self.cookies.set_state(resp, state)


def shown_account(guest: Guest) -> Account:
    """Return the person as the pages show them."""
    user = guest.user
    return Account(
        session_id=guest.session.id,
        name=display_name(user),
        login_name=user.email or user.username,
    )
