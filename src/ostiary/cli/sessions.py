"""`ostiary session`: who is signed in where, and the end of it."""

from typing import Annotated, Any

import typer

from ostiary.admin import sessions, users
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import time_of
from ostiary.model.session import Session

group = typer.Typer(name="session", help="Sessions of users.", no_args_is_help=True)
_WHOSE = "Id, user name or e-mail address."


@command(group, "list")
async def list_sessions(
    instance: Instance,
    user: Annotated[str, typer.Argument(help=_WHOSE, metavar="USER")],
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List the sessions of a user that were not ended."""
    found = await users.find(instance.admin, instance.actor, user)
    page = await sessions.list_of(
        instance.admin, instance.actor, found.id, after=after, limit=limit
    )
    return list_answer(
        page,
        limit,
        view=_view,
        columns={
            "id": lambda one: one.id,
            "since": lambda one: time_of(one.created_at),
            "last seen": lambda one: time_of(one.last_seen_at),
            "until": lambda one: time_of(min(one.idle_expires_at, one.expires_at)),
            "address": lambda one: one.ip,
        },
        key=lambda one: one.id,
        empty=f"{found.username} is signed in nowhere.",
    )


@command(group, "show")
async def show_session(
    instance: Instance, session: Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
) -> Answer:
    """Show a session, also one that is over."""
    shown = _view(await sessions.show(instance.admin, instance.actor, session))
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "revoke")
async def revoke_session(
    instance: Instance,
    session: Annotated[str | None, typer.Argument(help="Its id.", metavar="ID")] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", help=f"All sessions of this user. {_WHOSE}", metavar="USER"),
    ] = None,
    yes: Yes = False,
) -> Answer:
    """End a session, or all sessions of a user.

    The applications that they were used with are told.
    """
    if (session is None) == (user is None):
        raise Failure(
            "usage",
            "Name either a session or --user.",
            exit_code=ExitCode.USAGE,
            hint="Try --help.",
        )
    if user is not None:
        found = await users.find(instance.admin, instance.actor, user)
        confirm(f"End all sessions of {found.username}?", yes=yes)
        ended = await sessions.revoke_all(instance.admin, instance.actor, found.id)
    else:
        confirm(f"End the session {session}?", yes=yes)
        ended = (await sessions.revoke(instance.admin, instance.actor, session or ""),)
    return Answer(data={"ended": [one.id for one in ended]}, text=f"Ended {len(ended)}.")


def _view(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "user": session.user_id,
        "created_at": time_of(session.created_at),
        "last_seen_at": time_of(session.last_seen_at),
        "expires_at": time_of(min(session.idle_expires_at, session.expires_at)),
        "remembered": session.remembered,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "revoked_at": time_of(session.revoked_at),
        "revoked_reason": session.revoked_reason,
    }
