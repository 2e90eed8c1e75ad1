"""What is measured: each work is done over and over, by each connection on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from urllib.parse import urljoin

from bench.stage import Stage
from ostiary.clock import SystemClock
from ostiary.oauth.handle import random_text
from support import acme, flows, jose
from support.crowd import (
    DEVICE,
    ES256,
    EXCHANGER,
    OPAQUE,
    PASSWORD,
    PASSWORDS,
    ROBOT,
    ROBOT_KEY,
    RS256,
    USERS,
    WEB,
    WEB_OPAQUE,
)
from support.flows import DISCOVERY, Application
from support.keepalive import Answer, Connection, write_form, write_request

_MOST_PAGES = 8
# More than can ask within a second.
_DEVICES = 12_000
_CLOCK = SystemClock()


class Unexpected(Exception):
    """The server answered something else than the work is about."""


def expect(answer: Answer, *statuses: int) -> Answer:
    """Hold an answer to its status.

    Raises:
        Unexpected: it has another.
    """
    if answer.status not in statuses:
        text = answer.body.decode(errors="replace")
        raise Unexpected(f"{answer.status} instead of {statuses}:\n{text[:2000]}")
    return answer


class Turn(Protocol):
    """One connection's share in a work."""

    async def once(self) -> None:
        """Do the work one time.

        Raises:
            Unexpected: the server did not do its part.
        """
        ...


class Work(Protocol):
    """Something that the server does for its clients."""

    name: str
    title: str
    # The durable events that doing it once causes, by type.
    events: Mapping[str, int]

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Bring each connection to where it can begin."""
        ...


@dataclass
class _Repeat:
    """The same bytes every time."""

    connection: Connection
    request: bytes
    status: int = 200

    async def once(self) -> None:
        expect(await self.connection.ask(self.request), self.status)


@dataclass
class ClientCredentials:
    """A token for a machine."""

    name: str
    title: str
    application: Application
    events: ClassVar[Mapping[str, int]] = {"token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Nothing is needed but the client."""
        request = flows.client_credentials(self.application, stage.host)
        return [_Repeat(connection, request) for connection in connections]


@dataclass
class Discovery:
    """The metadata document."""

    name: str = "discovery"
    title: str = "discovery"
    events: ClassVar[Mapping[str, int]] = {}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Nothing is needed."""
        request = write_request("GET", DISCOVERY, stage.host)
        return [_Repeat(connection, request) for connection in connections]


class _People:
    """The browsers of the bench's users, signed in once for all works that need them."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def cookie(self, stage: Stage, number: int) -> str:
        name = USERS[number % len(USERS)]
        if name not in self._cookies:
            self._cookies[name] = flows.sign_in(stage.server, WEB, name, PASSWORD)
        return self._cookies[name]


async def _tokens(
    stage: Stage, connection: Connection, application: Application, cookie: str
) -> dict[str, str]:
    """Go through one code flow."""
    attempt = flows.attempt(application, stage.host, cookie)
    arrived = flows.read_response(expect(await connection.ask(attempt.request), 302, 303))
    if arrived.get("state") != attempt.state or "code" not in arrived:
        raise Unexpected(f"no code for a browser that is signed in: {arrived}")
    request = flows.redeem(application, stage.host, arrived["code"], attempt.verifier)
    answer: dict[str, str] = expect(await connection.ask(request), 200).json()
    return answer


@dataclass
class _Rotate:
    stage: Stage
    connection: Connection
    token: str

    async def once(self) -> None:
        request = flows.refresh(WEB, self.stage.host, self.token)
        self.token = expect(await self.connection.ask(request), 200).json()["refresh_token"]


