"""Webhooks over a real store: the sender in this process or in one to be killed, and receivers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ostiary.clock import SystemClock, SystemEntropy
from ostiary.egress.fetcher import LOOPBACK, Egress
from ostiary.identity.webhook_secrets import derive, show
from ostiary.jobs.webhooks import Webhooks
from ostiary.jose.keyring import KeyRing
from ostiary.model.webhook import Webhook, WebhookSecret
from ostiary.store import Store, open_store
from support.jose import KEKS, make_instance_key

KEY = make_instance_key("webhook")
RING = KeyRing((), (KEY,), KEKS)
SECRET = WebhookSecret(number=1, key_version=1, created_at=1)


class Ring:
    """Where the sender gets the keys from."""

    async def ring(self) -> KeyRing:
        """Return them."""
        return RING


class Later:
    """The clock of this machine, put forward."""

    def __init__(self, seconds: int = 0) -> None:
        self.seconds = seconds

    def now(self) -> int:
        """Return the time."""
        return SystemClock().now() + self.seconds


def secret_of(webhook_id: str, secret: WebhookSecret = SECRET) -> str:
    """Return a secret as its receiver knows it."""
    return show(derive(RING, webhook_id, secret))


def make_webhook(id_: str, url: str, **fields: Any) -> Webhook:
    """Make a webhook."""
    return Webhook(**{"id": id_, "url": url, "secrets": (SECRET,), **fields})


class Listening:
    """A receiver process."""

    def __init__(self, child: asyncio.subprocess.Process, port: int) -> None:
        self._child = child
        self.url = f"http://127.0.0.1:{port}/events"

    async def take(self) -> dict[str, Any]:
        """Wait for a request, and return what was received."""
        assert self._child.stdout is not None
        async with asyncio.timeout(20):
            found: dict[str, Any] = json.loads(await self._child.stdout.readline())
        return found

    def answer(self, *statuses: int) -> None:
        """Answer the next requests so."""
        assert self._child.stdin is not None
        self._child.stdin.write("".join(f"{status}\n" for status in statuses).encode())

    def answer_all(self) -> None:
        """Take whatever comes from now on."""
        assert self._child.stdin is not None
        self._child.stdin.close()


@asynccontextmanager
async def receiver(*secrets: str) -> AsyncIterator[Listening]:
    """Run a receiver that knows these secrets."""
    program = Path(__file__).with_name("webhook_receiver.py")
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(program), *secrets, stdin=pipe, stdout=pipe
    )
    try:
        assert child.stdout is not None
        yield Listening(child, int(await child.stdout.readline()))
    finally:
        child.kill()
        await child.wait()


@asynccontextmanager
async def teller(store: Store, clock: Any = None) -> AsyncIterator[Webhooks]:
    """Make what sends."""
    egress = Egress(LOOPBACK)
    made = Webhooks(store, Ring(), clock or Later(), SystemEntropy(), lambda: egress)
    try:
        yield made
    finally:
        await made.close()
        await egress.aclose()


async def tell(store: Store, clock: Any = None) -> None:
    """Send what is due, once."""
    async with teller(store, clock) as sending:
        await sending.run()
        await sending.finish()


async def main(arguments: Sequence[str]) -> None:
    """Be a process that sends, until killed."""
    async with await open_store(arguments[0], SystemClock()) as store:
        await tell(store)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
