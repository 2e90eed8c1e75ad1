"""`ostiary keys`: signing keys."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import keys
from ostiary.admin.keys import KeySummary
from ostiary.cli.answer import Answer, facts, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import Yes
from ostiary.cli.views import time_of

group = typer.Typer(name="keys", help="Signing keys.", no_args_is_help=True)

Alg = Annotated[
    str | None, typer.Option("--alg", help="RS256, ES256, EdDSA or PS256.", metavar="ALG")
]


@command(group, "list")
async def list_keys(instance: Instance) -> Answer:
    """List signing keys."""
    found = await keys.list_keys(instance.keys, instance.actor)
    return _answer(found, "There are no keys yet: the server makes them when it starts.")


@command(group, "rotate")
async def rotate_keys(
    instance: Instance,
    alg: Alg = None,
    now: Annotated[
        bool, typer.Option("--now", help="Sign with the new key at once, not by schedule.")
    ] = False,
) -> Answer:
    """Change to a new key.

    It is published at once, and signs by schedule, when all clients have read it.
    """
    rotated = await keys.rotate(instance.keys, instance.actor, alg, immediately=now)
    return _answer(rotated, "")


@command(group, "revoke")
async def revoke_key(
    instance: Instance,
    kid: Annotated[str, typer.Argument(help="The key's id.", metavar="KID")],
    yes: Yes = False,
) -> Answer:
    """Refuse a key from now on.

    Every token that it signed is refused with it.
    """
    confirm(f"Revoke {kid}? Every token that it signed is refused at once.", yes=yes)
    revoked = await keys.revoke(instance.keys, instance.actor, kid)
    return Answer(data=_view(revoked), text=facts(*_view(revoked).items()))


def _view(key: KeySummary) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(key)
    return {
        name: time_of(value) if name.endswith("_at") else value
        for name, value in values.items()
        if value is not None
    }


def _answer(found: tuple[KeySummary, ...], empty: str) -> Answer:
    rows: list[tuple[object, ...]] = [
        (
            key.kid,
            key.alg,
            key.state,
            time_of(key.created_at),
            f"{key.next_state} {time_of(key.next_at)}" if key.next_state else "",
        )
        for key in found
    ]
    return Answer(
        data=[_view(key) for key in found],
        text=table(("kid", "alg", "state", "created", "next"), rows, empty),
    )
