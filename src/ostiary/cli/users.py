"""`ostiary user`: people who sign in."""

from typing import Annotated, Any

import typer

from ostiary.admin import factors as factor_operations
from ostiary.admin import user_passwords, users
from ostiary.admin.decode import decode
from ostiary.admin.user_fields import UserFields
from ostiary.cli import factors
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.inputs import read_secret, read_tree, split_pairs
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    Yes,
    choose_organization,
    list_answer,
)
from ostiary.cli.views import view_user
from ostiary.identity.users import display_name
from ostiary.login.factors.attempts import counters_of
from ostiary.login.lockout import account_key
from ostiary.model.user import User, UserState
from ostiary.store.reads.users import UserFilter

group = typer.Typer(name="user", help="People who sign in.", no_args_is_help=True)
group.add_typer(factors.group)

Who = Annotated[str, typer.Argument(help="User name, e-mail address or id.", metavar="USER")]
Email = Annotated[str | None, typer.Option("--email", help="E-mail address.", metavar="ADDRESS")]
Verified = Annotated[
    bool, typer.Option("--email-verified", help="The address is known to be theirs.")
]
Phone = Annotated[str | None, typer.Option("--phone", help="As in +41446681800.", metavar="NUMBER")]
GivenName = Annotated[str | None, typer.Option("--given-name", help="First name.", metavar="NAME")]
FamilyName = Annotated[str | None, typer.Option("--family-name", help="Last name.", metavar="NAME")]
Locale = Annotated[str | None, typer.Option("--locale", help="As in de-CH.", metavar="TAG")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Metadata of your own, as in plan=gold.", metavar="K=V"),
]
File = Annotated[
    str | None,
    typer.Option(
        "--file",
        help="YAML or JSON file with all fields, as in declarative files; - is standard input.",
        metavar="FILE",
    ),
]
PasswordFile = Annotated[
    str | None,
    typer.Option(
        "--password-file",
        help="File with the password, in place of a random one; - is standard input.",
        metavar="FILE",
    ),
]


