"""Users: people who sign in."""

from msgspec import UNSET, UnsetType

from ostiary.admin import recovery, sessions, user_export, user_passwords
from ostiary.admin import users as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.errors import NotFound
from ostiary.admin.user_fields import UserFields
from ostiary.login.factors.attempts import counters_of
from ostiary.login.lockout import account_key
from ostiary.model.user import User, UserState
from ostiary.store.reads.users import UserFilter
from ostiary.web.api import views
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route, narrow, variant

NewUser = variant(
    "NewUser", UserFields, required=("username",), organization=str, verify_email=bool | UnsetType
)
UserChanges = variant("UserChanges", UserFields, without=("password",))
LOGIN_NAME = Filter(
    name="login_name",
    description="Only the user with this user name or e-mail address.",
    example="alice@acme.example",
)
SEARCH = Filter(
    name="search",
    description="Only those of whom a name, an address or the domain of an address begins so; "
    "each of several words has to fit. The list is ordered by the word that fits.",
    example="ali",
)
STATE = Filter(
    name="state",
    description="Only users in this state.",
    choices=tuple(one.value for one in UserState if one is not UserState.DELETED),
)


class PasswordChoice(Request, frozen=True, kw_only=True):
    """A new password: a random one unless given."""

    password: str | UnsetType = UNSET

    def __repr__(self) -> str:
        """Show nothing, so that no message, trace or log ever does."""
        return "PasswordChoice(...)"


class UserStateFields(Request, frozen=True, kw_only=True):
    """Whether somebody may sign in: active, locked or deactivated."""

    state: UserState


async def list_users(call: Call) -> Listed:
    """List the users of an organization."""
    name = call.query.get(LOGIN_NAME.name)
    state = call.query.get(STATE.name)
    wanted = UserFilter(
        organization_id=call.organization,
        state=None if state is None else UserState(state),
        text=call.query.get(SEARCH.name, ""),
    )
    if name is not None:
        if state is not None or wanted.text:
            raise Refused.parameter(LOGIN_NAME.name, "names one user: give no search or state")
        named = await _named(call, name)
        return Listed(records=named, view=views.user, key=lambda one: one.id)
    page = await operations.search(
        call.admin, call.actor, wanted, after=call.after, limit=call.limit
    )
    return Listed(
        records=tuple(zip(page.users, page.keys, strict=True)),
        view=lambda one: views.user(one[0]),
        key=lambda one: str(one[1]),
    )


async def _named(call: Call, name: str) -> tuple[User, ...]:
    """Return the one user of a name, if there is one among those of the list."""
    place = call.organization
    await operations.list_all(call.admin, call.actor, place, limit=1)
    try:
        found = await operations.find(call.admin, call.actor, name)
    except NotFound:
        return ()
    if place not in {None, found.organization_id} or found.id <= call.after:
        return ()
    return (found,)


async def create(call: Call) -> Reply:
    """Make a user."""
    place, request = call.body.organization, narrow(UserFields, call.body)
    if request.password and request.password.plain:
        draft = operations.draft(call.admin, place, request)
        await user_passwords.check_password(call.admin, request.password.plain, draft)
    made = await operations.create(
        call.admin,
        call.actor,
        place,
        request,
        verify_email=call.body.verify_email is True,
    )
    return _show(made, f"/users/{made.id}")


async def show(call: Call) -> Reply:
    """Return a user, by id."""
    return _show(await operations.show(call.admin, call.actor, call.path["user_id"]))


async def update(call: Call) -> Reply:
    """Change a user."""
    key, request = call.path["user_id"], narrow(UserFields, call.body)
    return _show(await operations.update(call.admin, call.actor, key, request))


async def delete(call: Call) -> Reply:
    """Delete a user."""
    await operations.delete(call.admin, call.actor, call.path["user_id"])
    return Reply()


async def set_state(call: Call) -> Reply:
    """Let a user sign in, or not."""
    key, state = call.path["user_id"], call.body.state
    if state is UserState.ACTIVE:
        counters = (account_key(key), *counters_of(key))
        return _show(await operations.unlock(call.admin, call.actor, key, counters))
    return _show(await operations.set_state(call.admin, call.actor, key, state))


