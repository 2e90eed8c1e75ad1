"""GET /advisor: the flow advisor, for everybody, signed in or not.

The answers are in the address, so that a link leads to the same advice. The page holds
nothing that is not public, whoever asks: it may be compressed.
"""

import gzip
from urllib.parse import urlsplit

import msgspec
from falcon.asgi import Request, Response

from ostiary.advisor.answers import Refused, Standing, Wrong, settle
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.advisor import Speaker
from ostiary.pages.advisor_page import PATH, AdvisorPage, refuse, show, word
from ostiary.pages.playground import PATH as PLAYGROUND
from ostiary.web.errors import HTML, read_language
from ostiary.web.idp import Idp

_REFUSED = 400
# The playground's flows, by those of the advisor.
_TRIED = {
    "code-pkce": "code",
    "par": "pushed",
    "device": "device",
    "hybrid": "hybrid",
    "implicit": "form-post",
    "password": "password",
    "client-credentials": "machine",
    "jwt-bearer": "assertion",
    "token-exchange": "exchange",
}


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
            page = msgspec.structs.replace(page, try_url=self._find_try(page))
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

    def _find_try(self, page: AdvisorPage) -> str:
        """Return where everybody can try the flow that is advised."""
        if page.advice is None or self._idp.sandbox is None or not self._idp.settings.dev:
            return ""
        advice = page.advice
        flow = _TRIED.get(advice.flow)
        if flow == "code" and advice.client_type == "public":
            flow = "browser"
        return "" if flow is None else f"{PLAYGROUND}/{flow}"


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
