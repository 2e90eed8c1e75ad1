"""Where a walk through all endpoints goes: browsers, mail, and what each answer may say."""

import base64
import json
import re
from collections import Counter
from typing import Any

import httpx

from ostiary.identity import totp
from ostiary.model.session import ProofKind
from ostiary.model.user import Profile
from support import account
from support.factors import FORM, HIDDEN, form_of
from support.instance import PASSWORD, Instance
from support.postbox import Postbox, code_of, link_of
from support.proven import (
    PASSKEY,
    Asked,
    Held,
    Mailed,
    Proofs,
    Somebody,
    is_settled,
    judge,
    judge_request,
)

APP = "walked"
CONTINUE = "/oauth/v2/authorize/continue"
FRESH = 300
# Links by the subjects of their mails, and seconds that they are good for.
_LINKS = {
    "new password": ("reset", 900),
    "invites you": ("invitation", 72 * 3600),
    "Confirm your address": ("registration", 86400),
    "Confirm your new address": ("change", 86400),
    "is to change": ("undo", 7 * 86400),
}
# A newer one of these ends the one before.
_SINGLE = {"reset", "invitation", "change"}


class Ground:
    """Two browsers, the mail, and what is known to be true of four people."""

    # How often each thing came about, over all walks.
    reached: Counter[str] = Counter()

    def __init__(self, instance: Instance, number: int) -> None:
        self.instance = instance
        self.post = Postbox(instance)
        self.people = [Somebody(f"p{index}-{number}@acme.test") for index in range(4)]
        self.browsers = [
            instance.browser(ip=f"10.{who}.{number // 256}.{number % 256}") for who in (0, 1)
        ]
        self.proven: list[dict[Somebody, Proofs]] = [{}, {}]
        self.trusted: set[tuple[int, Somebody]] = set()
        # Until when a browser was trusted that is so no more: what it began before goes on.
        self.distrusted: dict[tuple[int, Somebody], int] = {}
        self.flows: list[str] = []
        self.asked: dict[str, Asked] = {}
        # The flow and the password that somebody registered with last, by address.
        self.entered: dict[str, tuple[str, str]] = {}
        self.mailed: list[Mailed] = []
        self.sent_codes: dict[Somebody, str] = {}
        self.changing: Somebody | None = None
        self.held: list[Held] = []
        self.tokens = ["1-AAAAAAAAAAAAAAAAAAAAAA"]

    @property
    def now(self) -> int:
        """The time."""
        return self.instance.clock.time

    async def open(self) -> None:
        """Make the accounts of the first two people."""
        self.instance.clock.time += 3601  # the limit of all mail together is not what is walked
        for person in self.people[:2]:
            name, _, _ = person.address.partition("@")
            await self.instance.add_user(
                person.address,
                id=f"user-{name}",
                email=person.address,
                email_verified=True,
                profile=Profile(),
            )
            person.state, person.password = "active", PASSWORD

    def flow(self, number: int) -> str:
        """Choose a flow of any browser, newest first."""
        return self.flows[-1 - number % len(self.flows)] if self.flows else "A" * 43

    async def get(self, who: int, path: str, flow: str) -> httpx.Response:
        """Open a page of a flow."""
        page = await self.browsers[who].get(f"{path}?flow={flow}")
        await self.look(who, page, self.asked.get(flow))
        return page

    async def send_form(
        self, who: int, page: httpx.Response, path: str, **fields: str
    ) -> httpx.Response:
        """Send the form of a page that goes to a path."""
        action, held = form_of(page, path)
        answer = await self.browsers[who].post(action, held | fields)
        await self.look(who, answer, None)
        return answer

    async def have_sent(
        self, who: int, page: httpx.Response, send_path: str, path: str, flow: str
    ) -> httpx.Response:
        """Have a code mailed, and open the page where it is typed."""
        if f'action="{send_path}' not in page.text:
            return page
        await self.send_form(who, page, send_path)
        await self.collect()
        return await self.get(who, path, flow)

    def shown(self, page: httpx.Response) -> Somebody | None:
        """Return the person whose page this is."""
        if page.status_code != 200:
            return None
        return next((one for one in self.people if one.address in page.text), None)

    def code_for(self, person: Somebody, kind: ProofKind) -> str:
        """Return the right code, or one that cannot be where there is none."""
        if kind is ProofKind.TOTP and person.secret is not None:
            return totp.make_code(person.secret, self.now // totp.STEP)
        if kind is ProofKind.RECOVERY_CODE and person.codes:
            return person.codes[-1]
        return self.sent_codes.get(person, "000000")

    async def look(self, who: int, answer: httpx.Response, asked: Asked | None) -> None:
        """Judge an answer; keep its flow, and the tokens of its forms, for later."""
        assert answer.status_code < 500, answer.text
        for _, content in FORM.findall(answer.text):
            self.tokens += [value for name, value in HIDDEN.findall(content) if "token" in name]
        location = answer.headers.get("location", "")
        flow = re.search(r"[?&]flow=(\w+)", location)
        if flow is not None and flow[1] not in self.asked:
            self.flows.append(flow[1])
            self.asked[flow[1]] = asked or Asked(who, self.now)
        if re.match(rf"https://{APP}\.test/cb\?.*code=", location):
            assert asked is not None
            await self.redeem(who, re.search(r"[?&]code=(\w+)", location)[1], asked)

    async def redeem(self, who: int, code: str, asked: Asked) -> None:
        """Get the tokens of a code, and hold what they say to what was proven in the browser."""
        answer = await account.token(
            self.instance,
            APP,
            grant_type="authorization_code",
            code=code,
            redirect_uri=f"https://{APP}.test/cb",
            code_verifier=account.VERIFIER,
        )
        assert answer.status_code == 200, answer.text
        claims = read_claims(answer.json()["id_token"])
        person = await self.somebody(claims["sub"])
        self.require_strong(who, person)
        judge(claims, self.proven[who][person])
        judge_request(asked, claims, self.now)
        self.held.append(Held(person, who, self.now, answer.json()))
        self.reached["tokens"] += 1

    async def somebody(self, user_id: str) -> Somebody:
        """Return the person of a user's id."""
        user = await self.instance.store.user(user_id)
        assert user is not None
        (found,) = [one for one in self.people if one.address == user.email]
        return found

    def require_strong(self, who: int, person: Somebody, *, fresh: bool = False) -> None:
        """Somebody may be here, and has proven all that they have, or is trusted not to."""
        assert person.active
        proofs = self.proven[who].get(person)
        assert proofs
        alone = [at for kind, at in proofs.items() if kind in {ProofKind.PASSWORD, PASSKEY}]
        if fresh:
            assert self.now - max(alone) <= FRESH
        if person.has_more:
            trusted = self.is_trusted(who, person, max(alone))
            assert is_settled(proofs) or (not fresh and trusted)

    def distrust(self, person: Somebody) -> None:
        """Note that no browser is trusted any more to be that of somebody."""
        for one in [pair for pair in self.trusted if pair[1] is person]:
            self.trusted.remove(one)
            self.distrusted[one] = self.now

    def is_trusted(self, who: int, person: Somebody, at: int) -> bool:
        """Tell whether a browser is trusted to be somebody's, or was at a time."""
        return (who, person) in self.trusted or at <= self.distrusted.get((who, person), 0)

    def end(self, person: Somebody, *, but: int | None = None, tokens: bool = True) -> None:
        """Note that somebody is signed out, and that older tokens of theirs are worth nothing."""
        for who in (0, 1):
            if who != but:
                self.proven[who].pop(person, None)
        for one in self.held:
            one.dead = one.dead or (tokens and one.person is person)

    async def collect(self) -> None:
        """Read the mail."""
        for mail in await self.post.empty():
            address, subject = str(mail["To"]), str(mail["Subject"])
            theirs = next((one for one in self.people if one.address == address), None)
            if "Your code" in subject:
                assert theirs is not None
                self.sent_codes[theirs] = code_of(mail)
                continue
            for words, (kind, lifetime) in _LINKS.items():
                if words in subject:
                    person = self.changing if kind == "change" else theirs
                    assert person is not None
                    made = Mailed(kind, person, address, link_of(mail), self.now, lifetime)
                    if kind == "registration":
                        made.flow, made.password = self.entered[address]
                        made.code = code_of(mail)
                    for old in self.mailed if kind in _SINGLE else ():
                        old.over = old.over or (old.kind, old.person) == (kind, person)
                    self.mailed.append(made)

    def overtake(self, person: Somebody, *kinds: str) -> None:
        """Note that links of these kinds are good no more."""
        for one in self.mailed:
            one.over = one.over or (one.person is person and one.kind in kinds)

    async def check(self) -> None:
        """Every session is that of somebody who may have one, and rests on what was proven."""
        for who, browser in enumerate(self.browsers):
            for session in await browser.sessions() if browser.cookie else ():
                if min(session.idle_expires_at, session.expires_at) <= self.now:
                    continue
                person = await self.somebody(session.user_id)
                assert person.active
                proofs = self.proven[who].get(person, {})
                for proof in session.proofs:
                    if proof.kind is ProofKind.TRUSTED_DEVICE:
                        assert self.is_trusted(who, person, proof.at)
                    else:
                        assert proofs.get(proof.kind) == proof.at


def is_accepted(answer: httpx.Response) -> bool:
    """Tell whether a form of a flow was taken: it leads on."""
    return answer.status_code == 303 and CONTINUE in answer.headers["location"]


def read_claims(token: str) -> dict[str, Any]:
    """Return what an ID token says."""
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found
