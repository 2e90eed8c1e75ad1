"""Requests that wait for a person: stored once, bound to a browser, and bounded in number."""

from ostiary.clock import Entropy, new_id
from ostiary.model.client import Client
from ostiary.model.grant import Interaction
from ostiary.model.session import Browser
from ostiary.oauth import handle
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Effects, Update
from ostiary.oauth.errors import TemporarilyUnavailable

# Seconds that a person has, not prolonged by visits.
LIFETIME = 1800
# Finished requests do not count. An office behind one address has many at a time.
MAX_PER_PEER = 500
# From so many on, a peer may have only a few: some hundred strangers cannot keep everybody
# from signing in.
CROWDED = 50_000
MAX_PER_PEER_CROWDED = 5
MAX_TOTAL = 100_000


class TooManyPending(TemporarilyUnavailable):
    """Too many requests wait for a person: from this network, or in all. A page says so."""

    status = 429


class FlowRefused(Exception):
    """A flow cannot be continued: shown on a page, since nobody proves to be its owner.

    `reason` is one of the names below; `client` is the application to go back to, where
    the browser is the one that the flow began in.
    """

    def __init__(
        self, reason: str, status: int, client: Client | None = None, *, code: str | None = None
    ) -> None:
        """`code` is what the page tells developers; the reason unless given."""
        super().__init__(reason)
        self.reason = reason
        self.code = code or reason
        self.status = status
        self.client = client


FLOW_UNKNOWN = "flow_unknown"
FLOW_ELSEWHERE = "flow_elsewhere"
FLOW_FINISHED = "flow_finished"
FLOW_EXPIRED = "flow_expired"
CLIENT_UNUSABLE = "client_unusable"


def check_room(of_peer: int, total: int) -> None:
    """Refuse to store another request where too many wait.

    Raises:
        TooManyPending: of this peer, or in all.
    """
    if of_peer >= (MAX_PER_PEER if total < CROWDED else MAX_PER_PEER_CROWDED):
        raise TooManyPending(
            "Too many sign-ins were begun from this network and not finished. Finish one, or "
            "wait some minutes.",
            rule="pending-peer",
        )
    if total >= MAX_TOTAL:
        raise TooManyPending(
            "Too many sign-ins are under way. Wait some minutes, then try again.",
            rule="pending-total",
        )


def new_browser(now: int, entropy: Entropy) -> tuple[Browser, str]:
    """Begin to know a browser; return its record and the value of its cookie.

    Nobody is signed in in it: it is forgotten with its flow.
    """
    cookie = handle.random_text(entropy)
    browser = Browser(
        id=new_id(now, entropy),
        digest=handle.digest(cookie),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return browser, cookie


def keep_browser(browser: Browser, until: int) -> Effects:
    """Know a browser for at least as long as its flow lives."""
    return () if browser.expires_at >= until else (Update(browser, {"expires_at": until}),)


def open_flow(
    request: AuthorizationRequest, peer: str, now: int, entropy: Entropy
) -> tuple[str, Interaction]:
    """Make the record of a request that waits, bound to no browser yet; return its id too."""
    flow = handle.random_text(entropy)
    interaction = Interaction(
        digest=handle.digest(flow),
        browser_id="",
        client_id=request.client_id,
        request=request.store(),
        peer=peer,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return flow, interaction
