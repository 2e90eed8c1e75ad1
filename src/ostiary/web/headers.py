"""Response headers that protect, in one place.

Every response gets a set by its kind: pages, the page that posts a form to an
application, and everything else. What a resource has set itself stays.
"""

from collections.abc import Iterable
from typing import Any

from falcon.asgi import Request, Response

_SELF = "img-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'"
_FRAMES = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
# No form-action: browsers hold redirects after a form to it, and sign-in ends in one to the
# application, which may redirect on to anywhere.
PAGE_POLICY = (
    f"{_FRAMES}; {_SELF}; script-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# For the page that any site may have in a frame.
FRAMED_POLICY = "default-src 'none'; base-uri 'none'; script-src 'self'; frame-ancestors *"
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}
_DATA = {**_EVERYWHERE, "content-security-policy": DATA_POLICY}
# Pages that nothing but themselves sends forms to, or opens.
_OWN_POLICY = f"{PAGE_POLICY}; form-action 'self'"
# No Cross-Origin-Opener-Policy: an application may sign in in a window that it opened.
_PAGE = {
    **_EVERYWHERE,
    "content-security-policy": PAGE_POLICY,
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
    "vary": "Cookie, Accept-Language",
    "x-robots-tag": "noindex",
}
_STRICT_TRANSPORT = {"strict-transport-security": "max-age=63072000; includeSubDomains"}
_UPGRADED = {"content-security-policy": f"{PAGE_POLICY}; upgrade-insecure-requests"}


def data_headers(*, https: bool) -> dict[str, str]:
    """Return the headers of everything that is no page."""
    return {**_DATA, **_STRICT_TRANSPORT} if https else dict(_DATA)


def allow_script(response: Response, nonce: str) -> None:
    """Let the one script with this nonce run: the one that posts a form to an application."""
    response.set_header(
        "Content-Security-Policy", f"{_FRAMES}; {_SELF}; script-src 'nonce-{nonce}'"
    )


def keep_to_ourselves(response: Response, *, https: bool) -> None:
    """Make a page one of our own, which no other site takes part in.

    Its forms go nowhere else, and no window that opened it, or that it opens, has a hold on it.
    """
    policy = f"{_OWN_POLICY}; upgrade-insecure-requests" if https else _OWN_POLICY
    response.set_header("Content-Security-Policy", policy)
    response.set_header("Cross-Origin-Opener-Policy", "same-origin")


def allow_frames(response: Response, origins: Iterable[str]) -> None:
    """Let a page show frames of these origins, and of no others.

    These need not have agreed to be framed by whoever isolates itself, so the page does not.
    """
    sources = " ".join(sorted(set(origins)))
    response.set_header("Content-Security-Policy", f"{PAGE_POLICY}; frame-src {sources}")
    response.set_header("Cross-Origin-Embedder-Policy", "unsafe-none")


def allow_framing(response: Response) -> None:
    """Let any site show this page in a frame, also one that isolates itself."""
    response.set_header("Content-Security-Policy", FRAMED_POLICY)
    response.set_header("Cross-Origin-Resource-Policy", "cross-origin")


class SecurityHeaders:
    """Middleware that completes every response."""

    def __init__(self, *, https: bool) -> None:
        """`https`: whether the issuer is reached by https."""
        page, data = _PAGE, _DATA
        if https:
            page, data = {**_PAGE, **_STRICT_TRANSPORT, **_UPGRADED}, {**_DATA, **_STRICT_TRANSPORT}
        self._page = tuple(page.items())
        self._data = tuple(data.items())

    async def process_response(
        self, _req: Request, resp: Response, _resource: Any, _req_succeeded: bool
    ) -> None:
        """Add what is missing."""
        given = resp.headers
        page = given.get("content-type", "").startswith("text/html")
        defaults = self._page if page else self._data
        resp.set_headers([header for header in defaults if header[0] not in given])
        if given.get("content-security-policy") == FRAMED_POLICY:
            resp.delete_header("X-Frame-Options")
