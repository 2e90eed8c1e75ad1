"""Signing keys and the other keys of the instance: made, rotated by schedule, revoked.

Every change raises the version of the instance's configuration, so that of two
processes that decide at the same moment one loses and decides again: there is never
more than one active key for an algorithm.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from ostiary.admin import key_schedule
from ostiary.admin.actor import Actor, Level, authorize_instance, system
from ostiary.admin.errors import Contended, Invalid, NotFound
from ostiary.admin.key_schedule import KeyDraft
from ostiary.clock import Clock, Entropy
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keyring import KeyRing, instance_key_place, signing_key_place
from ostiary.jose.keys import SIGNING_ALGS, Alg, PrivateKey, generate
from ostiary.model.event import Event
from ostiary.model.key import InstanceKey, KeyState, SigningKey
from ostiary.model.policy import Configuration, KeysPolicy
from ostiary.oauth.effects import Conflict, Effect, Effects, Emit, Insert, Update

PURPOSES = ("refresh", "browser", "sid", "pairwise", "ticket", "webhook")
SYSTEM = system("keys")

_MAC_OCTETS = 32
_ATTEMPTS = 5


class KeyStore(Protocol):
    """What the operations on keys need of the store: nothing here comes from a cache."""

    async def read_configuration(self) -> Configuration:
        """Return the configuration of the instance from the database."""
        ...

    async def read_signing_keys(self) -> tuple[SigningKey, ...]:
        """Return all signing keys from the database, whatever their state."""
        ...

    async def read_instance_keys(self) -> tuple[InstanceKey, ...]:
        """Return all instance keys from the database."""
        ...

    async def apply(self, effects: Effects) -> None:
        """Apply effects in one transaction.

        Raises:
            Conflict: a precondition did not hold; nothing was applied.
        """
        ...


class KeyAdmin(msgspec.Struct, frozen=True):
    """Everything that the operations on keys work with."""

    store: KeyStore
    keks: KeyEncryptionKeys
    clock: Clock
    entropy: Entropy
    generate: Callable[[Alg, int], PrivateKey] = generate


class KeySummary(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key as it is shown: without its halves."""

    kid: str
    alg: str
    state: KeyState
    created_at: int
    published_at: int | None
    activated_at: int | None
    retired_at: int | None
    revoked_at: int | None
    # What the schedule does next with the key, and when.
    next_state: KeyState | None
    next_at: int | None


async def ensure_keys(admin: KeyAdmin, actor: Actor = SYSTEM) -> None:
    """Make the keys that are missing: signing keys that sign at once, and MAC keys.

    Raises:
        WrongKeyEncryptionKey: what exists was sealed under another key-encryption key.
        SealError: a stored key is damaged.
    """

    def decide(step: "_Step") -> None:
        for alg in step.algs:
            if step.draft.find_active(alg) is None:
                key_schedule.rotate(step.draft, alg, immediately=True)
        present = {key.purpose for key in step.instance_keys}
        for purpose in PURPOSES:
            if purpose not in present:
                step.add_instance_key(purpose)

    await _commit(admin, actor, decide)


async def advance(admin: KeyAdmin, actor: Actor = SYSTEM) -> tuple[str, ...]:
    """Do what the schedule says is due; return the kids that changed.

    Raises:
        SealError: a stored key cannot be opened.
    """
    changed: tuple[str, ...] = ()

    def decide(step: "_Step") -> None:
        nonlocal changed
        step.draft.disable(step.algs)
        for alg in step.algs:
            key_schedule.advance(step.draft, alg, step.policy, step.now)
        changed = tuple(dict.fromkeys(change.key.kid for change in step.draft.changes))

    await _commit(admin, actor, decide)
    return changed


async def list_keys(admin: KeyAdmin, actor: Actor) -> tuple[KeySummary, ...]:
    """Return all signing keys, by algorithm and age, the newest first.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
    """
    authorize_instance(actor, Level.READ)
    policy = _policy(await admin.store.read_configuration())
    keys = await admin.store.read_signing_keys()
    ordered = sorted(keys, key=lambda key: (key.alg, -key.created_at, key.kid))
    return tuple(_summary(key, keys, policy) for key in ordered)


async def rotate(
    admin: KeyAdmin, actor: Actor, alg: str | None = None, *, immediately: bool = False
) -> tuple[KeySummary, ...]:
    """Publish a new key for an algorithm, or for all that are enabled.

    It signs after `publish_before`, or `immediately`. A key that is waiting already is
    taken, so that a repeated call makes no further one.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
        Invalid: the algorithm is not enabled.
        Contended: others changed keys all the time.
    """
    authorize_instance(actor)
    rotated: tuple[str, ...] = ()

    def decide(step: "_Step") -> None:
        nonlocal rotated
        if alg is not None and alg not in step.algs:
            raise Invalid.at(
                "alg",
                f"is not enabled; enabled are {', '.join(step.algs)}",
                hint="See enabled_algs.",
            )
        algs = step.algs if alg is None else (alg,)
        keys = [key_schedule.rotate(step.draft, one, immediately=immediately) for one in algs]
        rotated = tuple(key.kid for key in keys)

    await _commit(admin, actor, decide)
    return tuple(key for key in await list_keys(admin, actor) if key.kid in rotated)


