"""`ostiary apply`."""

from typing import Annotated

import msgspec
import typer

from ostiary.admin import apply as applying
from ostiary.admin.keys import ensure_keys
from ostiary.cli.answer import Answer, ExitCode
from ostiary.cli.command import command
from ostiary.cli.inputs import read_document
from ostiary.cli.instance import Instance
from ostiary.cli.plans import describe
from ostiary.cli.progress import Progress


def register(program: typer.Typer) -> None:
    """Add the commands to the program."""

    @command(program, "apply", migrate=True)
    async def apply(
        instance: Instance,
        files: Annotated[
            list[str],
            typer.Argument(help="YAML or JSON files; - is standard input.", metavar="FILE"),
        ],
        dry_run: Annotated[
            bool,
            typer.Option(
                "--dry-run",
                help="Only show the plan. The exit code is 7 if anything would change.",
            ),
        ] = False,
        prune: Annotated[
            bool,
            typer.Option(
                "--prune", help="Delete what was applied before and the files no longer name."
            ),
        ] = False,
    ) -> Answer:
        """Apply declarative files.

        What they describe is made or changed; everything else is left alone.
        """
        documents = [read_document(name) for name in files]
        with Progress("Applying") as progress:
            outcome = await applying.apply(
                instance.admin,
                instance.actor,
                documents,
                dry_run=dry_run,
                pruned=prune,
                progress=progress,
            )
        if not dry_run and any("enabled_algs" in change.fields for change in outcome.changes):
            await ensure_keys(instance.keys, instance.actor)
        drift = dry_run and bool(outcome.changes)
        return Answer(
            data=msgspec.to_builtins(outcome),
            text=describe(outcome),
            warnings=tuple(outcome.warnings),
            exit_code=ExitCode.DRIFT if drift else ExitCode.DONE,
        )
