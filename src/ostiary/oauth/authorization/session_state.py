"""What an application can watch of who is signed in (OpenID Connect Session Management 1.0).

The browser state is the value of a cookie that scripts of this server can read. It says
nothing, and is another one after each sign-in and each end of a session. An application
gets a digest of it with every authentication response, and has the page of
`check_session_iframe` compare the two from then on.
"""

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from ostiary.clock import Entropy
from ostiary.jose import base64url
from ostiary.model.session import Browser
from ostiary.oauth import handle
from ostiary.oauth.authorization.request import ReplyTo

SALT_LENGTH = 16
_SIZE = 16
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def browser_state(browser: Browser, session_ids: Iterable[str], key: bytes) -> str:
    """Derive the state of a browser from its cookie and who is signed in in it.

    The same for as long as nothing changes, and the same in every process.
    """
    sessions = "\0".join(sorted(session_ids))
    message = f"state\0{browser.id}\0{browser.digest.hex()}\0{sessions}".encode()
    return base64url.encode(hmac.digest(key, message, "sha256")[:_SIZE])


def unknown_state(present: str | None, entropy: Entropy) -> str:
    """Return the state of a browser that is not known here: the present one, or a new one.

    In the frame of another site the browser may be known and its cookie withheld, so what
    it has is left alone.
    """
    return handle.random_text(entropy) if present is None else present


def session_state(to: ReplyTo, state: str, entropy: Entropy) -> str:
    """Make the `session_state` of a response (3.2): digest, dot, salt."""
    salt = handle.random_text(entropy)[:SALT_LENGTH]
    text = f"{to.client_id} {origin_of(to.redirect_uri)} {state} {salt}"
    return f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}"


def origin_of(redirect_uri: str) -> str:
    """Return the web origin of a registered redirect URI, as browsers write it (RFC 6454, 6.1).

    An address that no browser shows has the opaque origin `null`.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in _DEFAULT_PORTS:
        return "null"
    return f"{parts.scheme}://{parts.netloc.removesuffix(_DEFAULT_PORTS[parts.scheme])}"
