"""MF-02: random walks over recovering and joining. Nobody gets in who has not proven enough.

Two browsers, two people with accounts, two addresses without; steps in any order, with links
and codes of one's own mail, or of the other's, good or not.
"""

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.instance import PASSWORD, Instance, hidden
from support.postbox import Postbox, code_of, link_of
from support.walks import walking

PASSWORDS = (PASSWORD, "entirely different words of mine", "a third one that nobody has")
OPEN = {"user_registration": {"mode": "open"}}

who = st.integers(0, 1)
flows = st.sampled_from([0, 0, 0, 1, 2])
people = st.integers(0, 3)
words = st.integers(0, 2)
newest = st.sampled_from([0, 0, 0, 1, 2, 3])
steps = st.one_of(
    st.tuples(st.just("begin"), who),
    *[st.tuples(st.just("forget"), who, flows, people)] * 2,
    *[st.tuples(st.just("reset"), who, newest, words)] * 3,
    *[st.tuples(st.just("sign in"), who, flows, people, words)] * 3,
    *[st.tuples(st.just("register"), who, flows, people, words)] * 2,
    *[st.tuples(st.just("code"), who, flows, newest)] * 3,
    *[st.tuples(st.just("confirm"), who, newest, words)] * 2,
    st.tuples(st.just("recover"), who, people, words),
    st.tuples(st.just("join"), who, people, words),
    st.tuples(st.just("skip"), who, flows, words),
    st.tuples(st.just("wait"), st.sampled_from([1, 300, 890, 3700])),
)
walks = st.lists(steps, min_size=4, max_size=16)


class Mailed:
    """A link that was mailed, and what it can be worth. `flow` is where it was asked for."""

    def __init__(self, name: str, at: int, path: str, flow: str | None, password: str) -> None:
        self.name = name
        self.at = at
        self.path = path
        self.flow = flow
        self.password = password
        self.code = ""
        self.over = False


