"""What a browser keeps for the playground while it is away at a page: sealed, for a while."""

from typing import TypeVar

import msgspec
from falcon.asgi import Request, Response

from ostiary.clock import Entropy
from ostiary.jose import base64url
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import JoseError
from ostiary.oauth.device import user_code
from ostiary.playground.sandbox import PATH
from ostiary.web.cookies import read_cookie

_PENDING = "ostiary_playground_pending"
_CODE = "ostiary_playground_device"
_SECONDS = 900

T = TypeVar("T")


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that a browser has left the page for."""

    flow: str
    step: str
    broken: str = ""
    state: str
    nonce: str
    verifier: str
    # When it left, in seconds since the epoch.
    at: int


class _Code(msgspec.Struct, frozen=True):
    """The code of a device, and when it was shown, in seconds since the epoch."""

    user_code: str
    at: int


class Keeping(msgspec.Struct, frozen=True):
    """Reads and writes the cookies."""

    seal: KeyEncryptionKeys
    entropy: Entropy
    secure: bool

    def read(self, request: Request, now: int) -> Pending | None:
        """Return the flow that this browser is in, unless it was left for too long."""
        pending = self._open(request, _PENDING, Pending)
        return pending if pending is not None and now < pending.at + _SECONDS else None

    def write(self, response: Response, pending: Pending | None) -> None:
        """Keep a flow, or forget it."""
        self._close(response, _PENDING, PATH, pending)

    def read_code(self, request: Request, now: int) -> str | None:
        """Return the code of the device that the playground showed to this browser last."""
        code = self._open(request, self._name_of_code(), _Code)
        return code.user_code if code is not None and now < code.at + _SECONDS else None

    def write_code(self, response: Response, shown: str, now: int) -> None:
        """Keep the code of a device that this browser is shown, if it is one."""
        code = user_code.read(shown)
        if code is not None:
            self._close(response, self._name_of_code(), "/", _Code(code, now))

    def _name_of_code(self) -> str:
        """Return a name under which no site of the same domain can set the cookie."""
        return f"__Host-{_CODE}" if self.secure else _CODE

    def _open(self, request: Request, name: str, kind: type[T]) -> T | None:
        value = read_cookie(request, name)
        if value is None:
            return None
        try:
            opened = self.seal.unseal(base64url.decode(value), _place(name))
            return msgspec.json.decode(opened, type=kind)
        except (JoseError, msgspec.DecodeError):
            return None

    def _close(self, response: Response, name: str, path: str, kept: msgspec.Struct | None) -> None:
        text = ""
        if kept is not None:
            sealed = self.seal.seal(msgspec.json.encode(kept), _place(name), self.entropy)
            text = base64url.encode(sealed)
        age = _SECONDS if kept is not None else 0
        cookie = f"{name}={text}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={age}"
        response.append_header("Set-Cookie", f"{cookie}; Secure" if self.secure else cookie)


def _place(name: str) -> Place:
    return Place("playground", "browser", name)
