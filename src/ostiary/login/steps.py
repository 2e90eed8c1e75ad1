"""The steps of a flow, run against the store: load, decide, commit.

A lost race loads and decides again, once.
"""

from collections.abc import Awaitable, Callable

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.login import consent, flow
from ostiary.login.factors.passkey import PasskeyFactor
from ostiary.login.factors.password import PasswordFactor, Verified, Visitor
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.login.notices import tell_new_device
from ostiary.login.second_factor import SecondFactors
from ostiary.login.session import SignIn, sign_in
from ostiary.login.store import LoginStore
from ostiary.model.organization import Organization
from ostiary.model.session import ProofKind
from ostiary.model.user import User
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_ELSEWHERE, FlowRefused
from ostiary.oauth.authorization.strength import lack_of, second_factors
from ostiary.oauth.effects import Conflict, Effects, Remember, Unavailable
from ostiary.oauth.membership import belongs, organizations_of, policies_for
from ostiary.oauth.reader import SignedIn


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in form was filled in with. `passkey`: to set one up afterwards."""

    username: str
    password: str
    remember: bool
    passkey: bool = False


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser's script returned of a passkey, as JSON."""

    credential: str
    remember: bool


class SignedInNow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in; `settled` unless a second factor is still to be proven.

    `outcome` is None where the same form, sent twice at once, came first.
    """

    user: User
    outcome: SignIn | None
    settled: bool = False


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may come in, and how."""

    verified: Verified
    visitor: Visitor
    keys: MacKeys
    remember: bool
    wanted: tuple[Reason, ...] = ()


class AccountGone(Exception):
    """The account that was chosen is not signed in here (any more)."""


class OrganizationGone(Exception):
    """The organization that was chosen is none that the person can act for (any more)."""


