"""Users: people who sign in, and what administrators do about them."""

from typing import Any

import msgspec
from msgspec import UNSET

from ostiary.admin import (
    endings,
    holdings,
    organizations,
    sessions,
    subjects,
    texts,
    user_fields,
)
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.errors import AlreadyExists, Invalid, NotFound, Problem
from ostiary.admin.organization import policies_of
from ostiary.admin.store import PAGE, Admin
from ostiary.admin.user_fields import PasswordFields, UserFields
from ostiary.clock import Entropy, new_id
from ostiary.identity import foreign_forms, notices
from ostiary.identity.password_policy import Fault, Refusal, check_new_password
from ostiary.identity.passwords import normalize
from ostiary.identity.users import (
    canonical_name,
    guessable_words,
    login_names,
    valid_login_name,
)
from ostiary.model.factor import Factor, TrustedDevice
from ostiary.model.user import LoginName, Profile, User, UserState
from ostiary.oauth.effects import Clear, Delete, Effects, Emit, Insert, RevokeAccess
from ostiary.oauth.handle import random_text
from ostiary.store.reads.users import UserFilter, UserPage

WHAT = "user"
_GENERATED_LENGTH = 24

_VERBS = {
    UserState.ACTIVE: "enabled",
    UserState.LOCKED: "locked",
    UserState.DEACTIVATED: "disabled",
}
_STATES = f"must be one of {', '.join(_VERBS)}"
# States that somebody can be made in: who is pending has yet to prove an address.
_FIRST = (*_VERBS, UserState.PENDING)


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


async def create(
    admin: Admin,
    actor: Actor,
    organization_id: str,
    request: UserFields,
    user_id: str | None = None,
) -> User:
    """Make a user; without a password nobody can sign in as them yet.

    A password that comes in the clear is checked for its length at most, because files
    declare it; where somebody chooses it, `check_password` comes first. Whoever comes from
    elsewhere may keep the id that applications know them by.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule, or there is no user name.
        AlreadyExists: somebody signs in under the user name or e-mail address, or the id was
            given out before.
    """
    made = draft(admin, organization_id, request, user_id)
    password_hash = await _hash(admin, request.password or None)
    made = msgspec.structs.replace(made, password_hash=password_hash)

    async def step() -> tuple[User, Effects]:
        await organizations.require(admin, actor, organization_id, Area.USER)
        if user_id is not None:
            await _require_new(admin, user_id)
        inserts = await insert(admin, made)
        return made, (*inserts, _tell(admin, actor, made, "account.created"))

    return await commit(admin, step)


def draft(
    admin: Admin, organization_id: str, request: UserFields, user_id: str | None = None
) -> User:
    """Return the user that a request describes, without a password and not stored yet.

    Raises:
        Invalid: a value breaks a rule, or there is no user name.
    """
    problems = user_fields.check(request)
    if request.username is UNSET:
        problems.append(Problem("username", "is missing"))
    if user_id is not None and (wrong := texts.check_user_id(user_id)):
        problems.append(Problem("id", wrong))
    if request.state is not UNSET and request.state not in _FIRST:
        problems.append(Problem("state", f"must be one of {', '.join(_FIRST)}"))
    if problems:
        raise Invalid(problems)
    now = admin.clock.now()
    return User(
        id=new_id(now, admin.entropy) if user_id is None else user_id,
        organization_id=organization_id,
        created_at=now,
        updated_at=now,
        **user_fields.values_of(request, None),
    )


async def insert(admin: Admin, user: User) -> Effects:
    """Return the effects that store a user with their login names.

    Raises:
        Invalid: a login name cannot be typed or seen.
        AlreadyExists: somebody else has a login name.
    """
    names = login_names(user)
    await _require_free(admin, user, names)
    return (Insert(user), *map(Insert, names))


