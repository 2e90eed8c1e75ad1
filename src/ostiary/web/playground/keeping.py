"""What a browser keeps for the playground while it is away at an endpoint: sealed, for a while."""

import msgspec
from falcon.asgi import Request, Response

from ostiary.clock import Entropy
from ostiary.jose import base64url
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import JoseError
from ostiary.playground.sandbox import PATH
from ostiary.web.cookies import read_cookie

_NAME = "ostiary_playground_pending"
_PLACE = Place("playground", "browser", _NAME)
_SECONDS = 900


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


class Keeping(msgspec.Struct, frozen=True):
    """Reads and writes the cookie."""

    seal: KeyEncryptionKeys
    entropy: Entropy
    secure: bool

    def read(self, request: Request, now: int) -> Pending | None:
        """Return the flow that this browser is in, unless it was left for too long."""
        value = read_cookie(request, _NAME)
        if value is None:
            return None
        try:
            opened = self.seal.unseal(base64url.decode(value), _PLACE)
            pending = msgspec.json.decode(opened, type=Pending)
        except (JoseError, msgspec.DecodeError):
            return None
        return pending if now < pending.at + _SECONDS else None

    def write(self, response: Response, pending: Pending | None) -> None:
        """Keep a flow, or forget it."""
        text = ""
        if pending is not None:
            sealed = self.seal.seal(msgspec.json.encode(pending), _PLACE, self.entropy)
            text = base64url.encode(sealed)
        age = _SECONDS if pending is not None else 0
        cookie = f"{_NAME}={text}; Path={PATH}; HttpOnly; SameSite=Lax; Max-Age={age}"
        response.append_header("Set-Cookie", f"{cookie}; Secure" if self.secure else cookie)