async def revoke(admin: KeyAdmin, actor: Actor, kid: str) -> KeySummary:
    """Refuse a key from now on, with every token that it signed.

    If it was the one that signs, its successor signs in the same step. A key that was
    revoked before stays so.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
        NotFound: there is no such key.
        Contended: others changed keys all the time.
    """
    authorize_instance(actor)

    def decide(step: "_Step") -> None:
        key = step.draft.find(kid)
        if key is None:
            raise NotFound("signing key", kid, hint="See `ostiary keys list`.")
        if key.state is not KeyState.REVOKED:
            key_schedule.revoke(step.draft, key, enabled=key.alg in step.algs)

    await _commit(admin, actor, decide, doubted=kid)
    return next(key for key in await list_keys(admin, actor) if key.kid == kid)


class _Step:
    """One attempt: the keys as they are, and what is to become of them."""

    def __init__(  # noqa: PLR0913 - what was loaded, each by its name
        self,
        admin: KeyAdmin,
        actor: Actor,
        *,
        signing_keys: tuple[SigningKey, ...],
        instance_keys: tuple[InstanceKey, ...],
        configuration: Configuration,
        spare: dict[str, SigningKey],
    ) -> None:
        self._admin = admin
        self._actor = actor
        self._configuration = configuration
        self._spare = spare
        self._added: list[InstanceKey] = []
        self.now = admin.clock.now()
        self.instance_keys = instance_keys
        self.draft = KeyDraft(signing_keys, self.now, self._make)
        self.policy = _policy(configuration)
        self.algs = tuple(alg for alg in SIGNING_ALGS if alg in configuration.enabled_algs)

    def add_instance_key(self, purpose: str) -> None:
        """Add the first key for a purpose."""
        key_id = f"{purpose}-1"
        value = self._admin.entropy.token_bytes(_MAC_OCTETS)
        place = instance_key_place(key_id)
        self._added.append(
            InstanceKey(
                id=key_id,
                purpose=purpose,
                key_version=1,
                sealed=self._admin.keks.seal(value, place, self._admin.entropy),
                created_at=self.now,
            )
        )

    @property
    def effects(self) -> Effects:
        """What commits the attempt; nothing where nothing changes."""
        written: list[Effect] = [Insert(key) for key in (*self.draft.added, *self._added)]
        # Whoever signed goes before whoever signs next.
        pairs = sorted(self.draft.changed, key=lambda pair: pair[1].state is KeyState.ACTIVE)
        written = [*(Update(old, _differences(old, new)) for old, new in pairs), *written]
        if not written:
            return ()
        turn = Update(self._configuration, {"updated_at": self.now})
        told = (Emit(self._tell(change)) for change in self.draft.changes)
        return (turn, *written, *told)

    def _make(self, alg: str) -> SigningKey:
        """Make a pending key, or take the one of the attempt before: RSA keys take their time."""
        if alg not in self._spare:
            pair = self._admin.generate(Alg(alg), self._configuration.rsa_bits)
            place = signing_key_place(pair.kid)
            self._spare[alg] = SigningKey(
                kid=pair.kid,
                alg=alg,
                state=KeyState.PENDING,
                public_jwk=pair.public_jwk,
                private_sealed=self._admin.keks.seal(pair.export(), place, self._admin.entropy),
                created_at=self.now,
            )
        return self._spare[alg]

    def _tell(self, change: key_schedule.Change) -> Event:
        return Event(
            type=change.event,
            at=self.now,
            actor_type=self._actor.type,
            actor_id=self._actor.id,
            target=change.key.kid,
            ip=self._actor.source.ip,
            user_agent=self._actor.source.user_agent,
            trace_id=self._actor.source.trace_id,
            details={"alg": change.key.alg},
        )


async def _commit(
    admin: KeyAdmin, actor: Actor, decide: Callable[[_Step], None], *, doubted: str | None = None
) -> None:
    """Load, decide and write until no other process was faster.

    `doubted` is a key that may be damaged: that is a reason to revoke it.
    """
    spare: dict[str, SigningKey] = {}
    for _ in range(_ATTEMPTS):
        # The configuration first: whoever changes keys after this read raises its version.
        configuration = await admin.store.read_configuration()
        signing_keys = await admin.store.read_signing_keys()
        instance_keys = await admin.store.read_instance_keys()
        step = _Step(
            admin,
            actor,
            signing_keys=signing_keys,
            instance_keys=instance_keys,
            configuration=configuration,
            spare=spare,
        )
        # Nothing is sealed under a key that does not open what is there.
        trusted = tuple(key for key in signing_keys if key.kid != doubted)
        KeyRing(trusted, instance_keys, admin.keks)
        # Making an RSA key takes a while, without the interpreter's lock.
        await asyncio.to_thread(decide, step)
        if not step.effects:
            return
        try:
            await admin.store.apply(step.effects)
        except Conflict:
            continue
        return
    raise Contended


def _policy(configuration: Configuration) -> KeysPolicy:
    stored = configuration.policies.get("keys", {})
    # What this version does not know was set by a newer one.
    known = {name: stored[name] for name in KeysPolicy.__struct_fields__ if name in stored}
    return msgspec.convert(known, KeysPolicy)


def _differences(old: SigningKey, new: SigningKey) -> dict[str, object]:
    return {
        name: getattr(new, name)
        for name in new.__struct_fields__
        if getattr(new, name) != getattr(old, name)
    }


def _summary(key: SigningKey, keys: tuple[SigningKey, ...], policy: KeysPolicy) -> KeySummary:
    step = key_schedule.next_step(key, keys, policy)
    return KeySummary(
        kid=key.kid,
        alg=key.alg,
        state=key.state,
        created_at=key.created_at,
        published_at=key.published_at,
        activated_at=key.activated_at,
        retired_at=key.retired_at,
        revoked_at=key.revoked_at,
        next_state=None if step is None else step[0],
        next_at=None if step is None else step[1],
    )
