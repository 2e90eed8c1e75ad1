"""What commands answer, and how it is shown: for people, or as one line of JSON.

Standard output holds the answer alone; everything else goes to standard error.
"""

import os
import sys
from enum import IntEnum
from typing import Any

import msgspec

from ostiary.settings import SettingsError

DOCS = "docs/reference/commands.md"


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    NOT_ALLOWED = 5
    UNHEALTHY = 6
    DRIFT = 7
    INTERRUPTED = 130


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command has to say: `data` for programs, `text` for people.

    `streamed`: it was said already, line by line.
    """

    data: Any = None
    text: str = ""
    warnings: tuple[str, ...] = ()
    next_commands: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE
    streamed: bool = False


class Failure(Exception):
    """Why a command was not done. `code` is a stable word, `details` further data.

    `text` is what was done nevertheless, for people.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        exit_code: ExitCode,
        hint: str | None = None,
        details: Any = None,
        text: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.details = details
        self.text = text


def refuse_settings(error: SettingsError) -> Failure:
    """Say what is wrong with the settings."""
    return Failure(
        "settings",
        "The settings cannot be used.\n" + "\n".join(f"  {one}" for one in error.problems),
        exit_code=ExitCode.FAILED,
        hint="`ostiary init` writes a file to start with; `ostiary serve --dev` needs none.",
        details=[{"place": one.place, "message": one.message} for one in error.problems],
    )


def show(answer: Answer, *, as_json: bool) -> None:
    """Write an answer."""
    if answer.streamed:
        return
    if as_json:
        write_json(
            {
                "ok": True,
                "data": answer.data,
                "warnings": answer.warnings,
                "next_commands": answer.next_commands,
            }
        )
        return
    for warning in answer.warnings:
        sys.stderr.write(f"{style('Warning:', 'yellow', sys.stderr)} {warning}\n")
    if answer.text:
        sys.stdout.write(f"{answer.text.rstrip()}\n")
    if answer.next_commands and sys.stdout.isatty():
        lines = "\n".join(f"  {command}" for command in answer.next_commands)
        sys.stdout.write(f"\n{style('Next', 'bold')}\n{lines}\n")


def show_failure(failure: Failure, *, as_json: bool) -> None:
    """Write why a command was not done."""
    if as_json:
        error = {
            "code": failure.code,
            "message": _encodable(failure.message),
            "hint": None if failure.hint is None else _encodable(failure.hint),
            "docs": DOCS,
        }
        if failure.details is not None:
            error["details"] = failure.details
        write_json({"ok": False, "error": error})
        return
    if failure.text:
        sys.stdout.write(f"{failure.text}\n\n")
        sys.stdout.flush()
    sys.stderr.write(f"{style('Error:', 'red', sys.stderr)} {legible(failure.message)}\n")
    if failure.hint:
        sys.stderr.write(f"{legible(failure.hint)}\n")


def write_json(value: Any) -> None:
    """Write one line of JSON to standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def _encodable(text: str) -> str:
    """Return text that may quote a file name of any octets as Unicode has it."""
    return text.encode("utf-8", "replace").decode()


_STYLES = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "yellow": "33", "blue": "34"}


def style(text: str, name: str, stream: Any = None) -> str:
    """Return text in a style, where the stream is a terminal that wants it."""
    stream = sys.stdout if stream is None else stream
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or not stream.isatty():
        return text
    return f"\x1b[{_STYLES[name]}m{text}\x1b[0m"


def legible(text: str) -> str:
    """Return text that may come from anybody as a terminal may be shown it.

    What is no character of a line, such as the codes that steer a terminal, becomes `?`.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def facts(*pairs: tuple[str, object]) -> str:
    """Lay out names and values in two columns; empty values are left out."""
    shown = [(name, value) for name, value in pairs if value not in (None, "", (), {}, [])]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{style(name.ljust(width), 'dim')}  {_text(value)}" for name, value in shown)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return " ".join(f"{legible(str(name))}={_text(one)}" for name, one in value.items())
    return legible(str(value))


def table(head: tuple[str, ...], rows: list[tuple[object, ...]], empty: str) -> str:
    """Lay out rows in columns; `empty` is said where there are none."""
    if not rows:
        return empty
    # Only lists need it, and it is slow to load.
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    columns = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name in head:
        columns.add_column(Text(name), overflow="fold")
    for row in rows:
        columns.add_row(*(Text(_text("" if cell is None else cell)) for cell in row))
    # A pipe gets whole lines, whatever the width of a terminal would be.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 400)
    with console.capture() as captured:
        console.print(columns)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
