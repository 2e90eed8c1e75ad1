"""What a person signs in with: naming and removing factors, trusting no device any more.

Adding one is a step of signing in, by a request with `prompt=enrol`.
"""

from collections.abc import Callable

import msgspec

from ostiary.identity import factors as identity
from ostiary.identity import notices
from ostiary.identity.endings import end_resting_on
from ostiary.identity.factors import Factors
from ostiary.login.account.person import NotYours, Person, twice
from ostiary.login.account.sessions import end
from ostiary.login.account.store import AccountStore
from ostiary.model.factor import TrustedDevice
from ostiary.oauth.authorization.strength import change_refusal
from ostiary.oauth.effects import Delete, Effects, Emit

REASON = "factor_removed"


class NotStrong(Exception):
    """The session is not fresh, or not as strong as the person could make it."""


class Methods(msgspec.Struct, frozen=True, kw_only=True):
    """Changes what people sign in with."""

    store: AccountStore

    async def load(self, person: Person) -> Factors:
        """Return what a person signs in with now.

        Raises:
            NotYours: the person is gone.
            Unavailable: the store cannot answer now.
        """
        store, user_id = self.store, person.user.id
        user = await store.user(user_id)
        if user is None:
            raise NotYours
        return Factors(
            user=user,
            present=await store.factors(user_id),
            policies=await store.policies(user.organization_id),
            trusted=await store.trusted_devices(user_id),
        )

    async def rename(self, person: Person, factor_id: str, name: str) -> None:
        """Give a factor another name.

        Raises:
            NotStrong, NotYours, Unavailable.
        """
        await self._change(person, factor_id, lambda found: identity.rename(found, factor_id, name))

    async def remove(self, person: Person, factor_id: str) -> None:
        """Remove a factor; what a passkey opened elsewhere ends with it.

        Raises:
            FactorRefused: the person could not sign in without it, or has to keep it.
            NotStrong, NotYours, Unavailable.
        """

        def decide(found: Factors) -> Effects:
            factor = found.find(factor_id)
            method = "" if factor is None else factor.kind.value
            event = person.event("factor.removed", method=method)
            mail = notices.factor_removed(found.user, method, person.now)
            return (*identity.remove(found, factor_id), Emit(event), *mail)

        await self._change(person, factor_id, decide)

    async def distrust(self, person: Person) -> None:
        """Trust no device any more: each is asked for the second factor again.

        Raises:
            NotStrong, NotYours, Unavailable.
        """

        def decide(found: Factors) -> Effects:
            return (
                *(Delete(TrustedDevice, device.id) for device in found.trusted),
                Emit(person.event("device.revoked")),
            )

        await self._change(person, None, decide)

    async def _change(
        self, person: Person, factor_id: str | None, decide: Callable[[Factors], Effects]
    ) -> None:
        async def step() -> None:
            found = await self.load(person)
            if change_refusal(person.session, found.user, found.policies, person.now) is not None:
                raise NotStrong
            if factor_id is not None and found.find(factor_id) is None:
                raise NotYours
            effects = decide(found)
            others = [
                session
                for session in await self.store.live_sessions(found.user, person.now)
                if session.id != person.session.id
            ]
            ended = end_resting_on(effects, others, lambda one: end(person, one, REASON))
            await self.store.apply((*effects, *ended))

        await twice(step)
