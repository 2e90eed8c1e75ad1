"""Clients that go on while their server dies: each works in a closed loop and keeps the journal.

They are honest, as real clients are: they ask again after a lost answer, within the time that
the server promises to know them. A few are deliberately clumsy (the same code or refresh token
over several connections at once) or wicked (an old refresh token).
"""

import asyncio
import base64
import json
import math
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from support import flows
from support.chaos.journal import Journal
from support.flows import Application
from support.keepalive import Answer, Connection, Lost, NotSent, Unreadable

# An answer that takes longer is as good as lost. Longer than the server takes to say that it
# cannot answer, so that a request which nobody waits for any more is not being worked on.
PATIENCE = 4.5
# A request that waited in vain may still lie in the queue of a worker that is being replaced.
# It must not come after the next one, or an honest client looks like two.
STRAGGLING = 1.0
# A refresh token is good for ten seconds after its rotation. Nothing is sent again later than
# this, so that it arrives in time even if the server lets it wait.
RETRY_WINDOW = 6.0
_INSPECTORS = 8
_T = TypeVar("_T")
# Families that are rotated all the time; the others rest until the end.
BUSY = 60
_EXPECTED = frozenset({200, 302, 303, 400, 401, 403, 503})


@dataclass
class Family:
    """A user's authorization, as its application knows it."""

    application: Application
    code: str
    tokens: list[str]
    access_token: str


@dataclass
class Code:
    """A code that waits to be redeemed."""

    application: Application
    code: str
    verifier: str


@dataclass
class World:
    """What all clients share."""

    host: str
    port: int
    journal: Journal
    machines: tuple[Application, ...]
    webs: tuple[Application, ...]
    # One for each person who is signed in.
    cookies: list[str]
    seed: int
    running: bool = True
    # Families in use, at rest, and ended by theft; codes that wait.
    families: list[Family] = field(default_factory=list)
    idle: list[Family] = field(default_factory=list)
    ended: list[Family] = field(default_factory=list)
    parked: list[Code] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def violation(self, what: str) -> None:
        """Note something that a client should never have been told."""
        self.told["violation"] += 1
        self.journal.write("violation", what=what)


class Client:
    """One client with a connection to each of a few worker processes, by chance."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.random = random.Random(f"{world.seed}/client/{number}")
        self.connections = [Connection(world.port) for _ in range(3)]
        # When the first of the requests that belong together was sent.
        self.first_sent = math.inf

    def close(self) -> None:
        """Drop all connections."""
        for connection in self.connections:
            connection.close()

    async def repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step again and again until the world stops."""
        while self.world.running:
            await step()

    async def ask(
        self, request: bytes, connection: int | None = None, *, window: float = math.inf
    ) -> Answer | None:
        """Send a request until the server has seen it; None where its outcome is unknown.

        503 is one of the unknown: the server says that it cannot tell either. Nothing is sent
        later than `window` seconds after the first request of this step, which may be another.
        """
        world = self.world
        chosen = self.random.randrange(len(self.connections)) if connection is None else connection
        while monotonic() < self.first_sent + window:
            begun = monotonic()
            try:
                answer = await self.connections[chosen].ask(request, seconds=PATIENCE)
            except NotSent:
                world.told["not sent"] += 1
                await asyncio.sleep(0.03)
                continue
            except Lost as error:
                self.first_sent = min(self.first_sent, begun)
                world.told["timed out" if error.late else "lost"] += 1
                await asyncio.sleep(STRAGGLING if error.late else 0)
                return None
            except Unreadable as error:
                world.violation(f"unreadable answer: {error}")
                return None
            self.first_sent = min(self.first_sent, begun)
            world.told[str(answer.status)] += 1
            if answer.status == 503:
                await asyncio.sleep(0.03)
                return None
            if answer.status not in _EXPECTED:
                world.violation(f"status {answer.status}: {_text(answer)}")
                return None
            return answer
        return None

    def refused(self, answer: Answer, what: str) -> None:
        """Note that an honest request was refused."""
        self.world.violation(f"{what} was answered with {answer.status}: {_text(answer)}")

    async def pause(self, longest: float) -> None:
        """Give others a turn, so that kills meet every state."""
        await asyncio.sleep(self.random.uniform(0, longest))


