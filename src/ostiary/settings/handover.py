"""How the supervisor tells a child process the settings.

They go over a socket, read once from their sources and the same in every process. They
hold secrets, so neither the command line nor the environment carries them.
"""

import socket
from typing import Any

import msgspec

from ostiary.settings.secret import Secret
from ostiary.settings.tree import Settings

_LENGTH_BYTES = 4


def send_settings(line: socket.socket, settings: Settings) -> None:
    """Write the settings to a child's line."""
    body = msgspec.msgpack.encode(settings, enc_hook=_encode)
    line.sendall(len(body).to_bytes(_LENGTH_BYTES) + body)


def receive_settings(line: socket.socket) -> Settings:
    """Read the settings, in a child.

    Raises:
        EOFError: the other side is gone.
    """
    length = int.from_bytes(_receive(line, _LENGTH_BYTES))
    return msgspec.msgpack.decode(_receive(line, length), type=Settings, dec_hook=_decode)


def _receive(line: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = line.recv(count - len(received))
        if not part:
            raise EOFError("the supervisor is gone")
        received += part
    return received


def _encode(value: Any) -> str | bytes:
    if isinstance(value, Secret):
        revealed: str | bytes = value.reveal()
        return revealed
    raise NotImplementedError(type(value).__name__)


def _decode(_kind: type, value: Any) -> Any:
    return Secret(value)
