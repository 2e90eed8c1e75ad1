"""`ostiary serve` and `ostiary init`."""

import os
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.admin.setup import LIFETIME, create_link
from ostiary.cli.answer import Answer, ExitCode, Failure
from ostiary.cli.command import AsJson, command
from ostiary.cli.development import make_key, write_private
from ostiary.cli.instance import Instance
from ostiary.cli.serving import ServeOptions
from ostiary.cli.serving import serve as run_server
from ostiary.cli.views import time_of
from ostiary.settings import OPTIONS, Option, load

_CONFIGURATION = "ostiary.toml"
_KEY = "ostiary.key"
_WIDTH = 96
# Relative paths are taken from the folder of the settings file.
_DATABASE = "sqlite:///ostiary.db"
_INTRODUCTION = """\
# Settings of Ostiary. Each can be set by an environment variable as well, named in brackets.
# What is commented out holds by default.
"""


def register(program: typer.Typer) -> None:
    """Add the commands to the program."""
    program.command("serve")(serve)
    command(program, "init")(init)
    command(program, "setup", migrate=True)(setup)


def serve(
    dev: Annotated[
        bool,
        typer.Option(
            "--dev",
            help="Development mode: data in ./.ostiary, plain http on this machine, a demo.",
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="Settings file; ./ostiary.toml unless given.", metavar="FILE"
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", metavar="HOST")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on.", metavar="PORT")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Worker processes.", metavar="N")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the server.

    It runs until it is stopped. With --json it writes one line when it is ready.
    """
    options = ServeOptions(
        dev=dev,
        config=None if config is None else str(config),
        host=host,
        port=port,
        workers=workers,
        as_json=as_json,
    )
    raise typer.Exit(run_server(options))


async def init(
    public_url: Annotated[
        str,
        typer.Option("--public-url", help="The https address that people will see.", metavar="URL"),
    ] = "",
    database_url: Annotated[
        str,
        typer.Option("--database-url", help="sqlite:///path or postgresql://….", metavar="URL"),
    ] = "",
    listen: Annotated[
        str, typer.Option("--listen", help="Address and port to listen on.", metavar="HOST:PORT")
    ] = "",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to write the files.", metavar="FOLDER")
    ] = Path(),
) -> Answer:
    """Write a settings file and a key.

    The file explains every setting; the key encrypts secrets in the database.
    """
    target, key = folder / _CONFIGURATION, folder / _KEY
    for path in (target, key):
        if path.exists():
            raise Failure(
                "conflict",
                f"{path} exists, and is not overwritten.",
                exit_code=ExitCode.CONFLICT,
                hint="Choose another --folder, or move it away.",
            )
    chosen: dict[str, Any] = {
        "public_url": public_url,
        "database_url": database_url or _DATABASE,
        "listen": listen,
    }
    # Whatever is wrong with them shows before anything is written.
    load(os.devnull, {}, {name: value for name, value in chosen.items() if value})
    chosen["key_encryption_key_file"] = _KEY
    try:
        folder.mkdir(parents=True, exist_ok=True)
        make_key(key)
        # The address of a database may hold its password.
        write_private(target, write_settings(chosen))
    except OSError as error:
        message = f"{error.filename} cannot be written: {error.strerror}."
        raise Failure("file", message, exit_code=ExitCode.FAILED) from None
    lines = [f"Wrote {target} and {key}.", "Keep the key safe, and out of backups of the database."]
    if not public_url:
        lines.append(f"Set public_url in {target} before you start the server.")
    return Answer(
        data={"config": str(target), "key": str(key)},
        text="\n".join(lines),
        next_commands=(f"ostiary serve --config {target}", f"ostiary doctor --config {target}"),
    )


async def setup(instance: Instance) -> Answer:
    """Make a link for the first administrator.

    The link makes one account, within 15 minutes; whoever opens it chooses the password.
    """
    if not instance.settings.public_url:
        raise Failure(
            "settings",
            "public_url is not set, which the link begins with.",
            exit_code=ExitCode.FAILED,
            hint="Use the configuration of the server: --config FILE.",
        )
    link = await create_link(instance.admin, instance.actor)
    url = f"{instance.settings.public_url}/setup?token={link.token}"
    minutes = LIFETIME // 60
    return Answer(
        data={"url": url, "expires_at": time_of(link.expires_at)},
        text=f"Open this link within {minutes} minutes; it works once:\n\n  {url}",
    )


def write_settings(chosen: dict[str, Any]) -> str:
    """Write a settings file that explains every setting; the chosen ones are set."""
    parts = [_INTRODUCTION]
    section = ""
    for option in OPTIONS:
        if option.section != section:
            section = option.section
            parts.append(f"[{section}]\n")
        parts.append(_write_option(option, chosen.get(option.name)))
    return "\n".join(parts)


def _write_option(option: Option, value: Any) -> str:
    meaning = f"{option.meaning} ({option.variable})"
    lines = textwrap.wrap(meaning, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    if value:
        lines.append(f"{option.key} = {_write_value(value)}")
    else:
        lines.append(f"# {option.key} = {_write_value(option.example)}")
    return "\n".join(lines) + "\n"


def _write_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_write_value, value))}]"
    text = value if isinstance(value, str) else ""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
