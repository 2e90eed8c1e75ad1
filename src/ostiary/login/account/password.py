"""A person chooses a new password.

The old one is checked as at sign-in, with the same counters: who found a browser open does
not get more tries here.
"""

import msgspec

from ostiary.clock import Entropy
from ostiary.identity import notices, tickets
from ostiary.identity.password_policy import Refusal, check_new_password
from ostiary.identity.passwords import normalize
from ostiary.identity.users import guessable_words
from ostiary.jose.keyring import KeyRing
from ostiary.login.account.person import Person, twice
from ostiary.login.account.sessions import end
from ostiary.login.account.store import AccountStore
from ostiary.login.errors import WrongCredentials
from ostiary.login.factors.password import PasswordFactor, Visitor
from ostiary.model.session import Browser, Proof, ProofKind
from ostiary.model.ticket import Purpose
from ostiary.model.user import User
from ostiary.oauth.effects import Effects, Emit, RevokeAccess, Update
from ostiary.oauth.handle import digest, random_text

REASON = "password_changed"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the form was filled in with."""

    old: str
    new: str
    sign_out_others: bool = True

    def __repr__(self) -> str:
        """Show nothing, so that no message, trace or log ever does."""
        return "Wish(...)"


class Changed(msgspec.Struct, frozen=True):
    """The password is another one: the browser's new cookie, and the browser from now on."""

    cookie: str
    browser: Browser


class Unfit(Exception):
    """The password policy refuses the new password."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.fault.value)
        self.refusal = refusal


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes passwords."""

    site: str
    store: AccountStore
    factor: PasswordFactor
    entropy: Entropy

    async def change(
        self, person: Person, browser: Browser, wish: Wish, visitor: Visitor, keys: KeyRing
    ) -> Changed:
        """Change a person's password, and give the browser a new cookie.

        Links that were mailed before, for another password or address, are good no more.
        Where others are signed out, nothing that was signed in or connected before goes on,
        but for the present session.

        Raises:
            Unfit: the policy refuses the new password.
            PasswordTooLong, WrongCredentials, Throttled, Busy: as `PasswordFactor.check`.
            Unavailable: the store cannot answer now.
        """
        await self._require_fit(person.user, wish.new)
        cleared: Effects = ()
        first = person.user.password_hash is None
        if not first:
            verified = await self.factor.check(person.user.username, wish.old, visitor, keys)
            if verified.user.id != person.user.id:
                raise WrongCredentials
            cleared = verified.effects
        async with self.factor.pool.slot() as slot:
            encoded = await slot.hash(normalize(wish.new))
        cookie = random_text(self.entropy)

        async def step() -> None:
            user = await self.store.user(person.user.id)
            sessions = await self.store.live_sessions(person.user, person.now)
            present = next((one for one in sessions if one.id == person.session.id), None)
            if user is None or user.password_hash != person.user.password_hash or present is None:
                raise WrongCredentials  # somebody else changed it, or signed this session out
            changes: dict[str, object] = {"password_hash": encoded}
            effects: Effects = (Update(browser, {"digest": digest(cookie)}), *cleared)
            if wish.sign_out_others:
                for other in sessions:
                    if other.id != present.id:
                        effects += end(person, other, REASON)
                effects += (RevokeAccess(user.id, None, REASON, person.now),)
                if not first:
                    # What was proven before counts no more; the old password was, just now.
                    # Without an old one no proof is of a password: the session goes on as it is.
                    changes["credentials_changed_at"] = person.now
                    proof = Proof(kind=ProofKind.PASSWORD, at=person.now)
                    effects += (Update(present, {"proofs": (proof,)}),)
            for purpose in (Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE):
                effects += await tickets.use_up(self.store, user.id, purpose, person.now)
            event = person.event("password.changed", others_signed_out=wish.sign_out_others)
            await self.store.apply(
                (
                    Update(user, changes),
                    *effects,
                    *notices.password_changed(user, person.now),
                    Emit(event),
                )
            )

        await twice(step)
        return Changed(cookie, msgspec.structs.replace(browser, digest=digest(cookie)))

    async def _require_fit(self, user: User, new: str) -> None:
        policies = await self.store.policies(user.organization_id)
        words = (*guessable_words(user), self.site)
        refusal = check_new_password(new, policies.password, words)
        if refusal is not None:
            raise Unfit(refusal)