class Machine(Client):
    """Gets tokens for itself."""

    async def step(self) -> None:
        """Get one token, and sometimes show it."""
        world = self.world
        application = self.random.choice(world.machines)
        answer = await self.ask(flows.client_credentials(application, world.host))
        if answer is None:
            return
        if answer.status != 200:
            self.refused(answer, "client_credentials")
            return
        token = answer.json()["access_token"]
        self.acknowledge(token)
        if self.random.random() < 0.1:
            shown = await self.ask(flows.userinfo(world.host, token))
            # A good token, for which userinfo has nothing to tell: nobody signed in for it.
            if shown is not None and shown.status != 403:
                self.refused(shown, "a machine's token at userinfo")
        await self.pause(0.004)

    def acknowledge(self, token: str) -> None:
        """Write an access token down."""
        self.world.journal.write("token", **describe(token))


class Person(Client):
    """An application whose user is signed in: codes, redemptions, and the families they give."""

    async def step(self) -> None:
        """Get a code, and redeem it now, later, or several times at once."""
        world = self.world
        code = await self._get_code()
        if code is None:
            return
        dice = self.random.random()
        if dice < 0.15:
            world.parked.append(code)
        elif dice < 0.3:
            await self._redeem_at_once(code)
        else:
            await self.redeem(code)
        if world.parked and self.random.random() < 0.15:
            await self.redeem(world.parked.pop(self.random.randrange(len(world.parked))))
        await self.pause(0.01)

    async def _get_code(self) -> Code | None:
        world = self.world
        application = self.random.choice(world.webs)
        attempt = flows.attempt(application, world.host, self.random.choice(world.cookies))
        answer = await self.ask(attempt.request)
        if answer is None:
            return None
        arrived = flows.read_response(answer)
        code = arrived.get("code")
        if code is None:
            # The server cannot answer now, told by way of the application (RFC 6749, 4.1.2.1).
            if arrived.get("error") != "temporarily_unavailable":
                where = answer.header("location")
                world.violation(f"no code for a signed-in user: {answer.status}, {where}")
            return None
        world.journal.write("code", code=code)
        return Code(application, code, attempt.verifier)

    async def redeem(self, code: Code) -> None:
        """Redeem a code; after a lost answer try again, or leave it."""
        answer = await self._send(code)
        if answer is None:
            if self.random.random() < 0.5:
                return
            self.world.journal.write("replaying", code=code.code)
            answer = await self._send(code)
            if answer is not None and answer.status == 400:
                # The first one was committed: now what it gave is gone, for nobody has it.
                self.world.journal.write("replayed", code=code.code)
                return
        if answer is not None:
            self._receive(code, answer)

    async def _redeem_at_once(self, code: Code) -> None:
        self.world.journal.write("replaying", code=code.code)
        answers = await asyncio.gather(
            *(self._send(code, number) for number in range(len(self.connections)))
        )
        certain = [answer for answer in answers if answer is not None]
        if len(certain) == len(answers) and all(answer.status != 200 for answer in certain):
            self.world.violation(f"of {len(answers)} redemptions at once none was answered")
        for answer in certain:
            if answer.status == 200:
                self._receive(code, answer, keep=False)
            elif answer.status == 400:
                self.world.journal.write("replayed", code=code.code)
            else:
                self.refused(answer, "a second redemption")

    async def _send(self, code: Code, connection: int | None = None) -> Answer | None:
        request = flows.redeem(code.application, self.world.host, code.code, code.verifier)
        return await self.ask(request, connection)

    def _receive(self, code: Code, answer: Answer, *, keep: bool = True) -> None:
        if answer.status != 200:
            self.refused(answer, f"the redemption of code {code.code}")
            return
        tokens = answer.json()
        access_token, token = tokens["access_token"], tokens["refresh_token"]
        journal = self.world.journal
        journal.write("redemption", code=code.code, refresh_token=token)
        journal.write("token", **describe(access_token), code=code.code)
        if keep:
            family = Family(code.application, code.code, [token], access_token)
            world = self.world
            (world.families if len(world.families) < BUSY else world.idle).append(family)


