"""`ostiary policy`: what the instance decides, within bounds."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import instance as operations
from ostiary.admin import policies
from ostiary.admin.instance import InstanceFields
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command
from ostiary.cli.inputs import read_pairs, read_tree
from ostiary.cli.instance import Instance
from ostiary.model.policy import Configuration

group = typer.Typer(name="policy", help="What the instance decides.", no_args_is_help=True)


@command(group, "show")
async def show_policies(instance: Instance) -> Answer:
    """Show the policies in force, with their defaults."""
    return _answer(await operations.show(instance.admin, instance.actor))


@command(group, "update")
async def update_policies(
    instance: Instance,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A key of a policy, as in mfa.required=always; null puts it back to its default.",
            metavar="K=V",
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", help="YAML or JSON file with policies; - is standard input.", metavar="FILE"
        ),
    ] = None,
) -> Answer:
    """Change policies.

    Only what is given changes.
    """
    wanted = read_tree(file)
    for name, value in read_pairs(settings).items():
        policy, dot, key = name.partition(".")
        if not dot:
            wanted[policy] = value
            continue
        within = wanted.setdefault(policy, {})
        if not isinstance(within, dict):
            raise Failure(
                "usage",
                f"{policy} is given as a whole, and in part by {name}.",
                exit_code=ExitCode.USAGE,
            )
        within[key] = value
    if not wanted:
        raise Failure(
            "usage", "Say what is to change, by --set or --file.", exit_code=ExitCode.USAGE
        )
    request = InstanceFields(policies=wanted)
    return _answer(await operations.update(instance.admin, instance.actor, request))


def _answer(configuration: Configuration) -> Answer:
    shown: dict[str, Any] = msgspec.to_builtins(policies.in_force(configuration))
    rows = []
    for policy, values in shown.items():
        if isinstance(values, dict):
            rows += [(f"{policy}.{key}", value) for key, value in values.items()]
        else:
            rows.append((policy, values))
    return Answer(data=shown, text=facts(*rows))
