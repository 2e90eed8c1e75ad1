"""GET /branding/… and /images/…: colours and logos of organizations and applications.

The addresses hold the colours, or a digest of the picture, so that both are cached for long.
"""

import falcon
from falcon.asgi import Request, Response

from ostiary.pages.branding import IMAGES, STYLES, style_sheet
from ostiary.web.headers import DATA_POLICY
from ostiary.web.idp import Idp

_SUFFIX = {STYLES: ".css", IMAGES: ".png"}
_DIGEST_LETTERS = 64
_DAY = "public, max-age=86400"
_FOREVER = "public, max-age=31536000, immutable"


class Styles:
    """The style sheets that set colours."""

    async def on_get(self, _req: Request, resp: Response, name: str) -> None:
        """Answer with the style sheet that the name describes."""
        stem, suffix = name[: -len(_SUFFIX[STYLES])], name[-len(_SUFFIX[STYLES]) :]
        sheet = style_sheet(stem) if suffix == _SUFFIX[STYLES] else None
        if sheet is None:
            raise falcon.HTTPNotFound
        resp.content_type = "text/css; charset=utf-8"
        resp.set_header("Cache-Control", _DAY)
        resp.text = sheet


class Images:
    """The logos, all of them encoded by ourselves."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp

    async def on_get(self, _req: Request, resp: Response, name: str) -> None:
        """Answer with the logo that has this digest."""
        digest, suffix = name[:_DIGEST_LETTERS], name[_DIGEST_LETTERS:]
        found = None
        if suffix == _SUFFIX[IMAGES] and digest.isascii() and digest.isalnum():
            found = await self._idp.store.image_by_digest(digest)
        if found is None:
            raise falcon.HTTPNotFound
        resp.content_type = "image/png"
        resp.set_header("Cache-Control", _FOREVER)
        resp.set_header("Content-Security-Policy", f"{DATA_POLICY}; sandbox")
        resp.data = found.content


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of colours and logos by their paths."""
    return [(f"{STYLES}/{{name}}", Styles()), (f"{IMAGES}/{{name}}", Images(idp))]
