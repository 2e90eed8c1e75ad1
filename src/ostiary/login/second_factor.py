"""Proving a second factor within a flow: load, decide, commit.

A try is counted before a code is looked at. What follows from a right code is one commit: the
code is used up, the session has one more proof, and the browser a new cookie.
"""

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import notices, recovery_codes, tickets, totp
from ostiary.identity.factors import totp_place
from ostiary.identity.trusted_devices import (
    is_trusted,
    make_trusted_device,
    trusted_device_id,
)
from ostiary.jose.keyring import KeyRing
from ostiary.login import flow as flows
from ostiary.login.device import Device, knows
from ostiary.login.errors import NotOffered, Throttled, WrongCode
from ostiary.login.factors import attempts, email_code
from ostiary.login.factors.attempts import Tally
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.login.notices import tell_new_device
from ostiary.login.session import SignIn, prove_more
from ostiary.login.store import LoginStore
from ostiary.model.event import Result
from ostiary.model.factor import (
    Factor,
    FactorKind,
    RecoveryCodes,
    Totp,
    TrustedDevice,
)
from ostiary.model.policy import Policies
from ostiary.model.session import Proof, ProofKind
from ostiary.model.user import User
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_ELSEWHERE, FlowRefused
from ostiary.oauth.authorization.strength import usable_factors
from ostiary.oauth.effects import (
    Conflict,
    Count,
    Delete,
    Effects,
    Emit,
    Insert,
    Unavailable,
    Update,
)
from ostiary.oauth.reader import SignedIn

_PROOFS = {
    FactorKind.TOTP: ProofKind.TOTP,
    FactorKind.EMAIL_CODE: ProofKind.EMAIL_CODE,
    FactorKind.RECOVERY_CODE: ProofKind.RECOVERY_CODE,
}
CODES = tuple(_PROOFS)
"""Kinds of factors that are typed in."""


class NobodyActs(Exception):
    """Nobody is signed in in this flow (any more): it begins with signing in."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of a code was filled in with, and in which browser."""

    kind: FactorKind
    code: str
    device: Device | None


class Trust(msgspec.Struct, frozen=True):
    """Two cookies that trust in a device hangs on, where the person wants it.

    `at` is when the device cookie was made for the person: copies from before are worth nothing.
    """

    cookie: str
    device_id: str
    at: int