async def update(admin: Admin, actor: Actor, user_id: str, request: UserFields) -> User:
    """Change what was given of a user; passwords are changed by `set_password` alone.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: somebody else signs in under the new user name or e-mail address.
    """
    problems = user_fields.check(request)
    if request.password:
        problems.append(Problem("password", "is set at creation only"))
    if request.state is not UNSET and request.state not in _VERBS:
        problems.append(Problem("state", _STATES))
    if problems:
        raise Invalid(problems)

    async def step() -> tuple[User, Effects]:
        present = await require(admin, actor, user_id)
        changes = differences(present, user_fields.values_of(request, present))
        changed, effects = revise(present, changes, admin.clock.now())
        if not effects:
            return present, ()
        before = {name.name for name in login_names(present)}
        after = login_names(changed)
        added = tuple(name for name in after if name.name not in before)
        removed = before - {name.name for name in after}
        await _require_free(admin, changed, added)
        events = []
        if set(changes) - {"state"}:
            events.append(_tell(admin, actor, present, "account.updated", tuple(changes)))
        ended: Effects = ()
        if "state" in changes:
            events.append(_tell(admin, actor, present, f"account.{_VERBS[changed.state]}"))
            ended = await _shut_out(admin, changed)
        gone = (Delete(LoginName, name) for name in sorted(removed))
        return changed, (*effects, *ended, *gone, *map(Insert, added), *events)

    return await commit(admin, step)


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
        await check_password(admin, password, await require(admin, actor, user_id))
    chosen = password or new_password(admin.entropy)
    password_hash = await admin.hash_password(normalize(chosen))

    async def step() -> tuple[User, Effects]:
        now = admin.clock.now()
        present = await require(admin, actor, user_id)
        changes = {"password_hash": password_hash, "credentials_changed_at": now}
        changed, effects = revise(present, changes, now)
        event = _tell(admin, actor, present, "password.changed")
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


async def set_state(admin: Admin, actor: Actor, user_id: str, state: UserState) -> User:
    """Lock, deactivate or activate a user.

    Who is locked or deactivated is signed out everywhere at once. What they granted for
    longer sleeps until they are active again.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: it is none of these states.
    """
    if state not in _VERBS:
        raise Invalid.at("state", _STATES)

    async def step() -> tuple[User, Effects]:
        present = await require(admin, actor, user_id)
        changed, effects = revise(
            present, differences(present, {"state": state}), admin.clock.now()
        )
        if not effects:
            return present, ()
        ended = await _shut_out(admin, changed)
        event = _tell(admin, actor, present, f"account.{_VERBS[state]}")
        return changed, (*effects, *ended, event)

    return await commit(admin, step)


async def unlock(admin: Admin, actor: Actor, user_id: str, counters: tuple[str, ...] = ()) -> User:
    """Let a user sign in again, and forget the failures counted under these keys.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[User, Effects]:
        present = await require(admin, actor, user_id)
        values = {"state": UserState.ACTIVE}
        changed, effects = revise(present, differences(present, values), admin.clock.now())
        event = _tell(admin, actor, present, "account.unlocked")
        return changed, (*effects, *map(Clear, counters), event)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, user_id: str) -> User:
    """Delete a user: what is personal is erased, and the id is never given out again.

    Everything that they have ends first, in steps, and then they are erased; where that was
    interrupted, deleting again goes on.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """
    present = await require(admin, actor, user_id)
    await endings.forget_sessions(admin, present.id)
    await endings.end_access(admin, present, "user_deleted")
    await endings.forget_mail(admin, present)

    async def step() -> tuple[User, Effects]:
        now = admin.clock.now()
        present = await require(admin, actor, user_id)
        erased: dict[str, Any] = {
            "state": UserState.DELETED,
            "username": "",
            "password_hash": None,
            "credentials_changed_at": now,
            "factors": (),
            "email": None,
            "email_verified": False,
            "phone_number": None,
            "phone_number_verified": False,
            "profile": Profile(),
            "address": None,
            "metadata": {},
        }
        changed, effects = revise(present, erased, now)
        names = (Delete(LoginName, name.name) for name in login_names(present))
        left = await endings.leave_everything(admin, present.id)
        administered = await holdings.take_all(admin, present.id)
        factors = await _delete_factors(admin, present.id)
        mailed = await endings.forget_tickets(admin, present.id)
        ended = await sessions.end_with_user(admin, present.id, "user_deleted")
        event = _tell(admin, actor, present, "account.deleted")
        gone = (*ended, *names, *left, *administered, *factors, *mailed)
        return changed, (*effects, *gone, event)

    return await commit(admin, step)


async def find(admin: Admin, actor: Actor, name: str) -> User:
    """Return the user with this id or login name.

    Raises:
        NotFound: there is none for the actor.
    """
    found = await subjects.find_user(admin, name)
    if found is None:
        raise NotFound(WHAT, name)
    authorize_read(actor, found.organization_id, WHAT, name, Area.USER)
    return found


async def show(admin: Admin, actor: Actor, user_id: str) -> User:
    """Return the user with this id.

    Raises:
        NotFound: there is none for the actor.
    """
    found = await admin.store.read_user(user_id)
    if found is None or found.state is UserState.DELETED:
        raise NotFound(WHAT, user_id)
    authorize_read(actor, found.organization_id, WHAT, user_id, Area.USER)
    return found


async def search(
    admin: Admin, actor: Actor, wanted: UserFilter, *, after: str = "", limit: int = PAGE
) -> UserPage:
    """Return a page of the users that fit, by id or by the word that fits.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    await organizations.authorize_list(admin, actor, wanted.organization_id, Area.USER)
    return await admin.store.search_users(wanted, after, limit)


