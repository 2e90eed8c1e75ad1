"""A small ASGI application that tells what it was asked, for tests of the server process."""

import asyncio
import json
import os
from typing import Any


def create_app(_settings: Any) -> Any:
    """Make the application, as `ostiary.app:create_app` does."""
    return Echo()


def create_failing_app(_settings: Any) -> Any:
    """Fail where the application is made."""
    raise RuntimeError("the echo cannot be made")


def create_unstartable_app(_settings: Any) -> Any:
    """Make an application whose start-up fails."""
    return Unstartable()


class Echo:
    """Answers with the request as JSON; some paths do more.

    `/sleep/N` answers after N seconds, `/bytes/N` with N bytes, `/stream/N` in N parts of an
    untold length, `/early` without waiting for the body, `/header/V` with a header of that
    value, `/short` with less than it promised, `/leave` not at all: the process ends.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        _, action, *arguments = scope["path"].split("/")
        if action == "leave":
            os._exit(3)
        if action == "sleep":
            await asyncio.sleep(float(arguments[0]))
        if action == "bytes":
            await answer(send, b"x" * int(arguments[0]))
            return
        if action == "stream":
            await start(send)
            for number in range(int(arguments[0])):
                await send_part(send, b"part %d;" % number, more=True)
            await send_part(send, b"", more=False)
            return
        if action in ("header", "short"):
            await start(send, (b"x-thing", arguments[0].encode()), (b"content-length", b"2"))
            await send_part(send, b"ok"[action == "short" :], more=False)
            return
        body = b"" if action == "early" else await read(receive)
        if body is None:
            return
        await answer(send, json.dumps(self.describe(scope, body)).encode())

    def describe(self, scope: Any, body: bytes) -> dict[str, Any]:
        """Write down what a request was."""
        return {
            "method": scope["method"],
            "http_version": scope["http_version"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in scope["headers"]],
            "client": scope["client"][0],
            "scheme": scope["scheme"],
            "body": body.decode("latin-1"),
            "pid": os.getpid(),
            "draining": scope["state"]["server"].draining,
            "refusals": {str(int(k)): v for k, v in scope["state"]["server"].refusals.items()},
        }


class Unstartable:
    """Says no when it is asked to start."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "the echo has lost its voice"})


async def live(receive: Any, send: Any) -> None:
    """Take part in the lifespan protocol without anything to do."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def read(receive: Any) -> bytes | None:
    """Read the whole body; None if the client went away."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"]:
            return body


async def answer(send: Any, body: bytes) -> None:
    """Send a whole answer."""
    length = (b"content-length", b"%d" % len(body))
    await start(send, (b"content-type", b"application/json"), length)
    await send_part(send, body, more=False)


async def start(send: Any, *headers: tuple[bytes, bytes]) -> None:
    """Send the head of an answer."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_part(send: Any, body: bytes, *, more: bool) -> None:
    """Send a part of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": more})
