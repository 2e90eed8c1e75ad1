"""All commands, put together."""

import sys
from typing import Annotated, Any

import typer

from ostiary import __version__
from ostiary.cli import (
    administrators,
    advice,
    apis,
    apps,
    configuration,
    database,
    deliveries,
    doctor,
    events,
    exports,
    findings,
    grants,
    groups,
    imports,
    invitations,
    keys,
    lint,
    mail,
    memberships,
    organizations,
    policies,
    project_grants,
    projects,
    roles,
    service_accounts,
    sessions,
    starting,
    tokens,
    traces,
    webhooks,
)
from ostiary.cli.answer import ExitCode, Failure, show_failure

# Commands of groups that other modules begin: they register when they are imported.
_FURTHER = (exports, findings, imports, memberships, project_grants)

# What `BadParameter` is a kind of; it can show itself with the usage of the command.
_UsageError = typer.BadParameter.__mro__[1]

program = typer.Typer(
    name="ostiary",
    help="An OAuth 2 authorization server and OpenID Connect provider.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"ostiary {__version__}\n")
        raise typer.Exit


@program.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


starting.register(program)
configuration.register(program)
for group in (
    apps,
    invitations,  # the group of users, and what mails them links
    groups,
    sessions,
    grants,
    service_accounts,
    tokens,
    organizations,
    policies,
    projects,
    apis,
    roles,
    administrators,
    keys,
    events,
    traces,
    deliveries,
    webhooks,
    mail,
):
    program.add_typer(group.group)
advice.register(program)
lint.register(program)
doctor.register(program)
database.register(program)


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    try:
        code = program(args=arguments, prog_name="ostiary", standalone_mode=False)
    except typer.Abort:
        return _refuse(arguments, "Interrupted.", ExitCode.FAILED, "interrupted")
    except typer.TyperException as error:
        if "--json" not in arguments and isinstance(error, _UsageError):
            usage: Any = error
            usage.show()
            return ExitCode.USAGE
        return _refuse(arguments, error.format_message(), ExitCode.USAGE, "usage")
    return code if isinstance(code, int) else 0


def _refuse(arguments: list[str], message: str, exit_code: ExitCode, code: str) -> int:
    failure = Failure(code, message, exit_code=exit_code, hint="Try --help.")
    show_failure(failure, as_json="--json" in arguments)
    return exit_code
