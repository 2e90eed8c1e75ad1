"""The inbox of development mode: mail is kept in a folder, and shown in place of being sent."""

import email
import email.policy
import os
from email.message import EmailMessage
from pathlib import Path

import msgspec

from ostiary.settings.load import DEV_FOLDER

FOLDER = Path(DEV_FOLDER) / "inbox"
_KEPT = 200


class Caught(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that was caught. `id` orders them by time."""

    id: str
    to: str
    subject: str
    date: str
    text: str
    html: str


class Inbox:
    """The mails of a development instance; only its owner can read them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    async def send(self, _sender: str, _recipient: str, message: bytes) -> None:
        """Keep a message; the oldest of more than 200 go."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = self._names()
        number = int(names[0]) + 1 if names else 1
        for name in names[_KEPT - 1 :]:
            self._path(name).unlink(missing_ok=True)
        descriptor = os.open(self._path(f"{number:08}"), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message)

    def mails(self) -> list[Caught]:
        """Return the mails, the newest first."""
        return [found for name in self._names() if (found := self.read(name)) is not None]

    def read(self, id_: str) -> Caught | None:
        """Return one mail, if there is such a one."""
        if not (id_.isascii() and id_.isdecimal()):
            return None
        try:
            content = self._path(id_).read_bytes()
        except FileNotFoundError:
            return None
        message = email.message_from_bytes(content, policy=email.policy.default)
        return Caught(
            id=id_,
            to=str(message["To"]),
            subject=str(message["Subject"]),
            date=str(message["Date"]),
            text=_part(message, "plain"),
            html=_part(message, "html"),
        )

    def _names(self) -> list[str]:
        return sorted((path.stem for path in self._folder.glob("*.eml")), reverse=True)

    def _path(self, id_: str) -> Path:
        return self._folder / f"{id_}.eml"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
