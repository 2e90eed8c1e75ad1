"""A person with a browser without JavaScript: keeps cookies, follows redirects, fills in forms."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

MAX_HOPS = 20
MAX_PAGES = 10


class Stuck(AssertionError):
    """A page does not lead on to the application; the message shows it."""


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and its named submit buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def offers(self, name: str) -> bool:
        """Tell whether the form has a submit button of that name."""
        return any(button == name for button, _ in self.buttons)


@dataclass(frozen=True)
class Page:
    """Where the browser is. `arrived` tells that this is the application."""

    url: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    forms: tuple[Form, ...] = ()
    arrived: bool = False

    def form(self, **wanted: str) -> Form:
        """Return the first form that has a field (or button) of each name in `wanted`.

        Raises:
            Stuck: there is none.
        """
        for form in self.forms:
            if all(name in form.fields or form.offers(name) for name in wanted):
                return form
        raise Stuck(f"{self.url} ({self.status}) has no form with {set(wanted)}:\n{self.text}")


class _FormParser(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, or add a control to the one that is open."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, attributes.get("action") or self.url)
            self._open = Form(action, attributes.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None and "disabled" not in attributes:
            self._add_control(self._open, tag, attributes)

    def _add_control(self, form: Form, tag: str, attributes: dict[str, str]) -> None:
        name, kind = attributes.get("name", ""), attributes.get("type", "").lower()
        value = attributes.get("value", "")
        if (tag == "button" and kind in {"", "submit"}) or (tag == "input" and kind == "submit"):
            form.buttons.append((name, value))
        elif tag == "input" and name and kind not in {"button", "reset", "image"}:
            if kind not in {"checkbox", "radio"} or "checked" in attributes:
                form.fields[name] = value or ("on" if kind == "checkbox" else "")
        elif tag in {"textarea", "select"} and name:
            form.fields.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        if tag == "form":
            self._open = None


class Browser:
    """A cookie jar that walks through pages until it is at an application.

    `applications` are what the application's URLs begin with. Unless it is `live`, nobody
    listens there: the walk ends, without a request, where a redirect or form leads to it.
    """

    def __init__(self, *applications: str, live: bool = False) -> None:
        self.applications = applications
        self.live = live
        # Browsers treat loopback as trustworthy and send Secure cookies there over http.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.http = httpx.Client(
            cookies=httpx.Cookies(CookieJar(policy)),
            headers={
                "Accept": "text/html,application/xhtml+xml",
                "Accept-Language": "en",
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Ostiary-Tests",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
                "Sec-Fetch-User": "?1",
            },
            timeout=30,
            verify=trusted(),
        )

    def __enter__(self) -> Self:
        """Use the browser in a block that closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.http.close()

    def leaves(self, url: str) -> bool:
        """Tell whether an address is where the walk ends, without a request."""
        return not self.live and url.startswith(self.applications)

    def visit(self, url: str) -> Page:
        """Follow a link that stands on another site."""
        return self._follow("GET", url, site="cross-site")

    def submit(self, page: Page, form: Form, **values: str) -> Page:
        """Send a form with these values filled in, as a click on its button does."""
        fields = form.fields | values
        if form.method == "get":
            return self._follow("GET", f"{form.action}?{urlencode(fields)}", site="same-origin")
        same = origin_of(form.action) == origin_of(page.url)
        hidden = not same or page.headers.get("referrer-policy") == "no-referrer"
        return self._follow(
            "POST",
            form.action,
            site="same-origin" if same else "cross-site",
            # A page that hides its address hides its origin too.
            origin="null" if hidden else origin_of(page.url),
            fields=fields,
        )

    def sign_in(self, url: str, username: str, password: str, *, decision: str = "allow") -> Page:
        """Visit `url` and go through sign-in and consent, back to the application.

        A form post to an application that is not live arrives as its fields in the query.

        Raises:
            Stuck: a page asks for something else, or says what is wrong.
        """
        page = self.visit(url)
        for _ in range(MAX_PAGES):
            if page.arrived:
                return page
            if page.status != httpx.codes.OK:
                raise Stuck(f"{page.url}: {page.status}\n{page.text}")
            page = self._step(page, username, password, decision)
        raise Stuck(f"still not at the application, but at {page.url}:\n{page.text}")

    def _step(self, page: Page, username: str, password: str, decision: str) -> Page:
        for form in page.forms:
            if "password" in form.fields:
                filled = {"password": password}
                if "username" in form.fields:
                    filled["username"] = username
                return self.submit(page, form, **filled)
            if form.offers("decision"):
                return self.submit(page, form, decision=decision)
            if form.action.startswith(self.applications) or self.leaves(form.action):
                return self.submit(page, form)
        raise Stuck(f"{page.url} has no form to go on with:\n{page.text}")

    def _follow(
        self,
        method: str,
        url: str,
        *,
        site: str,
        origin: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Page:
        for _ in range(MAX_HOPS):
            if self.leaves(url):
                query = f"?{urlencode(fields)}" if fields else ""
                return Page(url + query, arrived=True)
            headers = {"Sec-Fetch-Site": site}
            if origin is not None:
                headers["Origin"] = origin
            response = self.http.request(
                method, url, headers=headers, data=None if fields is None else dict(fields)
            )
            if not response.has_redirect_location:
                arrived = self.live and url.startswith(self.applications)
                return read_page(url, response, arrived=arrived)
            url = urljoin(url, response.headers["location"])
            if response.status_code in {httpx.codes.FOUND, httpx.codes.SEE_OTHER}:
                method, fields, origin = "GET", None, None
        raise Stuck(f"more than {MAX_HOPS} redirects, the last one to {url}")


@cache
def trusted() -> ssl.SSLContext:
    """Return the certificates that are trusted; reading them takes longer than a request."""
    return httpx.create_ssl_context()


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read_page(url: str, response: httpx.Response, *, arrived: bool = False) -> Page:
    """Make a page of a response."""
    forms: tuple[Form, ...] = ()
    if response.headers.get("content-type", "").startswith("text/html"):
        parser = _FormParser(url)
        parser.feed(response.text)
        forms = tuple(parser.forms)
    return Page(url, response.status_code, response.headers, response.text, forms, arrived)
