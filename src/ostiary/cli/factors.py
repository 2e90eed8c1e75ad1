"""`ostiary user factors`: what people sign in with besides a password."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import factors, users
from ostiary.admin.factors import Summary
from ostiary.cli.answer import Answer, ExitCode, Failure, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import Yes
from ostiary.cli.views import time_of
from ostiary.login.factors.attempts import counters_of
from ostiary.model.factor import TrustedDevice

group = typer.Typer(
    name="factors",
    help="Passkeys, apps and the like.",
    no_args_is_help=True,
)

Who = Annotated[str, typer.Argument(help="User name, e-mail address or id.", metavar="USER")]


@command(group, "list")
async def list_factors(instance: Instance, user: Who) -> Answer:
    """List a user's factors.

    Besides the password, which is not one of them, and with the devices that they trust.
    """
    found = await users.find(instance.admin, instance.actor, user)
    present = await factors.list_factors(instance.admin, instance.actor, found.id)
    devices = await factors.list_devices(instance.admin, instance.actor, found.id)
    rows: list[tuple[object, ...]] = [
        (one.kind, one.name, time_of(one.created_at), time_of(one.last_used_at), one.id)
        for one in present
    ]
    rows += [
        ("trusted device", one.user_agent, time_of(one.created_at), None, one.id) for one in devices
    ]
    head = ("kind", "name", "made", "last used", "id")
    return Answer(
        data={
            "factors": [_view(one) for one in present],
            "trusted_devices": [_view(one) for one in devices],
        },
        text=table(head, rows, f"{found.username} signs in with a password alone."),
    )


@command(group, "remove")
async def remove_factor(
    instance: Instance,
    user: Who,
    factor: Annotated[
        str | None,
        typer.Argument(help="Id of a factor, or of a trusted device.", metavar="ID"),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All of them, for somebody who lost them.")
    ] = False,
    yes: Yes = False,
) -> Answer:
    """Take factors away from a user.

    With all of them go recovery codes and trusted devices; the password stays.
    """
    found = await users.find(instance.admin, instance.actor, user)
    if (factor is None) != everything:
        raise Failure(
            "usage",
            "Name one factor by its id, or say --all.",
            exit_code=ExitCode.USAGE,
            hint=f"`ostiary user factors list {found.username}` shows the ids.",
        )
    admin, actor = instance.admin, instance.actor
    if factor is None:
        confirm(f"Remove everything but the password of {found.username}?", yes=yes)
        await factors.remove_all(admin, actor, found.id, counters_of(found.id))
        return Answer(
            data={"user": found.id, "removed": "all"},
            text=f"{found.username} signs in with a password alone.",
        )
    device = await instance.store.trusted_device(factor)
    confirm(f"Remove {factor} of {found.username}?", yes=yes)
    if device is not None and device.user_id == found.id:
        await factors.revoke_device(admin, actor, found.id, factor)
    else:
        await factors.remove(admin, actor, found.id, factor)
    return Answer(data={"user": found.id, "removed": factor}, text=f"Removed {factor}.")


def _view(record: Summary | TrustedDevice) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(record)
    for name in ("created_at", "last_used_at", "expires_at"):
        if name in values:
            values[name] = time_of(values[name])
    return {name: value for name, value in values.items() if value not in (None, "")}
