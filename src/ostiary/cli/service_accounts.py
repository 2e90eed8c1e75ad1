"""`ostiary service-account`: machines with an identity of their own."""

from typing import Annotated, Any

import typer

from ostiary.admin import clients, service_accounts
from ostiary.admin.clients import Registered
from ostiary.admin.decode import decode
from ostiary.admin.secrets import DEFAULT_OVERLAP
from ostiary.admin.service_accounts import KIND, ServiceAccountFields
from ostiary.cli.answer import Answer, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.inputs import SecretFile, read_secret, read_tree
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    Yes,
    choose_organization,
    list_answer,
)
from ostiary.cli.views import view_service_account

group = typer.Typer(
    name="service-account", help="Machines with an identity of their own.", no_args_is_help=True
)

Key = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
Name = Annotated[str | None, typer.Option("--name", help="What people see.")]
Jwks = Annotated[
    str | None,
    typer.Option(
        "--jwks", help="File with its public keys (JWK Set); - is standard input.", metavar="FILE"
    ),
]
Scope = Annotated[
    str | None, typer.Option("--scope", help="Scopes that it may ask for, separated by spaces.")
]


@command(group, "list")
async def list_accounts(
    instance: Instance,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List service accounts."""
    found = await clients.list_all(
        instance.admin, instance.actor, organization, kind=KIND, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_service_account,
        columns={
            "id": lambda one: one.client_id,
            "name": lambda one: one.client_name,
            "authentication": lambda one: one.token_endpoint_auth_method,
            "organization": lambda one: one.organization_id,
            "state": lambda one: one.state,
        },
        key=lambda one: one.client_id,
        empty="There are no service accounts.",
    )


@command(group, "show")
async def show_account(instance: Instance, account: Key) -> Answer:
    """Show a service account."""
    found = await clients.show(instance.admin, instance.actor, account, kind=KIND)
    shown = view_service_account(found)
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "create")
async def create_account(
    instance: Instance,
    account: Annotated[
        str | None, typer.Option("--id", help="Chosen id; a random one unless given.", metavar="ID")
    ] = None,
    name: Name = None,
    jwks: Jwks = None,
    scope: Scope = None,
    organization: OrganizationOption = None,
    secret_file: SecretFile = None,
) -> Answer:
    """Make a service account.

    It has public keys, or a secret that is shown once.
    """
    request = _read(account, name, jwks, scope, secret_file)
    place = await choose_organization(instance, organization)
    made = await service_accounts.create(instance.admin, instance.actor, place, request)
    return _answer(made, f"Made {made.client.client_id}.")


@command(group, "update")
async def update_account(
    instance: Instance,
    account: Key,
    name: Name = None,
    jwks: Jwks = None,
    scope: Scope = None,
    secret_file: SecretFile = None,
) -> Answer:
    """Change a service account.

    What is not given stays.
    """
    request = _read(None, name, jwks, scope, secret_file)
    changed = await service_accounts.update(instance.admin, instance.actor, account, request)
    return _answer(changed, f"Changed {account}.")


@command(group, "rotate-secret")
async def rotate_account_secret(
    instance: Instance,
    account: Key,
    overlap: Annotated[
        int,
        typer.Option("--overlap", help="For how long the old one stays good.", metavar="SECONDS"),
    ] = DEFAULT_OVERLAP,
    secret_file: SecretFile = None,
) -> Answer:
    """Make a new secret.

    The one before it stays good for a while.
    """
    rotated = await clients.rotate_secret(
        instance.admin,
        instance.actor,
        account,
        kind=KIND,
        secret=read_secret(secret_file),
        overlap=overlap,
    )
    return _answer(rotated, f"Earlier secrets of {account} end within {overlap} seconds.")


@command(group, "delete")
async def delete_account(instance: Instance, account: Key, yes: Yes = False) -> Answer:
    """Delete a service account.

    Its tokens end, and its id is never given out again.
    """
    await clients.show(instance.admin, instance.actor, account, kind=KIND)
    confirm(f"Delete {account} and end its tokens?", yes=yes)
    deleted = await clients.delete(instance.admin, instance.actor, account, kind=KIND)
    return Answer(data={"id": account, "state": deleted.state}, text=f"Deleted {account}.")


def _read(
    account: str | None,
    name: str | None,
    jwks: str | None,
    scope: str | None,
    secret_file: str | None,
) -> ServiceAccountFields:
    given = {
        "id": account,
        "name": name,
        "jwks": None if jwks is None else read_tree(jwks),
        "allowed_scopes": None if scope is None else scope.split(),
        "client_secret": read_secret(secret_file),
    }
    return decode(
        ServiceAccountFields, {key: value for key, value in given.items() if value is not None}
    )


def _answer(registered: Registered, text: str) -> Answer:
    shown: dict[str, Any] = view_service_account(registered.client)
    if registered.client_secret is not None:
        shown["client_secret"] = registered.client_secret
        text += f"\nclient_secret  {registered.client_secret}\nThe secret is shown only now."
    return Answer(data=shown, text=text)
