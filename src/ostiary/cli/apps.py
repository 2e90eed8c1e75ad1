"""`ostiary app`: applications."""

from typing import Annotated, Any

import typer

from ostiary.admin import client_secrets, clients
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode, suggest
from ostiary.admin.secrets import DEFAULT_OVERLAP
from ostiary.advisor.quickstart import fill_in, values_of, variables_of, write_env
from ostiary.cli import checks, quickstarts, registration_tokens
from ostiary.cli.answer import Answer, ExitCode, Failure, facts, style
from ostiary.cli.command import command, confirm
from ostiary.cli.inputs import SecretFile, read_pairs, read_secret, read_tree
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    ProjectOption,
    Yes,
    choose_project,
    list_answer,
)
from ostiary.cli.presets import PRESETS, Preset
from ostiary.cli.quickstarts import Folder
from ostiary.cli.views import view_client
from ostiary.model.client import Client, ClientState
from ostiary.oauth.registry import SECRET_METHODS

group = typer.Typer(name="app", help="Applications.", no_args_is_help=True)
group.add_typer(registration_tokens.group)

ClientId = Annotated[str, typer.Argument(help="Its client_id.", metavar="CLIENT_ID")]
Name = Annotated[str | None, typer.Option("--name", help="What people see.")]
RedirectUris = Annotated[
    list[str] | None,
    typer.Option("--redirect-uri", help="Where people are sent back to.", metavar="URI"),
]
PostLogoutUris = Annotated[
    list[str] | None,
    typer.Option("--post-logout-redirect-uri", help="Where they go after logout.", metavar="URI"),
]
Scope = Annotated[
    str | None,
    typer.Option("--scope", help="Scopes that it may ask for, separated by spaces."),
]
Grants = Annotated[
    list[str] | None, typer.Option("--grant-type", help="A grant type.", metavar="GRANT")
]
Type = Annotated[
    str | None, typer.Option("--type", help="OIDC_APP_TYPE_WEB, _USER_AGENT, _NATIVE or API.")
]
Method = Annotated[
    str | None,
    typer.Option(
        "--auth-method",
        help="client_secret_basic, client_secret_post, private_key_jwt or none.",
    ),
]
Jwks = Annotated[
    str | None,
    typer.Option("--jwks", help="File with its public keys; - is standard input.", metavar="FILE"),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any other metadata, as in require_consent=true.", metavar="K=V"),
]
Metadata = Annotated[
    str | None,
    typer.Option(
        "--metadata", help="YAML or JSON file of metadata; - is standard input.", metavar="FILE"
    ),
]
PresetName = Annotated[
    str | None,
    typer.Option("--preset", help=f"Fill in what fits: {', '.join(PRESETS)}.", metavar="PRESET"),
]