async def set_password(call: Call) -> Reply:
    """Give a user a new password."""
    key = call.path["user_id"]
    changed = await user_passwords.set_password(
        call.admin, call.actor, key, call.body.password or None, (account_key(key),)
    )
    return Reply(body=views.NewPassword(user=key, password=changed.password))


async def export(call: Call) -> Reply:
    """Return all that is kept about a user."""
    found = await user_export.export(call.admin, call.actor, call.path["user_id"])
    return Reply(body=views.UserExport(**found))


async def revoke_sessions(call: Call) -> Reply:
    """Sign a user out everywhere."""
    await sessions.revoke_all(call.admin, call.actor, call.path["user_id"])
    return Reply()


async def send_reset_link(call: Call) -> Reply:
    """Mail a user a link for a new password."""
    await recovery.send_reset_link(call.admin, call.actor, call.path["user_id"])
    return Reply()


async def send_verification_link(call: Call) -> Reply:
    """Mail a user a link that proves their address."""
    await recovery.send_verification_link(call.admin, call.actor, call.path["user_id"])
    return Reply()


def _show(record: User, location: str | None = None) -> Reply:
    return Reply(body=views.user(record), version=record.version, location=location)


_ONE = "/users/{user_id}"
ROUTES = (
    Route(
        method="GET",
        path="/users",
        name="list_users",
        summary="List users",
        operation=list_users,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.User,
        filters=(ORGANIZATION, LOGIN_NAME, SEARCH, STATE),
        listing=True,
    ),
    Route(
        method="POST",
        path="/users",
        name="create_user",
        summary="Make a user",
        description="Without a password nobody can sign in as them yet. One that is given in "
        "the clear is held to the password policy; a hash made elsewhere is taken as it is. With "
        "`verify_email` they are mailed a link that proves their address.",
        operation=create,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewUser,
        answer=views.User,
        status=201,
        example={
            "organization": "acme",
            "username": "alice",
            "email": {"address": "alice@acme.example", "verified": True},
            "profile": {"given_name": "Alice", "family_name": "Adams"},
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_user",
        summary="Show a user",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.User,
        record=User,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_user",
        summary="Change a user",
        description="Only what is given changes; null takes a member away.",
        operation=update,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=UserChanges,
        answer=views.User,
        record=User,
        example={"profile": {"nickname": "Al"}},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_user",
        summary="Delete a user",
        description="What is personal is erased, and the id is never given out again.",
        operation=delete,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        record=User,
    ),
    Route(
        method="PUT",
        path=f"{_ONE}/state",
        name="set_user_state",
        summary="Let a user sign in, or not",
        description="Sessions and tokens follow at once. `active` also unlocks, and forgets "
        "failed attempts.",
        operation=set_state,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=UserStateFields,
        answer=views.User,
        example={"state": "locked"},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/password",
        name="set_user_password",
        summary="Give a user a new password",
        description="What the old one opened ends. A random one is made unless one is given; it "
        "is shown here and never again.",
        operation=set_password,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=PasswordChoice,
        answer=views.NewPassword,
        example={},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/export",
        name="export_user",
        summary="Write down all that is kept about a user",
        description="Account, sessions, applications, groups, roles and events, but no "
        "credentials. That it was given out is in the audit trail.",
        operation=export,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        answer=views.UserExport,
        # It can be asked for again, and is not to be kept besides.
        repeatable=False,
    ),
    Route(
        method="DELETE",
        path=f"{_ONE}/sessions",
        name="revoke_user_sessions",
        summary="Sign a user out everywhere",
        description="Grants end with their session, but for those with `offline_access`; the "
        "applications that it was used with are told.",
        operation=revoke_sessions,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/reset-link",
        name="send_reset_link",
        summary="Mail a user a link for a new password",
        description="Until it is used, nothing changes for them.",
        operation=send_reset_link,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/verification-link",
        name="send_verification_link",
        summary="Mail a user a link that proves their address",
        description="The one before is good no more.",
        operation=send_verification_link,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
