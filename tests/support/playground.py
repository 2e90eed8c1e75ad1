"""A developer without JavaScript who goes through the playground."""

import re
from html import unescape
from urllib.parse import urlencode

import httpx

from support.account import fields_of, follow
from support.instance import PASSWORD, Browser

_ACTION = re.compile(r'<form method="(get|post)" action="([^"]+)">')
MAX_STEPS = 20


class Developer:
    """Presses the buttons of the playground, and those of the pages on the way."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def open(self, flow: str, broken: str = "") -> httpx.Response:
        """Open a flow."""
        return await follow(self.browser, await self.browser.get(address(flow, broken)))

    async def press(self, page: httpx.Response, **changed: str) -> httpx.Response:
        """Send the request that a page shows, as it stands but for changes."""
        if is_front(page):
            return await self.go(page, **changed)
        fields = {**fields_of(page, "step"), "do": "send", **changed}
        return await self.browser.post(action_of(page), filled(fields))

    async def show(self, page: httpx.Response, step: str) -> httpx.Response:
        """Turn to another step."""
        fields = {**known_of(page), "do": f"show.{step}"}
        return await self.browser.post(action_of(page), filled(fields))

    async def go(self, page: httpx.Response, **changed: str) -> httpx.Response:
        """Go to an endpoint, sign in and agree where that is asked, and come back."""
        found = _ACTION.search(page.text)
        assert found is not None, page.text
        fields = {**front_of(page), **changed}
        if found[1] == "get":
            answer = await self.browser.get(f"{found[2]}?{urlencode(fields)}")
        else:
            answer = await self.browser.post(found[2], filled(fields))
        return await self.come_back(answer)

    async def come_back(self, answer: httpx.Response) -> httpx.Response:
        """Go through the pages of the server for as long as they lead on."""
        for _ in range(MAX_STEPS):
            answer = await self.follow(answer)
            path = answer.url.path
            if path == "/login":
                fields = {"username": "alice", "password": PASSWORD}
                fields = {**fields_of(answer, "password"), **fields}
            elif path == "/consent":
                fields = {**fields_of(answer, "form_token"), "decision": "allow"}
            elif 'action="https://id.test/playground/callback"' in answer.text:
                return await self.browser.post("/playground/callback", fields_of(answer, "state"))
            else:
                return answer
            answer = await self.browser.post(str(answer.url), fields)
        raise AssertionError(answer.text)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Follow redirects, also those that name the server."""
        for _ in range(MAX_STEPS):
            location = answer.headers.get("location")
            if location is None:
                return answer
            answer = await self.browser.get(location.removeprefix("https://id.test"))
        raise AssertionError(answer.headers["location"])


def address(flow: str, broken: str = "") -> str:
    """Return where a flow begins."""
    return f"/playground/{flow}" + (f"?break={broken}" if broken else "")


def is_front(page: httpx.Response) -> bool:
    """Tell whether the next request is one that the browser goes to by itself."""
    return ">Go there</button>" in page.text


def is_over(page: httpx.Response) -> bool:
    """Tell whether no request comes next."""
    return ">Begin again</a>" in page.text


def filled(fields: dict[str, str]) -> dict[str, str]:
    """Leave out what is empty."""
    return {name: value for name, value in fields.items() if value}


def action_of(page: httpx.Response) -> str:
    """Return where the playground's own form goes."""
    found = re.search(r'<form id="known" method="post" action="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def known_of(page: httpx.Response) -> dict[str, str]:
    """Return what a page takes along."""
    form = re.search(r'<form id="known".*?</form>', page.text, re.DOTALL)
    assert form is not None, page.text
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0])
    return {name: unescape(value) for name, value in pairs if name != "step"}


def front_of(page: httpx.Response) -> dict[str, str]:
    """Return the parameters of the request that the browser goes to by itself."""
    forms = page.text.split("<form ")
    (form,) = [one for one in forms if ">Go there<" in one]
    pairs = re.findall(r'<input [^>]*?name="([^"]+)" value="([^"]*)"', form)
    return {one: unescape(value) for one, value in pairs}


def bad_checks(page: httpx.Response) -> list[str]:
    """Return what a page says is wrong."""
    found = re.findall(r'<li class="bad"><strong>Wrong.</strong> (.*?)</li>', page.text)
    return [unescape(one) for one in found]
