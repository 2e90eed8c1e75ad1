"""Real TCP listeners in the test's own event loop, which count who comes by."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A listener: its port, the connections it has seen, and the requests it has read."""

    def __init__(self) -> None:
        """Start at zero."""
        self.host = ""
        self.port = 0
        self.hits = 0
        self.requests: list[bytes] = []
        self.open = 0
        self.changed = asyncio.Condition()

    async def until(self, condition: Callable[["Listener"], bool]) -> None:
        """Wait for something to be true of the listener."""
        async with self.changed:
            await self.changed.wait_for(lambda: condition(self))

    async def tell(self) -> None:
        """Wake whoever waits for a change."""
        async with self.changed:
            self.changed.notify_all()


def respond(
    body: bytes = b"{}",
    *,
    status: str = "200 OK",
    media_type: str | None = "application/json",
    headers: tuple[str, ...] = (),
    length: bool = True,
) -> bytes:
    """Write an HTTP/1.1 response."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if media_type is not None:
        lines.append(f"Content-Type: {media_type}")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@asynccontextmanager
async def listen(
    answer: bytes | Answer = b"",
    host: str = "127.0.0.1",
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Listener]:
    """Listen; read each request up to its blank line, then send bytes or do as told."""
    listener = Listener()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.hits += 1
        listener.open += 1
        try:
            listener.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await listener.tell()
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side hung up, as many tests want it to
        finally:
            listener.open -= 1
            writer.close()
            await listener.tell()

    def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    tasks: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(count, host, port, ssl=tls)
    listener.host, listener.port = server.sockets[0].getsockname()[:2]
    try:
        yield listener
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