@dataclass
class Refresh:
    """Rotation, with a family for each connection."""

    people: _People
    name: str = "refresh"
    title: str = "refresh with rotation, ID token"
    events: ClassVar[Mapping[str, int]] = {"token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection gets a refresh token by a code flow."""
        turns: list[Turn] = []
        for number, connection in enumerate(connections):
            cookie = self.people.cookie(stage, number)
            tokens = await _tokens(stage, connection, WEB, cookie)
            turns.append(_Rotate(stage, connection, tokens["refresh_token"]))
        return turns


@dataclass
class _Flow:
    stage: Stage
    connection: Connection
    cookie: str

    async def once(self) -> None:
        await _tokens(self.stage, self.connection, WEB, self.cookie)


@dataclass
class CodeFlow:
    """Authorize, code, tokens: what an application does when its user is signed in."""

    people: _People
    name: str = "code-flow"
    title: str = "code flow in a session, ID token"
    events: ClassVar[Mapping[str, int]] = {"code.issued": 1, "token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection is the browser and the application of one user."""
        return [
            _Flow(stage, connection, self.people.cookie(stage, number))
            for number, connection in enumerate(connections)
        ]


@dataclass
class Userinfo:
    """The claims of a user, by an access token."""

    people: _People
    name: str
    title: str
    application: Application
    events: ClassVar[Mapping[str, int]] = {}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection gets an access token by a code flow."""
        turns: list[Turn] = []
        for number, connection in enumerate(connections):
            cookie = self.people.cookie(stage, number)
            tokens = await _tokens(stage, connection, self.application, cookie)
            turns.append(_Repeat(connection, flows.userinfo(stage.host, tokens["access_token"])))
        return turns


@dataclass
class Introspection:
    """What a resource server asks about an opaque token, at each of its own requests."""

    name: str = "introspection"
    title: str = "introspection of an opaque token"
    events: ClassVar[Mapping[str, int]] = {}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection gets a token of its own."""
        turns: list[Turn] = []
        for connection in connections:
            answer = await connection.ask(flows.client_credentials(OPAQUE, stage.host))
            token = expect(answer, 200).json()["access_token"]
            turns.append(_Repeat(connection, flows.introspect(OPAQUE, stage.host, token)))
        return turns


@dataclass
class _Poll:
    stage: Stage
    connection: Connection
    codes: list[str]
    at: int = 0

    async def once(self) -> None:
        # One code after the other: a device that asks too often is told to slow down.
        code = self.codes[self.at % len(self.codes)]
        self.at += 1
        answer = await self.connection.ask(flows.poll(DEVICE, self.stage.host, code))
        error = expect(answer, 400).json()["error"]
        if error != "authorization_pending":
            raise Unexpected(f"{error} for a device that waits")


@dataclass
class DevicePolling:
    """A device asks whether somebody has answered, and nobody has."""

    name: str = "device-polling"
    title: str = "polling of a device, not answered yet"
    events: ClassVar[Mapping[str, int]] = {}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection is the devices of a town: each of them asks once a second at most."""
        turns: list[Turn] = []
        for connection in connections:
            codes = []
            for _ in range(_DEVICES // len(connections)):
                answer = await connection.ask(flows.begin_device(DEVICE, stage.host))
                codes.append(expect(answer, 200).json()["device_code"])
            turns.append(_Poll(stage, connection, codes))
        return turns


@dataclass
class Push:
    """An authorization request, sent ahead by its application."""

    name: str = "push"
    title: str = "pushed authorization request"
    events: ClassVar[Mapping[str, int]] = {"request.pushed": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Nothing is needed but the client."""
        return [
            _Repeat(connection, flows.push(WEB, stage.host), status=201)
            for connection in connections
        ]


@dataclass
class _Assert:
    stage: Stage
    connection: Connection

    async def once(self) -> None:
        now = _CLOCK.now()
        claims = {"iss": ROBOT, "sub": ROBOT, "aud": self.stage.server.issuer}
        claims |= {"iat": now, "exp": now + 300, "jti": random_text(jose.ENTROPY)}
        assertion = jose.sign_as(ROBOT_KEY, claims)
        request = flows.by_assertion(self.stage.host, assertion, "orders.read")
        expect(await self.connection.ask(request), 200)


@dataclass
class JwtBearer:
    """A service account signs for itself: each assertion is good once."""

    name: str = "jwt-bearer"
    title: str = "JWT bearer grant, ES256 both ways"
    events: ClassVar[Mapping[str, int]] = {"token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Nothing is needed but the key."""
        return [_Assert(stage, connection) for connection in connections]


@dataclass
class TokenExchange:
    """An API exchanges the token of a user that was shown to it, to call on as itself."""

    people: _People
    name: str = "token-exchange"
    title: str = "token exchange, ES256 JWT"
    events: ClassVar[Mapping[str, int]] = {"token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection gets the token of a user by a code flow."""
        turns: list[Turn] = []
        for number, connection in enumerate(connections):
            cookie = self.people.cookie(stage, number)
            token = (await _tokens(stage, connection, WEB, cookie))["access_token"]
            request = flows.exchange(EXCHANGER, stage.host, token, acme.ORDERS)
            turns.append(_Repeat(connection, request))
        return turns


@dataclass
class PasswordGrant:
    """An application that brings the password itself."""

    name: str = "password"
    title: str = "password grant"
    events: ClassVar[Mapping[str, int]] = {"token.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection is another user."""
        return [
            _Repeat(
                connection,
                flows.by_password(PASSWORDS, stage.host, USERS[number % len(USERS)], PASSWORD),
            )
            for number, connection in enumerate(connections)
        ]


@dataclass
class _SignIn:
    """A person with a fresh browser: authorization request, login page, password, code."""

    stage: Stage
    connection: Connection
    username: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def once(self) -> None:
        self.cookies.clear()
        origin = self.stage.server.issuer
        answer = await self._ask(flows.attempt(WEB, self.stage.host, "").request)
        for _ in range(_MOST_PAGES):
            if answer.status == 200:
                answer = await self._submit(origin, answer)
                continue
            where = urljoin(origin, answer.header("location") or "")
            if where.startswith(WEB.redirect_uri):
                break
            path = where.removeprefix(origin)
            answer = await self._ask(write_request("GET", path, self.stage.host, self._sent()))
        if "code" not in flows.read_response(answer):
            raise Unexpected(f"no code after signing in: {answer}")

    async def _submit(self, origin: str, page: Answer) -> Answer:
        form = flows.read_form(origin, page, "password")
        fields = form.fields | {"username": self.username, "password": PASSWORD}
        headers = self._sent() | {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        path = form.action.removeprefix(origin)
        return await self._ask(write_form(path, self.stage.host, fields, headers))

    async def _ask(self, request: bytes) -> Answer:
        answer = expect(await self.connection.ask(request), 200, 302, 303)
        for line in answer.all("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def _sent(self) -> dict[str, str]:
        if not self.cookies:
            return {}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


@dataclass
class SignIn:
    """A password sign-in on a fresh browser, pages included, up to the code."""

    name: str = "sign-in"
    title: str = "password sign-in, with its pages"
    events: ClassVar[Mapping[str, int]] = {"code.issued": 1}

    async def prepare(self, stage: Stage, connections: Sequence[Connection]) -> list[Turn]:
        """Each connection is another user."""
        return [
            _SignIn(stage, connection, USERS[number % len(USERS)])
            for number, connection in enumerate(connections)
        ]


def all_works() -> list[Work]:
    """Return the works in the order in which they are measured."""
    people = _People()
    return [
        ClientCredentials("client-credentials-rs256", "client credentials, RS256 JWT", RS256),
        ClientCredentials("client-credentials-es256", "client credentials, ES256 JWT", ES256),
        ClientCredentials("client-credentials-opaque", "client credentials, opaque", OPAQUE),
        Refresh(people),
        CodeFlow(people),
        Push(),
        Userinfo(people, "userinfo-jwt", "userinfo by ES256 JWT", WEB),
        Userinfo(people, "userinfo-opaque", "userinfo by opaque token", WEB_OPAQUE),
        Introspection(),
        DevicePolling(),
        JwtBearer(),
        TokenExchange(people),
        PasswordGrant(),
        Discovery(),
        SignIn(),
    ]
