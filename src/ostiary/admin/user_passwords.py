"""Passwords of users, as administrators set them."""

import msgspec

from ostiary.admin import sessions, users
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, revise, tell
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.organization import policies_of
from ostiary.admin.store import Admin
from ostiary.clock import Entropy
from ostiary.identity import notices
from ostiary.identity.password_policy import Fault, Refusal, check_new_password
from ostiary.identity.passwords import normalize
from ostiary.identity.users import guessable_words
from ostiary.model.user import User
from ostiary.oauth.effects import Clear, Effects, RevokeAccess
from ostiary.oauth.handle import random_text

_GENERATED_LENGTH = 24


class WithPassword(msgspec.Struct, frozen=True):
    """A user, and the password that was made for them: it cannot be read again."""

    user: User
    password: str | None = None


class WeakPassword(Invalid):
    """The password policy refuses a password."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__((Problem("password", _explain(refusal)),))
        self.fault = refusal.fault


def new_password(entropy: Entropy) -> str:
    """Make a password of 142 random bits, in four groups that can be read out."""
    text = random_text(entropy)[:_GENERATED_LENGTH]
    return "-".join(text[start : start + 6] for start in range(0, _GENERATED_LENGTH, 6))


async def set_password(
    admin: Admin,
    actor: Actor,
    user_id: str,
    password: str | None = None,
    counters: tuple[str, ...] = (),
) -> WithPassword:
    """Give a user a new password, by default a random one, and end what the old one opened.

    The failures counted under these keys are forgotten.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the password policy refuses the password.
    """
    if password is not None:
        await check_password(admin, password, await users.require(admin, actor, user_id))
    chosen = password or new_password(admin.entropy)
    password_hash = await admin.hash_password(normalize(chosen))

    async def step() -> tuple[User, Effects]:
        now = admin.clock.now()
        present = await users.require(admin, actor, user_id)
        changes = {"password_hash": password_hash, "credentials_changed_at": now}
        changed, effects = revise(present, changes, now)
        event = tell(
            "password.changed",
            actor,
            now,
            organization_id=present.organization_id,
            user_id=present.id,
        )
        reason = "credentials_changed"
        ended = await sessions.end_with_user(admin, present.id, reason)
        apps = RevokeAccess(present.id, None, reason, now)
        notice = notices.password_changed(present, now)
        return changed, (*effects, *ended, apps, *map(Clear, counters), event, *notice)

    changed = await commit(admin, step)
    return WithPassword(changed, None if password else chosen)


async def check_password(admin: Admin, password: str, user: User) -> None:
    """Hold a password that somebody chose to the policy; `user` need not exist yet.

    Raises:
        WeakPassword: the policy refuses it.
    """
    policy = (await policies_of(admin, user.organization_id)).password
    refusal = check_new_password(password, policy, guessable_words(user))
    if refusal is not None:
        raise WeakPassword(refusal)


def _explain(refusal: Refusal) -> str:
    match refusal.fault:
        case Fault.TOO_SHORT:
            return f"must be at least {refusal.limit} characters long"
        case Fault.TOO_LONG:
            return f"must be at most {refusal.limit} characters long"
        case Fault.UNPRINTABLE:
            return "must not hold control characters"
        case Fault.PREDICTABLE:
            return "is too easy to guess: use words that do not belong together"
