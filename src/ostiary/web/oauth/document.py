"""Public documents: the same for everybody, cached, readable from every origin."""

import hashlib

import msgspec
from falcon.asgi import Request, Response

from ostiary.oauth.errors import TemporarilyUnavailable
from ostiary.web.oauth.errors import render_error

# Seconds; a key is published longer than this before it signs.
MAX_AGE = 3600
_PREFLIGHT_AGE = "86400"


class Document(msgspec.Struct, frozen=True):
    """A document as it goes over the wire."""

    body: bytes
    etag: str


def encode_document(content: object) -> Document:
    """Serialise a document once, with its entity tag (RFC 9110, 8.8.3)."""
    body = msgspec.json.encode(content)
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def serve(request: Request, response: Response, document: Document, media_type: str) -> None:
    """Answer with a document, or with 304 where the sender has it already."""
    _open_to_all(response)
    response.content_type = media_type
    response.set_header("Cache-Control", f"public, max-age={MAX_AGE}")
    response.set_header("ETag", document.etag)
    if _has(request.get_header("If-None-Match"), document.etag):
        response.status = 304
    else:
        response.data = document.body


def serve_unavailable(response: Response) -> None:
    """Answer that the document cannot be made now (503)."""
    _open_to_all(response)
    response.content_type = "application/json"
    render_error(response, TemporarilyUnavailable("The server cannot answer now; try again."))


def allow_all(response: Response) -> None:
    """Answer a preflight: everybody may read, without credentials (Fetch, 3.2.2)."""
    _open_to_all(response)
    response.status = 204
    response.set_header("Access-Control-Allow-Methods", "GET, HEAD")
    response.set_header("Access-Control-Allow-Headers", "*")
    response.set_header("Access-Control-Max-Age", _PREFLIGHT_AGE)


def _open_to_all(response: Response) -> None:
    response.set_header("Access-Control-Allow-Origin", "*")
    response.set_header("Cross-Origin-Resource-Policy", "cross-origin")


def _has(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