class Walk:
    """One walk, and what is known to be true in it."""

    def __init__(self, instance: Instance, number: int) -> None:
        self.instance = instance
        self.post = Postbox(instance)
        self.names = [f"p{index}-{number}@acme.test" for index in range(4)]
        # The password of each account that there is.
        self.passwords = dict.fromkeys(self.names[:2], PASSWORD)
        self.browsers = [
            instance.browser(ip=f"10.{index}.{number // 256}.{number % 256}") for index in (0, 1)
        ]
        self.proven: list[set[str]] = [set(), set()]
        self.flows: list[list[str]] = [[], []]
        self.resets: list[Mailed] = []
        self.registrations: list[Mailed] = []
        # What was entered last in each flow: an address and a password.
        self.entered: dict[str, tuple[str, str]] = {}

    async def open(self) -> None:
        # The limit of all mail together is not what is walked here.
        self.instance.clock.time += 3601
        for index, name in enumerate(self.names[:2]):
            id_ = re.sub(r"\W", "-", name)
            await self.instance.add_user(name, id=f"user-{id_}-{index}", email=name)
        for who in (0, 1):
            await self.take(("begin", who))

    async def take(self, step: tuple) -> None:  # noqa: C901 - one branch a step
        match step:
            case ("begin", who):
                self.flows[who].append(await self.browsers[who].open_flow("blog"))
            case ("forget", who, flow, person):
                await self.fill_in(who, "/login/forgot", flow, username=self.names[person])
            case ("reset", who, number, word):
                await self.reset(who, number, PASSWORDS[word])
            case ("sign in", who, flow, person, word):
                await self.sign_in(who, flow, self.names[person], PASSWORDS[word])
            case ("register", who, flow, person, word):
                await self.register(who, flow, self.names[person], PASSWORDS[word])
            case ("code", who, flow, number):
                await self.type_code(who, flow, number)
            case ("confirm", who, number, word):
                await self.confirm(who, number, PASSWORDS[word])
            case ("recover", who, person, word):
                await self.take(("forget", who, 0, person))
                await self.take(("reset", who, 0, word))
            case ("join", who, person, word):
                await self.take(("register", who, 0, person, word))
                await self.take(("code", who, 0, 0))
            case ("skip", who, flow, word):
                await self.skip(who, flow, PASSWORDS[word])
            case ("wait", seconds):
                self.instance.clock.time += seconds
        await self.collect()
        await self.check()

    def flow(self, who: int, number: int) -> str:
        """Choose a flow of a browser, or the other one's."""
        mine = self.flows[who if number < 2 else 1 - who]
        return mine[-1 - number % len(mine)] if mine else "A" * 43

    async def fill_in(self, who: int, path: str, number: int, **fields: str) -> httpx.Response:
        browser, url = self.browsers[who], f"{path}?flow={self.flow(who, number)}"
        page = await browser.get(url)
        response = await browser.post(url, {**hidden(page), **fields})
        assert page.status_code < 500
        assert response.status_code < 500
        return response

    async def collect(self) -> None:
        """Read the mail."""
        for mail in await self.post.collect():
            name, subject = str(mail["To"]), str(mail["Subject"])
            now = self.instance.clock.now()
            if "new password" in subject:
                assert name in self.passwords
                for one in self.resets:
                    one.over = one.over or one.name == name
                self.resets.append(Mailed(name, now, link_of(mail), None, ""))
            elif "Confirm your address" in subject:
                assert name not in self.passwords
                flow, password = next(
                    (flow, password)
                    for flow, (email, password) in reversed(self.entered.items())
                    if email == name
                )
                made = Mailed(name, now, link_of(mail), flow, password)
                made.code = code_of(mail)
                self.registrations.append(made)

    async def follow(self, who: int, path: str, **fields: str) -> httpx.Response:
        """Follow a mailed link, and send the form of its page."""
        browser = self.browsers[who]
        await browser.get(path)
        where = path.partition("?")[0]
        page = await browser.get(where)
        response = await browser.post(where, {**hidden(page), **fields})
        assert response.status_code < 500
        return response

    async def reset(self, who: int, number: int, password: str) -> None:
        if not self.resets:
            return
        mailed = self.resets[-1 - number % len(self.resets)]
        response = await self.follow(who, mailed.path, new_password=password)
        good = not mailed.over and self.instance.clock.now() < mailed.at + 900
        assert (response.status_code == 200) is good, (response.status_code, good)
        if good:
            self.passwords[mailed.name] = password
            for proven in self.proven:
                proven.discard(mailed.name)
            for one in self.resets:
                one.over = one.over or one.name == mailed.name

    async def sign_in(self, who: int, flow: int, name: str, password: str) -> None:
        response = await self.fill_in(who, "/login", flow, username=name, password=password)
        if response.status_code == 303:
            assert self.passwords.get(name) == password
            self.proven[who].add(name)

    async def register(self, who: int, flow: int, name: str, password: str) -> None:
        chosen = self.flow(who, flow)
        before = self.entered.pop(chosen, None)
        fields = {"email": name, "new_password": password}
        response = await self.fill_in(who, "/login/register", flow, **fields)
        if response.status_code == 303:
            self.entered[chosen] = (name, password)
        elif before is not None:
            self.entered[chosen] = before

    async def type_code(self, who: int, flow: int, number: int) -> None:
        mailed = (
            self.registrations[-1 - number % len(self.registrations)]
            if (self.registrations)
            else None
        )
        code = "000000" if mailed is None else mailed.code
        response = await self.fill_in(who, "/login/verify", flow, code=code)
        if response.status_code == 303 and "continue" in response.headers["location"]:
            assert mailed is not None
            assert mailed.flow == self.flow(who, flow)
            assert self.instance.clock.now() < mailed.at + 600
            self.joined(who, mailed)

    async def confirm(self, who: int, number: int, password: str) -> None:
        if not self.registrations:
            return
        mailed = self.registrations[-1 - number % len(self.registrations)]
        response = await self.follow(who, mailed.path, password=password)
        if response.status_code == 303 and "continue" in response.headers.get("location", ""):
            assert mailed.flow in self.flows[who]
            self.joined(who, mailed)
        elif response.status_code == 200:
            assert password == mailed.password
            self.joined(None, mailed)

    def joined(self, who: int | None, mailed: Mailed) -> None:
        assert not mailed.over
        assert mailed.name not in self.passwords
        mailed.over = True
        self.passwords[mailed.name] = mailed.password
        if who is not None:
            self.proven[who].add(mailed.name)

    async def skip(self, who: int, flow: int, password: str) -> None:
        """Send the forms behind links without having followed any."""
        browser = self.browsers[who]
        for cookie in list(browser.http.cookies.jar):
            if cookie.name.endswith("ostiary_ticket"):
                browser.http.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
        fields = {"new_password": password, "password": password, "username": self.names[0]}
        for path in ("/login/reset", "/login/verify", "/login/invitation"):
            response = await browser.post(path, fields)
            assert response.status_code == 410
        await browser.get(f"/oauth/v2/authorize/continue?flow={self.flow(who, flow)}")

    async def check(self) -> None:
        """Sessions rest on a password of now, accounts on an address that was proven."""
        for who in (0, 1):
            browser = self.browsers[who]
            for session in await browser.sessions() if browser.cookie else []:
                user = await self.instance.store.user(session.user_id)
                assert user is not None
                assert user.username in self.proven[who]
        for name in self.names[2:]:
            found = await self.instance.store.user_by_login_name(name)
            assert (found is not None) is (name in self.passwords)


async def open_registration(instance: Instance) -> None:
    """Let everybody make an account of their own."""
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies=OPEN)
    await instance.store.revalidate()


@pytest.mark.timeout(600)
def test_mf_02_walks_through_recovery_and_registration(folder: Path) -> None:
    with walking(folder, Walk, open_registration) as take:

        @settings(max_examples=2000)
        @given(walks)
        def check(walk: list) -> None:
            take(walk)

        check()
