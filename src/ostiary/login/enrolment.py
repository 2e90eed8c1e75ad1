"""Setting up factors within a flow: a policy demands it, an application or the person asks.

Who sets something up has signed in a moment ago, with everything that they have
(`oauth.authorization.strength.change_refusal`). What was set up is proven by that, and counts
for the session. With the first second factor come recovery codes.
"""

from collections.abc import Awaitable, Callable

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import notices, tickets, totp
from ostiary.identity.factors import (
    FactorRefused,
    Factors,
    add_email_code,
    add_passkey,
    add_totp,
    replace_recovery_codes,
    totp_place,
)
from ostiary.identity.passkeys import RelyingParty
from ostiary.jose import base64url
from ostiary.jose.envelope import Place
from ostiary.jose.errors import JoseError
from ostiary.jose.keyring import KeyRing
from ostiary.login.errors import WrongCode
from ostiary.login.factors import email_code, passkey
from ostiary.login.flow import Flow
from ostiary.login.second_factor import SecondFactors, require_acting
from ostiary.login.session import SignIn, prove_more
from ostiary.login.store import LoginStore
from ostiary.model.factor import Factor, FactorKind
from ostiary.model.session import Proof, ProofKind
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_ELSEWHERE, FlowRefused
from ostiary.oauth.authorization.strength import (
    Lack,
    allowed,
    change_refusal,
    is_mfa_required,
    is_second_factor_settled,
    second_factors,
)
from ostiary.oauth.effects import (
    Conflict,
    Effects,
    Emit,
    Insert,
    Remember,
    Unavailable,
    Update,
)
from ostiary.oauth.membership import policies_for
from ostiary.oauth.reader import SignedIn


class NotNow(Exception):
    """Something has to be proven first: what `lack` says, or, where it is None, everything."""

    def __init__(self, lack: Lack | None) -> None:
        super().__init__(lack)
        self.lack = lack


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A flow, who sets something up in it, and what they have."""

    flow: Flow
    signed: SignedIn
    factors: Factors

    @property
    def offered(self) -> tuple[FactorKind, ...]:
        """The kinds of second factors that the person can add."""
        user, policies = self.factors.user, self.factors.policies
        kinds = [FactorKind.PASSKEY]
        if FactorKind.TOTP not in user.factors:
            kinds.append(FactorKind.TOTP)
        if FactorKind.EMAIL_CODE not in user.factors and user.email and user.email_verified:
            kinds.append(FactorKind.EMAIL_CODE)
        return tuple(kind for kind in kinds if allowed(kind, policies))

    @property
    def renewable(self) -> bool:
        """Whether the person can have (new) recovery codes: they have what these stand in for."""
        user, policies = self.factors.user, self.factors.policies
        kept = allowed(FactorKind.RECOVERY_CODE, policies)
        return kept and bool(second_factors(user, policies))

    @property
    def demanded(self) -> bool:
        """Whether a policy keeps the person from going on without a second factor."""
        session, policies = self.signed.session, self.factors.policies
        return is_mfa_required(policies) and not is_second_factor_settled(session)

    @property
    def grace(self) -> int:
        """How often the person may still go on without what a policy demands."""
        used = self.factors.user.grace_logins
        return max(self.factors.policies.mfa.grace_logins - used, 0)


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """Something was set up: the browser's new cookie, and recovery codes that came with it."""

    sign_in: SignIn
    codes: tuple[str, ...] = ()


Added = tuple[Factor, Effects, ProofKind]


