"""GET /dev/inbox: the mails that a development instance caught in place of sending them."""

from collections.abc import Callable
from pathlib import Path

import falcon
import msgspec
from falcon.asgi import Request, Response
from markupsafe import Markup, escape

from ostiary.egress.inbox import Caught, Inbox
from ostiary.pages.languages import choose_language
from ostiary.pages.render import TEMPLATES, open_templates
from ostiary.pages.views import Brand
from ostiary.web.assets import open_assets
from ostiary.web.errors import HTML
from ostiary.web.idp import Idp

INBOX = "/dev/inbox"
_HERE = Path(__file__).parent
# The HTML part of a mail is shown as a mail program does: nothing in it runs or is loaded.
_MAIL_POLICY = "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; "
_MAIL_POLICY += "style-src 'unsafe-inline'; frame-ancestors 'none'"


class InboxPage(msgspec.Struct, frozen=True, kw_only=True):
    """The list, or one mail with its text."""

    site: str
    brand: Brand = Brand()
    mails: tuple[Caught, ...] = ()
    mail: Caught | None = None
    text: Markup = Markup("")


class InboxPages:
    """Renders the inbox within the frame of the provider's own pages."""

    def __init__(self, asset: Callable[[str], str]) -> None:
        """`asset` returns the URL of a static file by its name."""
        self._asset = asset
        self._language = choose_language(("en",))

    def render(self, page: InboxPage) -> bytes:
        """Render the page, as UTF-8."""
        template = open_templates(_HERE, TEMPLATES).get_template("inbox.html")
        return template.render(
            page=page, language=self._language, asset=self._asset, path=INBOX
        ).encode()


class _List:
    def __init__(self, idp: Idp, inbox: Inbox, pages: InboxPages) -> None:
        self._site = idp.issuer.partition("://")[2]
        self._inbox = inbox
        self._pages = pages

    async def on_get(self, _req: Request, resp: Response) -> None:
        """List the mails, the newest first."""
        page = InboxPage(site=self._site, mails=tuple(self._inbox.mails()))
        resp.content_type = HTML
        resp.data = self._pages.render(page)


class _Mail:
    def __init__(self, idp: Idp, inbox: Inbox, pages: InboxPages) -> None:
        self._issuer = idp.issuer
        self._inbox = inbox
        self._pages = pages

    async def on_get(self, _req: Request, resp: Response, number: str) -> None:
        """Show a mail's text, with our own links to follow."""
        mail = _find(self._inbox, number)
        site = self._issuer.partition("://")[2]
        page = InboxPage(site=site, mail=mail, text=_link(mail.text, self._issuer))
        resp.content_type = HTML
        resp.data = self._pages.render(page)


class _Html:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def on_get(self, _req: Request, resp: Response, number: str) -> None:
        """Show a mail's HTML part by itself."""
        mail = _find(self._inbox, number)
        resp.content_type = HTML
        resp.set_header("Content-Security-Policy", _MAIL_POLICY)
        resp.data = mail.html.encode()


def routes(idp: Idp) -> list[tuple[str, object]]:
    """List the routes of the inbox."""
    inbox, pages = Inbox(), InboxPages(open_assets().url)
    return [
        (INBOX, _List(idp, inbox, pages)),
        (f"{INBOX}/{{number}}", _Mail(idp, inbox, pages)),
        (f"{INBOX}/{{number}}/html", _Html(inbox)),
    ]


def _find(inbox: Inbox, number: str) -> Caught:
    mail = inbox.read(number)
    if mail is None:
        raise falcon.HTTPNotFound
    return mail


def _link(text: str, issuer: str) -> Markup:
    """Return a text as HTML in which links to this server can be followed."""
    lines = [
        Markup('<a href="{0}">{0}</a>').format(line)
        if line.startswith(f"{issuer}/")
        else escape(line)
        for line in text.splitlines()
    ]
    return Markup("\n").join(lines)
