"""Requests that can be sent again: the answer is kept under the key that they name.

The answer is written in the same transaction as what the request did, so that there is
never one without the other. Of the key only a MAC is stored, and the answer is sealed
under another one: whoever has the database reads neither.
"""

import hmac
from collections.abc import Awaitable, Callable

import msgspec

from ostiary.admin.actor import Actor
from ostiary.admin.errors import AdminError, Contended
from ostiary.admin.store import Store
from ostiary.clock import Entropy
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.keyring import KeyRing
from ostiary.model.idempotency import KeptAnswer
from ostiary.oauth.effects import Conflict, Insert
from ostiary.web.api.problems import Refused
from ostiary.web.api.stores import Deferred
from ostiary.web.idp import WebStore

HEADER = "Idempotency-Key"
LIFETIME = 86400
_MAX_KEY = 255
_PURPOSE = "browser"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one request from another: who sends it, where to, under which key, and what."""

    key: str
    actor: Actor
    path: str
    raw: bytes


def read_key(value: str | None) -> str | None:
    """Return the key that a request names, if it names one.

    Raises:
        Refused: it is too long, or not printable.
    """
    if value is None:
        return None
    if not 0 < len(value) <= _MAX_KEY or not (value.isascii() and value.isprintable()):
        raise Refused.header(HEADER, f"must be 1 to {_MAX_KEY} printable ASCII characters")
    return value


class Keeper:
    """Does a request once, and gives its answer as often as it is asked for."""

    def __init__(self, store: WebStore, ring: KeyRing, entropy: Entropy, now: int) -> None:
        self._store = store
        self._entropy = entropy
        self._now = now
        _, self._key = ring.mac(_PURPOSE)

    async def once(
        self, request: Request, do: Callable[[Store], Awaitable[Answer]]
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether it was kept before; `do` writes to a store of its own.

        Raises:
            Refused: the key was used with something else.
            AdminError: `do` refuses; this is not kept.
            Contended: others changed the same at the same time, twice.
        """
        digest = self._mac("digest", request, request.key.encode())
        fingerprint = self._mac("fingerprint", request, request.raw)
        for last in (False, True):
            kept = await self._store.read_kept_answer(digest)
            if kept is not None:
                return self._open(kept, request, fingerprint), True
            deferred = Deferred(self._store)
            try:
                answer = await do(deferred.store)
            except AdminError:
                # What is in the way may be what the same request has made meanwhile.
                kept = await self._store.read_kept_answer(digest)
                if kept is None:
                    raise
                return self._open(kept, request, fingerprint), True
            record = KeptAnswer(
                digest=digest,
                fingerprint=fingerprint,
                status=answer.status,
                sealed=self._seal(request).seal(
                    msgspec.json.encode(answer), _place(digest), self._entropy
                ),
                created_at=self._now,
                expires_at=self._now + LIFETIME,
            )
            try:
                await self._store.apply((*deferred.effects, Insert(record)))
            except Conflict:
                if last:
                    break
            else:
                return answer, False
        raise Contended

    def _open(self, kept: KeptAnswer, request: Request, fingerprint: bytes) -> Answer:
        if not hmac.compare_digest(kept.fingerprint, fingerprint):
            raise Refused(
                409,
                "conflict",
                f"This {HEADER} was used with another body: choose a new one for a new request.",
            )
        octets = self._seal(request).unseal(kept.sealed, _place(kept.digest))
        return msgspec.json.decode(octets, type=Answer)

    def _seal(self, request: Request) -> KeyEncryptionKeys:
        return KeyEncryptionKeys(self._mac("seal", request, request.key.encode()))

    def _mac(self, label: str, request: Request, value: bytes) -> bytes:
        actor = request.actor
        context = f"idempotency\0{label}\0{actor.type}\0{actor.id}\0{request.path}\0".encode()
        return hmac.digest(self._key, context + value, "sha256")


def _place(digest: bytes) -> Place:
    return Place(table="kept_answers", row=digest.hex(), column="sealed")
