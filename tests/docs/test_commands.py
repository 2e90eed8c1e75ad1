"""The commands that the documentation shows exist, with the options that it gives them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from ostiary.cli.program import program

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "docs/reference/commands.md"
PAGES = {*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {GENERATED}
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(ostiary [a-z][^`]*)`")


def commands_shown() -> Iterator[tuple[str, str]]:
    """Return each page's name with each command line that it shows."""
    for page in PAGES:
        # A line break within inline code is a space.
        text = page.read_text(encoding="utf-8")
        for block in CONSOLE.findall(text):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("$ ostiary "):
                    yield page.name, line.removeprefix("$ ")
        for inline in INLINE.findall(text):
            yield page.name, " ".join(inline.split())


def names_of(group) -> Iterator[str]:
    """Return every command below a group, by its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from (f"{name} {inner}" for inner in names_of(command))
        else:
            yield name


@pytest.mark.parametrize(("page", "line"), sorted(set(commands_shown())))
def test_command_exists(page, line):
    words = shlex.split(line.replace("…", ""))[1:]
    command = get_command(program)
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        assert name in command.commands, f"there is no `{name}` in {line}"
        command = command.commands[name]
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in options, f"{line} has no {word}"


def test_every_command_is_documented():
    text = GENERATED.read_text(encoding="utf-8")
    documented = set(re.findall(r"^## `ostiary ([a-z -]+)`$", text, re.MULTILINE))
    assert documented == set(names_of(get_command(program)))
