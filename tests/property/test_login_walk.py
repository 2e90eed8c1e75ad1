"""MF-02: random walks over the pages. Nobody is ever worth more than what they have proven.

Two browsers, two people, two applications; steps in any order, with forms of this page or
another one, for one's own flow or a foreign one.
"""

import re
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.model.session import ProofKind, Session
from ostiary.oauth.handle import digest
from support.instance import PASSWORD, Instance, hidden
from support.walks import walking

PATHS = ("/login", "/login/select", "/consent", "/oauth/v2/authorize/continue")

browsers = st.sampled_from([0, 0, 0, 1])
# 0 to 3: own flows, newest first; 4 and 5: those of the other browser.
flows = st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5])
begin = st.tuples(
    st.just("begin"),
    browsers,
    st.sampled_from(["shop", "blog"]),
    st.sampled_from(["", "", "login", "consent", "select_account", "none", "login consent"]),
)
steps = st.one_of(
    begin,
    st.tuples(st.just("visit"), browsers, flows, st.sampled_from(PATHS)),
    *[st.tuples(st.just("visit"), browsers, flows, st.just(PATHS[3]))] * 2,
    *[st.tuples(st.just("sign in"), browsers, flows, st.integers(0, 1), st.sampled_from("yyyn"))]
    * 3,
    *[st.tuples(st.just("answer"), browsers, flows, st.sampled_from(["allow", "allow", "deny"]))]
    * 2,
    st.tuples(st.just("choose"), browsers, flows, st.integers(0, 1)),
    *[st.tuples(st.just("finish"), browsers, flows, st.integers(0, 1))] * 2,
    st.tuples(
        st.just("send"),
        browsers,
        flows,
        st.sampled_from(PATHS[:3]),
        st.sampled_from(["allow", "deny", 0, 1]),
        st.integers(0, 9),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 1700, 7300, 50_000])),
)
walks = st.tuples(
    st.lists(begin, min_size=1, max_size=3), st.lists(steps, min_size=4, max_size=14)
).map(lambda parts: [*parts[0], *parts[1]])


