"""Development mode: an instance in `./.ostiary` that needs no configuration.

The folder holds the database, the key-encryption key and what the demo signs in with. It
is readable by its owner only, and keeps itself out of version control.

This module is part of the supervisor's process: it stays small.
"""

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ostiary import __version__
from ostiary.settings import Settings, load, send_settings
from ostiary.settings.load import DEV_FOLDER
from ostiary.web.demo.registration import read_registration

FOLDER = Path(DEV_FOLDER)
KEY_FILE = FOLDER / "key"
DATABASE_FILE = FOLDER / "ostiary.db"
_KEY_BYTES = 32
_PREPARE = ("-m", "ostiary.cli.prepare")
_PREPARE_SECONDS = 30


def exists() -> bool:
    """Tell whether there is a development instance in the current folder."""
    return DATABASE_FILE.exists()


def settle(settings: Settings, config: str | Path | None, overrides: Mapping[str, Any]) -> Settings:
    """Return the settings of a development instance; its key is made where there is none.

    Commands get the address that the server was last started with.

    Raises:
        SettingsError: they cannot be used.
    """
    make_folder()
    given = dict(overrides)
    if not settings.key_encryption_key:
        if not KEY_FILE.exists():
            make_key(KEY_FILE)
        given["key_encryption_key_file"] = str(KEY_FILE)
    if not settings.dev and "public_url" not in given:
        registration = read_registration()
        given["public_url"] = None if registration is None else registration.issuer
    return load(config, os.environ, given)


def make_folder() -> None:
    """Make the folder, for its owner only, and ignored by git."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    ignore = FOLDER / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def make_key(path: Path) -> None:
    """Write a new key-encryption key that only its owner can read.

    Raises:
        FileExistsError: there is a file already; a key is never overwritten.
    """
    from ostiary.clock import SystemEntropy  # noqa: PLC0415 - once in the life of an instance

    text = base64.urlsafe_b64encode(SystemEntropy().token_bytes(_KEY_BYTES)).decode().rstrip("=")
    write_private(path, f"{text}\n")


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read.

    Raises:
        FileExistsError: there is a file already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


class Demo:
    """The process that makes the demo organization, user and application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        """Start it."""
        line, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, *_PREPARE], stdin=far.fileno(), stdout=subprocess.PIPE
            )
        with line:
            send_settings(line, self._settings)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """See it end."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def announce(self, *, as_json: bool) -> None:
        """Say where everything is, once the demo is made."""
        try:
            written, _ = self._process.communicate(timeout=_PREPARE_SECONDS)
            demo = json.loads(written)
        except (subprocess.TimeoutExpired, ValueError):
            # What went wrong was written to standard error by the process itself.
            print("The demo could not be made; the server runs without it.", file=sys.stderr)
            return
        print(json.dumps(demo) if as_json else _describe(self._settings, demo), flush=True)


def _describe(settings: Settings, demo: Mapping[str, str]) -> str:
    folder = f"./{FOLDER}"
    return f"""
  Ostiary {__version__} runs in development mode; its data is in {folder}

    Issuer     {settings.public_url}
    Console    {demo["console_link"]}
               works once, within 15 minutes; then {demo["console_url"]}, as {demo["administrator"]}
    Demo       {demo["demo_url"]}       sign in as {demo["username"]}
    Password   {demo["password"]}
    Mail       {settings.public_url}/dev/inbox
    Advisor    {settings.public_url}/advisor
    Playground {settings.public_url}/playground

  Add an application:  ostiary app create --preset fastapi --name "My app"
  Stop:                Ctrl+C
"""
