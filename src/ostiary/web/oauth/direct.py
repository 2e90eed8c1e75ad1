"""The everyday requests of other servers, answered without the framework.

Most of what a busy server does is to answer token requests and questions about tokens,
and the framework's share of one is about a fifth. Here the plain ones are served as ASGI:
a form body of known length, to the issuer's own host, not from a web page. Whatever is
unusual about a request, before its body is read, is left to the framework and the same
endpoint behind it (`ostiary.web.oauth.back_channel`), so that nothing is answered
differently.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from ostiary.clock import count_microseconds
from ostiary.model.event import Source
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import Form, parse_form
from ostiary.web.body import FORM, MAX_FORM
from ostiary.web.errors import UNEXPECTED, encode_failure
from ostiary.web.headers import data_headers
from ostiary.web.idp import Idp
from ostiary.web.oauth.back_channel import HEADERS, BackChannel
from ostiary.web.oauth.errors import encode_error, error_headers
from ostiary.web.source import new_trace_id, printable_agent

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Any, Any, Any], Awaitable[None]]

_FORM = FORM.encode("ascii")
# What makes a request unusual: it comes from a web page, or its length is not known.
_UNUSUAL = frozenset({b"origin", b"transfer-encoding", b"content-encoding", b"expect"})
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("ostiary.web")


class _Head(msgspec.Struct):
    """What the answer depends on besides the body."""

    authorization: str | None = None
    agent: bytes = b""


class DirectForms:
    """Serves plain back-channel requests, and passes on all else."""

    def __init__(self, idp: Idp, served: Iterable[BackChannel], others: Asgi) -> None:
        """`served` are the endpoints' resources, `others` the whole application."""
        parts = urlsplit(idp.issuer)
        self._clock, self._entropy = idp.clock, idp.entropy
        self._served = {one.path.encode("ascii"): one for one in served}
        self._others = others
        self._host = parts.netloc.encode("ascii")
        everywhere = {**data_headers(https=parts.scheme == "https"), **HEADERS}
        self._headers = _raw(everywhere.items())

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] == "http" and scope["method"] == "POST":
            served = self._served.get(scope["raw_path"])
            head = None if served is None else self._read_head(scope)
            if served is not None and head is not None:
                return self._answer(scope, served, head, receive, send)
        return self._others(scope, receive, send)

    def _read_head(self, scope: Message) -> _Head | None:
        """Return what is needed of the headers, or None where one is unusual."""
        head = _Head()
        plain = 0
        for name, value in scope["headers"]:
            if name == b"host":
                plain += value == self._host
            elif name == b"content-type":
                plain += value == _FORM
            elif name == b"content-length":
                plain += value.isdigit() and int(value) <= MAX_FORM
            elif name == b"authorization":
                if head.authorization is not None:
                    return None
                head.authorization = value.decode("latin-1")
            elif name == b"user-agent":
                head.agent = value
            elif name in _UNUSUAL:
                return None
        # Each of the three once, and as expected.
        return head if plain == 3 else None  # noqa: PLR2004

    async def _answer(
        self, scope: Message, served: BackChannel, head: _Head, receive: Receive, send: Send
    ) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        client = scope.get("client")
        source = Source(
            ip=client[0] if client else "",
            user_agent=printable_agent(head.agent.decode("latin-1")),
            trace_id=new_trace_id(self._clock.now(), self._entropy),
        )
        status, answer, headers = await _decide(served, body, head.authorization, source)
        length = (b"content-length", b"%d" % len(answer))
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [*self._headers, *headers, length],
        }
        await send(start)
        await send({"type": "http.response.body", "body": answer})


async def _decide(
    served: BackChannel, body: bytes, authorization: str | None, source: Source
) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    form = Form({})
    began = count_microseconds()
    try:
        form = parse_form(body)
        answer = await served.endpoint.answer(form, authorization, source)
        served.note(served.asked(form, authorization, source, began=began), answer, None)
    except OAuthError as error:
        uri = served.note(served.asked(form, authorization, source, began=began), None, error)
        return error.status, encode_error(error, uri), _raw(error_headers(error).items())
    except Unavailable:
        late = TemporarilyUnavailable("The server cannot answer now; try again.")
        return late.status, encode_error(late), _raw(error_headers(late).items())
    except Exception as error:  # noqa: BLE001 (the last resort: logged, and told as such)
        _log.error("unexpected_error", trace_id=source.trace_id, exc_info=error)
        return UNEXPECTED.status, encode_failure(UNEXPECTED, source.trace_id), []
    return served.status, _encode(answer), []


def _raw(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers]
