"""`ostiary app verify`: waiting for the first sign-in."""

import asyncio
from typing import Annotated, Any

import typer

from ostiary.admin.first_sign_in import Checked, check
from ostiary.advisor.verification import TITLES
from ostiary.cli.answer import Answer, ExitCode, style
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.views import time_of

_PAUSE = 1.0  # seconds between two looks


def register(group: typer.Typer) -> None:
    """Add the command to the group of applications."""

    @command(group, "verify")
    async def check_application(
        instance: Instance,
        client_id: Annotated[str, typer.Argument(help="Its client_id.", metavar="CLIENT_ID")],
        wait: Annotated[
            int,
            typer.Option(
                "--wait", help="Look for so long at most, until it works.", min=0, max=3600
            ),
        ] = 0,
    ) -> Answer:
        """Tell how far an application is.

        Each step is ticked off when the server has seen it: the request, PKCE, the tokens, and
        what comes after them. The exit code is 6 until everything that is needed was seen.
        """
        looks = int(wait / _PAUSE)
        found = await check(instance.admin, instance.store, instance.actor, client_id)
        while not found.verification.verified and looks > 0:
            looks -= 1
            await asyncio.sleep(_PAUSE)
            found = await check(instance.admin, instance.store, instance.actor, client_id)
        verified = found.verification.verified
        return Answer(
            data=_view(found),
            text=_tell(found),
            exit_code=ExitCode.DONE if verified else ExitCode.UNHEALTHY,
            next_commands=()
            if verified
            else (
                f"ostiary app verify {client_id} --wait 300",
                f"ostiary app quickstart {client_id}",
            ),
        )


def _view(found: Checked) -> dict[str, Any]:
    verification = found.verification
    return {
        "client_id": found.client.client_id,
        "verified": verification.verified,
        "steps": [
            {"id": step.id.value, "needed": step.needed, "seen_at": time_of(step.at)}
            for step in verification.steps
        ],
        "failures": [
            {
                "at": time_of(one.at),
                "type": one.type,
                "reason": one.reason,
                "trace_id": one.trace_id,
            }
            for one in verification.failures
        ],
    }


def _tell(found: Checked) -> str:
    verification = found.verification
    word = style("verified", "green") if verification.verified else "waiting for the first sign-in"
    lines = [f"{style(found.client.client_name or found.client.client_id, 'bold')}: {word}", ""]
    for step in verification.steps:
        mark = "✓" if step.at is not None else "·"
        rest = time_of(step.at) if step.at is not None else "" if step.needed else "not needed"
        lines.append(f"  {mark} {TITLES[step.id]:<52} {rest or ''}".rstrip())
    if verification.failures:
        lines += ["", "What failed last:"]
        lines += [
            f"  {time_of(one.at)}  {one.type}  {one.reason or ''}  trace {one.trace_id}"
            for one in verification.failures
        ]
    return "\n".join(lines)