class SecondFactors(msgspec.Struct, frozen=True):
    """Runs the steps of second factors."""

    store: LoginStore
    clock: Clock
    entropy: Entropy

    async def prove(
        self, flow_id: str, visit: Visit, typed: Typed, ring: KeyRing, trust: Trust | None
    ) -> SignIn | None:
        """Check a code and add a proof to the session of whoever acts in the flow.

        None where the same form, sent twice at once, came first.

        Raises:
            NobodyActs: nobody is signed in in the flow.
            NotOffered: the person has no such factor, or may not use it.
            WrongCode: the code is not right.
            Throttled: there were too many failures; the code was not looked at.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """
        loaded = await self.load(flow_id, visit)
        signed = require_acting(loaded)
        user = signed.user
        policies = await self.store.policies(user.organization_id)
        _require_offered(typed.kind, user, policies)
        present = await self.store.factors(user.id)
        tally = attempts.tally_of(user, present, typed.device, ring)
        await self._begin(loaded, signed, typed.kind, tally, policies)
        for _ in range(2):
            try:
                loaded = await self.load(flow_id, visit)
                signed = require_acting(loaded)
                used = await self._check(loaded, signed, typed, ring, policies)
                proof = Proof(kind=_PROOFS[typed.kind], at=loaded.now)
                trusted = await self._trust(loaded, signed.user, trust, policies)
                told = tell_new_device(loaded, signed.user, typed.device, ring)
                effects = (*used, *tally.forgive(), *trusted, *told)
                outcome = prove_more(loaded, signed, proof, self.entropy, effects=effects)
                await self.store.apply(outcome.effects)
            except FlowRefused as refusal:
                if refusal.reason != FLOW_ELSEWHERE:
                    raise
                return None  # the browser has a new cookie since the form was sent
            except Conflict:
                continue
            else:
                return outcome
        raise Unavailable

    async def send_code(self, flow_id: str, visit: Visit, ring: KeyRing) -> None:
        """Mail a code to whoever acts in the flow.

        Raises:
            NobodyActs, NotOffered, FlowRefused, Unavailable: as `prove`.
            Throttled: too many were mailed.
        """
        for _ in range(2):
            loaded = await self.load(flow_id, visit)
            signed = require_acting(loaded)
            policies = await self.store.policies(signed.user.organization_id)
            _require_offered(FactorKind.EMAIL_CODE, signed.user, policies)
            if await self.send(loaded, signed, ring, policies):
                return
        raise Unavailable

    async def send(self, loaded: Flow, signed: SignedIn, ring: KeyRing, policies: Policies) -> bool:
        """Mail a code for this session; tell whether nobody else changed the flow meanwhile.

        Raises:
            Throttled: too many were mailed.
        """
        await email_code.may_send(self.store, signed.user, loaded.now)
        lifetime = policies.token_lifetimes.email_code
        effects = email_code.send(loaded, signed, ring, lifetime, self.entropy)
        try:
            await self.store.apply(effects)
        except Conflict as conflict:
            if isinstance(conflict.effect, Count):
                raise Throttled(email_code.SENDING_WINDOW) from None
            return False
        return True

    async def load(self, flow_id: str, visit: Visit) -> Flow:
        """Load a flow as it is now; raises what `flow.load` raises."""
        now = self.clock.now()
        return await flows.load(self.store, flow_id, msgspec.structs.replace(visit, now=now))

    async def _begin(
        self, flow: Flow, signed: SignedIn, kind: FactorKind, tally: Tally, policies: Policies
    ) -> None:
        sent = email_code.waiting_code(flow, signed)
        if kind is FactorKind.EMAIL_CODE:
            if sent is None:
                raise WrongCode
            try:
                await self.store.apply((email_code.count_try(sent, flow.now),))
            except Conflict:
                raise WrongCode from None  # this one is used up: a new one can be sent
        try:
            await attempts.begin(self.store, tally, policies.lockout.hard_ceiling, flow.now)
        except Throttled:
            await self._tell_failure(flow, signed, kind, "throttled")
            raise

    async def _check(
        self, flow: Flow, signed: SignedIn, typed: Typed, ring: KeyRing, policies: Policies
    ) -> Effects:
        """Return the effects that use up a right code.

        Raises:
            WrongCode: it is not right.
        """
        present = await self.store.factors(signed.user.id)
        factor = next((one for one in present if one.kind is typed.kind), None)
        effects = None
        if factor is not None and typed.kind in usable_factors(signed.user, policies):
            effects = _use(flow, signed, factor, typed.code, ring)
            if typed.kind is FactorKind.EMAIL_CODE:
                effects = await self._use_ticket(flow, signed, factor, typed.code, ring)
        if effects is None:
            await self._tell_failure(flow, signed, typed.kind, "wrong_code")
            raise WrongCode
        if typed.kind is FactorKind.RECOVERY_CODE:
            effects += notices.recovery_code_used(signed.user, flow.now)
        return effects

    async def _use_ticket(
        self, flow: Flow, signed: SignedIn, factor: Factor, code: str, ring: KeyRing
    ) -> Effects | None:
        ticket = await email_code.find_right(self.store, flow, signed, code, ring)
        if ticket is None:
            return None
        used = tickets.consume(ticket, flow.now)
        return (used, Update(factor, {"last_used_at": flow.now}))

    async def _tell_failure(
        self, flow: Flow, signed: SignedIn, kind: FactorKind, reason: str
    ) -> None:
        event = flow.event("auth.factor.failure", signed.user, signed.session.id, method=kind.value)
        event = msgspec.structs.replace(event, result=Result.FAILURE, reason=reason)
        await self.store.apply((Emit(event),))

    async def _trust(
        self, flow: Flow, user: User, trust: Trust | None, policies: Policies
    ) -> Effects:
        days = policies.mfa.trusted_device_days
        if trust is None or days == 0:
            return ()
        id_ = trusted_device_id(trust.cookie, trust.device_id, user)
        device = make_trusted_device(id_, user, flow.source, trust.at, days)
        present = await self.store.trusted_device(id_)
        renewed = () if present is None else (Delete(TrustedDevice, id_),)
        told = flow.event("device.trusted", user, flow.interaction.session_id or "", days=days)
        return (*renewed, Insert(device), Emit(told))

    async def trusted_proof(
        self, user: User, cookie: str | None, device: Device | None, keys: MacKeys
    ) -> Proof | None:
        """Return the proof that a person need not be asked for a second factor here.

        Both cookies stay when somebody else uses the browser, so that whoever used it first
        may know them: the device cookie has to be from since the person trusted the device.
        """
        policies = await self.store.policies(user.organization_id)
        if not user.factors or cookie is None or device is None:
            return None
        if policies.mfa.trusted_device_days == 0:
            return None
        now = self.clock.now()
        id_ = trusted_device_id(cookie, device.id, user)
        trusted = await self.store.trusted_device(id_)
        if trusted is None or not is_trusted(trusted, user, now):
            return None
        if not knows(device, keys, user.id, trusted.created_at):
            return None
        return Proof(kind=ProofKind.TRUSTED_DEVICE, at=now, credential_id=id_)


def require_acting(flow: Flow) -> SignedIn:
    """Return who acts in a flow.

    Raises:
        NobodyActs: nobody is signed in in it.
    """
    signed = flow.acting
    if signed is None:
        raise NobodyActs
    return signed


def _require_offered(kind: FactorKind, user: User, policies: Policies) -> None:
    if kind not in usable_factors(user, policies):
        raise NotOffered


def _use(flow: Flow, signed: SignedIn, factor: Factor, code: str, ring: KeyRing) -> Effects | None:
    """Return what uses up a code, or None where it is not right."""
    credential = factor.credential
    if isinstance(credential, Totp):
        secret = ring.unseal(credential.sealed, totp_place(signed.user.id))
        step = totp.find_step(secret, code, flow.now, credential.last_step)
        if step is None:
            return None
        used = msgspec.structs.replace(credential, last_step=step)
        return (Update(factor, {"credential": used, "last_used_at": flow.now}),)
    if isinstance(credential, RecoveryCodes):
        digest = recovery_codes.digest_code(code)
        if digest is None or digest not in credential.digests:
            return None
        left = tuple(one for one in credential.digests if one != digest)
        return (
            Update(factor, {"credential": RecoveryCodes(digests=left), "last_used_at": flow.now}),
        )
    return None
