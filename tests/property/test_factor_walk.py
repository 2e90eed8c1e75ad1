"""MF-02 with further factors: no session is ever worth more than what was proven in it.

One person with two browsers: password, app, recovery codes and a passkey, in any order, right
and wrong, in flows of this browser and of the other one.
"""

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.identity import totp
from ostiary.model.session import Proof, ProofKind, Session
from ostiary.oauth.authorization.authentication import authentication_of
from ostiary.oauth.handle import digest
from support.authenticator import UP, Authenticator, options_of
from support.factors import FORM, HIDDEN, Person, form_of, read_codes, read_secret
from support.instance import Instance
from support.walks import walking

CONTINUE = "/oauth/v2/authorize/continue"
PAGES = (
    *("/login", "/login/factor", "/login/other-way", "/login/totp", "/login/recovery-code"),
    *("/login/passkey", "/login/enrol", "/login/enrol/totp", "/login/enrol/passkey", CONTINUE),
)

browsers = st.sampled_from([0, 0, 1])
flows = st.sampled_from([0, 0, 0, 0, 1, 2])
right = st.sampled_from([True, True, True, False])
begin = st.tuples(
    st.just("begin"),
    browsers,
    st.sampled_from(["", "", "login", "enrol", "none"]),
    st.sampled_from(["", "", "urn:ostiary:acr:2fa", "phr"]),
)
steps = st.one_of(
    begin,
    st.tuples(st.just("visit"), browsers, flows, st.sampled_from(PAGES)),
    *[st.tuples(st.just("visit"), browsers, flows, st.just(CONTINUE))] * 2,
    *[st.tuples(st.just("password"), browsers, flows, right)] * 3,
    *[st.tuples(st.just("totp"), browsers, flows, right, st.booleans())] * 2,
    st.tuples(st.just("recovery"), browsers, flows, right),
    *[st.tuples(st.just("passkey"), browsers, flows, right)] * 2,
    *[st.tuples(st.just("enrol totp"), browsers, flows, right)] * 2,
    *[st.tuples(st.just("enrol passkey"), browsers, flows, right)] * 2,
    *[st.tuples(st.just("finish"), browsers, st.just(0), st.integers(0, 5))] * 4,
    *[begin] * 3,
    st.tuples(st.just("skip"), browsers, flows),
    st.tuples(st.just("send"), browsers, flows, st.sampled_from(PAGES), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 60, 400, 1700])),
)
walks = st.tuples(
    st.lists(begin, min_size=1, max_size=2), st.lists(steps, min_size=4, max_size=16)
).map(lambda parts: [*parts[0], *parts[1]])


