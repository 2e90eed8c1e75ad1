"""`ostiary app registration-token`: initial access tokens, to register applications with."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ostiary.admin import policies, registration_tokens
from ostiary.admin.registration_tokens import IssuedToken
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import time_of
from ostiary.model.policy import RegistrationMode

group = typer.Typer(
    name="registration-token",
    help="Tokens to register with.",
    no_args_is_help=True,
)

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")
_UNITS = {"h": 3600, "d": 86400}


@command(group, "create")
async def create_token(
    instance: Instance,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            help="When it ends: 12h, 30d, or the day 2027-06-30 (its beginning, UTC).",
            metavar="WHEN",
        ),
    ] = None,
    uses: Annotated[
        int | None,
        typer.Option("--uses", help="For how many applications it is good; for any unless given."),
    ] = None,
) -> Answer:
    """Make an initial access token.

    Whoever has it may register applications; it is shown once.
    """
    now = instance.admin.clock.now()
    made = await registration_tokens.create(
        instance.admin,
        instance.actor,
        expires_at=None if expires is None else _read_time(expires, now),
        uses=uses,
    )
    warnings: tuple[str, ...] = ()
    policy = policies.in_force(await instance.store.read_configuration()).client_registration
    if policy.mode is RegistrationMode.OFF:
        warnings = ("It opens nothing yet: the policy client_registration has the mode off.",)
    shown = _view(made) | {"token": made.text}
    text = f"{facts(*shown.items())}\nThe token is shown only now."
    return Answer(data=shown, text=text, warnings=warnings)


@command(group, "list")
async def list_tokens(instance: Instance, after: After = "", limit: Limit = 100) -> Answer:
    """List initial access tokens."""
    found = await registration_tokens.list_all(
        instance.admin, instance.store, instance.actor, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=_view,
        columns={
            "id": lambda one: one.record.id,
            "used": lambda one: one.used,
            "uses": lambda one: one.record.uses or "any",
            "ends": lambda one: time_of(one.record.expires_at) or "never",
        },
        key=lambda one: one.record.id,
        empty="There are no initial access tokens.",
    )


@command(group, "delete")
async def delete_token(
    instance: Instance,
    token: Annotated[str, typer.Argument(help="Its id.", metavar="ID")],
    yes: Yes = False,
) -> Answer:
    """End an initial access token.

    What was registered with it stays.
    """
    confirm(f"End the token {token}?", yes=yes)
    await registration_tokens.delete(instance.admin, instance.store, instance.actor, token)
    return Answer(data={"id": token}, text=f"Ended {token}.")


def _read_time(text: str, now: int) -> int:
    """Read when something ends: after a span, or at the beginning of a day.

    Raises:
        Failure: it is neither.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise Failure(
            "usage",
            "--expires wants a span such as 12h or 30d, or a day such as 2027-06-30.",
            exit_code=ExitCode.USAGE,
        ) from None


def _view(token: IssuedToken) -> dict[str, Any]:
    record = token.record
    return {
        "id": record.id,
        "used": token.used,
        "uses": record.uses,
        "created_at": time_of(record.created_at),
        "expires_at": time_of(record.expires_at),
    }
