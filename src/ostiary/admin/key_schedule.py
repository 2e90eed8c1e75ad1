"""The life of signing keys: pending, published, active, retired, or revoked at any time.

Pure: what becomes of the keys of one algorithm at a moment. A successor is made one
`publish_before` ahead of its publication, and signs one `publish_before` after it, when
every cache of the key set out there knows it. The private half is forgotten with the
last signature; the public half stays to verify.
"""

from collections.abc import Callable, Iterable

import msgspec

from ostiary.model.key import KeyState, SigningKey
from ostiary.model.policy import KeysPolicy

MakeKey = Callable[[str], SigningKey]

_WAITING = (KeyState.PUBLISHED, KeyState.PENDING)
_ENDED = (KeyState.RETIRED, KeyState.REVOKED)


class Change(msgspec.Struct, frozen=True):
    """A step in a key's life. `key` is the key after it."""

    event: str
    key: SigningKey


class KeyDraft:
    """All signing keys, with changes that are not written yet."""

    def __init__(self, keys: Iterable[SigningKey], now: int, make: MakeKey) -> None:
        """`make` makes a pending key for an algorithm."""
        self._before = {key.kid: key for key in keys}
        self._after = dict(self._before)
        self._now = now
        self._make = make
        self.changes: list[Change] = []

    @property
    def added(self) -> tuple[SigningKey, ...]:
        """The keys that were made."""
        return tuple(key for kid, key in self._after.items() if kid not in self._before)

    @property
    def changed(self) -> tuple[tuple[SigningKey, SigningKey], ...]:
        """The keys that were there and changed: before and after."""
        pairs = ((key, self._after[kid]) for kid, key in self._before.items())
        return tuple((before, after) for before, after in pairs if before != after)

    def find(self, kid: str) -> SigningKey | None:
        """Return a key by its kid."""
        return self._after.get(kid)

    def find_active(self, alg: str) -> SigningKey | None:
        """Return the key that signs."""
        return self._first(alg, KeyState.ACTIVE)

    def find_successor(self, alg: str) -> SigningKey | None:
        """Return the key that will sign next: the one that is known longest out there."""
        published, pending = (self._first(alg, state) for state in _WAITING)
        return published or pending

    def make(self, alg: str) -> SigningKey:
        """Add a pending key."""
        return self._put("key.generated", self._make(alg))

    def publish(self, key: SigningKey) -> SigningKey:
        """Put a pending key into the key set; a published one is there already."""
        if key.state is not KeyState.PENDING:
            return key
        return self._put(
            "key.published",
            msgspec.structs.replace(key, state=KeyState.PUBLISHED, published_at=self._now),
        )

    def activate(self, key: SigningKey) -> SigningKey:
        """Let a key sign, in the place of the one that signs now."""
        active = self.find_active(key.alg)
        if active is not None:
            self.retire(active)
        key = self.publish(key)
        return self._put(
            "key.activated",
            msgspec.structs.replace(key, state=KeyState.ACTIVE, activated_at=self._now),
        )

    def retire(self, key: SigningKey) -> SigningKey:
        """Let a key sign no more."""
        return self._put(
            "key.retired",
            msgspec.structs.replace(
                key, state=KeyState.RETIRED, retired_at=self._now, private_sealed=b""
            ),
        )

    def revoke(self, key: SigningKey) -> SigningKey:
        """Let a key neither sign nor verify any more."""
        return self._put(
            "key.revoked",
            msgspec.structs.replace(
                key, state=KeyState.REVOKED, revoked_at=self._now, private_sealed=b""
            ),
        )

    def disable(self, algs: Iterable[str]) -> None:
        """Take the keys of all other algorithms than these out of use."""
        enabled = set(algs)
        for key in tuple(self._after.values()):
            if key.alg in enabled or key.state in _ENDED:
                continue
            if key.state is KeyState.PENDING:
                self.revoke(key)  # nobody has ever seen it
            else:
                self.retire(key)

    def _first(self, alg: str, state: KeyState) -> SigningKey | None:
        fitting = [k for k in self._after.values() if k.alg == alg and k.state is state]
        return min(fitting, key=lambda k: (k.created_at, k.kid), default=None)

    def _put(self, event: str, key: SigningKey) -> SigningKey:
        self._after[key.kid] = key
        self.changes.append(Change(event, key))
        return key


def advance(draft: KeyDraft, alg: str, policy: KeysPolicy, now: int) -> None:
    """Do what is due for an enabled algorithm; without an active key, make one sign at once."""
    active = draft.find_active(alg)
    successor = draft.find_successor(alg)
    if active is None:
        draft.activate(successor or draft.make(alg))
        return
    publish_at = due_for_publication(active, policy)
    if successor is None and now >= publish_at - policy.publish_before:
        successor = draft.make(alg)
    if successor is not None and now >= publish_at:
        successor = draft.publish(successor)
    known_since = None if successor is None else successor.published_at
    if (
        successor is not None
        and known_since is not None
        and now >= known_since + policy.publish_before
    ):
        draft.activate(successor)


def rotate(draft: KeyDraft, alg: str, *, immediately: bool) -> SigningKey:
    """Publish a successor now, a waiting one first; let it sign at once or by the schedule."""
    successor = draft.publish(draft.find_successor(alg) or draft.make(alg))
    if immediately or draft.find_active(alg) is None:
        successor = draft.activate(successor)
    return successor


def revoke(draft: KeyDraft, key: SigningKey, *, enabled: bool) -> SigningKey:
    """Revoke a key; if it signs for an enabled algorithm, another one signs in its place."""
    active = draft.find_active(key.alg)
    revoked = draft.revoke(key)
    if enabled and active is not None and active.kid == key.kid:
        draft.activate(draft.find_successor(key.alg) or draft.make(key.alg))
    return revoked


def due_for_publication(active: SigningKey, policy: KeysPolicy) -> int:
    """Return when the successor of an active key is published."""
    started = active.created_at if active.activated_at is None else active.activated_at
    return started + policy.rotate_every - policy.publish_before


def next_step(
    key: SigningKey, keys: Iterable[SigningKey], policy: KeysPolicy
) -> tuple[KeyState, int] | None:
    """Say which state a key has next by the schedule, and when; None where that is its last."""
    of_alg = [other for other in keys if other.alg == key.alg]
    active = next((other for other in of_alg if other.state is KeyState.ACTIVE), None)
    match key.state:
        case KeyState.PENDING if active is not None:
            return KeyState.PUBLISHED, due_for_publication(active, policy)
        case KeyState.PUBLISHED if key.published_at is not None:
            return KeyState.ACTIVE, key.published_at + policy.publish_before
        case KeyState.ACTIVE:
            published = (o.published_at for o in of_alg if o.state is KeyState.PUBLISHED)
            known = min((at for at in published if at is not None), default=None)
            start = due_for_publication(key, policy) if known is None else known
            return KeyState.RETIRED, start + policy.publish_before
        case _:
            return None
