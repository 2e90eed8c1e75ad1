"""`ostiary service-account`: machines with an identity of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import clients, service_account_keys, service_accounts
from ostiary.admin.clients import Registered
from ostiary.admin.decode import decode
from ostiary.admin.secrets import DEFAULT_OVERLAP
from ostiary.admin.service_accounts import KIND, ServiceAccountFields
from ostiary.cli.answer import Answer, ExitCode, Failure, facts, table
from ostiary.cli.command import command, confirm
from ostiary.cli.development import write_private
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
from ostiary.cli.views import time_of, view_service_account
from ostiary.model.client import Client

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


@command(group, "list-keys")
async def list_account_keys(instance: Instance, account: Key) -> Answer:
    """List the keys of a service account."""
    found = await clients.show(instance.admin, instance.actor, account, kind=KIND)
    jwks = () if found.jwks is None else found.jwks["keys"]
    keys = [_view_key(found, jwk) for jwk in jwks]
    rows: list[tuple[object, ...]] = [
        (one["key_id"], one["alg"] or one["kty"], one["expires_at"] or "never") for one in keys
    ]
    text = table(("key", "algorithm", "ends"), rows, f"{account} has no keys.")
    return Answer(data=keys, text=text)


@command(group, "add-key")
async def add_account_key(
    instance: Instance,
    account: Key,
    out: Annotated[
        str | None,
        typer.Option("--out", help="File to write the key to; shown unless given.", metavar="FILE"),
    ] = None,
    alg: Annotated[
        str, typer.Option("--alg", help="Algorithm of a new key: RS256, PS256, ES256 or EdDSA.")
    ] = "RS256",
    public_key: Annotated[
        str | None,
        typer.Option(
            "--public-key",
            help="File with a public key (JWK) of your own, in place of a new pair; "
            "- is standard input.",
            metavar="FILE",
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", help="For how long it is good; for ever unless given.")
    ] = None,
) -> Answer:
    """Add a key to a service account.

    The private half of a new key is in a file that is written or shown once; only the public half
    is kept.
    """
    with reserve(out):
        added = await service_account_keys.add(
            instance.admin,
            instance.actor,
            account,
            alg=alg,
            public_jwk=None if public_key is None else read_tree(public_key),
            lifetime=None if days is None else days * 86400,
        )
    shown: dict[str, Any] = {"key_id": added.key_id, "expires_at": time_of(added.expires_at)}
    text = f"Added the key {added.key_id} to {account}."
    if added.file is not None:
        content = write_key_file(added.file)
        if out is None:
            shown["key_file"] = msgspec.to_builtins(added.file)
            text += f"\nKeep this file: it is shown only now.\n{content}"
        else:
            fill(out, content)
            shown["key_file"] = out
            text += f"\nIts private half is in {out}, and nowhere else."
    return Answer(data=shown, text=text)


@command(group, "remove-key")
async def remove_account_key(
    instance: Instance,
    account: Key,
    key_id: Annotated[str, typer.Argument(help="The id of the key.", metavar="KEY")],
    yes: Yes = False,
) -> Answer:
    """Take a key from a service account.

    Nothing that it signs is good from now on.
    """
    await clients.show(instance.admin, instance.actor, account, kind=KIND)
    confirm(f"Remove the key {key_id} of {account}?", yes=yes)
    await service_account_keys.remove(instance.admin, instance.actor, account, key_id)
    return Answer(data={"id": account, "key_id": key_id}, text=f"Removed {key_id}.")


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


@contextmanager
def reserve(out: str | None) -> Iterator[None]:
    """Make the file before the key: a key that cannot be kept must not be made.

    Raises:
        Failure: it is there already, or cannot be written.
    """
    if out is None:
        yield
        return
    try:
        write_private(Path(out), "")
    except FileExistsError:
        raise Failure("conflict", f"{out} is there already.", exit_code=ExitCode.CONFLICT) from None
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}."
        raise Failure("failed", message, exit_code=ExitCode.FAILED) from None
    try:
        yield
    except BaseException:
        Path(out).unlink()
        raise


def fill(out: str, content: str) -> None:
    """Write what a reserved file is for."""
    Path(out).write_text(content, encoding="utf-8")


def write_key_file(file: service_account_keys.KeyFile) -> str:
    """Write a key file as JSON."""
    return msgspec.json.format(msgspec.json.encode(file)).decode() + "\n"


def _view_key(account: Client, jwk: dict[str, Any]) -> dict[str, Any]:
    kid = jwk.get("kid")
    return {
        "key_id": kid,
        "alg": jwk.get("alg"),
        "kty": jwk["kty"],
        "expires_at": time_of(account.key_expiry.get(kid or "")),
    }


def _answer(registered: Registered, text: str) -> Answer:
    shown: dict[str, Any] = view_service_account(registered.client)
    if registered.client_secret is not None:
        shown["client_secret"] = registered.client_secret
        text += f"\nclient_secret  {registered.client_secret}\nThe secret is shown only now."
    return Answer(data=shown, text=text)
