"""`ostiary user import`: people from elsewhere."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from ostiary.admin.import_formats import Format, NotAnExport, read_rows
from ostiary.admin.imports import Outcome, Result, import_users
from ostiary.cli.answer import Answer, ExitCode, Failure, legible
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import OrganizationOption, choose_organization
from ostiary.cli.progress import Progress
from ostiary.cli.users import group

_MAX_SHOWN = 100


@command(group, "import")
async def import_file(
    instance: Instance,
    file: Annotated[str, typer.Argument(help="The file; - is standard input.", metavar="FILE")],
    kind: Annotated[
        Format,
        typer.Option(
            "--format",
            help="JSON lines as in declarative files, an export of a realm of Keycloak, or an "
            "export of Auth0.",
        ),
    ] = Format.OSTIARY,
    organization: OrganizationOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check what would be done.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Change those who are there already, but for passwords."),
    ] = False,
    report: Annotated[
        str | None,
        typer.Option("--report", help="File to write what became of each row to.", metavar="FILE"),
    ] = None,
) -> Answer:
    """Bring users over from elsewhere.

    Their password hashes come along, and are made anew at the first sign-in. Whoever is there
    already stays as they are, so that it can be repeated. What cannot be taken is told of by line,
    and holds nobody else up.
    """
    place = await choose_organization(instance, organization)
    counts: Counter[Outcome] = Counter()
    failed: list[Result] = []
    with ExitStack() as stack:
        source, size = _open(file, stack)
        log = None if report is None else _create(report, stack)
        progress = stack.enter_context(Progress("Importing"))
        lines = _Lines(source)
        try:
            rows = read_rows(kind, lines)
            async for result in import_users(
                instance.admin, instance.actor, place, rows, dry_run=dry_run, update=update
            ):
                counts[result.outcome] += 1
                if result.outcome is Outcome.FAILED and len(failed) < _MAX_SHOWN:
                    failed.append(result)
                if log is not None:
                    log.write(msgspec.json.encode(result) + b"\n")
                progress(lines.read, size)
        except NotAnExport as error:
            message = f"{file} {error}."
            raise Failure("invalid", message, exit_code=ExitCode.FAILED) from None
    return _answer(counts, failed, organization=place, dry_run=dry_run)


class _Lines:
    """The lines of a file, and how much of it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        """Return each line."""
        for line in self._file:
            self.read += len(line)
            yield line


def _open(name: str, stack: ExitStack) -> tuple[BinaryIO, int]:
    if name == "-":
        return sys.stdin.buffer, 0
    try:
        file = stack.enter_context(Path(name).open("rb"))  # noqa: SIM115 - the stack closes it
        return file, os.fstat(file.fileno()).st_size
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}."
        raise Failure("file", message, exit_code=ExitCode.FAILED) from None


def _create(name: str, stack: ExitStack) -> BinaryIO:
    try:
        # It names people: nobody else on this machine reads it.
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        file = stack.enter_context(os.fdopen(descriptor, "wb"))
    except OSError as error:
        message = f"{name} cannot be written: {error.strerror}."
        raise Failure("file", message, exit_code=ExitCode.FAILED) from None
    return file


def _answer(
    counts: Counter[Outcome], failed: list[Result], *, organization: str, dry_run: bool
) -> Answer:
    data: dict[str, Any] = {
        "organization": organization,
        "applied": not dry_run,
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "problems": [msgspec.to_builtins(one) for one in failed],
    }
    lines = [
        f"  {one.number}: {legible(one.username) or '-'}: {legible(problem)}"
        for one in failed
        for problem in one.problems
    ]
    if counts[Outcome.FAILED] > len(failed):
        lines.append("  … and more: see --report.")
    verb = "would be " if dry_run else ""
    told = ", ".join(f"{counts[outcome]} {verb}{outcome}" for outcome in Outcome)
    return Answer(
        data=data,
        text="\n".join((*lines, f"{told}.")),
        exit_code=ExitCode.FAILED if failed else ExitCode.DONE,
    )
