"""Messages as text: as they went over the wire, and as commands that send them again."""

import re
import shlex
from collections.abc import Iterable
from urllib.parse import quote_plus

import msgspec

from ostiary.playground.message import SECRETS, Answer, Request, Wire

# What of the headers of an answer tells something about the protocol.
_TOLD = frozenset(
    {"cache-control", "content-type", "location", "pragma", "retry-after", "www-authenticate"}
)
_MAX_BODY = 8_192
# Shorter ones would be found in words that are none.
_SHORTEST_SECRET = 4


class Piece(msgspec.Struct, frozen=True):
    """A part of a text; a secret one is hidden until somebody wants to see it."""

    text: str
    secret: bool = False


Text = tuple[Piece, ...]


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer, to be read."""

    request: Text
    answer: Text
    # How to send the same from a terminal and from a program.
    curl: Text = ()
    python: Text = ()
    status: int
    milliseconds: int | None = None


def describe(request: Request, wire: Wire, answer: Answer, issuer: str) -> Exchange:
    """Write down an exchange between a client and an endpoint."""
    secrets = (*_secrets_of(request, wire), *_secrets_in(answer))
    return Exchange(
        request=_mask(_fold(_request(wire)), secrets),
        answer=_mask(_answer(answer), secrets),
        curl=_mask(_curl(request, issuer), secrets),
        python=_mask(_python(request, issuer), secrets),
        status=answer.status,
        milliseconds=answer.milliseconds,
    )


def preview(request: Request, wire: Wire) -> Text:
    """Write down a request that was not sent yet."""
    return _mask(_fold(_request(wire)), _secrets_of(request, wire))


def describe_return(method: str, path: str, reply: dict[str, str]) -> Exchange:
    """Write down how the browser brings an answer back to the client."""
    wire = Wire(method=method, path=path, query="", headers=(), body="")
    pairs = [(name, value) for name, value in reply.items() if value]
    shown = [f"{name}={quote_plus(value)}" for name, value in pairs]
    lines = "\n".join((f"{wire.method} {wire.path}", *(f"  {pair}" for pair in shown)))
    secrets = [value for name, value in pairs if name in SECRETS]
    return Exchange(request=_mask(lines, secrets), answer=(), status=0)


def _secrets_of(request: Request, wire: Wire) -> tuple[str, ...]:
    found = [value for name, value in request.parameters if name in SECRETS]
    if request.basic is not None:
        found.append(request.basic[1])
    if request.bearer is not None:
        found.append(request.bearer)
    header = dict(wire.headers).get("authorization", "")
    found.append(header.partition(" ")[2])
    return tuple(found)


def _secrets_in(answer: Answer) -> tuple[str, ...]:
    members = answer.members().items()
    return tuple(value for name, value in members if name in SECRETS and isinstance(value, str))


def _mask(text: str, secrets: Iterable[str]) -> Text:
    """Split a text at its secrets, also where they are encoded."""
    forms = {form for one in secrets for form in _forms(one)}
    wanted = sorted((one for one in forms if len(one) >= _SHORTEST_SECRET), key=len, reverse=True)
    if not wanted:
        return (Piece(text),)
    parts = re.split(f"({'|'.join(map(re.escape, wanted))})", text)
    return tuple(Piece(part, part in forms) for part in parts if part)


def _forms(secret: str) -> tuple[str, ...]:
    """Return how a secret is written: in a form, in JSON, in a shell, in Python."""
    quoted = msgspec.json.encode(secret).decode()
    return (secret, quote_plus(secret), quoted[1:-1], shlex.quote(secret), repr(secret)[1:-1])


def _fold(message: str) -> str:
    """Give each parameter a line of its own, to be read."""
    return message.replace("&", "\n&")


def _request(wire: Wire) -> str:
    lines = [f"{wire.method} {wire.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in wire.headers]
    if wire.body:
        lines += ["", wire.body]
    return "\n".join(lines)


def _answer(answer: Answer) -> str:
    lines = [f"HTTP/1.1 {answer.status}"]
    lines += [f"{name}: {value}" for name, value in answer.headers if name in _TOLD]
    body = answer.body[:_MAX_BODY]
    if answer.members():
        body = msgspec.json.format(body, indent=2)
    if body:
        lines += ["", body]
    return "\n".join(lines)


def _curl(request: Request, issuer: str) -> str:
    given = [(name, value) for name, value in request.parameters if value]
    words = ["curl", "-i"]
    if request.basic is not None:
        words += ["-u", ":".join(map(quote_plus, request.basic))]
    elif request.bearer is not None:
        words += ["-H", f"Authorization: Bearer {request.bearer}"]
    if request.method == "GET" and given:
        words.append("-G")
    parts = [" ".join(map(shlex.quote, words))]
    parts += [f"--data-urlencode {shlex.quote(name)}={shlex.quote(value)}" for name, value in given]
    parts.append(shlex.quote(issuer + request.path))
    return " \\\n  ".join(parts)


def _python(request: Request, issuer: str) -> str:
    given = {name: value for name, value in request.parameters if value}
    arguments = [repr(issuer + request.path)]
    if given:
        members = "".join(f"\n        {name!r}: {value!r}," for name, value in given.items())
        kind = "data" if request.method == "POST" else "params"
        arguments.append(f"{kind}={{{members}\n    }}")
    if request.basic is not None:
        pair = tuple(map(quote_plus, request.basic))
        arguments.append(f"auth={pair!r}")
    elif request.bearer is not None:
        arguments.append(f"headers={{'Authorization': {'Bearer ' + request.bearer!r}}}")
    called = "".join(f"\n    {one}," for one in arguments)
    return (
        f"import httpx\n\nanswer = httpx.{request.method.lower()}({called}\n)\n"
        "print(answer.status_code, answer.text)"
    )