class Walk:
    """One walk, and what is known to be proven in it."""

    def __init__(self, instance: Instance, number: int) -> None:
        self.instance = instance
        self.people = [f"{name}{number}" for name in ("alice", "bob")]
        self.browsers = [
            instance.browser(ip=f"10.{who}.{number // 256}.{number % 256}") for who in (0, 1)
        ]
        # Who gave a right password in which browser.
        self.proven: list[set[str]] = [set(), set()]
        self.flows: list[tuple[int, str]] = []
        self.tokens: list[str] = ["", "1-AAAAAAAAAAAAAAAAAAAAAA"]

    async def open(self) -> None:
        for name in self.people:
            await self.instance.add_user(name)

    async def take(self, step: tuple) -> None:
        match step:
            case ("begin", who, client_id, prompt):
                await self.begin(who, client_id, prompt)
            case ("visit", who, number, path):
                await self.follow(who, number, path)
            case ("sign in", who, number, person, right):
                await self.sign_in(who, number, person, right=right == "y")
            case ("answer", who, number, decision):
                await self.fill_in(who, number, "/consent", {"decision": decision})
            case ("finish", who, number, person):
                await self.sign_in(who, number, person, right=True)
                await self.follow(who, number)
                await self.fill_in(who, number, "/consent", {"decision": "allow"})
                await self.follow(who, number)
            case ("choose", who, number, person):
                account = await self.session_of(who, person)
                await self.fill_in(who, number, "/login/select", {"account": account})
            case ("send", who, number, path, choice, token):
                await self.send(who, number, path, choice, token)
            case ("wait", seconds):
                self.instance.clock.time += seconds
        await self.check()

    def flow(self, who: int, number: int) -> str:
        """Choose a flow, of one's own or of the other browser."""
        whose = who if number < 4 else 1 - who
        found = [flow for owner, flow in reversed(self.flows) if owner == whose]
        return found[number % len(found)] if found else "A" * 43

    def url(self, who: int, path: str, number: int) -> str:
        return f"{path}?flow={self.flow(who, number)}"

    async def begin(self, who: int, client_id: str, prompt: str) -> None:
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": f"https://{client_id}.test/cb",
            "scope": "openid profile",
            "prompt": prompt,
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        response = await self.browsers[who].get(f"/oauth/v2/authorize?{urlencode(asked)}")
        flow = re.search(r"flow=(\w+)", response.headers.get("location", ""))
        if flow is not None:
            self.flows.append((who, flow[1]))
        await self.look(who, response, None)

    async def sign_in(self, who: int, number: int, person: int, *, right: bool) -> None:
        name = self.people[person]
        fields = {"username": name, "password": PASSWORD if right else "wrong"}
        response = await self.fill_in(who, number, "/login", fields)
        if response.status_code == 303 and "continue" in response.headers["location"]:
            assert right
            assert number < 4
            self.proven[who].add(name)
        await self.look(who, response, number)

    async def follow(self, who: int, number: int, path: str = PATHS[3]) -> None:
        response = await self.browsers[who].get(self.url(who, path, number))
        await self.look(who, response, number)

    async def fill_in(
        self, who: int, number: int, path: str, fields: dict[str, str]
    ) -> httpx.Response:
        """Open a page and send its form."""
        url, browser = self.url(who, path, number), self.browsers[who]
        page = await browser.get(url)
        await self.look(who, page, number)
        response = await browser.post(url, {**hidden(page), **fields})
        if path != "/login":
            await self.look(who, response, number)
        return response

    async def send(self, who: int, number: int, path: str, choice: str | int, token: int) -> None:
        """Send a form with any token that was ever seen, and perhaps another's account."""
        account = ""
        if isinstance(choice, int):
            account = await self.session_of(1 - who if token % 2 else who, choice)
        fields = {
            "form_token": self.tokens[-1 - token % len(self.tokens)],
            "decision": str(choice),
            "account": account,
            "done": "login consent",
        }
        response = await self.browsers[who].post(self.url(who, path, number), fields)
        await self.look(who, response, number)

    async def session_of(self, who: int, person: int) -> str:
        for session in await self.sessions(who):
            if session.user_id == f"user-{self.people[person]}":
                return session.id
        return ""

    async def sessions(self, who: int) -> list[Session]:
        return await self.browsers[who].sessions() if self.browsers[who].cookie else []

    async def look(self, who: int, response: httpx.Response, number: int | None) -> None:
        """Judge an answer, and keep the tokens of its forms for later."""
        assert response.status_code < 500
        self.tokens += re.findall(r'name="form_token" value="([^"]+)"', response.text)[:1]
        if number is not None and number >= 4:
            assert response.status_code in {403, 404}
        location = response.headers.get("location", "")
        code = re.search(r"[?&]code=(\w+)", location)
        if code is None:
            return
        issued = await self.instance.store.code(digest(code[1]))
        assert issued is not None
        standing = issued.standing
        assert standing.user.username in self.proven[who]
        assert standing.grant.scopes == ("openid", "profile")
        assert location.startswith(f"https://{issued.code.client_id}.test/cb?")
        assert standing.grant.amr == ("pwd",)
        if issued.code.client_id == "shop":
            consent = await self.instance.store.consent(standing.user.id, "shop")
            assert consent is not None
            assert set(standing.grant.scopes) <= set(consent.scopes)

    async def check(self) -> None:
        """Every session rests on a password that was given in its own browser."""
        for who in (0, 1):
            for session in await self.sessions(who):
                assert session.user_id.removeprefix("user-") in self.proven[who]
                assert [proof.kind for proof in session.proofs] == [ProofKind.PASSWORD]
                assert session.proofs[0].at <= self.instance.clock.time


@pytest.mark.timeout(600)
def test_mf_02_walks_in_any_order(folder: Path) -> None:
    with walking(folder, Walk) as take:

        @settings(max_examples=2000)
        @given(walks)
        def check(walk: list) -> None:
            take(walk)

        check()