async def list_all(
    admin: Admin, actor: Actor, organization_id: str | None, *, after: str = "", limit: int = PAGE
) -> tuple[User, ...]:
    """Return the users of an organization, or of all, ordered by id.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    await organizations.authorize_list(admin, actor, organization_id, Area.USER)
    return await admin.store.list_users(organization_id, after, limit)


async def require(admin: Admin, actor: Actor, user_id: str) -> User:
    """Return a user who is to be changed.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or the user administers more than the actor.
    """
    found = await admin.store.read_user(user_id)
    if found is None or found.state is UserState.DELETED:
        raise NotFound(WHAT, user_id)
    authorize_change(actor, found.organization_id, WHAT, user_id, Area.USER)
    await holdings.authorize_power_over(admin, actor, found.id, WHAT)
    return found


async def _shut_out(admin: Admin, user: User) -> Effects:
    """Return the effects that sign out whoever may no longer sign in."""
    if user.state is UserState.ACTIVE:
        return ()
    return await sessions.end_with_user(admin, user.id, f"user_{user.state}")


async def _require_new(admin: Admin, user_id: str) -> None:
    """Hold a chosen id to being nobody's, and no name of somebody else."""
    named = await admin.store.read_user_by_login_name(canonical_name(user_id))
    if named is not None or await subjects.is_taken(admin, user_id):
        raise AlreadyExists("user id", user_id, path="id")


async def _delete_factors(admin: Admin, user_id: str) -> tuple[Delete, ...]:
    return (
        *(Delete(Factor, factor.id) for factor in await admin.store.factors(user_id)),
        *(
            Delete(TrustedDevice, device.id)
            for device in await admin.store.trusted_devices(user_id)
        ),
    )


async def _require_free(admin: Admin, user: User, names: tuple[LoginName, ...]) -> None:
    """Hold new names of a user to being nobody's yet, neither as a name nor as an id."""
    for name in names:
        if not valid_login_name(name.name):
            raise Invalid.at("username", "must be visible, and at most 254 characters long")
        named = await admin.store.read_user_by_login_name(name.name)
        named = named or await admin.store.read_user(name.name)
        if named is not None and named.id != user.id:
            path = "email.address" if "@" in name.name else "username"
            raise AlreadyExists(
                "login name",
                name.name,
                path=path,
                hint="User names and e-mail addresses must be unique, also between each other.",
            )


async def _hash(admin: Admin, password: PasswordFields | None) -> str | None:
    if password is None:
        return None
    if password.hash is not UNSET:
        return foreign_forms.read(password.hash)
    return await admin.hash_password(normalize(password.plain or ""))


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


def _tell(
    admin: Admin, actor: Actor, user: User, event: str, changed: tuple[str, ...] = ()
) -> Emit:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=user.organization_id,
        user_id=user.id,
        changed=changed,
    )
