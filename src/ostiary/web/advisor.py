"""GET /advisor: the flow advisor, for everybody, signed in or not.

The answers are in the address, so that a link leads to the same advice. The page holds
nothing that is not public, whoever asks: it may be compressed.
"""

import gzip
from urllib.parse import urlsplit

from falcon.asgi import Request, Response

from ostiary.advisor.answers import Refused, Standing, Wrong, settle
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.advisor import Speaker
from ostiary.pages.advisor_page import PATH, refuse, show, word
from ostiary.web.errors import HTML, read_language
from ostiary.web.idp import Idp

_REFUSED = 400


class Advisor:
    """The page."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._site = urlsplit(idp.issuer).netloc

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask, advise, or say what is wrong with the address."""
        query = parse_form(bytes(req.scope["query_string"]))
        language = read_language(req)
        speaker = Speaker(language)
        try:
            page = show(_settle(query), speaker, self._site, self._idp.issuer)
        except Refused as refused:
            page = refuse(word(refused, speaker), self._site, self._idp.issuer)
            resp.status = _REFUSED
        body = self._idp.pages.render(page, language)
        resp.content_type = HTML
        resp.set_header("Vary", "Accept-Encoding, Accept-Language")
        if "gzip" in (req.get_header("Accept-Encoding") or ""):
            resp.set_header("Content-Encoding", "gzip")
            body = gzip.compress(body, mtime=0)
        resp.data = body


def _settle(query: Form) -> Standing:
    """Read the answers.

    Raises:
        Refused: nothing follows from them, or one is there twice.
    """
    if query.duplicates:
        raise Refused(tuple(Wrong(kind="repeated", name=name) for name in query.duplicates))
    return settle(query.values)


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the page by its path."""
    return [(PATH, Advisor(idp))]
