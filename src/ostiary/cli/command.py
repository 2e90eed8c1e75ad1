"""How a function becomes a command: options, an open instance, an answer, an exit code.

A command is an async function that returns an `Answer`. Its parameters are its arguments
and options; a first parameter of type `Instance` is opened for it, one of type `Settings`
is read for it, and with `Unopened` it opens the instance itself, if at all. Every command
takes `--config` and `--json` as well.
"""

import asyncio
import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ostiary.cli.answer import Answer, ExitCode, Failure, show, show_failure
from ostiary.cli.failures import EXPECTED, explain
from ostiary.cli.instance import Instance, Unopened, load_settings, open_instance
from ostiary.settings import Settings

Function = Callable[..., Awaitable[Answer]]

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; ./ostiary.toml unless given.", metavar="FILE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one line of JSON.")]


def command(
    group: typer.Typer, name: str, *, migrate: bool = False
) -> Callable[[Function], Function]:
    """Register a command under a group; its docstring is its help.

    With `migrate` it brings an empty or older database up to date first.
    """

    def register(function: Function) -> Function:
        parameters = list(inspect.signature(function).parameters.values())
        hints = get_type_hints(function, include_extras=True)
        wanted = hints.get(parameters[0].name) if parameters else None
        opened = wanted if wanted in {Instance, Settings, Unopened} else None
        if opened is not None:
            parameters = parameters[1:]

        def run(config: Path | None, as_json: bool, **values: Any) -> None:
            async def work() -> Answer:
                if opened is None:
                    return await function(**values)
                if opened is Unopened:
                    return await function(Unopened(config), **values)
                settings = load_settings(config)
                if opened is Settings:
                    return await function(settings, **values)
                async with open_instance(settings, migrate=migrate) as instance:
                    return await function(instance, **values)

            raise typer.Exit(perform(work, as_json=as_json))

        extra = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, kind, default in (("config", Config, None), ("as_json", AsJson, False))
        ]
        taken = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])
            for parameter in parameters
        ]
        signature = inspect.Signature([*taken, *extra])
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
        run.__doc__ = function.__doc__
        group.command(name)(run)
        return function

    return register


def perform(work: Callable[[], Awaitable[Answer]], *, as_json: bool) -> int:
    """Do a command's work, show its answer or its failure, and return the exit code."""

    async def main() -> Answer:
        return await work()

    try:
        answer = asyncio.run(main())
    except EXPECTED as error:
        failure = explain(error)
    except KeyboardInterrupt:
        failure = Failure("interrupted", "Interrupted.", exit_code=ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer keeps its form
        traceback.print_exc()
        failure = Failure(
            "internal",
            f"Something went wrong that should not: {type(error).__name__}.",
            exit_code=ExitCode.FAILED,
            hint="Please report it, with what was written above.",
        )
    else:
        show(answer, as_json=as_json)
        return answer.exit_code
    show_failure(failure, as_json=as_json)
    return failure.exit_code


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost, where somebody is there to answer.

    Raises:
        Failure: the answer is no.
    """
    if yes or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    if not typer.confirm(question):
        raise Failure("interrupted", "Nothing was done.", exit_code=ExitCode.FAILED)
