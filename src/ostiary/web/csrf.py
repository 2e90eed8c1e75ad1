"""Forms of our own pages: sent from our own pages, by the browser that they were shown in.

What the browser says about the sender is looked at first (Fetch Metadata, Origin); the
form's token decides in any case. With `Referrer-Policy: no-referrer` an honest form has
the origin `null`.
"""

from falcon.asgi import Request

from ostiary.login import mac
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.model.session import Session

_LABEL = "form"
_PAGE_LABEL = "form of a page"


class Forged(Exception):
    """The form did not come from one of our pages, or was made for another step."""


def make_token(keys: MacKeys, flow: Flow, step: str) -> str:
    """Make the token of a form: good for one step of one flow in one browser."""
    return mac.make(keys, _LABEL, flow.browser.id, flow.interaction.digest.hex(), step)


def check_token(keys: MacKeys, token: str | None, flow: Flow, step: str) -> None:
    """Hold a form to the token that it was shown with.

    Raises:
        Forged: it is missing, or another form's.
    """
    parts = (flow.browser.id, flow.interaction.digest.hex(), step)
    if token is None or not mac.verify(keys, token, _LABEL, *parts):
        raise Forged


def make_page_token(keys: MacKeys, session: Session, page: str) -> str:
    """Make the token of a form outside of any flow: good for one page and one session."""
    return mac.make(keys, _PAGE_LABEL, session.browser_id, session.id, page)


def check_page_token(keys: MacKeys, token: str | None, session: Session, page: str) -> None:
    """Hold a form outside of any flow to the token that it was shown with.

    Raises:
        Forged: it is missing, or another form's.
    """
    parts = (session.browser_id, session.id, page)
    if token is None or not mac.verify(keys, token, _PAGE_LABEL, *parts):
        raise Forged


def check_sender(request: Request, origin: str) -> None:
    """Refuse what the browser says comes from elsewhere. `origin` is our own.

    Raises:
        Forged: the browser names another site or origin.
    """
    site = request.get_header("Sec-Fetch-Site")
    sender = request.get_header("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forged
    if sender is not None and sender not in {origin, "null"}:
        raise Forged
