"""Telling applications that a session is over (OpenID Connect Back-Channel Logout 1.0).

Whatever ends a session leaves a message about it in the same transaction. Here that one
becomes a message for each application that the session was used with and that wants to
know; each of these is sent until it is taken, or given up after a day, and then kept for a
month, to be looked at and sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
import structlog

from ostiary.clock import Clock, Entropy
from ostiary.egress.errors import FetchFailed
from ostiary.egress.wanted import Wanted
from ostiary.jose.errors import NoSigningKey
from ostiary.model.client import Client
from ostiary.model.event import Event, Result
from ostiary.oauth.clients.envelope import find_envelope
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.effects import Emit
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.logout.notice import TOPIC, logout_notice, wants_notice
from ostiary.oauth.logout.token import make_logout_token
from ostiary.store import Store
from ostiary.store.plan import SESSION_ENDED
from ostiary.store.reads.outbox import Message

BATCH = 20
# Seconds until somebody else may try what this process has taken.
LEASE = 60
# Seconds between attempts; after the last one the message is given up.
PAUSES = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
_UNKNOWN_TOPIC = 3600
_log = structlog.get_logger("ostiary.jobs")


class Sender(Protocol):
    """Sends a request to an address that somebody else chose; `Egress` does."""

    async def send(self, url: str, wanted: Wanted) -> object:
        """Send it, and take one of the answers that are wanted.

        Raises:
            FetchFailed: there is none.
        """
        ...


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Delivers what the outbox holds."""

    issuer: str
    store: Store
    keys: KeySource
    clock: Clock
    entropy: Entropy
    # Made when there is something to send: most instances never need it.
    sender: Callable[[], Sender]
    remote_keys: Callable[[], RemoteKeys]
    # What delivers the messages of other topics.
    couriers: Mapping[str, Callable[[Message], Awaitable[None]]] = {}

    async def run(self) -> None:
        """Deliver everything that is due."""
        while await self.store.has_messages(self.clock.now()):
            messages = await self.store.claim_messages(self.clock.now(), BATCH, LEASE)
            await asyncio.gather(*map(self._handle, messages))

    async def _handle(self, message: Message) -> None:
        if message.topic == SESSION_ENDED:
            await self._spread(message)
        elif message.topic == TOPIC:
            await self._tell(message)
        elif message.topic in self.couriers:
            await self.couriers[message.topic](message)
        else:
            _log.error("outbox_topic_unknown", topic=message.topic, message=message.id)
            later = self.clock.now() + _UNKNOWN_TOPIC
            await self.store.postpone_message(message, later, "unknown topic")

    async def _spread(self, message: Message) -> None:
        """Make a message for each application that wants to know of the session's end."""
        ended = await self.store.ended_session(message.payload["session_id"])
        now = self.clock.now()
        if ended is not None:
            session, client_ids = ended
            ring = await self.keys.ring()
            found = [await self.store.client(client_id) for client_id in client_ids]
            told = tuple(
                logout_notice(client, session, ring, now)
                for client in found
                if client is not None and wants_notice(client)
            )
            # Twice where this process ends before the next line: a logout said twice is one.
            await self.store.apply(told)
        await self.store.acknowledge_message(message)

    async def _tell(self, message: Message) -> None:
        payload = message.payload
        client = await self.store.client(payload["client_id"])
        if client is None or not wants_notice(client):
            await self.store.acknowledge_message(message)
            return
        problem = await self._send(client, payload)
        event = self._event(message, client, problem)
        if problem is None:
            await self.store.acknowledge_message(message)
        elif message.attempts > len(PAUSES):
            _log.warning("logout_not_delivered", client_id=client.client_id, reason=problem)
            await self.store.give_up_message(message, problem)
        else:
            later = self.clock.now() + PAUSES[message.attempts - 1]
            await self.store.postpone_message(message, later, problem)
        await self.store.apply((Emit(event),))

    async def _send(self, client: Client, payload: dict[str, Any]) -> str | None:
        """Send a logout token; return what went wrong, or None."""
        try:
            token = make_logout_token(
                client,
                issuer=self.issuer,
                sub=payload["sub"],
                sid=payload["sid"],
                ring=await self.keys.ring(),
                now=self.clock.now(),
                entropy=self.entropy,
            )
            alg = client.id_token_encrypted_response_alg
            if alg is not None:  # as its ID tokens are (Back-Channel Logout 1.0, 2.4)
                enc = client.id_token_encrypted_response_enc
                envelope = await find_envelope(
                    client, alg, enc, self.remote_keys(), self.clock.now()
                )
                token = envelope.seal(token.encode("ascii"), cty="JWT")
            body = urlencode({"logout_token": token}).encode("ascii")
            wanted = Wanted(accept=(), statuses=(200, 204), form=body)
            await self.sender().send(client.backchannel_logout_uri or "", wanted)
        except FetchFailed as error:
            _log.info("logout_not_taken", client_id=client.client_id, detail=error.detail)
            return error.told
        except NoSigningKey as error:
            return error.message
        except OAuthError as error:  # there is no key to encrypt for
            return error.description
        return None

    def _event(self, message: Message, client: Client, problem: str | None) -> Event:
        payload = message.payload
        verb = "delivered" if problem is None else "failed"
        details: dict[str, Any] = {"attempt": message.attempts}
        return Event(
            type=f"backchannel_logout.{verb}",
            at=self.clock.now(),
            result=Result.SUCCESS if problem is None else Result.FAILURE,
            reason=problem,
            actor_type="system",
            # Messages of an older version do not have it; their subjects are users' ids.
            user_id=payload.get("user_id", payload["sub"]),
            client_id=client.client_id,
            organization_id=client.organization_id,
            session_id=payload["session_id"],
            target=str(message.id),
            details=details,
        )
