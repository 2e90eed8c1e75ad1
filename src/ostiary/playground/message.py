"""HTTP messages of the playground, as they go over the wire."""

import base64
from urllib.parse import quote_plus, urlencode

import msgspec

FORM = "application/x-www-form-urlencoded"

# Names of parameters and members whose values open something.
SECRETS = frozenset(
    {
        *("access_token", "refresh_token", "id_token", "code", "device_code", "token"),
        *("client_secret", "code_verifier", "password", "assertion", "client_assertion"),
        *("subject_token", "actor_token", "id_token_hint", "request_uri"),
    }
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to an endpoint of this server, before it is written down.

    `path` is one of those that steps name, and never what somebody typed.
    """

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    # Client id and secret for HTTP Basic.
    basic: tuple[str, str] | None = None
    bearer: str | None = None

    def get(self, name: str) -> str:
        """Return the value of a parameter, or nothing."""
        return dict(self.parameters).get(name, "")

    def but(self, **changes: str) -> "Request":
        """Return the request with some parameters changed; an empty value leaves one out."""
        given = {**dict(self.parameters), **changes}
        return msgspec.structs.replace(self, parameters=tuple(given.items()))


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is sent. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A response. Header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    # How long it took, where a browser measured that.
    milliseconds: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it is a good one."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of good statuses

    def members(self) -> dict[str, object]:
        """Return the members of a JSON object; none where the body is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, object])
        except (msgspec.DecodeError, RecursionError):
            return {}

    def error(self) -> str:
        """Return the error code that it tells, in its body or its challenge; or nothing."""
        found = self.members().get("error")
        if isinstance(found, str):
            return found
        challenge = dict(self.headers).get("www-authenticate", "")
        _, there, rest = challenge.partition('error="')
        return rest.partition('"')[0] if there else ""


def write(request: Request, host: str) -> Wire:
    """Write a request down; parameters without a value are left out."""
    given = [(name, value) for name, value in request.parameters if value]
    encoded = urlencode(given)
    headers = [("host", host), ("accept", "application/json")]
    if request.basic is not None:
        headers.append(("authorization", f"Basic {_pair(*request.basic)}"))
    elif request.bearer is not None:
        headers.append(("authorization", f"Bearer {request.bearer}"))
    if request.method == "POST":
        headers.append(("content-type", FORM))
    posted = request.method == "POST"
    return Wire(
        method=request.method,
        path=request.path,
        query="" if posted else encoded,
        headers=tuple(headers),
        body=encoded if posted else "",
    )


def _pair(client_id: str, secret: str) -> str:
    """Encode credentials: each as in a form, then both together (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return base64.b64encode(pair.encode()).decode("ascii")
