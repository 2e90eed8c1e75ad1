"""The part of a user that people look after by themselves: nobody else is in reach here."""

import hashlib

import msgspec

from ostiary.admin import user_fields
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.errors import AdminError, Invalid, NotFound
from ostiary.admin.store import Admin
from ostiary.admin.user_fields import UserFields
from ostiary.admin.users import WHAT
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Effects

_STAMP_LETTERS = 16


class Outdated(AdminError):
    """What a change was decided on is not what is there."""

    code = "conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__("The profile was changed meanwhile.", hint="Look at it again.")


def stamp_of(user: User) -> str:
    """Return what tells one state of somebody's profile and address from another."""
    text = msgspec.json.encode((user.profile, user.address))
    return hashlib.sha256(text).hexdigest()[:_STAMP_LETTERS]


async def update(admin: Admin, actor: Actor, stamp: str, request: UserFields) -> User:
    """Change the actor's own profile and address, which were in the state of `stamp`.

    Raises:
        NotFound: the actor is no user (any more).
        Invalid: a value breaks a rule.
        Outdated: profile or address were changed meanwhile.
    """
    wanted = UserFields(profile=request.profile, address=request.address)
    problems = user_fields.check(wanted)
    if problems:
        raise Invalid(problems)

    async def step() -> tuple[User, Effects]:
        present = await admin.store.read_user(actor.id)
        if present is None or present.state is not UserState.ACTIVE:
            raise NotFound(WHAT, actor.id)
        if stamp_of(present) != stamp:
            raise Outdated
        now = admin.clock.now()
        changes = differences(present, user_fields.values_of(wanted, present))
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = tell(
            "account.updated",
            actor,
            now,
            organization_id=present.organization_id,
            user_id=present.id,
            changed=tuple(changes),
        )
        return changed, (*effects, event)

    return await commit(admin, step)
