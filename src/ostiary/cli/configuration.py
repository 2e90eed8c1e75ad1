"""`ostiary apply`."""

import sys
import time
from typing import Annotated, Any, Self

import msgspec
import typer

from ostiary.admin import apply as applying
from ostiary.admin.keys import ensure_keys
from ostiary.cli.answer import Answer, ExitCode
from ostiary.cli.command import command
from ostiary.cli.inputs import read_document
from ostiary.cli.instance import Instance
from ostiary.cli.plans import describe

_SLOW = 1.0  # seconds until progress is shown


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
        with _Progress() as progress:
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


class _Progress:
    """A bar on a terminal, once it takes longer than a second."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        """Begin to wait."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, everything: int) -> None:
        """Show how far it is."""
        if self._bar is None:
            if not sys.stderr.isatty() or time.monotonic() - self._begun < _SLOW:
                return
            # Slow runs on a terminal only.
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress  # noqa: PLC0415

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.add_task("Applying", total=everything)
            self._bar.start()
        self._bar.update(self._bar.tasks[0].id, completed=done)
