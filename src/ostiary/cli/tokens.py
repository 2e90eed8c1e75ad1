"""`ostiary token`: personal access tokens of service accounts and people."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import clients, personal_tokens, token_preview, users
from ostiary.admin.decode import decode
from ostiary.admin.personal_tokens import DEFAULT_LIFETIME, PersonalTokenFields
from ostiary.admin.service_accounts import KIND
from ostiary.admin.token_preview import PreviewFields
from ostiary.cli.answer import Answer, ExitCode, Failure
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import view_personal_token

group = typer.Typer(
    name="token", help="Personal access tokens, for programs.", no_args_is_help=True
)

User = Annotated[
    str | None, typer.Option("--user", help="User name, e-mail address or id.", metavar="USER")
]
Account = Annotated[
    str | None, typer.Option("--service-account", help="Id of a service account.", metavar="ID")
]
_DAY = 86400


@command(group, "list")
async def list_tokens(
    instance: Instance,
    user: User = None,
    service_account: Account = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List somebody's tokens, with when each was used last."""
    owner = await _find_owner(instance, user, service_account)
    found = await personal_tokens.list_all(
        instance.admin, instance.actor, owner, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_personal_token,
        columns={
            "name": lambda one: one.name,
            "scopes": lambda one: one.scopes,
            "ends": lambda one: view_personal_token(one)["expires_at"],
            "last used": lambda one: view_personal_token(one)["last_used_at"] or "never",
            "id": lambda one: one.id,
        },
        key=lambda one: one.id,
        empty="There are no tokens.",
    )


@command(group, "create")
async def create_token(
    instance: Instance,
    scope: Annotated[
        list[str], typer.Option("--scope", help="A scope that it is good for; repeatable.")
    ],
    user: User = None,
    service_account: Account = None,
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    days: Annotated[
        int, typer.Option("--days", help="For how long it is good.", min=1)
    ] = DEFAULT_LIFETIME // _DAY,
) -> Answer:
    """Make a token.

    It is shown once. Whoever has it can do what its scopes allow until it ends.
    """
    given = {"user": user, "service_account": service_account}
    request = decode(
        PersonalTokenFields,
        {"name": name, "scopes": scope, "lifetime": days * _DAY}
        | {key: value for key, value in given.items() if value is not None},
    )
    made = await personal_tokens.create(instance.admin, instance.actor, request)
    shown: dict[str, Any] = view_personal_token(made.token) | {"token": made.text}
    return Answer(data=shown, text=f"token  {made.text}\nThe token is shown only now.")


@command(group, "revoke")
async def revoke_token(
    instance: Instance,
    token: Annotated[str, typer.Argument(help="The id of the token.", metavar="ID")],
    yes: Yes = False,
) -> Answer:
    """Take a token back.

    It is good for nothing from now on.
    """
    confirm(f"Revoke {token}?", yes=yes)
    revoked = await personal_tokens.revoke(instance.admin, instance.actor, token)
    return Answer(data=view_personal_token(revoked), text=f"Revoked {token}.")


@command(group, "preview")
async def preview_tokens(
    instance: Instance,
    client_id: Annotated[str, typer.Argument(help="Its client_id.", metavar="CLIENT_ID")],
    user: Annotated[
        str, typer.Option("--user", help="User name, e-mail address or id.", metavar="USER")
    ],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="A scope that would be granted; openid unless given."),
    ] = None,
) -> Answer:
    """Show what an application would be told about somebody, and what put each claim there."""
    request = PreviewFields(user=user, scopes=tuple(scope or ("openid",)))
    found = await token_preview.show(
        instance.admin, instance.actor, client_id, request, instance.store
    )
    lines = []
    for place, claims in msgspec.structs.asdict(found).items():
        lines.append(f"{place}:")
        lines += [
            f"  {one.name} = {msgspec.json.encode(one.value).decode()}"
            + (f"  ({', '.join(one.because)})" if one.because else "")
            for one in claims
        ]
    return Answer(data=msgspec.to_builtins(found), text="\n".join(lines))


async def _find_owner(instance: Instance, user: str | None, account: str | None) -> str:
    if (user is None) == (account is None):
        raise Failure(
            "usage",
            "Name whose tokens: by --user or --service-account.",
            exit_code=ExitCode.USAGE,
        )
    if account is not None:
        found = await clients.show(instance.admin, instance.actor, account, kind=KIND)
        return found.client_id
    return (await users.find(instance.admin, instance.actor, user or "")).id
