"""`ostiary app mend` and its like: what becomes of findings about an application."""

from typing import Annotated, Any

import typer

from ostiary.admin import lint, mends
from ostiary.admin.lint import LegacyUse
from ostiary.admin.mends import Mended, SilenceFields
from ostiary.cli.answer import Answer, ExitCode, Failure
from ostiary.cli.apps import ClientId, group
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, OrganizationOption, ProjectOption, list_answer
from ostiary.cli.views import time_of
from ostiary.model.lint import Mend

Rule = Annotated[str, typer.Argument(help="The rule, as `ostiary lint` names it.", metavar="RULE")]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        help="What it is about, where the rule found several.",
        metavar="TARGET",
        show_default=False,
    ),
]


@command(group, "mend")
async def mend_application(
    instance: Instance, client_id: ClientId, rule: Rule, target: Target = ""
) -> Answer:
    """Change an application as lint proposes.

    It can be undone for 90 days.
    """
    made = await mends.mend(
        instance.admin, instance.store, instance.actor, client_id, rule=rule, target=target
    )
    return Answer(
        data=_view(made.mend),
        text=f"Changed {', '.join(made.mend.after)} of {client_id}.",
        next_commands=(f"ostiary app undo-mend {client_id} {made.mend.id}",),
    )


@command(group, "mends")
async def list_mends(
    instance: Instance, client_id: ClientId, after: After = "", limit: Limit = 100
) -> Answer:
    """List what was mended of an application, newest first."""
    found = await mends.list_mends(
        instance.admin, instance.store, instance.actor, client_id, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=_view,
        columns={
            "id": lambda one: one.id,
            "rule": lambda one: one.rule,
            "target": lambda one: one.target,
            "changed": lambda one: ", ".join(one.after),
            "at": lambda one: time_of(one.created_at),
            "undone": lambda one: time_of(one.undone_at),
        },
        key=lambda one: one.id,
        empty="Nothing was mended of it.",
    )


@command(group, "undo-mend")
async def undo_mend(
    instance: Instance,
    client_id: ClientId,
    mend_id: Annotated[str, typer.Argument(help="Id of the mend.", metavar="MEND_ID")],
) -> Answer:
    """Put back what a mend changed.

    Refused where somebody changed the same since.
    """
    undone: Mended = await mends.undo(
        instance.admin, instance.store, instance.actor, client_id, mend_id
    )
    return Answer(
        data=_view(undone.mend), text=f"Put back {', '.join(undone.mend.before)} of {client_id}."
    )


@command(group, "accept")
async def accept_finding(
    instance: Instance,
    client_id: ClientId,
    rule: Rule,
    target: Target = "",
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it is accepted.", metavar="TEXT")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Tell of it again.")] = False,
) -> Answer:
    """Accept a finding about an application as it is."""
    if (reason is None) is not withdraw:
        raise Failure(
            "usage",
            "Say why it is accepted by --reason, or that it is not any more by --withdraw.",
            exit_code=ExitCode.USAGE,
        )
    request = SilenceFields(rule=rule, target=target, reason=reason)
    await mends.judge(instance.admin, instance.store, instance.actor, client_id, request)
    key = lint.key_of(rule, target)
    said = "is told of again" if withdraw else "is accepted"
    return Answer(
        data={"client_id": client_id, "rule": rule, "target": target, "reason": reason},
        text=f"{key} {said}.",
    )


@command(group, "legacy")
async def list_legacy(
    instance: Instance,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List who may use flows that are no longer recommended.

    With the reason, the last day, and when they were seen to use them last.
    """
    found = await lint.list_legacy(
        instance.admin,
        instance.store,
        instance.actor,
        organization,
        project,
        after=after,
        limit=limit,
    )
    return list_answer(
        found,
        limit,
        view=_legacy,
        columns={
            "client_id": lambda one: one.client.client_id,
            "uses": lambda one: ", ".join(one.uses),
            "until": lambda one: _legacy(one)["until"],
            "in force": lambda one: one.in_force,
            "last used": lambda one: one.last_used,
            "reason": lambda one: _legacy(one)["reason"],
        },
        key=lambda one: one.client.client_id,
        empty="No application may use a flow that is no longer recommended.",
    )


def _legacy(found: LegacyUse) -> dict[str, Any]:
    opted = found.client.legacy
    return {
        "client_id": found.client.client_id,
        "organization": found.client.organization_id,
        "project": found.client.project_id,
        "uses": list(found.uses),
        "reason": None if opted is None else opted.reason,
        "until": None if opted is None else opted.until,
        "in_force": found.in_force,
        "last_used": found.last_used,
    }


def _view(record: Mend) -> dict[str, Any]:
    return {
        "id": record.id,
        "client_id": record.client_id,
        "rule": record.rule,
        "target": record.target,
        "before": record.before,
        "after": record.after,
        "created_at": time_of(record.created_at),
        "undo_until": time_of(record.expires_at),
        "undone_at": time_of(record.undone_at),
    }
