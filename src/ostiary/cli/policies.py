"""`ostiary policy`: policies of the instance and of organizations."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import instance as instances
from ostiary.admin import organizations, policies
from ostiary.admin.instance import InstanceFields
from ostiary.admin.organization import policies_of
from ostiary.admin.organizations import OrganizationFields
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command
from ostiary.cli.inputs import read_pairs
from ostiary.cli.instance import Instance
from ostiary.model.policy import Policies

group = typer.Typer(name="policy", help="Policies.", no_args_is_help=True)

Where = Annotated[
    str | None,
    typer.Option(
        "--organization", help="Id of an organization; the instance unless given.", metavar="ID"
    ),
]


@command(group, "show")
async def show_policies(instance: Instance, organization: Where = None) -> Answer:
    """Show the policies that are in force.

    For an organization, they are those of the instance with what it narrowed.
    """
    if organization is None:
        configuration = await instances.show(instance.admin, instance.actor)
        return _answer(policies.in_force(configuration), configuration.policies)
    found = await organizations.show(instance.admin, instance.actor, organization)
    return _answer(await policies_of(instance.admin, organization), found.policies)


@command(group, "update")
async def update_policies(
    instance: Instance,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="A value, as in password.min_length=20; null takes back what was said.",
            metavar="KEY=VALUE",
        ),
    ],
    organization: Where = None,
) -> Answer:
    """Change policies.

    An organization can be stricter than the instance, and decide what nobody else does.
    """
    given = _nest(read_pairs(changes))
    admin, actor = instance.admin, instance.actor
    if organization is None:
        changed = await instances.update(admin, actor, InstanceFields(policies=given))
        return _answer(policies.in_force(changed), changed.policies)
    request = OrganizationFields(policies=given)
    narrowed = await organizations.update(admin, actor, organization, request)
    return _answer(await policies_of(admin, organization), narrowed.policies)


def _nest(pairs: dict[str, Any]) -> dict[str, Any]:
    """Return values by policy and key; a switch has no key."""
    nested: dict[str, Any] = {}
    for name, value in pairs.items():
        policy, dot, key = name.partition(".")
        if not dot:
            nested[policy] = value
        elif isinstance(nested.setdefault(policy, {}), dict):
            nested[policy][key] = value
        else:
            raise Failure("usage", f"--set {policy} is said twice.", exit_code=ExitCode.USAGE)
    return nested


def _answer(found: Policies, said: dict[str, Any]) -> Answer:
    shown = msgspec.to_builtins(found)
    marked = [
        (f"{policy}.{key}", value) for policy, key, value in _flatten(shown) if key is not None
    ] + [(policy, value) for policy, key, value in _flatten(shown) if key is None]
    return Answer(data={"in_force": shown, "decided": said}, text=facts(*marked))


def _flatten(shown: dict[str, Any]) -> list[tuple[str, str | None, Any]]:
    flat: list[tuple[str, str | None, Any]] = []
    for policy, values in shown.items():
        if isinstance(values, dict):
            flat += [(policy, key, value) for key, value in values.items()]
        else:
            flat.append((policy, None, values))
    return flat