class Steps(msgspec.Struct, frozen=True):
    """Runs the steps of flows."""

    store: LoginStore
    password: PasswordFactor
    passkey: PasskeyFactor
    clock: Clock
    entropy: Entropy

    @property
    def second_factors(self) -> SecondFactors:
        """The steps of second factors."""
        return SecondFactors(self.store, self.clock, self.entropy)

    async def load(self, flow_id: str, visit: Visit) -> Flow:
        """Load a flow; raises what `flow.load` raises."""
        return await flow.load(self.store, flow_id, visit)

    async def sign_in(
        self, flow_id: str, visit: Visit, given: Credentials, visitor: Visitor, keys: MacKeys
    ) -> SignedInNow:
        """Check a password and put the person's session into the browser.

        Raises:
            PasswordTooLong, WrongCredentials, Throttled, Busy: as `PasswordFactor.check`.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """
        verified = await self.password.check(given.username, given.password, visitor, keys)
        wanted = (Reason.ENROL,) if given.passkey else ()
        entry = _Entry(
            verified=verified, visitor=visitor, keys=keys, remember=given.remember, wanted=wanted
        )
        return await self._enter(flow_id, visit, entry)

    async def sign_in_by_passkey(
        self,
        flow_id: str,
        visit: Visit,
        given: Assertion,
        visitor: Visitor,
        keys: MacKeys,
    ) -> SignedInNow:
        """Check what the browser returned of a passkey, and put its owner's session into it.

        Raises:
            WrongPasskey: it is not good, or its owner may not sign in.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """
        flow = await self._again(flow_id, visit)
        verified = await self.passkey.check(flow, given.credential, visitor, keys)
        entry = _Entry(verified=verified, visitor=visitor, keys=keys, remember=given.remember)
        return await self._enter(flow_id, visit, entry)

    async def _enter(self, flow_id: str, visit: Visit, entry: _Entry) -> SignedInNow:
        verified, visitor = entry.verified, entry.visitor
        user = verified.user
        trusted = await self.second_factors.trusted_proof(
            user, visitor.trust, visitor.device, entry.keys
        )
        policies = await self.store.policies(user.organization_id)
        settled = (
            verified.proof.kind is ProofKind.PASSKEY
            or trusted is not None
            or not second_factors(user, policies)
        )
        renewed = verified.renewed_hash
        for _ in range(2):
            try:
                loaded = await self._again(flow_id, visit)
                # A session is as its owner's organization wants it, wherever it begins.
                loaded = msgspec.structs.replace(loaded, policies=policies)
                outcome = sign_in(
                    loaded,
                    verified,
                    self.entropy,
                    remember=entry.remember,
                    trusted=trusted,
                    wanted=entry.wanted,
                )
                told = tell_new_device(loaded, user, visitor.device, entry.keys) if settled else ()
                await self.store.apply((*outcome.effects, *renewed, *told))
            except FlowRefused as refusal:
                if refusal.reason != FLOW_ELSEWHERE:
                    raise
                # The browser has a new cookie since the form was sent.
                return SignedInNow(user=user, outcome=None)
            except Conflict as conflict:
                if isinstance(conflict.effect, Remember):
                    return SignedInNow(user=user, outcome=None)
                renewed = ()
            else:
                return SignedInNow(user=user, outcome=outcome, settled=settled)
        raise Unavailable

    async def note_name(self, flow_id: str, visit: Visit, name: str) -> None:
        """Keep what the person signs in as.

        Raises:
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """

        async def decide(loaded: Flow) -> Effects:
            return flow.note_name(loaded, name)

        await self._commit(flow_id, visit, decide)

    async def select_account(self, flow_id: str, visit: Visit, session_id: str) -> None:
        """Go on with an account that is signed in here.

        Raises:
            AccountGone: it is not.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """

        async def decide(loaded: Flow) -> Effects:
            signed = loaded.find(session_id)
            if signed is None:
                raise AccountGone
            return flow.select_account(loaded, signed)

        await self._commit(flow_id, visit, decide)

    async def organizations(self, signed: SignedIn) -> tuple[Organization, ...]:
        """Return the organizations that somebody can act for, their own first."""
        return await organizations_of(signed.user, self.store)

    async def select_organization(
        self, flow_id: str, visit: Visit, session_id: str, organization_id: str
    ) -> None:
        """Go on as somebody who acts for an organization that they belong to.

        Raises:
            AccountGone: the session ended meanwhile, or is not the one that acts here.
            OrganizationGone: they do not belong to it (any more), or it is suspended.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """

        async def decide(loaded: Flow) -> Effects:
            signed = loaded.acting
            if signed is None or signed.session.id != session_id:
                raise AccountGone
            if await self.lacks(loaded, signed, acting=False):
                raise AccountGone
            if not await belongs(signed.user, organization_id, self.store):
                raise OrganizationGone
            return flow.select_organization(loaded, signed, organization_id)

        await self._commit(flow_id, visit, decide)

    async def lacks(self, loaded: Flow, signed: SignedIn, *, acting: bool = True) -> bool:
        """Tell whether somebody has to prove more before they decide anything here.

        `acting`: also what the organization that they act for demands.
        """
        acting_id = loaded.acting_for(signed) if acting else None
        policies = await policies_for(signed.user, acting_id, self.store)
        return lack_of(signed.session, signed.user, policies, loaded.request) is not None

    async def answer(self, flow_id: str, visit: Visit, session_id: str, *, allowed: bool) -> None:
        """Note what the person of a session allows, or that they do not.

        Raises:
            AccountGone: the session ended meanwhile, or lacks a proof.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """

        async def decide(loaded: Flow) -> Effects:
            signed = loaded.find(session_id)
            if signed is None or await self.lacks(loaded, signed):
                raise AccountGone
            if not allowed:
                return consent.deny(loaded, signed)
            earlier = await self.store.consent(signed.user.id, loaded.client.client_id)
            return consent.allow(loaded, signed, earlier)

        await self._commit(flow_id, visit, decide)

    async def _commit(
        self, flow_id: str, visit: Visit, decide: Callable[[Flow], Awaitable[Effects]]
    ) -> None:
        for _ in range(2):
            try:
                return await self.store.apply(await decide(await self._again(flow_id, visit)))
            except Conflict:
                continue
        raise Unavailable

    async def _again(self, flow_id: str, visit: Visit) -> Flow:
        now = self.clock.now()
        return await self.load(flow_id, msgspec.structs.replace(visit, now=now))
