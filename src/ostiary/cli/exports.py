"""`ostiary user export`: all that is kept about a person."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ostiary.admin import user_export
from ostiary.cli.answer import Answer, ExitCode, Failure
from ostiary.cli.command import command
from ostiary.cli.development import write_private
from ostiary.cli.instance import Instance
from ostiary.cli.users import Who, group


@command(group, "export")
async def export_user(
    instance: Instance,
    user: Who,
    out: Annotated[
        str | None,
        typer.Option("--out", help="File to write to; shown unless given.", metavar="FILE"),
    ] = None,
) -> Answer:
    """Write down all that is kept about a user.

    It is a JSON document with the account, sessions, applications, groups, roles and events, but no
    credentials.
    """
    found = await user_export.export(instance.admin, instance.actor, user)
    content = msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
    if out is None:
        return Answer(data=found, text=content.rstrip())
    try:
        write_private(Path(out), content)
    except FileExistsError:
        raise Failure("conflict", f"{out} is there already.", exit_code=ExitCode.CONFLICT) from None
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}."
        raise Failure("failed", message, exit_code=ExitCode.FAILED) from None
    return Answer(data={"file": out}, text=f"Wrote {out}.")
