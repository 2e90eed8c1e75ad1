"""JSON documents that commands write into files, or show."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ostiary.cli.answer import Answer, ExitCode, Failure
from ostiary.cli.development import write_private

Out = Annotated[
    str | None,
    typer.Option("--out", help="File to write to; shown unless given.", metavar="FILE"),
]


def write_document(document: Any, out: str | None) -> Answer:
    """Write a document into a file that only its owner reads; show it where none is named.

    Raises:
        Failure: the file is there already, or cannot be written.
    """
    content = msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"
    if out is None:
        return Answer(data=document, text=content.rstrip())
    try:
        write_private(Path(out), content)
    except FileExistsError:
        raise Failure("conflict", f"{out} is there already.", exit_code=ExitCode.CONFLICT) from None
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}."
        raise Failure("failed", message, exit_code=ExitCode.FAILED) from None
    return Answer(data={"file": out}, text=f"Wrote {out}.")
