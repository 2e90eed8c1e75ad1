"""`ostiary app quickstart`: a program that signs in to an application, ready to run."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import clients
from ostiary.admin.errors import AdminError
from ostiary.advisor.quickstart import ENV, Quickstart, fill_in, values_of, variables_of, write_env
from ostiary.advisor.stacks import STACKS, Stack
from ostiary.cli.answer import Answer, ExitCode, Failure, style
from ostiary.cli.command import command
from ostiary.cli.development import write_private
from ostiary.cli.failures import explain
from ostiary.cli.instance import Instance
from ostiary.model.client import Client
from ostiary.pages.quickstarts import choose_stack, start

Folder = Annotated[
    str | None,
    typer.Option("--folder", help="Where to write the program, ready to run.", metavar="FOLDER"),
]


def register(group: typer.Typer) -> None:
    """Add the command to the group of applications."""

    @command(group, "quickstart")
    async def show_quickstart(
        instance: Instance,
        client_id: Annotated[str, typer.Argument(help="Its client_id.", metavar="CLIENT_ID")],
        stack: Annotated[
            str | None,
            typer.Option("--stack", help=f"One of {', '.join(STACKS)}.", metavar="STACK"),
        ] = None,
        folder: Folder = None,
    ) -> Answer:
        """Show a program that signs in to an application.

        Its variables, its commands and its code, with the application's own values; with
        --folder all of it is written there.
        """
        client = await clients.show(instance.admin, instance.actor, client_id)
        made = make(instance, client, stack)
        data: dict[str, Any] = msgspec.to_builtins(made)
        if folder is not None:
            write_to(folder, made)
            data["folder"] = folder
            return Answer(data=data, text=tell(made, folder), next_commands=check_next(client_id))
        code = next(one.content for one in made.files if one.name == made.program)
        parts = [tell(made), style(f"# {made.program}", "bold"), code]
        again = f"ostiary app quickstart {client_id} --stack {made.stack} --folder {made.stack}"
        return Answer(data=data, text="\n".join(parts), next_commands=(again,))


def hand_over(
    instance: Instance,
    client: Client,
    secret: str | None,
    *,
    stack: Stack | None,
    folder: str | None,
    made: Answer,
) -> Answer:
    """Hand a new application its values: as a program in a folder, or as variables.

    `made` is what is said first. Of a program that cannot be written the variables are shown in
    its place: the secret is known only now.

    Raises:
        Failure: no program fits the application, or the folder cannot be written to.
    """
    if folder is None:
        return _join(made, _tell_variables(instance, client, secret, stack))
    try:
        ready = make(instance, client, None if stack is None else stack.id, secret)
        write_to(folder, ready)
    except (AdminError, Failure) as error:
        why, shown = explain(error), _join(made, _tell_variables(instance, client, secret, stack))
        raise Failure(
            why.code,
            f"The application is registered, but its program was not written: {why.message}",
            exit_code=why.exit_code,
            hint=why.hint,
            details=shown.data,
            text=shown.text,
        ) from None
    written = Answer(
        text=tell(ready, folder),
        data={"env": ready.env, "folder": folder},
        next_commands=check_next(client.client_id),
    )
    return _join(made, written)


def _join(first: Answer, second: Answer) -> Answer:
    return Answer(
        data=first.data | second.data,
        text=f"{first.text}\n\n{second.text}",
        next_commands=second.next_commands,
    )


def _tell_variables(
    instance: Instance, client: Client, secret: str | None, stack: Stack | None
) -> Answer:
    key = client.client_id
    told = values_of(client, instance.settings.public_url, secret)
    variables = fill_in(variables_of(client) if stack is None else stack.variables, told)
    parts = [write_env(variables)]
    if stack is not None and stack.note:
        parts.append(stack.note)
    if secret is not None:
        # A preset for applications without one has no variable for it.
        shown = "" if secret in variables.values() else f"client_secret  {secret}\n"
        parts.append(f"{shown}The secret is shown only now.")
    return Answer(
        text="\n\n".join(parts),
        data={"env": variables},
        next_commands=(
            f"ostiary app show {key}",
            f"ostiary app env {key}",
            f"ostiary app quickstart {key}",
        ),
    )


def make(
    instance: Instance, client: Client, stack: str | None, secret: str | None = None
) -> Quickstart:
    """Return the quick start of an application; `secret` is its own, if it was just made.

    Raises:
        NotFound: no program fits the application.
        Invalid: the stack that is wanted does not.
    """
    chosen = choose_stack(client, stack)
    return start(client, instance.settings.public_url, chosen, instance.admin.entropy, secret)


def reserve(folder: str | None) -> None:
    """Hold a folder to being empty, before anything is made that could not be written there.

    Raises:
        Failure: there is something in it, or it cannot be looked at.
    """
    if folder is None:
        return
    path = Path(folder)
    try:
        taken = path.exists() and (not path.is_dir() or any(path.iterdir()))
    except OSError as error:
        raise _refuse(error) from None
    if taken:
        raise Failure(
            "conflict",
            f"{folder} is there, and not empty.",
            exit_code=ExitCode.CONFLICT,
            hint="Choose another --folder: nothing is overwritten.",
        )


def write_to(folder: str, made: Quickstart) -> None:
    """Write a program and its variables; those only its owner can read.

    Raises:
        Failure: the folder is not empty, or cannot be written to.
    """
    reserve(folder)
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file in made.folder:
            path = place / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.name == ENV:
                write_private(path, file.content)
            else:
                path.write_text(file.content, encoding="utf-8")
    except OSError as error:
        raise _refuse(error) from None


def _refuse(error: OSError) -> Failure:
    message = f"{error.filename} cannot be written: {error.strerror}."
    return Failure("file", message, exit_code=ExitCode.FAILED)


def tell(made: Quickstart, folder: str | None = None) -> str:
    """Say how a program is run."""
    lines = [style(made.title, "bold")]
    if not made.tested:
        lines.append("A recipe: nobody has run it where Ostiary is built.")
    if folder is None:
        lines += ["", style(f"# {ENV}", "bold"), made.env_file]
    lines += ["", *(f"  {one}" for one in (*_enter(folder), *made.install, *made.run))]
    if made.url:
        lines += ["", f"Then open {made.url}"]
    if made.note:
        lines += ["", made.note]
    return "\n".join([*lines, ""])


def check_next(client_id: str) -> tuple[str, ...]:
    """Return what comes after the program runs."""
    return (f"ostiary app verify {client_id} --wait 300", f"ostiary app show {client_id}")


def _enter(folder: str | None) -> tuple[str, ...]:
    return () if folder is None else (f"cd {folder}",)
