"""Mail of an instance in this process: what its job would hand to a mail server."""

import email
import email.policy
import re
from email.message import EmailMessage

from ostiary.jobs.mail import Courier
from ostiary.store import Store
from support.instance import ISSUER, Instance


class Postbox:
    """Delivers what the outbox holds, into a list."""

    def __init__(self, instance: Instance) -> None:
        self.mails: list[EmailMessage] = []
        self._store: Store = instance.store
        self._clock = instance.clock
        self.courier = Courier(
            issuer=ISSUER,
            sender="Example Login <login@example.test>",
            store=instance.store,
            keys=instance.idp.keys,
            clock=instance.clock,
            server=lambda: self,
        )

    async def send(self, _sender: str, _recipient: str, message: bytes) -> None:
        """Keep a mail."""
        self.mails.append(email.message_from_bytes(message, policy=email.policy.default))

    async def collect(self) -> list[EmailMessage]:
        """Deliver what waits, and return it."""
        before = len(self.mails)
        for message in await self._store.claim_messages(self._clock.now(), 100, 60):
            if message.topic == "mail":
                await self.courier.deliver(message)
        return self.mails[before:]

    async def empty(self) -> list[EmailMessage]:
        """Deliver what waits, however much, and forget it; what is no mail goes nowhere."""
        before = len(self.mails)
        while waiting := await self._store.claim_messages(self._clock.now(), 100, 60):
            for message in waiting:
                if message.topic == "mail":
                    await self.courier.deliver(message)
                await self._store.acknowledge_message(message)
        return self.mails[before:]

    async def only(self) -> EmailMessage:
        """Deliver what waits, which is one mail."""
        (mail,) = await self.collect()
        return mail


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return a part of a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_of(mail: EmailMessage) -> str:
    """Return path and query of the link of a mail."""
    (found,) = {word for word in text_of(mail).split() if word.startswith("http")}
    assert found.startswith(f"{ISSUER}/")
    return found.removeprefix(ISSUER)


def code_of(mail: EmailMessage) -> str:
    """Return the code of a mail."""
    found = re.search(r"\b([0-9]{6})\b", text_of(mail))
    assert found is not None
    return found.group(1)