class Refresher(Client):
    """Rotates refresh tokens: once, several times at once, and with a stolen copy."""

    async def step(self) -> None:
        """Take one family, rotate it, and sometimes show the new access token."""
        world = self.world
        if not world.families:
            await asyncio.sleep(0.05)
            return
        family = world.families.pop(self.random.randrange(len(world.families)))
        dice = self.random.random()
        if dice < 0.05 and len(family.tokens) > 2:
            await self._steal(family)
            return
        at_once = len(self.connections) if dice < 0.25 else 1
        if await self.rotate(family, at_once):
            if self.random.random() < 0.2:
                await self.show(family, 200)
            world.families.append(family)
        await self.pause(0.01)

    async def rotate(self, family: Family, at_once: int = 1) -> bool:
        """Rotate a family; tell whether its successor is known."""
        world, token = self.world, family.tokens[-1]
        self.first_sent, attempts = math.inf, 0
        request = flows.refresh(family.application, world.host, token)
        while True:
            attempts += 1
            asked = [self.ask(request, number, window=RETRY_WINDOW) for number in range(at_once)]
            answers = await asyncio.gather(*asked)
            certain = [answer for answer in answers if answer is not None]
            for answer in certain:
                self._receive(family, token, answer, f"{attempts}. attempt")
            if certain:
                return family.tokens[-1] != token
            if monotonic() > self.first_sent + RETRY_WINDOW:
                world.told["abandoned"] += 1
                world.journal.write("abandoned", code=family.code)
                return False
            world.told["asked again"] += 1
            at_once = 1

    def _receive(self, family: Family, token: str, answer: Answer, how: str) -> None:
        if answer.status != 200:
            self.refused(answer, f"at {monotonic():.1f} an honest refresh ({how}) of {token}")
            return
        tokens = answer.json()
        successor, family.access_token = tokens["refresh_token"], tokens["access_token"]
        journal = self.world.journal
        journal.write("rotation", code=family.code, token=token, successor=successor)
        journal.write("token", **describe(family.access_token), code=family.code)
        if family.tokens[-1] == token:
            family.tokens.append(successor)

    async def show(self, family: Family, expected: int) -> None:
        """Show the access token to the userinfo endpoint, most likely of another worker."""
        answer = await self.ask(flows.userinfo(self.world.host, family.access_token))
        if answer is not None and answer.status != expected:
            self.refused(answer, f"userinfo, where {expected} was right,")

    async def _steal(self, family: Family) -> None:
        """Use the copy of an old token, and see that it ends the family."""
        world = self.world
        world.journal.write("stealing", code=family.code)
        stolen = flows.refresh(family.application, world.host, family.tokens[-3])
        while (answer := await self.ask(stolen)) is None:
            pass
        if answer.status != 400:
            self.refused(answer, "an old refresh token")
            return
        world.journal.write("stolen", code=family.code)
        world.ended.append(family)
        await self.show_ended(family)

    async def show_alive(self, family: Family) -> None:
        """See that the last access token of a family works."""
        await self.show(family, 200)

    async def show_ended(self, family: Family) -> None:
        """See that nothing of an ended family works any more."""
        await self.show(family, 401)
        request = flows.refresh(family.application, self.world.host, family.tokens[-1])
        answer = await self.ask(request)
        if answer is not None and answer.status != 400:
            self.refused(answer, "the refresh token of an ended family")


async def inspect(world: World) -> None:
    """Look at all that is left, when the killing is over: it has to work, or not to work."""
    before = Counter(world.told)
    people = [Person(world, 1000 + number) for number in range(_INSPECTORS)]
    refreshers = [Refresher(world, 2000 + number) for number in range(_INSPECTORS)]
    await _share(world.parked, [person.redeem for person in people])
    resting = [*world.families, *world.idle]
    await _share(resting, [refresher.rotate for refresher in refreshers])
    await _share(resting, [refresher.show_alive for refresher in refreshers])
    await _share(world.ended, [refresher.show_ended for refresher in refreshers])
    for client in (*people, *refreshers):
        client.close()
    for doubt in ("not sent", "lost", "timed out", "503"):
        if world.told[doubt] != before[doubt]:
            world.violation(f"{doubt}: by a server that nobody kills")


async def _share(things: list[_T], workers: list[Callable[[_T], Awaitable[object]]]) -> None:
    queue = deque(things)

    async def work(step: Callable[[_T], Awaitable[object]]) -> None:
        while queue:
            await step(queue.popleft())

    await asyncio.gather(*(work(step) for step in workers))


def describe(token: str) -> dict[str, str]:
    """Return what the journal keeps of an access token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {"opaque": token}
    payload = parts[1] + "=" * (-len(parts[1]) % 4)
    return {"jti": json.loads(base64.urlsafe_b64decode(payload))["jti"]}


def _text(answer: Answer) -> str:
    return answer.body.decode(errors="replace")[:300]