@command(group, "list")
async def list_applications(
    instance: Instance,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List applications."""
    found = await clients.list_all(
        instance.admin, instance.actor, organization, project, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_client,
        columns={
            "client_id": lambda one: one.client_id,
            "name": lambda one: one.client_name,
            "type": lambda one: one.type.removeprefix("OIDC_APP_TYPE_").lower().replace("_", "-"),
            "authentication": lambda one: one.token_endpoint_auth_method,
            "project": lambda one: one.project_id,
            "state": lambda one: one.state,
        },
        key=lambda one: one.client_id,
        empty="There are no applications: `ostiary app create --preset fastapi` makes one.",
    )


@command(group, "show")
async def show_application(instance: Instance, client_id: ClientId) -> Answer:
    """Show an application."""
    client = await clients.show(instance.admin, instance.actor, client_id)
    return Answer(data=view_client(client), text=facts(*view_client(client).items()))


@command(group, "create")
async def create_application(
    instance: Instance,
    name: Name = None,
    preset: PresetName = None,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", help="Chosen id; a random one unless given.", metavar="ID"),
    ] = None,
    project: ProjectOption = None,
    redirect_uris: RedirectUris = None,
    post_logout_redirect_uris: PostLogoutUris = None,
    scope: Scope = None,
    grant_types: Grants = None,
    kind: Type = None,
    auth_method: Method = None,
    jwks: Jwks = None,
    metadata: Metadata = None,
    settings: Set = None,
    secret_file: SecretFile = None,
    folder: Folder = None,
) -> Answer:
    """Register an application.

    Its secret is made and shown once, unless you bring your own. With --folder, a program
    that signs in to it is written there, secret included.
    """
    quickstarts.reserve(folder)
    chosen = None if preset is None else _find_preset(preset)
    given = _collect(
        client_id=client_id,
        client_name=name,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout_redirect_uris,
        scope=scope,
        grant_types=grant_types,
        type=kind,
        token_endpoint_auth_method=auth_method,
        jwks=None if jwks is None else read_tree(jwks),
        client_secret=read_secret(secret_file),
    )
    defaults: dict[str, Any] = {}
    if chosen is not None:
        defaults = {"client_name": chosen.title, **chosen.metadata}
        if chosen.redirect_uris:
            defaults["redirect_uris"] = list(chosen.redirect_uris)
    values = defaults | read_tree(metadata) | read_pairs(settings) | given
    made = await clients.create(
        instance.admin,
        instance.actor,
        await choose_project(instance, project),
        decode(ClientMetadata, values),
    )
    told = Answer(
        data=_with_secret(made.client, made.client_secret),
        text=f"Registered {style(made.client.client_id, 'bold')}.",
    )
    return quickstarts.hand_over(
        instance,
        made.client,
        made.client_secret or given.get("client_secret"),
        stack=None if chosen is None else chosen.stack,
        folder=folder,
        made=told,
    )


@command(group, "update")
async def update_application(
    instance: Instance,
    client_id: ClientId,
    name: Name = None,
    redirect_uris: RedirectUris = None,
    post_logout_redirect_uris: PostLogoutUris = None,
    scope: Scope = None,
    grant_types: Grants = None,
    kind: Type = None,
    auth_method: Method = None,
    jwks: Jwks = None,
    metadata: Metadata = None,
    settings: Set = None,
    secret_file: SecretFile = None,
) -> Answer:
    """Change an application.

    What is not given stays; --set KEY=null puts a default back.
    """
    given = _collect(
        client_name=name,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout_redirect_uris,
        scope=scope,
        grant_types=grant_types,
        type=kind,
        token_endpoint_auth_method=auth_method,
        jwks=None if jwks is None else read_tree(jwks),
        client_secret=read_secret(secret_file),
    )
    values = read_tree(metadata) | read_pairs(settings) | given
    changed = await clients.update(
        instance.admin, instance.actor, client_id, decode(ClientMetadata, values)
    )
    text = f"Changed {client_id}."
    if changed.client_secret:
        text += f"\nclient_secret  {changed.client_secret}\nThe secret is shown only now."
    return Answer(data=_with_secret(changed.client, changed.client_secret), text=text)


@command(group, "delete")
async def delete_application(instance: Instance, client_id: ClientId, yes: Yes = False) -> Answer:
    """Delete an application.

    Everything issued to it ends, and its id is never given out again.
    """
    await clients.show(instance.admin, instance.actor, client_id)
    confirm(f"Delete {client_id} and end everything that was issued to it?", yes=yes)
    deleted = await clients.delete(instance.admin, instance.actor, client_id)
    return Answer(
        data={"client_id": client_id, "state": deleted.state}, text=f"Deleted {client_id}."
    )


@command(group, "enable")
async def enable_application(instance: Instance, client_id: ClientId) -> Answer:
    """Let an application be used again."""
    return await _set_state(instance, client_id, ClientState.ACTIVE, "enabled")


@command(group, "disable")
async def disable_application(instance: Instance, client_id: ClientId) -> Answer:
    """Shut an application out.

    Everything issued to it ends at once, until it is enabled again.
    """
    return await _set_state(instance, client_id, ClientState.INACTIVE, "disabled")


@command(group, "env")
async def show_environment(
    instance: Instance, client_id: ClientId, preset: PresetName = None
) -> Answer:
    """Print variables for a .env file."""
    client = await clients.show(instance.admin, instance.actor, client_id)
    names = variables_of(client) if preset is None else _find_preset(preset).stack.variables
    variables = fill_in(names, values_of(client, instance.settings.public_url, None))
    text = write_env(variables)
    warnings: tuple[str, ...] = ()
    if client.token_endpoint_auth_method in SECRET_METHODS:
        rotate = f"ostiary app rotate-secret {client_id}"
        warnings = (f"The secret cannot be shown again; `{rotate}` makes another one.",)
    return Answer(data={"env": variables}, text=text, warnings=warnings)


@command(group, "rotate-secret")
async def rotate_secret(
    instance: Instance,
    client_id: ClientId,
    overlap: Annotated[
        int,
        typer.Option("--overlap", help="For how long the old one stays good.", metavar="SECONDS"),
    ] = DEFAULT_OVERLAP,
    secret_file: SecretFile = None,
) -> Answer:
    """Make a new secret.

    The one before it stays good for a while.
    """
    rotated = await client_secrets.rotate_secret(
        instance.admin,
        instance.actor,
        client_id,
        secret=read_secret(secret_file),
        overlap=overlap,
    )
    lines = [f"client_secret  {rotated.client_secret}"] if rotated.client_secret else []
    lines.append(f"Earlier secrets of {client_id} end within {overlap} seconds.")
    return Answer(data=_with_secret(rotated.client, rotated.client_secret), text="\n".join(lines))


def _collect(**values: Any) -> dict[str, Any]:
    """Return what was given on the command line."""
    return {name: value for name, value in values.items() if value is not None}


def _find_preset(name: str) -> Preset:
    if name not in PRESETS:
        raise Failure(
            "usage",
            f"There is no preset {name!r}{suggest(name, PRESETS)}",
            exit_code=ExitCode.USAGE,
            hint=f"There are {', '.join(PRESETS)}.",
        )
    return PRESETS[name]


async def _set_state(instance: Instance, client_id: str, state: ClientState, word: str) -> Answer:
    client = await clients.set_state(instance.admin, instance.actor, client_id, state)
    return Answer(data=view_client(client), text=f"{client_id} is {word}.")


def _with_secret(client: Client, secret: str | None) -> dict[str, Any]:
    shown = view_client(client)
    return shown if secret is None else shown | {"client_secret": secret}


# In the help, what an application is for comes after what it is.
quickstarts.register(group)
checks.register(group)