class Walk:
    """One walk, and what is known to be proven in it."""

    def __init__(self, instance: Instance, number: int) -> None:
        self.instance = instance
        self.name = f"p{number}"
        self.browsers = [instance.browser(ip=f"10.{who}.{number // 256}.9") for who in (0, 1)]
        # Kinds of proofs since the last sign-in, by browser.
        self.proven: list[set[ProofKind]] = [set(), set()]
        self.trusted: set[int] = set()
        self.people: list[tuple[int, Person]] = []
        self.tokens = ["1-AAAAAAAAAAAAAAAAAAAAAA"]
        self.secret: bytes | None = None
        self.codes: list[str] = []
        self.device: Authenticator | None = None

    async def open(self) -> None:
        await self.instance.add_user(self.name)

    async def take(self, step: tuple) -> None:
        name, *values = step
        await getattr(self, "do_" + name.replace(" ", "_"))(*values)
        await self.check()

    async def do_begin(self, who: int, prompt: str, acr: str) -> None:
        request = {"prompts": (prompt,) if prompt else (), "acr_values": (acr,)}
        person = await Person.begin(self.browsers[who], self.name, **request)
        self.people.append((who, person))

    async def do_visit(self, who: int, number: int, path: str) -> None:
        await self.look(who, await self.person(who, number).get(path))

    async def do_password(self, who: int, number: int, good: bool = True) -> None:
        password = {} if good else {"password": "wrong"}
        person = self.person(who, number)
        answer = await person.browser.sign_in(self.name, flow=person.flow, **password)
        if answer.status_code == 303 and CONTINUE in answer.headers["location"]:
            assert good
            self.proven[who] = {ProofKind.PASSWORD}

    async def do_totp(self, who: int, number: int, good: bool = True, trust: bool = False) -> None:
        code = "000000" if not good or self.secret is None else self.code()
        fields = {"otp": code} | ({"remember": "on"} if trust else {})
        if await self.fill_in(who, number, "/login/totp", fields):
            assert good
            self.proven[who].add(ProofKind.TOTP)
            self.trusted |= {who} if trust else set()

    async def do_recovery(self, who: int, number: int, good: bool = True) -> None:
        code = self.codes[-1] if good and self.codes else "AAAAA-BBBBB-CCCCC-DDDDD"
        if await self.fill_in(who, number, "/login/recovery-code", {"recovery_code": code}):
            assert good
            self.codes.pop()
            self.proven[who].add(ProofKind.RECOVERY_CODE)

    async def do_finish(self, who: int, number: int, choice: int) -> None:
        """Do whatever is asked for, up to where the application is called."""
        for _ in range(5):
            page = await self.person(who, number).get(CONTINUE)
            await self.look(who, page)
            path = page.headers.get("location", "").partition("?")[0]
            if path == "/login/factor":
                page = await self.person(who, number).get(path)
                path = page.headers.get("location", "").partition("?")[0]
            self.instance.clock.time += 30  # the app shows another code
            match path:
                case "/login" | "/login/passkey" if self.device and choice % 2:
                    await self.do_passkey(who, number)
                case "/login":
                    await self.do_password(who, number)
                case "/login/totp" | "/login/passkey" if self.secret and choice % 3:
                    await self.do_totp(who, number, trust=choice == 5)
                case "/login/totp" | "/login/passkey":
                    await self.do_recovery(who, number)
                case "/login/enrol" if choice == 4:
                    await self.do_skip(who, number)
                case "/login/enrol" if self.secret or choice % 2:
                    await self.do_enrol_passkey(who, number)
                case "/login/enrol":
                    await self.do_enrol_totp(who, number)
                case _:
                    return

    async def do_skip(self, who: int, number: int) -> None:
        await self.fill_in(who, number, "/login/enrol", {})

    async def do_send(self, who: int, number: int, path: str, token: int) -> None:
        person = self.person(who, number)
        fields = {"form_token": self.tokens[-1 - token % len(self.tokens)]}
        fields |= {"otp": "", "credential": "{}", "done": "second_factor", "name": "x"}
        url = f"{path}?flow={person.flow}"
        await self.look(who, await self.browsers[who].post(url, fields))

    async def do_wait(self, seconds: int) -> None:
        self.instance.clock.time += seconds

    def person(self, who: int, number: int) -> Person:
        """A flow, newest first; every third one may be the other browser's."""
        flow = self.people[-1 - number % len(self.people)][1].flow
        return Person(self.browsers[who], flow, self.name)

    def code(self) -> str:
        assert self.secret is not None
        return totp.make_code(self.secret, self.instance.clock.time // totp.STEP)

    async def fill_in(
        self, who: int, number: int, path: str, fields: dict[str, str]
    ) -> httpx.Response | None:
        """Send a page's form; return the answer where it was accepted."""
        page = await self.person(who, number).get(path)
        await self.look(who, page)
        found = [form for form in FORM.findall(page.text) if path in form[0]]
        if page.status_code != 200 or not found:
            return None
        action, hidden = form_of(page, path)
        answer = await self.browsers[who].post(action, hidden | fields)
        await self.look(who, answer)
        accepted = answer.status_code == 303 and CONTINUE in answer.headers["location"]
        return answer if accepted or read_codes(answer.text) else None

    async def do_passkey(self, who: int, number: int, good: bool = True) -> None:
        page = await self.person(who, number).get("/login")
        if page.status_code != 200 or self.device is None:
            return
        action, hidden = form_of(page, "/login/passkey")
        changes = {} if good else {"flags": UP}
        credential = self.device.get(options_of(page.text), **changes)
        answer = await self.browsers[who].post(action, {**hidden, "credential": credential})
        if answer.status_code == 303:
            assert good
            self.proven[who] = {ProofKind.PASSKEY}

    async def do_enrol_totp(self, who: int, number: int, good: bool = True) -> None:
        page = await self.person(who, number).get("/login/enrol/totp")
        if page.status_code != 200:
            return
        secret = read_secret(page.text)
        action, hidden = form_of(page, "/login/enrol/totp")
        code = totp.make_code(secret, self.instance.clock.time // totp.STEP)
        answer = await self.browsers[who].post(
            action, {**hidden, "otp": code if good else "000000"}
        )
        await self.look(who, answer)
        if read_codes(answer.text) or answer.status_code == 303:
            assert good
            assert self.is_strong(who)
            self.secret = secret
            self.proven[who].add(ProofKind.TOTP)
            self.codes = list(read_codes(answer.text)) or self.codes

    async def do_enrol_passkey(self, who: int, number: int, good: bool = True) -> None:
        page = await self.person(who, number).get("/login/enrol/passkey")
        if page.status_code != 200:
            return
        device = Authenticator()
        action, hidden = form_of(page, "/login/enrol/passkey")
        changes = {} if good else {"flags": UP}
        made = device.create(options_of(page.text), **changes)
        answer = await self.browsers[who].post(action, {**hidden, "credential": made})
        await self.look(who, answer)
        if read_codes(answer.text) or answer.status_code == 303:
            assert good
            assert self.is_strong(who)
            self.device = device
            self.proven[who].add(ProofKind.PASSKEY)
            self.codes = list(read_codes(answer.text)) or self.codes

    def is_strong(self, who: int) -> bool:
        """Whether everything that the person has was proven in the browser."""
        has_more = self.secret is not None or self.device is not None
        return not has_more or len(self.proven[who]) > 1 or ProofKind.PASSKEY in self.proven[who]

    async def look(self, who: int, answer: httpx.Response) -> None:
        """Judge an answer, and keep the tokens of its forms for later."""
        assert answer.status_code < 500
        for _, content in FORM.findall(answer.text):
            self.tokens += [value for name, value in HIDDEN.findall(content) if "token" in name]
        code = re.search(r"[?&]code=(\w+)", answer.headers.get("location", ""))
        if code is None:
            return
        issued = await self.instance.store.code(digest(code[1]))
        assert issued is not None
        grant = issued.standing.grant
        assert issued.standing.user.username == self.name
        proofs = tuple(Proof(kind=kind, at=0) for kind in self.proven[who])
        expected = authentication_of(model(proofs))
        assert grant.acr == expected.acr
        assert set(grant.amr) == set(expected.amr)
        assert self.is_strong(who) or who in self.trusted

    async def check(self) -> None:
        """Every session rests on what was proven in its own browser, and on nothing else."""
        for who in (0, 1):
            if not self.browsers[who].cookie:
                continue
            for session in await self.browsers[who].sessions():
                kinds = {proof.kind for proof in session.proofs} - {ProofKind.TRUSTED_DEVICE}
                assert kinds <= self.proven[who]
                assert who in self.trusted or len(kinds) == len({*kinds, *self.proven[who]})


def model(proofs: tuple[Proof, ...]) -> Session:
    """A session that rests on these proofs."""
    return Session(
        id="s",
        browser_id="b",
        user_id="u",
        organization_id="o",
        proofs=proofs,
        created_at=0,
        last_seen_at=0,
        idle_expires_at=0,
        expires_at=0,
    )


@pytest.mark.timeout(600)
def test_mf_02_walks_with_further_factors(folder: Path) -> None:
    with walking(folder, Walk) as take:

        @settings(max_examples=500)
        @given(walks)
        def check(walk: list) -> None:
            take(walk)

        check()
