"""A real mail server in a process of its own, and the mails that it got."""

import email
import email.policy
import json
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import msgspec

from support.process import Process, free_port
from support.smtp_process import PASSWORD, USER

_PROGRAM = Path(__file__).with_name("smtp_process.py")


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as the server got it, and how."""

    sender: str
    recipients: list[str]
    content: str
    secure: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """The message itself."""
        return email.message_from_string(self.content, policy=email.policy.default)

    def part(self, kind: str) -> str:
        """Return the text of its `plain` or `html` part."""
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    @property
    def link(self) -> str:
        """The one link of its text."""
        (found,) = {word for word in self.part("plain").split() if word.startswith("http")}
        return found


class MailServer:
    """A mail server on a loopback port. It can be stopped and started again on the same one."""

    def __init__(self, folder: Path, security: str = "none", pem: Path | None = None) -> None:
        self.folder = folder / "mail"
        self.folder.mkdir()
        self.port = free_port()
        self.security = security
        command = [sys.executable, "-P", _PROGRAM, str(self.port), self.folder, security]
        self._process = Process([*command, *([pem] if pem else [])], folder=folder, name="smtp")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        self._process.start()
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert self._process.exit_code is None, self._process.output()
            assert time.monotonic() < deadline, "the mail server does not start"
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """Stop it."""
        self._process.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """What goes into the section [smtp]."""
        found: dict[str, Any] = {
            "host": "localhost",
            "port": self.port,
            "security": self.security,
            "from": "Example Login <login@example.test>",
        }
        if self.security != "none":
            found |= {"username": USER, "password": PASSWORD}
        return found

    def mails(self) -> list[Received]:
        """Return what came so far, in order."""
        return [
            msgspec.convert(json.loads(path.read_text(encoding="utf-8")), Received)
            for path in sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        ]

    def wait(self, count: int = 1, *, to: str | None = None, seconds: float = 30) -> Received:
        """Wait until so many mails came, to one address or any, and return the last of them."""
        deadline = time.monotonic() + seconds
        while True:
            found = [one for one in self.mails() if to is None or to in one.recipients]
            if len(found) >= count:
                return found[count - 1]
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails came"
            time.sleep(0.05)
