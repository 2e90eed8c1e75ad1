"""GET /static/…: the style sheet, the script and the icon of the pages.

A file's address holds a digest of its content, so it is cached for ever. Files hold no secrets,
so that they may be compressed.
"""

import gzip
import hashlib
from functools import cache
from importlib import resources

import falcon
import msgspec
from falcon.asgi import Request, Response

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_DIGEST_LETTERS = 12
_FOREVER = "public, max-age=31536000, immutable"


class _Asset(msgspec.Struct, frozen=True):
    body: bytes
    compressed: bytes
    media_type: str


class Assets:
    """The static files of this release."""

    def __init__(self) -> None:
        self._files: dict[str, _Asset] = {}
        self._urls: dict[str, str] = {}
        for file in resources.files(__package__).joinpath("static").iterdir():
            stem, _, extension = file.name.rpartition(".")
            body = file.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:_DIGEST_LETTERS]
            served = f"{stem}.{digest}.{extension}"
            self._files[served] = _Asset(body, gzip.compress(body, mtime=0), _TYPES[extension])
            self._urls[file.name] = f"/static/{served}"

    def url(self, name: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is no such file.
        """
        return self._urls[name]

    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        """Answer with a file."""
        asset = self._files.get(name)
        if asset is None:
            raise falcon.HTTPNotFound
        resp.content_type = asset.media_type
        resp.set_header("Cache-Control", _FOREVER)
        resp.set_header("Vary", "Accept-Encoding")
        if "gzip" in (req.get_header("Accept-Encoding") or ""):
            resp.set_header("Content-Encoding", "gzip")
            resp.data = asset.compressed
        else:
            resp.data = asset.body


@cache
def open_assets() -> Assets:
    """Return the static files, which are read and compressed once in a process."""
    return Assets()


def routes(_idp: object) -> list[tuple[str, object]]:
    """Return the resource of the static files by its path."""
    return [("/static/{name}", open_assets())]
