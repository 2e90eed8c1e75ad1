"""What the demo keeps in the browser: sealed, so that it is nobody else's to read or change.

The demo has no memory of its own, so that any worker can answer.
"""

import hashlib
from typing import TypeVar

import msgspec
from falcon.asgi import Request, Response

from ostiary.clock import Entropy
from ostiary.jose import base64url
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import JoseError
from ostiary.web.cookies import read_cookie
from ostiary.web.demo.client import Pending, Session
from ostiary.web.demo.registration import PATH, Registration

_PENDING, _SESSION = "ostiary_demo_pending", "ostiary_demo"
_PENDING_SECONDS = 600
_MAX_COOKIE = 3900

T = TypeVar("T", Pending, Session)


class DemoCookies:
    """Reads and writes the demo's cookies, under a key made of its client secret."""

    def __init__(self, registration: Registration, entropy: Entropy) -> None:
        secret = registration.client_secret.encode()
        self._keys = KeyEncryptionKeys(hashlib.sha256(b"demo cookies\0" + secret).digest())
        self._entropy = entropy
        self._secure = registration.issuer.startswith("https:")

    def pending(self, request: Request) -> Pending | None:
        """Return the sign-in that this browser has begun."""
        return self._read(request, _PENDING, Pending)

    def session(self, request: Request) -> Session | None:
        """Return who is signed in in this browser."""
        return self._read(request, _SESSION, Session)

    def set_pending(self, response: Response, pending: Pending | None) -> None:
        """Remember a sign-in that begins, or forget one that has ended."""
        self._write(response, _PENDING, pending, _PENDING_SECONDS)

    def set_session(self, response: Response, session: Session | None) -> bool:
        """Remember who is signed in, or forget it; false where it does not fit a cookie."""
        return self._write(response, _SESSION, session, None)

    def _read(self, request: Request, name: str, kind: type[T]) -> T | None:
        value = read_cookie(request, name)
        if value is None:
            return None
        try:
            opened = self._keys.unseal(base64url.decode(value), _place(name))
            return msgspec.json.decode(opened, type=kind)
        except (JoseError, msgspec.DecodeError):
            return None

    def _write(
        self, response: Response, name: str, value: Pending | Session | None, max_age: int | None
    ) -> bool:
        text = ""
        if value is None:
            max_age = 0
        else:
            sealed = self._keys.seal(msgspec.json.encode(value), _place(name), self._entropy)
            text = base64url.encode(sealed)
        if len(text) > _MAX_COOKIE:
            return False
        cookie = f"{name}={text}; Path={PATH}; HttpOnly; SameSite=Lax"
        if self._secure:
            cookie += "; Secure"
        if max_age is not None:
            cookie += f"; Max-Age={max_age}"
        response.append_header("Set-Cookie", cookie)
        return True


def _place(name: str) -> Place:
    return Place("demo", "browser", name)
