"""Signing in with a password, in two rounds.

`attempt` counts the try and commits that before any password is hashed, so that tries in
parallel cannot outrun the limit. `verify` decides on the result. An unknown name, a wrong
password, a disabled account and an account without a password do the same reads, the same
hashing and the same writes, and get the same answer.
"""

import msgspec

from ostiary.clock import Clock
from ostiary.identity import passwords
from ostiary.identity.hashing import HashPool
from ostiary.identity.users import canonical_name
from ostiary.login import lockout, mac
from ostiary.login.device import Device, knows
from ostiary.login.discovery import organization_of_name
from ostiary.login.errors import Throttled, WrongCredentials
from ostiary.login.lockout import Door
from ostiary.login.mac import MacKeys
from ostiary.login.store import LoginStore
from ostiary.model.event import Event, Result, Source
from ostiary.model.grant import Usage
from ostiary.model.narrowing import join_lockouts
from ostiary.model.organization import Organization, State
from ostiary.model.policy import LockoutPolicy
from ostiary.model.session import Proof, ProofKind
from ostiary.model.user import User
from ostiary.oauth.authorization.terms import narrow
from ostiary.oauth.effects import Clear, Conflict, Effects, Emit, Update
from ostiary.oauth.usable import user_refusal


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who tries to sign in, and what they come with.

    `organization_id` and `client_id` are those of the application they came from. `only` is
    the organization whose people alone can sign in here.
    """

    source: Source
    device: Device | None
    # The cookie that trust in the device hangs on.
    trust: str | None = None
    client_id: str | None
    organization_id: str
    only: str | None = None
    exempt_loopback: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a try is decided on. `subject` is the user's id, or stands for an unknown name."""

    subject: str
    user: User | None
    organization: Organization | None
    door: Door
    address_key: str | None
    usage: dict[str, Usage]
    policy: LockoutPolicy
    # Whether the policies of the person's organization let them use a password.
    allowed: bool = True
    # Whether the person is one of those that alone can sign in here.
    admitted: bool = True


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A password was right. `effects` belong into the commit of what follows from it."""

    user: User
    proof: Proof
    effects: Effects
    # Replaces the stored hash, which is weaker than today's; worth no conflict.
    renewed_hash: Effects = ()


class PasswordFactor(msgspec.Struct, frozen=True):
    """Checks passwords against the store."""

    store: LoginStore
    pool: HashPool
    clock: Clock

    async def check(self, name: str, password: str, visitor: Visitor, keys: MacKeys) -> Verified:
        """Check a user name or e-mail address and a password.

        Raises:
            PasswordTooLong: more than 256 characters or 1,024 bytes; nothing was counted.
            WrongCredentials: they do not go together.
            Throttled: too many failures; the password was not looked at.
            Busy: too many sign-ins at once; nothing was counted.
            Unavailable: the store cannot answer now.
        """
        secret = passwords.normalize(password)
        canonical = canonical_name(name)
        now = self.clock.now()
        facts = await self._load(canonical, visitor, keys, now)
        effects = attempt(facts, now)
        async with self.pool.slot() as slot:
            try:
                await self.store.apply(effects)
            except Conflict:
                facts = await self._load(canonical, visitor, keys, now)
                await self._apply_once_more(attempt(facts, now))
            for once_more in (True, False):
                encoded = None if facts.user is None else facts.user.password_hash
                matches = await slot.verify(encoded, secret)
                # Read again: hashing took its time, and the account may have changed meanwhile.
                current = await self.store.user_by_login_name(canonical)
                if not (once_more and matches and _is_hashed_anew(facts.user, current)):
                    break
                # The hash that is there now decides.
                facts = msgspec.structs.replace(facts, user=current)
            refusal, failed = verify(facts, current, visitor, now, matches=matches)
            if refusal is not None or current is None or encoded is None:
                await self.store.apply(failed)
                raise WrongCredentials
            renewed = await slot.rehash(encoded, secret)
        return Verified(
            user=current,
            # From before the hash was read: a change of the password since then counts as later.
            proof=Proof(kind=ProofKind.PASSWORD, at=now),
            effects=(Clear(facts.door.key),),
            renewed_hash=(Update(current, {"password_hash": renewed}),) if renewed else (),
        )

    async def _load(self, canonical: str, visitor: Visitor, keys: MacKeys, now: int) -> Facts:
        user = await self.store.user_by_login_name(canonical)
        tag = mac.name_tag(keys, canonical)
        subject = tag if user is None else user.id
        since = 0 if user is None else user.credentials_changed_at
        # A name that nobody has is treated as one of the organization that its domain is of.
        named = await organization_of_name(self.store, canonical)
        home = visitor.organization_id if named is None else named.id
        home = home if user is None else user.organization_id
        organization = await self.store.organization(home)
        own = await self.store.policies(home)
        # People are protected as their organization wants it, at any application; and the
        # application's organization may be stricter with whoever comes to it.
        policies = join_lockouts(await self.store.policies(visitor.organization_id), own)
        client = None if visitor.client_id is None else await self.store.client(visitor.client_id)
        own = own if client is None else narrow(own, client)
        device_id = None
        if visitor.device is not None and knows(visitor.device, keys, subject, since):
            device_id = visitor.device.id
        address_key = None
        if not (visitor.exempt_loopback and lockout.is_loopback(visitor.source.ip)):
            address_key = lockout.address_key(visitor.source.ip)
        asked = [lockout.account_key(subject)]
        if device_id is not None:
            asked.append(lockout.account_key(subject, device_id))
        if address_key is not None:
            asked.append(address_key)
        usage = await self.store.usage(tuple(asked))
        return Facts(
            subject=subject,
            user=user,
            organization=organization,
            door=lockout.choose_door(subject, device_id, usage, policies.lockout, now),
            address_key=address_key,
            usage=usage,
            policy=policies.lockout,
            allowed="password" in own.login.allowed_factors,
            admitted=await self._admits(visitor, subject, home),
        )

    async def _admits(self, visitor: Visitor, subject: str, home: str) -> bool:
        """Tell whether somebody is of the organization whose people alone can sign in here.

        The same is read for everybody, whether there is such a person or not.
        """
        if visitor.only is None:
            return True
        only = await self.store.organization(visitor.only)
        membership = await self.store.read_membership(visitor.only, subject)
        active = only is not None and only.state is State.ACTIVE
        return active and (home == visitor.only or membership is not None)

    async def _apply_once_more(self, effects: Effects) -> None:
        try:
            await self.store.apply(effects)
        except Conflict:
            raise Throttled(1) from None


def attempt(facts: Facts, now: int) -> Effects:
    """Let the try begin: the effects that count it.

    Raises:
        Throttled: it must wait.
    """
    if not facts.door.known:
        lockout.admit_address(facts.address_key, facts.usage, facts.policy, now)
    return (lockout.admit(facts.door, facts.usage, facts.policy, now),)


def verify(
    facts: Facts, current: User | None, visitor: Visitor, now: int, *, matches: bool
) -> tuple[str | None, Effects]:
    """Decide on a try: why it fails, as a name for the log, and the effects of the failure."""
    reason = _refusal(facts, current, matches=matches)
    if reason is None:
        return None, ()
    effects: Effects = ()
    if facts.address_key is not None:
        effects = (lockout.count_address(facts.address_key, now),)
    known = facts.user is not None
    event = Event(
        type="auth.login.failure",
        at=now,
        result=Result.FAILURE,
        reason=reason,
        actor_type="user",
        actor_id=facts.user.id if facts.user else None,
        user_id=facts.user.id if facts.user else None,
        client_id=visitor.client_id,
        organization_id=facts.user.organization_id if facts.user else visitor.organization_id,
        target=None if known else facts.subject,
        ip=visitor.source.ip,
        user_agent=visitor.source.user_agent,
        trace_id=visitor.source.trace_id,
        details={"method": ProofKind.PASSWORD.value, "known_device": facts.door.known},
    )
    effects += (Emit(event),)
    if lockout.locks(facts.door, facts.usage, facts.policy, now):
        effects += (Emit(msgspec.structs.replace(event, type="auth.locked", reason=None)),)
    return reason, effects


def _refusal(facts: Facts, current: User | None, *, matches: bool) -> str | None:
    if facts.user is None:
        return "unknown_user"
    if facts.user.password_hash is None:
        return "no_password"
    if not matches:
        return "wrong_password"
    if current is None or current.password_hash != facts.user.password_hash:
        return "credentials_changed"
    return _admission_refusal(facts, current)


def _is_hashed_anew(before: User | None, current: User | None) -> bool:
    """Tell whether a hash was replaced meanwhile, as a sign-in does with a weaker one.

    What it is of, nothing tells: it has to be verified, too.
    """
    return (
        before is not None
        and current is not None
        and (before.id, before.credentials_changed_at)
        == (current.id, current.credentials_changed_at)
        and before.password_hash != current.password_hash
    )


def _admission_refusal(facts: Facts, current: User) -> str | None:
    """Tell why somebody whose password is right may not come in by it."""
    if not facts.admitted:
        return "other_organization"
    if not facts.allowed:
        return "password_not_allowed"
    return user_refusal(current, facts.organization)
