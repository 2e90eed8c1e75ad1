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

    `/sleep/N` answers after N seconds, `/bytes/N` with N bytes, `/early` without waiting
    for the body, `/leave` not at all: the process ends.
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
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
