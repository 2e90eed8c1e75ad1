"""The steps of a flow, run against the store: load, decide, commit.

A lost race loads and decides again, once.
"""

from collections.abc import Awaitable, Callable

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.login import consent, flow
from ostiary.login.factors.password import PasswordFactor, Verified, Visitor
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.login.session import SignIn, sign_in
from ostiary.login.store import LoginStore
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_ELSEWHERE, FlowRefused
from ostiary.oauth.effects import Conflict, Effects, Unavailable


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in form was filled in with."""

    username: str
    password: str
    remember: bool


class AccountGone(Exception):
    """The account that was chosen is not signed in here (any more)."""


class Steps(msgspec.Struct, frozen=True):
    """Runs the steps of flows."""

    store: LoginStore
    password: PasswordFactor
    clock: Clock
    entropy: Entropy

    async def load(self, flow_id: str, visit: Visit) -> Flow:
        """Load a flow; raises what `flow.load` raises."""
        return await flow.load(self.store, flow_id, visit)

    async def sign_in(
        self, flow_id: str, visit: Visit, given: Credentials, visitor: Visitor, keys: MacKeys
    ) -> tuple[Verified, SignIn | None]:
        """Check a password and put the person's session into the browser.

        The sign-in is None where the same form, sent twice at once, came first.

        Raises:
            PasswordTooLong, WrongCredentials, Throttled, Busy: as `PasswordFactor.check`.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """
        verified = await self.password.check(given.username, given.password, visitor, keys)
        renewed = verified.renewed_hash
        for _ in range(2):
            try:
                loaded = await self._again(flow_id, visit)
                outcome = sign_in(loaded, verified, self.entropy, remember=given.remember)
                await self.store.apply((*outcome.effects, *renewed))
            except FlowRefused as refusal:
                if refusal.reason != FLOW_ELSEWHERE:
                    raise
                return verified, None  # the browser has a new cookie since the form was sent
            except Conflict:
                renewed = ()
            else:
                return verified, outcome
        raise Unavailable

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

    async def answer(self, flow_id: str, visit: Visit, session_id: str, *, allowed: bool) -> None:
        """Note what the person of a session allows, or that they do not.

        Raises:
            AccountGone: the session ended meanwhile.
            FlowRefused: the flow ended meanwhile.
            Unavailable: the store cannot answer now.
        """

        async def decide(loaded: Flow) -> Effects:
            signed = loaded.find(session_id)
            if signed is None:
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
