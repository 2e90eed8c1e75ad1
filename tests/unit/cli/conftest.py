"""Commands run in this process, on a real SQLite database in an empty folder."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ostiary.cli.program import run

KEY = "A" * 43


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The one line of JSON that it wrote."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def data(self) -> Any:
        """What a command that was done answered."""
        assert self.answer["ok"] is True, self
        return self.answer["data"]

    @property
    def error(self) -> Any:
        """Why a command was not done."""
        assert self.answer["ok"] is False, self
        return self.answer["error"]


Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and none of the settings of the machine."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("OSTIARY_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def ostiary(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command as it is typed; `stdin` is what it reads there."""

    def ran(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ran(int(code), out, err)

    return ran


@pytest.fixture
def configured(folder: Path) -> Path:
    """A settings file, and an empty database to come."""
    path = folder / "ostiary.toml"
    path.write_text(
        f'public_url = "https://login.test"\ndatabase_url = "sqlite:///ostiary.db"\n'
        f'key_encryption_key = "{KEY}"\n'
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def instance(configured: Path, ostiary: Command) -> Command:
    """Commands on a database that is up to date; each answers in JSON."""
    assert ostiary("migrate", "--json").data["schema_version"] > 0

    def ran(*arguments: object, stdin: bytes = b"") -> Ran:
        return ostiary(*arguments, "--json", stdin=stdin)

    return ran
