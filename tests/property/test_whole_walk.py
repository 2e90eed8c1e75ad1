"""MF-02, all endpoints together: no session or token is ever stronger than its proofs.

Two browsers; two people with accounts, one address that can register, one that can be invited.
They sign in, set up and prove factors, recover, register, accept invitations, change address
and password, step up, sign out and are locked, in any order, rightly and wrongly; links that
were mailed are followed by anybody, also again. Besides, every page is opened and sent forms
out of turn: the pages are those of the routes table, so that a new one is walked as well.

WALKS says how many walks each part takes (600); `make walk` takes many.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.admin import invitations, users
from ostiary.admin.actor import operator
from ostiary.admin.invitations import InvitationFields
from ostiary.identity import totp
from ostiary.identity.factors import passkey_id
from ostiary.model.factor import FactorKind
from ostiary.model.session import ProofKind
from ostiary.model.user import UserState
from ostiary.web.api.endpoint import Service
from ostiary.web.routes import routes
from support import account
from support.authenticator import UP, Authenticator, options_of
from support.factors import read_codes, read_secret
from support.ground import APP, CONTINUE, Ground, is_accepted
from support.instance import PASSWORD, Instance, hidden
from support.proven import PASSKEY, Asked, Mailed, Somebody
from support.walks import walking

ROOT = operator("root")
PASSWORDS = (PASSWORD, "entirely different words of mine", "a third one that nobody has")
PROMPTS = ("", "", "", "login", "enrol", "none", "select_account", "create", "login enrol", "")
MAX_AGES = (None, None, None, "0", "60")
CLASSES = ("", "", "urn:ostiary:acr:2fa", "phr", "phrh")
CODES = (
    (ProofKind.TOTP, "/login/totp", "otp"),
    (ProofKind.RECOVERY_CODE, "/login/recovery-code", "recovery_code"),
    (ProofKind.EMAIL_CODE, "/login/email-code", "code"),
)
ENROL = (
    (ProofKind.TOTP, "/login/enrol/totp"),
    (PASSKEY, "/login/enrol/passkey"),
    (ProofKind.EMAIL_CODE, "/login/enrol/email-code"),
)
# Sections of the account, and whether they want somebody who has just proven who they are.
SECTIONS = {
    "email": True, "password": True, "methods": True, "apps": False, "sessions": False,
    "profile": False,
}  # fmt: skip
WAITS = (1, 31, 310, 1000, 8000)
STEPS = {
    "begin": 4, "ask": 2, "visit": 3, "send": 3, "sign_in": 3, "use_passkey": 2, "prove": 4,
    "enrol": 3, "finish": 4, "arrive": 8, "set_up": 8, "recover": 3, "register": 4, "invite": 4,
    "follow": 6, "open_account": 9, "lock": 2, "use": 4, "wait": 2,
}  # fmt: skip
steps = st.tuples(
    st.sampled_from([name for name, weight in STEPS.items() for _ in range(weight)]),
    st.sampled_from([0, 0, 1]),  # the browser
    st.sampled_from([0, 0, 0, 1, 2, 3]),  # the person
    st.sampled_from([0, 0, 0, 0, 1, 2, 3]),  # the flow, link or tokens: newest first
    st.integers(0, 99),  # anything else
)
walks = st.lists(steps, min_size=6, max_size=18)
PARTS = 2
WALKS = int(os.environ.get("WALKS", "600"))
# What came about in some walk: a walk that gets nowhere shows nothing.
REACHED = {
    *("password", "passkey", "totp", "recovery_code", "email_code"),
    *("enrol totp", "enrol passkey", "enrol email_code", "factor removed"),
    *("reset", "invitation", "joined by registration", "change", "undo", "password changed"),
    *("account email", "account sessions", "app removed", "tokens", "tokens used"),
}
WALKED = ("/login", "/account", "/consent", "/logout", "/device", "/oidc/v1/end_session", CONTINUE)


class Walk(Ground):
    """One walk, and the steps that it is made of."""

    def __init__(self, instance: Instance, number: int) -> None:
        super().__init__(instance, number)
        self.admin = Service(instance.idp).admin
        self.paths = [path for path, _ in routes(instance.idp) if path.startswith(WALKED)]

    async def take(self, step: tuple) -> None:
        name, *values = step
        await getattr(self, name)(*values)
        await self.collect()
        await self.check()

    # Requests, and pages out of turn

    async def begin(self, who: int, person: int, _: int, choice: int) -> None:
        """Send the browser off to sign in."""
        prompt, max_age = PROMPTS[choice % 10], MAX_AGES[choice // 10 % 5]
        await self.request(who, self.people[person], prompt, max_age, CLASSES[choice // 20])

    async def ask(self, who: int, person: int, _number: int, _choice: int) -> None:
        """Ask whether somebody is signed in."""
        await self.request(who, self.people[person], "none", None, "")

    async def request(
        self, who: int, person: Somebody, prompt: str, max_age: str | None, acr: str
    ) -> None:
        parameters = {
            "response_type": "code",
            "client_id": APP,
            "redirect_uri": f"https://{APP}.test/cb",
            "scope": "openid offline_access",
            "code_challenge": account.CHALLENGE,
            "code_challenge_method": "S256",
            "prompt": prompt,
            "acr_values": acr,
            "login_hint": person.address,
            "max_age": max_age or "",
        }
        asked = Asked(who, self.now, prompt, None if max_age is None else int(max_age))
        answer = await self.browsers[who].get(f"/oauth/v2/authorize?{urlencode(parameters)}")
        await self.look(who, answer, asked)

    async def visit(self, who: int, _: int, number: int, choice: int) -> None:
        """Open any page for any flow."""
        await self.get(who, self.paths[choice % len(self.paths)], self.flow(number))

    async def send(self, who: int, _: int, number: int, choice: int) -> None:
        """Send a form to any page, with a token of any other."""
        fields = {
            "form_token": self.tokens[-1 - choice % len(self.tokens)],
            "done": "login second_factor",
            **dict.fromkeys(("otp", "code", "recovery_code", "credential", "account"), "x"),
        }
        path, flow = self.paths[(choice * 7 + number) % len(self.paths)], self.flow(number)
        answer = await self.browsers[who].post(f"{path}?flow={flow}", fields)
        await self.look(who, answer, self.asked.get(flow))

    async def wait(self, _who: int, _person: int, _number: int, choice: int) -> None:
        self.instance.clock.time += WAITS[choice % 5]

    # Signing in, and further factors

    async def sign_in(self, who: int, person: int, number: int, choice: int) -> None:
        """Give a password on the sign-in page."""
        whose, flow = self.people[person], self.flow(number)
        word = whose.password if whose.password and choice < 80 else PASSWORDS[choice % 3]
        page = await self.get(who, "/login", flow)
        if page.status_code != 200 or 'name="password"' not in page.text:
            return
        fields = {**hidden(page), "username": whose.address, "password": word}
        answer = await self.browsers[who].post(f"/login?flow={flow}", fields)
        if is_accepted(answer):
            assert whose.active
            assert word == whose.password
            self.proven[who][whose] = {ProofKind.PASSWORD: self.now}
            self.reached["password"] += 1

    async def use_passkey(self, who: int, person: int, number: int, choice: int) -> None:
        """Sign in with a passkey, whose owner is sometimes not verified."""
        whose, flow = self.people[person], self.flow(number)
        page = await self.get(who, "/login", flow)
        if page.status_code != 200 or not whose.devices or "data-options" not in page.text:
            return
        device = whose.devices[choice % len(whose.devices)]
        wrong = {"flags": UP} if choice >= 80 else {}
        credential = device.get(options_of(page.text), **wrong)
        answer = await self.send_form(who, page, "/login/passkey", credential=credential)
        if is_accepted(answer):
            assert whose.active
            assert not wrong
            self.proven[who][whose] = {PASSKEY: self.now}
            self.reached["passkey"] += 1

    async def prove(self, who: int, _: int, number: int, choice: int) -> None:
        """Type a code where one is asked for."""
        flow, good = self.flow(number), choice < 80
        kind, path, field = CODES[choice % 3]
        page = await self.get(who, path, flow)
        if kind is ProofKind.EMAIL_CODE and f'name="{field}"' not in page.text:
            page = await self.have_sent(who, page, "/login/email-code/send", path, flow)
        whose = self.shown(page)
        if whose is None or f'name="{field}"' not in page.text:
            return
        fields = {field: self.code_for(whose, kind) if good else "AAAAA-BBBBB-CCCCC-DDDDD"}
        fields |= {"remember": "on"} if choice % 5 == 0 else {}
        answer = await self.send_form(who, page, path, **fields)
        if is_accepted(answer):
            assert good
            assert whose.active
            assert self.proven[who][whose]
            self.proven[who][whose][kind] = self.now
            if kind is ProofKind.RECOVERY_CODE:
                whose.codes.pop()
            if "remember" in fields:
                self.trusted.add((who, whose))
            self.sent_codes.pop(whose, None)
            self.reached[kind.value] += 1

    async def enrol(self, who: int, _: int, number: int, choice: int) -> None:
        """Set up a factor."""
        flow, good = self.flow(number), choice < 85
        kind, path = ENROL[choice % 3]
        page = await self.get(who, path, flow)
        if kind is ProofKind.EMAIL_CODE:
            page = await self.have_sent(who, page, f"{path}/send", path, flow)
        whose, device, secret = self.shown(page), Authenticator(), b""
        if whose is None:
            return
        if kind is PASSKEY and "data-options" in page.text:
            wrong = {} if good else {"flags": UP}
            filled = {"credential": device.create(options_of(page.text), **wrong)}
        elif kind is ProofKind.TOTP and 'id="key"' in page.text:
            secret = read_secret(page.text)
            code = totp.make_code(secret, self.now // totp.STEP)
            filled = {"otp": code if good else "000000"}
        elif kind is ProofKind.EMAIL_CODE and 'name="code"' in page.text:
            filled = {"code": self.code_for(whose, kind) if good else "000000"}
        else:
            return
        answer = await self.send_form(who, page, path, **filled)
        if is_accepted(answer) or read_codes(answer.text):
            assert good
            self.require_strong(who, whose, fresh=True)
            whose.secret = secret or whose.secret
            whose.devices += [device] if kind is PASSKEY else []
            whose.mail_codes = whose.mail_codes or kind is ProofKind.EMAIL_CODE
            whose.codes = list(read_codes(answer.text)) or whose.codes
            self.proven[who][whose][kind] = self.now
            self.reached[f"enrol {kind.value}"] += 1

    async def finish(self, who: int, person: int, number: int, choice: int) -> None:
        """Do whatever a flow asks for, for as long as it asks."""
        flow = self.flow(number)
        for _ in range(5):
            path = await self.led_to(who, CONTINUE, flow)
            if path == "/login/factor":
                path = await self.led_to(who, path, flow)
            self.instance.clock.time += 30  # the app shows another code
            number = self.flows[::-1].index(flow) if flow in self.flows else 0
            if path == "/login" and choice % 3 and self.people[person].devices:
                await self.use_passkey(who, person, number, 0)
            elif path == "/login":
                await self.sign_in(who, person, number, 0)
            elif path == "/login/enrol":
                await self.enrol(who, person, number, choice % 3)
            elif path in {"/login/totp", "/login/email-code", "/login/passkey"}:
                way = {"/login/totp": 0, "/login/email-code": 2}.get(path, choice % 2)
                await self.prove(who, person, number, 60 + way if choice % 4 else 61)
            else:
                return

    async def arrive(self, who: int, person: int, _: int, choice: int) -> None:
        """Sign in to the application, whatever that takes."""
        prompt, acr = ("", "login")[choice % 2], CLASSES[choice // 20]
        await self.request(who, self.people[person], prompt, None, acr)
        await self.finish(who, person, 0, choice)

    async def set_up(self, who: int, person: int, _: int, choice: int) -> None:
        """Sign in to the application, and set up a factor on the way."""
        await self.request(who, self.people[person], "enrol", None, "")
        await self.finish(who, person, 0, choice)

    async def led_to(self, who: int, path: str, flow: str) -> str:
        page = await self.get(who, path, flow)
        return urlsplit(page.headers.get("location", "")).path

    # Recovering and joining

    async def recover(self, who: int, person: int, number: int, choice: int) -> None:
        """Forget a password, and perhaps follow the link at once."""
        flow = self.flow(number)
        page = await self.get(who, "/login/forgot", flow)
        if page.status_code == 200:
            fields = {**hidden(page), "username": self.people[person].address}
            await self.browsers[who].post(f"/login/forgot?flow={flow}", fields)
            await self.collect()
        if choice % 2:
            await self.follow(who, person, 0, choice)

    async def register(self, who: int, person: int, number: int, choice: int) -> None:
        """Enter an account, and perhaps type the code that is mailed."""
        whose, flow, word = self.people[person], self.flow(number), PASSWORDS[choice % 3]
        page = await self.get(who, "/login/register", flow)
        if page.status_code != 200:
            return
        self.entered[whose.address] = (flow, word)
        fields = {**hidden(page), "email": whose.address, "new_password": word}
        await self.browsers[who].post(f"/login/register?flow={flow}", fields)
        await self.collect()
        made = next((one for one in self.mailed[::-1] if one.kind == "registration"), None)
        page = await self.get(who, "/login/verify", flow)
        if choice % 4 == 0 or made is None or page.status_code != 200:
            return
        fields = {**hidden(page), "code": made.code}
        answer = await self.browsers[who].post(f"/login/verify?flow={flow}", fields)
        if is_accepted(answer):
            assert made.flow == flow
            assert self.now < made.at + 600
            self.joined(made)
            self.proven[who][made.person] = {ProofKind.PASSWORD: made.at}

    def joined(self, made: Mailed) -> None:
        assert made.good(self.now)
        assert made.person.state is None
        made.over = True
        made.person.state, made.person.password = "active", made.password
        self.reached["joined by registration"] += 1

    async def invite(self, who: int, _person: int, number: int, choice: int) -> None:
        """Have an administrator invite somebody, again perhaps; perhaps accept at once."""
        whose = self.people[3]
        if whose.state is None:
            await invitations.invite(
                self.admin, ROOT, "acme", InvitationFields(email=whose.address)
            )
            whose.state = "pending"
        elif whose.state == "pending":
            await invitations.resend(self.admin, ROOT, await self.user_id(whose))
        await self.collect()
        if choice % 3:
            await self.follow(who, 3, number, choice)

    async def follow(self, who: int, _: int, number: int, choice: int) -> None:
        """Follow any link that was mailed, and send the form behind it."""
        if not self.mailed:
            return
        link, browser = self.mailed[-1 - number % len(self.mailed)], self.browsers[who]
        word = link.password if link.password and choice < 80 else PASSWORDS[choice % 3]
        where = link.path.partition("?")[0]
        await self.look(who, await browser.get(link.path), None)
        page = await browser.get(where)
        fields = {**hidden(page), "new_password": word, "password": word}
        answer = await browser.post(where, fields)
        await self.look(who, answer, None)
        if link.kind == "registration" and is_accepted(answer):
            self.joined(link)
            self.proven[who][link.person] = {ProofKind.PASSWORD: link.at}
        elif answer.status_code == 200:
            assert link.good(self.now), link
            getattr(self, f"after_{link.kind}")(link, word)
            link.over = True
            self.reached[link.kind] += 1

    def after_registration(self, link: Mailed, word: str) -> None:
        assert word == link.password
        self.joined(link)

    def after_invitation(self, link: Mailed, word: str) -> None:
        assert link.person.state == "pending"
        link.person.state, link.person.password = "active", word

    def after_reset(self, link: Mailed, word: str) -> None:
        assert link.person.active
        link.person.password = word
        self.end(link.person)
        self.overtake(link.person, "reset", "change")
        self.distrust(link.person)

    def after_change(self, link: Mailed, _: str) -> None:
        assert link.person.active
        link.person.address = link.address
        self.overtake(link.person, "reset")

    def after_undo(self, link: Mailed, _: str) -> None:
        assert link.person.active
        link.person.address = link.address
        self.end(link.person)
        self.distrust(link.person)
        # The reset link that comes with it is mailed after this.
        self.overtake(link.person, "reset", "change")
        for later in self.mailed[self.mailed.index(link) :]:
            later.over = later.over or (later.person is link.person and later.kind == "undo")

    # One's own account, applications, administrators

    async def open_account(self, who: int, person: int, _: int, choice: int) -> None:
        """Open a page of the account, sign in where that is asked for, and change something."""
        section = list(SECTIONS)[choice % len(SECTIONS)]
        path, browser = f"/account/{section}", self.browsers[who]
        page = await browser.get(path)
        await self.look(who, page, None)
        if page.status_code == 303:
            await self.finish(who, person, 0, choice)
            page = await browser.get(path)
            await self.look(who, page, None)
        whose = self.shown(page)
        if whose is not None:
            self.require_strong(who, whose, fresh=SECTIONS[section])
            self.reached[f"account {section}"] += 1
            await getattr(self, f"change_{section}")(who, whose, page, choice)

    async def change_email(
        self, who: int, whose: Somebody, page: httpx.Response, choice: int
    ) -> None:
        toggled = "q" if whose.address.startswith("p") else "p"
        self.changing = whose
        address = toggled + whose.address[1:]
        await account.send(self.browsers[who], page, "email", email=address)
        await self.collect()
        asked = [one for one in self.mailed if (one.kind, one.person) == ("change", whose)]
        if choice % 4 and asked:
            await self.follow(who, 0, self.mailed[::-1].index(asked[-1]), choice)

    async def change_password(
        self, who: int, whose: Somebody, page: httpx.Response, choice: int
    ) -> None:
        fields = account.fields_of(page, "new_password")
        fields |= {"password": whose.password or "", "new_password": PASSWORDS[choice // 6 % 3]}
        if choice >= 50:
            fields.pop("others", None)
        answer = await self.browsers[who].post("/account/password", fields)
        if answer.status_code != 303:
            return
        assert answer.headers["location"] == "/account"
        whose.password = fields["new_password"]
        self.distrust(whose)
        self.overtake(whose, "reset")
        if "others" in fields:
            before = [one for one in self.held if one.at < self.now]
            self.end(whose, but=who, tokens=False)
            for one in before:
                one.dead = one.dead or one.person is whose
            self.overtake(whose, "change")
            self.proven[who][whose] = {ProofKind.PASSWORD: self.now}
        self.reached["password changed"] += 1

    async def change_methods(
        self, who: int, whose: Somebody, page: httpx.Response, choice: int
    ) -> None:
        found = re.findall(r'name="remove" value="([^"]+)"', page.text)
        if not found or choice % 2:
            return
        factor = await self.instance.store.factor(found[choice // 2 % len(found)])
        answer = await account.send(self.browsers[who], page, "remove", factor.id)
        if answer.status_code != 303 or "/methods" not in answer.headers["location"]:
            return
        match factor.kind:
            case FactorKind.TOTP:
                whose.secret = None
            case FactorKind.EMAIL_CODE:
                whose.mail_codes = False
            case FactorKind.RECOVERY_CODE:
                whose.codes = []
            case _:
                whose.devices = [
                    one for one in whose.devices if passkey_id(one.credential_id) != factor.id
                ]
        if not whose.has_more:
            whose.forget_factors()
            self.distrust(whose)
        self.reached["factor removed"] += 1

    async def change_apps(self, who: int, whose: Somebody, page: httpx.Response, _: int) -> None:
        if f'value="{APP}"' not in page.text:
            return
        await account.send(self.browsers[who], page, "client", APP)
        for one in self.held:
            one.dead = one.dead or one.person is whose
        self.reached["app removed"] += 1

    async def change_sessions(
        self, who: int, whose: Somebody, page: httpx.Response, _choice: int
    ) -> None:
        if 'name="others"' in page.text:
            await account.send(self.browsers[who], page, "others")
            self.end(whose, but=who, tokens=False)
            self.reached["others signed out"] += 1

    async def change_profile(
        self, who: int, whose: Somebody, page: httpx.Response, choice: int
    ) -> None:
        if choice // 6 % 2:
            await self.send_form(who, page, "/account/sign-out")
            self.proven[who].pop(whose, None)
            self.reached["signed out"] += 1

    async def lock(self, _who: int, person: int, _number: int, choice: int) -> None:
        """Have an administrator lock or deactivate somebody, or let them be active again."""
        whose = self.people[person]
        if whose.state in {None, "pending"}:
            return
        closed = (UserState.LOCKED, UserState.DEACTIVATED)[choice % 2]
        state = closed if whose.active else UserState.ACTIVE
        await users.set_state(self.admin, ROOT, await self.user_id(whose), state)
        whose.state = state.value
        if not whose.active:
            self.end(whose, tokens=False)

    async def user_id(self, person: Somebody) -> str:
        found = await self.instance.store.user_by_login_name(person.address)
        assert found is not None
        return found.id

    async def use(self, _who: int, _person: int, number: int, choice: int) -> None:
        """Use the tokens that an application got."""
        if not self.held:
            return
        held = self.held[-1 - number % len(self.held)]
        if choice % 2:
            answer = await account.refresh(self.instance, APP, held.tokens)
        else:
            answer = await account.userinfo(self.instance, held.tokens)
        assert answer.status_code in {200, 400, 401}
        if answer.status_code == 200:
            assert held.person.active
            assert not held.dead
            held.tokens |= answer.json() if choice % 2 else {}
            self.reached["tokens used"] += 1


async def open_doors(instance: Instance) -> None:
    """Let everybody make an account of their own, and add an application that authenticates."""
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies={"user_registration": {"mode": "open"}})
    await instance.add(account.application(APP))
    await instance.store.revalidate()


@pytest.mark.timeout(1200 + 2 * WALKS)
@pytest.mark.parametrize("part", range(PARTS))
def test_mf_02_walks_through_all_endpoints(folder: Path, part: int) -> None:
    Walk.reached.clear()
    with walking(folder, Walk, open_doors) as take:

        @settings(max_examples=WALKS)
        @given(walks)
        def check(walk: list) -> None:
            take([("begin", 0, 0, 0, 0), ("begin", 1, 0, 0, 0), *walk])

        check()
    assert set(Walk.reached) >= REACHED, REACHED.difference(Walk.reached)