@command(group, "list")
async def list_users(
    instance: Instance,
    organization: OrganizationOption = None,
    search: Annotated[
        str,
        typer.Option(
            "--search",
            help="Only those of whom a name or address begins so.",
            metavar="TEXT",
            show_default=False,
        ),
    ] = "",
    state: Annotated[
        UserState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List users."""
    wanted = UserFilter(organization_id=organization, state=state, text=search)
    found = await users.search(instance.admin, instance.actor, wanted, after=after, limit=limit)
    return list_answer(
        found.users,
        limit,
        view=view_user,
        columns={
            "username": lambda one: one.username,
            "name": display_name,
            "email": lambda one: one.email,
            "state": lambda one: one.state,
            "organization": lambda one: one.organization_id,
            "id": lambda one: one.id,
        },
        key=lambda one: found.after or one.id,
        empty="There are no users: `ostiary user create NAME` makes one.",
    )


@command(group, "show")
async def show_user(instance: Instance, user: Who) -> Answer:
    """Show a user."""
    found = view_user(await users.find(instance.admin, instance.actor, user))
    return Answer(data=found, text=facts(*found.items()))


@command(group, "create")
async def create_user(
    instance: Instance,
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    email: Email = None,
    email_verified: Verified = False,
    phone: Phone = None,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    locale: Locale = None,
    settings: Set = None,
    file: File = None,
    organization: OrganizationOption = None,
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Make a user who cannot sign in yet.")
    ] = False,
    verify_email: Annotated[
        bool, typer.Option("--verify-email", help="Mail them a link that proves their address.")
    ] = False,
) -> Answer:
    """Make a user.

    The password is random and shown once, unless you bring one.
    """
    values = read_tree(file) | {"username": username}
    if "password" in values:
        raise Failure(
            "usage",
            "Leave the password out of the file.",
            exit_code=ExitCode.USAGE,
            hint="Bring it by --password-file, or let it be made.",
        )
    values |= _collect(email, email_verified, phone, given_name, family_name, locale, settings)
    chosen = read_secret(password_file)
    if chosen is not None:
        stranger = User(id="", organization_id="", username=username, email=email)
        await user_passwords.check_password(instance.admin, chosen, stranger)
    password = chosen or user_passwords.new_password(instance.admin.entropy)
    if not no_password:
        values["password"] = {"plain": password}
    place = await choose_organization(instance, organization)
    made = await users.create(
        instance.admin,
        instance.actor,
        place,
        decode(UserFields, values),
        verify_email=verify_email,
    )
    shown = None if no_password or chosen is not None else password
    return _answer(made, shown, f"Made {made.username}.")


@command(group, "update")
async def update_user(
    instance: Instance,
    user: Who,
    username: Annotated[
        str | None, typer.Option("--username", help="Another name to sign in with.")
    ] = None,
    email: Email = None,
    email_verified: Verified = False,
    phone: Phone = None,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    locale: Locale = None,
    settings: Set = None,
    file: File = None,
) -> Answer:
    """Change a user.

    What is not given stays.
    """
    found = await users.find(instance.admin, instance.actor, user)
    values = read_tree(file)
    values |= _collect(email, email_verified, phone, given_name, family_name, locale, settings)
    if "metadata" in values and file is None:
        values["metadata"] = found.metadata | values["metadata"]
    if email_verified and email is None and found.email is not None:
        values["email"] = {"address": found.email, "verified": True}
    if username is not None:
        values["username"] = username
    changed = await users.update(
        instance.admin, instance.actor, found.id, decode(UserFields, values)
    )
    return _answer(changed, None, f"Changed {changed.username}.")


@command(group, "delete")
async def delete_user(instance: Instance, user: Who, yes: Yes = False) -> Answer:
    """Delete a user.

    What is personal is erased, and the id is never given out again.
    """
    found = await users.find(instance.admin, instance.actor, user)
    confirm(f"Delete {found.username} and erase what is personal?", yes=yes)
    deleted = await users.delete(instance.admin, instance.actor, found.id)
    return Answer(
        data={"id": deleted.id, "state": deleted.state}, text=f"Deleted {found.username}."
    )


@command(group, "reset-password")
async def reset_password(
    instance: Instance, user: Who, password_file: PasswordFile = None
) -> Answer:
    """Give a user a new password.

    Their sessions and tokens end.
    """
    found = await users.find(instance.admin, instance.actor, user)
    given = await user_passwords.set_password(
        instance.admin,
        instance.actor,
        found.id,
        read_secret(password_file),
        (account_key(found.id),),
    )
    return _answer(given.user, given.password, f"{found.username} has a new password.")


@command(group, "remove-password")
async def remove_password(instance: Instance, user: Who, yes: Yes = False) -> Answer:
    """Leave a user with passkeys alone.

    Sessions that the password opened end.
    """
    found = await users.find(instance.admin, instance.actor, user)
    confirm(f"Remove the password of {found.username}?", yes=yes)
    await factor_operations.remove_password(instance.admin, instance.actor, found.id)
    return Answer(
        data={"user": found.id}, text=f"{found.username} signs in with a passkey from now on."
    )


@command(group, "lock")
async def lock_user(instance: Instance, user: Who) -> Answer:
    """Lock a user out, everywhere.

    Their sessions end.
    """
    return await _set_state(instance, user, UserState.LOCKED, "locked")


@command(group, "unlock")
async def unlock_user(instance: Instance, user: Who) -> Answer:
    """Let a user sign in again.

    Failed attempts are forgotten.
    """
    found = await users.find(instance.admin, instance.actor, user)
    counters = (account_key(found.id), *counters_of(found.id))
    changed = await users.unlock(instance.admin, instance.actor, found.id, counters)
    return _answer(changed, None, f"{found.username} is unlocked.")


@command(group, "deactivate")
async def deactivate_user(instance: Instance, user: Who) -> Answer:
    """Switch a user off.

    Their sessions end.
    """
    return await _set_state(instance, user, UserState.DEACTIVATED, "deactivated")


@command(group, "activate")
async def activate_user(instance: Instance, user: Who) -> Answer:
    """Switch a user on again."""
    return await _set_state(instance, user, UserState.ACTIVE, "active")


async def _set_state(instance: Instance, user: str, state: UserState, word: str) -> Answer:
    found = await users.find(instance.admin, instance.actor, user)
    changed = await users.set_state(instance.admin, instance.actor, found.id, state)
    return _answer(changed, None, f"{found.username} is {word}.")


def _collect(
    email: str | None,
    email_verified: bool,
    phone: str | None,
    given_name: str | None,
    family_name: str | None,
    locale: str | None,
    settings: list[str] | None,
) -> dict[str, Any]:
    """Return what was given on the command line, as declarative files would say it."""
    values: dict[str, Any] = {}
    if email is not None:
        values["email"] = {"address": email, "verified": email_verified} if email else None
    if phone is not None:
        values["phone"] = {"number": phone} if phone else None
    names = {"given_name": given_name, "family_name": family_name, "locale": locale}
    profile = {name: value for name, value in names.items() if value is not None}
    if profile:
        values["profile"] = profile
    if settings:
        values["metadata"] = split_pairs(settings)
    return values


def _answer(user: User, password: str | None, text: str) -> Answer:
    shown = view_user(user)
    if password is not None:
        shown["password"] = password
        text += f"\npassword  {password}\nThe password is shown only now."
    return Answer(data=shown, text=text, next_commands=(f"ostiary user show {user.username}",))
