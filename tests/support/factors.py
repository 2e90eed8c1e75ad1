"""People who set up factors and prove them, by sending the forms of the real pages."""

import base64
import re
from html import unescape

import httpx

from ostiary.identity import tickets, totp
from ostiary.model.mail import MAIL
from support.authenticator import Authenticator, options_of
from support.instance import Browser, flow_of

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
CONTINUE = "/oauth/v2/authorize/continue"


def form_of(page: httpx.Response, path: str) -> tuple[str, dict[str, str]]:
    """Return action and hidden fields of the form of a page that goes to a path."""
    for attributes, content in FORM.findall(page.text):
        action = unescape(attributes.partition('action="')[2].partition('"')[0])
        if action.partition("?")[0] == path:
            return action, {name: unescape(value) for name, value in HIDDEN.findall(content)}
    raise AssertionError(f"no form for {path} in\n{page.text}")


class Person:
    """Somebody at a browser, within one flow."""

    def __init__(self, browser: Browser, flow: str, username: str = "alice") -> None:
        self.browser = browser
        self.flow = flow
        self.username = username
        # Where the application was called, once it was.
        self.arrived = ""

    @classmethod
    async def begin(cls, browser: Browser, username: str = "alice", **request: object) -> "Person":
        """Begin a flow, at an application that asks for no consent."""
        return cls(browser, await browser.open_flow("blog", **request), username)

    async def sign_in(self, **fields: str) -> str:
        """Sign in with the password; return where that leads."""
        await self.browser.sign_in(self.username, flow=self.flow, **fields)
        return await self.go_on()

    async def go_on(self) -> str:
        """Return where the authorization endpoint leads: a path of ours, or the application."""
        if self.arrived:
            return self.arrived
        url = f"{CONTINUE}?flow={self.flow}"
        while url.startswith("/"):
            answer = await self.browser.get(url)
            if answer.status_code != 303:
                return url.partition("?")[0]
            url = answer.headers["location"]
        self.arrived = url
        return url

    async def get(self, path: str) -> httpx.Response:
        """Open a page of the flow."""
        return await self.browser.get(f"{path}?flow={self.flow}")

    async def fill_in(self, page_path: str, path: str = "", **fields: str) -> httpx.Response:
        """Open a page, and send one of its forms."""
        page = await self.get(page_path)
        assert page.status_code == 200, (page.status_code, page.headers.get("location"))
        action, hidden = form_of(page, path or page_path)
        return await self.browser.post(action, hidden | fields)

    async def enrol_totp(self) -> tuple[bytes, tuple[str, ...]]:
        """Set up an authenticator app; return its secret and the recovery codes."""
        page = await self.get("/login/enrol/totp")
        secret = read_secret(page.text)
        action, hidden = form_of(page, "/login/enrol/totp")
        code = totp.make_code(secret, self.now // totp.STEP)
        answer = await self.browser.post(action, {**hidden, "otp": code})
        assert answer.status_code in {200, 303}, answer.text
        return secret, read_codes(answer.text)

    async def type_totp(self, secret: bytes, *, later: int = 0, **fields: str) -> httpx.Response:
        """Type the code that the app shows, of a later step where one was used already."""
        code = totp.make_code(secret, self.now // totp.STEP + later)
        return await self.fill_in("/login/totp", otp=code, **fields)

    async def enrol_passkey(
        self, device: Authenticator | None = None
    ) -> tuple[Authenticator, tuple[str, ...]]:
        """Make a passkey; return it and the recovery codes."""
        made = device or Authenticator()
        page = await self.get("/login/enrol/passkey")
        action, hidden = form_of(page, "/login/enrol/passkey")
        hidden["credential"] = made.create(options_of(page.text))
        answer = await self.browser.post(action, hidden)
        assert answer.status_code in {200, 303}, answer.text
        return made, read_codes(answer.text)

    async def use_passkey(
        self, device: Authenticator, page_path: str = "/login", **changes: object
    ) -> httpx.Response:
        """Answer with a passkey, on the sign-in page or that of the second factor."""
        page = await self.get(page_path)
        action, hidden = form_of(page, "/login/passkey")
        return await self.browser.post(
            action, {**hidden, "credential": device.get(options_of(page.text), **changes)}
        )

    async def mailed_code(self) -> str:
        """Return the code of the mail that was sent last."""
        instance = self.browser.instance
        mails = [one for one in await mails_of(self.browser) if "ticket_id" in one]
        ring = await instance.idp.keys.ring()
        ticket = await instance.store.ticket_by_id(mails[-1]["ticket_id"])
        return tickets.code_of(ring, ticket)

    @property
    def now(self) -> int:
        """The time."""
        return self.browser.instance.clock.time


async def mails_of(browser: Browser) -> list[dict[str, str]]:
    """Return the mails that wait in the outbox, oldest first."""
    instance = browser.instance
    messages = await instance.store.claim_messages(instance.clock.time, 100, 0)
    return [message.payload for message in messages if message.topic == MAIL]


def read_secret(page: str) -> bytes:
    """Return the secret that a page shows for typing."""
    text = page.partition('<code id="key">')[2].partition("</code>")[0].replace(" ", "")
    return base64.b32decode(text)


def read_codes(page: str) -> tuple[str, ...]:
    """Return the recovery codes that a page shows."""
    return tuple(re.findall(r"<li><code>([A-Z2-9-]+)</code></li>", page))


__all__ = ["Person", "flow_of", "form_of", "mails_of", "read_codes"]
