"""`python -m ostiary.cli.prepare`: makes the demo of a development instance, and its owner.

Its descriptor 0 is the line to the supervisor, which the settings come over. It writes one
line of JSON to standard output: where the demo is and what it signs in with.

Made again at each start, it changes nothing but what no longer fits: the address, when
the port is another, and the password, when the file with it was lost. The link to the
console is another one each time.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys

import msgspec

from ostiary.admin import (
    administrators,
    clients,
    organizations,
    projects,
    user_passwords,
    users,
)
from ostiary.admin.actor import system
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.console_link import create_link
from ostiary.admin.errors import AdminError, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.secrets import new_secret
from ostiary.admin.user_fields import (
    EmailFields,
    PasswordFields,
    ProfileFields,
    UserFields,
)
from ostiary.admin.user_passwords import new_password
from ostiary.cli.answer import ExitCode, Failure
from ostiary.cli.development import write_private
from ostiary.cli.instance import Instance, open_instance
from ostiary.identity.passwords import normalize, verify_password
from ostiary.identity.tickets import PATHS
from ostiary.jose.errors import JoseError
from ostiary.model.administrator import AdministratorRole
from ostiary.model.demo import ORGANIZATION as NAME
from ostiary.model.ticket import Purpose
from ostiary.model.user import User
from ostiary.oauth.effects import Unavailable
from ostiary.pages.console import ROOT as CONSOLE
from ostiary.settings import Settings, receive_settings
from ostiary.store import SchemaError
from ostiary.web.demo.registration import FILE, SCOPES, Registration, read_registration

ACTOR = system("demo")
_LINE = 0
_DANA = ProfileFields(
    given_name="Dana",
    family_name="Demo",
    nickname="Dan",
    locale="en",
    zoneinfo="Europe/Zurich",
)
_ADA = ProfileFields(given_name="Ada", family_name="Admin")


async def prepare(settings: Settings) -> Registration:
    """Make the demo organization, users and application, as far as they are not there.

    Raises:
        Failure: the settings are not those of development mode.
        AdminError: something of another kind is there under the same name.
        SchemaError: the database cannot be used as it is.
        Unavailable: the database does not answer.
    """
    _require_development(settings)
    async with open_instance(settings, migrate=True) as instance:
        demo = _remember(settings, instance)
        admin = instance.admin
        try:
            await organizations.show(admin, ACTOR, NAME)
        except NotFound:
            await organizations.create(admin, ACTOR, OrganizationFields(id=NAME, name="Demo"))
        try:
            await projects.show(admin, ACTOR, NAME)
        except NotFound:
            await projects.create(admin, ACTOR, NAME, ProjectFields(id=NAME, name="Demo"))
        await _prepare_user(instance, demo.username, _DANA, demo.password)
        if await _prepare_user(instance, demo.administrator, _ADA, demo.password):
            owner = AdministratorFields(
                user=demo.administrator, role=AdministratorRole.INSTANCE_OWNER
            )
            await administrators.grant(admin, ACTOR, owner)
        await _prepare_application(instance, demo)
        return demo


async def link_console(settings: Settings, demo: Registration) -> str:
    """Return the console's address, by which its administrator is signed in once.

    It is the plain address where somebody else has the name of the administrator.

    Raises:
        Failure: the settings are not those of development mode.
        SchemaError: the database cannot be used as it is.
        Unavailable: the database does not answer.
    """
    _require_development(settings)
    async with open_instance(settings) as instance:
        try:
            user = await users.find(instance.admin, ACTOR, demo.administrator)
        except NotFound:
            return demo.issuer + CONSOLE
        if user.organization_id != NAME:
            return demo.issuer + CONSOLE
        link = await create_link(instance.admin, ACTOR, user)
        return f"{demo.issuer}{PATHS[Purpose.CONSOLE]}?once={link.token}"


def _require_development(settings: Settings) -> None:
    if settings.dev:
        return
    # What signs in to the demo stands in a file, and on a terminal.
    raise Failure(
        "not_development",
        "The demo is made in development mode only: ostiary serve --dev",
        exit_code=ExitCode.USAGE,
    )


def _remember(settings: Settings, instance: Instance) -> Registration:
    """Return what was made at the first start, or make it now."""
    before = read_registration()
    entropy = instance.admin.entropy
    if before is None:
        demo = Registration(
            issuer=settings.public_url,
            password=new_password(entropy),
            client_secret=new_secret(entropy),
        )
    else:
        demo = msgspec.structs.replace(before, issuer=settings.public_url)
    if demo != before:
        draft = FILE.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        write_private(draft, msgspec.json.format(msgspec.json.encode(demo)).decode() + "\n")
        draft.replace(FILE)
    return demo


async def _prepare_user(
    instance: Instance, username: str, profile: ProfileFields, password: str
) -> bool:
    """Make somebody of the demo organization, or see that the password fits.

    Returns:
        False where somebody else of that name is there already, who is left alone.
    """
    admin = instance.admin
    try:
        user = await users.find(admin, ACTOR, username)
    except NotFound:
        request = UserFields(
            username=username,
            password=PasswordFields(plain=password),
            email=EmailFields(address=f"{username}@example.test", verified=True),
            profile=profile,
        )
        await users.create(admin, ACTOR, NAME, request)
        return True
    if user.organization_id != NAME:
        return False
    if not await asyncio.to_thread(_has_password, user, password):
        await user_passwords.set_password(admin, ACTOR, user.id, password)
    return True


def _has_password(user: User, password: str) -> bool:
    encoded = user.password_hash
    return encoded is not None and verify_password(encoded, normalize(password))


async def _prepare_application(instance: Instance, demo: Registration) -> None:
    admin = instance.admin
    metadata = ClientMetadata(
        client_id=demo.client_id,
        client_name="Demo application",
        client_uri=demo.page,
        client_secret=demo.client_secret,
        redirect_uris=(demo.redirect_uri,),
        post_logout_redirect_uris=(demo.page,),
        grant_types=("authorization_code", "refresh_token"),
        allowed_scopes=SCOPES,
    )
    try:
        await clients.update(admin, ACTOR, demo.client_id, metadata)
    except NotFound:
        await clients.create(admin, ACTOR, NAME, metadata)


async def _prepare_start(settings: Settings) -> tuple[Registration, str]:
    demo = await prepare(settings)
    return demo, await link_console(settings, demo)


def main() -> None:
    """Be the process that makes the demo."""
    line = socket.socket(fileno=_LINE)
    try:
        settings = receive_settings(line)
        demo, link = asyncio.run(_prepare_start(settings))
    except (AdminError, Failure, SchemaError, Unavailable, JoseError, OSError, EOFError) as error:
        sys.exit(f"ostiary: the demo could not be made: {error!r}")
    answer = {
        "issuer": demo.issuer,
        "console_url": demo.issuer + CONSOLE,
        "console_link": link,
        "demo_url": demo.page,
        "username": demo.username,
        "administrator": demo.administrator,
        "password": demo.password,
        "client_id": demo.client_id,
    }
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    # What is left holds nothing that has to be closed, and the server waits for the end.
    os._exit(0)


if __name__ == "__main__":
    main()
