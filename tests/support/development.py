"""A real `ostiary serve --dev` process in a folder of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from support.browser import Browser, Page
from support.process import Conversation, Process, clean_environment, free_port

OSTIARY = [sys.executable, "-m", "ostiary"]


class Development:
    """A server in development mode, in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.arguments = ["serve", "--dev", "--port", str(self.port), *arguments]

    def __enter__(self) -> Self:
        process = Process([*OSTIARY, *self.arguments, "--json"], folder=self.folder, name="serve")
        self.program = Conversation(process)
        self.program.__enter__()
        self.ready = self.program.hear()
        return self

    def __exit__(self, *_: object) -> None:
        self.program.__exit__(None, None, None)

    def run(self, *arguments: str) -> tuple[int, Any]:
        """Run a command in its folder; return its exit code and its envelope."""
        done = subprocess.run(
            [*OSTIARY, *arguments, "--json"],
            cwd=self.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    def sign_in(self, browser: Browser) -> Page:
        """Sign the demo user in to the demo."""
        ready = self.ready
        url = f"{ready['demo_url']}/sign-in"
        return browser.sign_in(url, ready["username"], ready["password"])
