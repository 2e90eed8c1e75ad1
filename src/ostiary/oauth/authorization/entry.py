"""Sign-in to our own pages: an authorization request whose answer opens a page.

The same decision as for every application stands behind it, so that what is demanded of a
sign-in (how long ago, how strong, by whom) holds for our own pages as well.
"""

import msgspec

from ostiary.model.client import Client
from ostiary.model.session import Session
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Effects, Require

# Seconds since the last proof within which somebody may change what protects the account.
FRESH = 300
# What a fresh sign-in asks of people who can do more than type a password.
_STRONG = ("urn:ostiary:acr:2fa",)


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A page of ours is opened for a session of the browser."""

    client_id: str
    path: str
    browser_id: str
    session_id: str
    # Whether the request holds what was typed on the page before.
    draft: bool = False


def entry_request(
    client: Client,
    path: str,
    *,
    fresh: bool = False,
    prompt: str | None = None,
    draft: dict[str, str] | None = None,
) -> AuthorizationRequest:
    """Ask for one of our own pages.

    `fresh`: whoever opens it has to have proven within five minutes who they are; else within
    the time that the client has for it, if it has one. `prompt` is
    what they have to do besides, as in a request of an application. `draft` is what they typed,
    and must not lose by it.
    """
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri="",
        response_mode="query",
        response_type="none",
        prompts=() if prompt is None else (prompt,),
        max_age=FRESH if fresh else client.default_max_age,
        acr_values=_STRONG if fresh else (),
        entry=path,
        draft=draft,
    )


def enter(request: AuthorizationRequest, session: Session) -> tuple[Entered, Effects]:
    """Answer such a request for a session, which must not end meanwhile."""
    if request.entry is None:
        raise ValueError("the request is that of an application")
    entered = Entered(
        client_id=request.client_id,
        path=request.entry,
        browser_id=session.browser_id,
        session_id=session.id,
        draft=request.draft is not None,
    )
    return entered, (Require(Session, session.id),)
