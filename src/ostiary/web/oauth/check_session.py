"""GET /oidc/v1/check_session: the page for a hidden frame of an application.

OpenID Connect Session Management 1.0, 3.2. Any site may frame it; what it answers, and
whom, is its script's.
"""

from falcon.asgi import Request, Response

from ostiary.oauth.metadata import CHECK_SESSION as PATH
from ostiary.web.assets import open_assets
from ostiary.web.errors import HTML
from ostiary.web.headers import allow_framing

__all__ = ["PATH", "CheckSession"]

_MAX_AGE = 3600


class CheckSession:
    """The page, the same for everybody."""

    def __init__(self) -> None:
        script = open_assets().url("check_session.js")
        self._page = (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<title>Session</title><script src="{script}"></script></head><body></body></html>\n'
        ).encode("ascii")

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer with the page."""
        allow_framing(resp)
        resp.set_header("Cache-Control", f"public, max-age={_MAX_AGE}")
        resp.content_type = HTML
        resp.data = self._page
