"""GET /api/v1/openapi.json and GET /api/docs: the API described, for programs and people.

Both hold nothing that is not public, so they need no access token.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import msgspec
from falcon.asgi import Request, Response

from ostiary.oauth import management
from ostiary.pages.languages import choose_language
from ostiary.web.api import openapi
from ostiary.web.api.body import JSON
from ostiary.web.api.documentation import describe
from ostiary.web.api.problems import PAGE
from ostiary.web.api.resources import TABLE
from ostiary.web.errors import HTML
from ostiary.web.idp import Idp

DOCUMENT = f"{management.PATH}/openapi.json"
_NOT_MODIFIED = 304
_KEEP = "public, max-age=300"


class _Published:
    """Something that never changes while the server runs; made when it is first asked for."""

    media_type: ClassVar[str]

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[bytes, str]:
        body = self._make()
        return body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with it, or say that the reader has it already."""
        body, etag = self._made
        resp.set_header("ETag", etag)
        resp.set_header("Cache-Control", _KEEP)
        if req.get_header("If-None-Match") == etag:
            resp.status = _NOT_MODIFIED
            return
        resp.content_type = self.media_type
        resp.data = body

    on_head = on_get


class OpenApi(_Published):
    """The OpenAPI document."""

    media_type = JSON


class Docs(_Published):
    """The document as a page."""

    media_type = HTML


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return both resources with their paths."""

    def document() -> openapi.Document:
        return openapi.make(idp.issuer, TABLE)

    def page() -> bytes:
        return idp.pages.render(describe(document()), choose_language(("en",)))

    return [
        (DOCUMENT, OpenApi(lambda: msgspec.json.encode(document()))),
        (PAGE, Docs(page)),
    ]