class Enrolment(msgspec.Struct, frozen=True):
    """Runs the steps of setting up factors."""

    store: LoginStore
    clock: Clock
    entropy: Entropy
    party: RelyingParty

    @property
    def second_factors(self) -> SecondFactors:
        """The steps that mail codes."""
        return SecondFactors(self.store, self.clock, self.entropy)

    async def setting(self, flow: Flow) -> Setting:
        """Return what the person of a flow could set up.

        Raises:
            NobodyActs: nobody is signed in in it.
            NotNow: something has to be proven first.
            Unavailable: the store cannot answer now.
        """
        signed = require_acting(flow)
        user = signed.user
        policies = await policies_for(user, flow.acting_for(signed), self.store)
        refusal = change_refusal(signed.session, user, policies, flow.now)
        if refusal is not None:
            raise NotNow(refusal if isinstance(refusal, Lack) else None)
        factors = Factors(user=user, present=await self.store.factors(user.id), policies=policies)
        return Setting(flow=flow, signed=signed, factors=factors)

    def totp_secret(self, setting: Setting, ring: KeyRing) -> tuple[bytes, str]:
        """Make a secret for an app, and the sealed form that the page keeps until it is used."""
        secret = totp.make_secret(self.entropy)
        place = _setup_place(setting.flow, setting.signed)
        return secret, base64url.encode(ring.seal(secret, place, self.entropy))

    def open_totp_secret(self, setting: Setting, sealed: str, ring: KeyRing) -> bytes | None:
        """Return the secret that a page kept; None where it was made for somebody else."""
        try:
            place = _setup_place(setting.flow, setting.signed)
            return ring.unseal(base64url.decode(sealed), place)
        except JoseError:
            return None

    async def add_passkey(
        self, flow_id: str, visit: Visit, text: str, name: str, ring: KeyRing
    ) -> Enrolled | None:
        """Add the passkey that the browser made. None where the same form came first.

        Raises:
            WrongPasskey: what the browser returned is not good.
            FactorRefused: there are too many, or the policy has none.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """

        async def add(setting: Setting) -> Added:
            registered, used = passkey.register(
                setting.flow, setting.signed, text, self.party, ring
            )
            factor, effects = add_passkey(setting.factors, registered, name, setting.flow.now)
            effects = (used, *effects)
            return factor, effects, ProofKind.PASSKEY

        return await self._add(flow_id, visit, add)

    async def add_totp(
        self, flow_id: str, visit: Visit, sealed: str, code: str, ring: KeyRing
    ) -> Enrolled | None:
        """Add the app that shows this code. None where the same form came first.

        Raises:
            WrongCode: the app shows another one, or the secret was made for somebody else.
            FactorRefused: there is an app already, or the policy has none.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """

        async def add(setting: Setting) -> Added:
            secret = self.open_totp_secret(setting, sealed, ring)
            now = setting.flow.now
            step = None if secret is None else totp.find_step(secret, code, now, 0)
            if secret is None or step is None:
                raise WrongCode
            place = totp_place(setting.factors.user.id)
            kept = ring.seal(secret, place, self.entropy)
            factor, effects = add_totp(setting.factors, kept, step, now)
            return factor, effects, ProofKind.TOTP

        return await self._add(flow_id, visit, add)

    async def send_code(self, flow_id: str, visit: Visit, ring: KeyRing) -> None:
        """Mail a code, with which the person shows that mail reaches them.

        Raises:
            Throttled: too many were mailed.
            FactorRefused: the person has no verified address, or the policy has no such codes.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """
        for _ in range(2):
            setting = await self.setting(await self.second_factors.load(flow_id, visit))
            add_email_code(setting.factors, setting.flow.now)
            policies = setting.factors.policies
            if await self.second_factors.send(setting.flow, setting.signed, ring, policies):
                return
        raise Unavailable

    async def add_email_code(
        self, flow_id: str, visit: Visit, code: str, ring: KeyRing
    ) -> Enrolled | None:
        """Let the person use codes by mail. None where the same form came first.

        Raises:
            WrongCode: the code is not the one that was mailed last, or too old.
            FactorRefused: as `send_code`.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """
        loaded = await self.second_factors.load(flow_id, visit)
        sent = email_code.waiting_code(loaded, require_acting(loaded))
        if sent is None:
            raise WrongCode
        try:
            await self.store.apply((email_code.count_try(sent, loaded.now),))
        except Conflict:
            raise WrongCode from None

        async def add(setting: Setting) -> Added:
            flow = setting.flow
            ticket = await email_code.find_right(self.store, flow, setting.signed, code, ring)
            if ticket is None:
                raise WrongCode
            factor, effects = add_email_code(setting.factors, flow.now)
            used = tickets.consume(ticket, flow.now)
            return factor, (used, *effects), ProofKind.EMAIL_CODE

        return await self._add(flow_id, visit, add)

    async def renew_recovery_codes(self, flow_id: str, visit: Visit) -> tuple[str, ...]:
        """Make new recovery codes; the old ones end.

        Raises:
            FactorRefused: the policy has none, or the person has nothing that these stand in for.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """
        for _ in range(2):
            setting = await self.setting(await self.second_factors.load(flow_id, visit))
            if not setting.renewable:
                raise FactorRefused("not_allowed")
            flow, signed = setting.flow, setting.signed
            codes, effects = replace_recovery_codes(setting.factors, self.entropy, flow.now)
            step = flow.advance(signed.session.id, Reason.ENROL)
            told = flow.event("recovery_codes.created", signed.user, signed.session.id)
            try:
                await self.store.apply((*effects, step, Emit(told)))
            except Conflict:
                continue
            return codes
        raise Unavailable

    async def skip(self, flow_id: str, visit: Visit) -> None:
        """Go on without setting anything up, where that is possible.

        Raises:
            FactorRefused: a policy demands a second factor, and there is no grace left.
            NobodyActs, NotNow, FlowRefused, Unavailable: as `setting`.
        """
        for _ in range(2):
            setting = await self.setting(await self.second_factors.load(flow_id, visit))
            session, user = setting.signed.session, setting.factors.user
            effects: Effects = (setting.flow.advance(session.id, Reason.ENROL),)
            if setting.demanded and not session.grace:
                if not setting.grace:
                    raise FactorRefused("demanded")
                effects += (
                    Update(session, {"grace": True}),
                    Update(user, {"grace_logins": user.grace_logins + 1}),
                )
            try:
                await self.store.apply(effects)
            except Conflict:
                continue
            return
        raise Unavailable

    async def _add(
        self, flow_id: str, visit: Visit, add: Callable[[Setting], Awaitable[Added]]
    ) -> Enrolled | None:
        for _ in range(2):
            try:
                setting = await self.setting(await self.second_factors.load(flow_id, visit))
                enrolled = self._enrol(setting, *await add(setting))
                await self.store.apply(enrolled.sign_in.effects)
            except FlowRefused as refusal:
                if refusal.reason != FLOW_ELSEWHERE:
                    raise
                return None  # the browser has a new cookie since the form was sent
            except Conflict as conflict:
                lost = conflict.effect
                if isinstance(lost, Remember):
                    return None
                if isinstance(lost, Insert) and isinstance(lost.record, Factor):
                    # Another form, sent at once, or another person, has this very one.
                    raise FactorRefused("present_already") from None
                continue
            else:
                return enrolled
        raise Unavailable

    def _enrol(
        self, setting: Setting, factor: Factor, effects: Effects, kind: ProofKind
    ) -> Enrolled:
        """Put together what a new factor brings with it."""
        flow, signed, factors = setting.flow, setting.signed, setting.factors
        codes, more = self._first_codes(setting, factor, effects)
        bound = factor.kind is FactorKind.BOUND_PASSKEY
        identifier = factor.id if kind is ProofKind.PASSKEY else None
        proof = Proof(kind=kind, at=flow.now, credential_id=identifier, bound=bound)
        told = flow.event("factor.added", signed.user, signed.session.id, method=factor.kind.value)
        named = FactorKind.PASSKEY if kind is ProofKind.PASSKEY else factor.kind
        mailed = notices.factor_added(factors.user, named, flow.now)
        sign_in = prove_more(
            flow,
            signed,
            proof,
            self.entropy,
            effects=(*more, Emit(told), *mailed),
            steps=(Reason.SECOND_FACTOR, Reason.ENROL),
        )
        return Enrolled(sign_in=sign_in, codes=codes)

    def _first_codes(
        self, setting: Setting, factor: Factor, effects: Effects
    ) -> tuple[tuple[str, ...], Effects]:
        """Add recovery codes where the person has none, in one change of their record."""
        factors = setting.factors
        present = (*factors.present, factor)
        if factors.of(FactorKind.RECOVERY_CODE):
            return (), effects
        try:
            codes, more = replace_recovery_codes(
                msgspec.structs.replace(factors, present=present),
                self.entropy,
                setting.flow.now,
            )
        except FactorRefused:
            return (), effects
        rest = tuple(
            effect
            for effect in effects
            if not (isinstance(effect, Update) and effect.record is factors.user)
        )
        return codes, (*more, *rest)


def _setup_place(flow: Flow, signed: SignedIn) -> Place:
    """Bind a secret that is being set up to the person, the session and the flow."""
    row = f"{signed.user.id} {signed.session.id} {flow.interaction.digest.hex()}"
    return Place("factors", row, "setup")
