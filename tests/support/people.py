"""People, their sessions, and flows that wait for them, as values for pure decisions."""

from typing import Any

import msgspec

from ostiary.login.factors.password import Verified
from ostiary.login.flow import Flow
from ostiary.model.client import Client
from ostiary.model.event import Source
from ostiary.model.grant import Interaction
from ostiary.model.policy import Policies
from ostiary.model.session import Browser, Proof, ProofKind, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Clear
from ostiary.oauth.reader import SignedIn

NOW = 1_000_000


def user(id_: str, **fields: Any) -> User:
    """A person with a password."""
    return User(id=id_, organization_id="acme", username=id_, password_hash="x", **fields)


def signed_in(id_: str, *, at: int = NOW - 600, **fields: Any) -> SignedIn:
    """A person who signed in ten minutes ago."""
    session = Session(
        id=f"session-of-{id_}",
        browser_id="b1",
        user_id=id_,
        organization_id="acme",
        proofs=(Proof(kind=ProofKind.PASSWORD, at=at),),
        created_at=at,
        last_seen_at=at,
        idle_expires_at=at + 7200,
        expires_at=at + 43200,
    )
    return SignedIn(session=msgspec.structs.replace(session, **fields), user=user(id_))


def verified(id_: str, at: int = NOW) -> Verified:
    """A right password of a person."""
    return Verified(
        user=user(id_),
        proof=Proof(kind=ProofKind.PASSWORD, at=at),
        effects=(Clear(f"login:{id_}"),),
    )


def flow(*live: SignedIn, **fields: Any) -> Flow:
    """A flow of a browser in which these people are signed in.

    `request` holds members of the authorization request, `stale` sessions that no longer
    count; `session_id` and `done` are the interaction's.
    """
    asked = {"scopes": ("openid", "profile"), **fields.get("request", {})}
    request = AuthorizationRequest(
        client_id="shop",
        redirect_uri="https://shop.test/cb",
        response_mode="query",
        response_type="code",
        **asked,
    )
    interaction = Interaction(
        digest=b"f" * 32,
        browser_id="b1",
        client_id="shop",
        request=request.store(),
        session_id=fields.get("session_id"),
        done=fields.get("done", ()),
        created_at=NOW - 60,
        expires_at=NOW + 1740,
    )
    return Flow(
        interaction=interaction,
        request=request,
        client=Client(client_id="shop", organization_id="acme", client_name="Shop"),
        browser=Browser(id="b1", digest=b"d" * 32, created_at=0, expires_at=NOW + 1740),
        live=live,
        stale=fields.get("stale", ()),
        policies=fields.get("policies", Policies()),
        source=Source(ip="192.0.2.1", user_agent="test", trace_id="trace"),
        now=NOW,
    )
