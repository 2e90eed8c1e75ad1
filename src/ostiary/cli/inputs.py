"""What commands read besides their arguments: secrets, files, pairs of keys and values."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.admin.document import MAX_BYTES, Document, Unreadable, read
from ostiary.cli.answer import ExitCode, Failure

_MAX_SECRET_FILE = 4096

SecretFile = Annotated[
    str | None,
    typer.Option(
        "--secret-file",
        help="File with the secret, in place of a random one; - is standard input.",
        metavar="FILE",
    ),
]


def read_document(name: str) -> Document:
    """Read a YAML or JSON file; `-` is standard input.

    Raises:
        Failure: it cannot be read.
    """
    content = read_content(name, MAX_BYTES + 1)
    try:
        return read("<standard input>" if name == "-" else name, content)
    except Unreadable as error:
        place = name if error.line is None else f"{name}:{error.line}"
        raise Failure("invalid", f"{place} {error.message}.", exit_code=ExitCode.FAILED) from None


def read_tree(name: str | None) -> dict[str, Any]:
    """Read a file that holds one mapping; nothing where no file was named.

    Raises:
        Failure: it cannot be read, or holds something else.
    """
    if name is None:
        return {}
    tree = read_document(name).tree
    if not isinstance(tree, dict):
        raise Failure(
            "invalid", f"{name} must hold a mapping of keys to values.", exit_code=ExitCode.FAILED
        )
    return tree


def read_secret(name: str | None) -> str | None:
    """Read a secret from a file, without the line end; None where no file was named.

    Raises:
        Failure: it cannot be read, or is no text.
    """
    if name is None:
        return None
    try:
        return read_content(name, _MAX_SECRET_FILE).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Failure("invalid", f"{name} does not hold text.", exit_code=ExitCode.FAILED) from None


def read_pairs(pairs: list[str] | None) -> dict[str, Any]:
    """Read KEY=VALUE pairs, each value as YAML.

    Raises:
        Failure: one has no =, or its value is not YAML.
    """
    found: dict[str, Any] = {}
    for key, value in split_pairs(pairs or []).items():
        try:
            found[key] = read(".yaml", value.encode()).tree
        except Unreadable as error:
            raise Failure(
                "usage", f"--set {key}: the value {error.message}.", exit_code=ExitCode.USAGE
            ) from None
    return found


def split_pairs(pairs: list[str]) -> dict[str, str]:
    """Split KEY=VALUE pairs.

    Raises:
        Failure: one has no =.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise Failure("usage", "--set wants KEY=VALUE.", exit_code=ExitCode.USAGE)
        found[key] = value
    return found


def read_content(name: str, limit: int) -> bytes:
    """Read a file, or its beginning where it is longer than the limit; `-` is standard input.

    Raises:
        Failure: it cannot be read.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(limit)
        with Path(name).open("rb") as file:
            return file.read(limit)
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}."
        raise Failure("file", message, exit_code=ExitCode.FAILED) from None
