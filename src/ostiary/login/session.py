"""Putting a person's session into a browser, once a credential was verified."""

import msgspec

from ostiary.clock import Entropy, new_id
from ostiary.login.factors.password import Verified
from ostiary.login.flow import Flow
from ostiary.model.session import Browser, Proof, Session
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.effects import Effects, Emit, Insert, RevokeSession, Update
from ostiary.oauth.handle import digest, random_text


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in: what is committed, and the browser's new cookie.

    `cookie_expires_at` is None for a cookie that ends with the browser's window.
    """

    effects: Effects
    cookie: str
    cookie_expires_at: int | None
    # The browser as it is from now on, and the ids of the sessions in it.
    browser: Browser
    session_ids: tuple[str, ...]


def sign_in(flow: Flow, verified: Verified, entropy: Entropy, *, remember: bool) -> SignIn:
    """Put a verified person's session into the browser, and give the browser a new cookie.

    Who is signed in there already keeps the session, with fresh proofs and lifetimes. The
    cookie changes in any case, so that a planted one is worth nothing (session fixation).
    """
    span = _span(flow, remember=remember and flow.policies.login.remember_me)
    session, effects = _session(flow, verified, span, entropy)
    cookie = random_text(entropy)
    # A cookie that lasts for one of the sessions lasts for all: each has its own end besides.
    lasting = [
        other.session.expires_at
        for other in flow.live
        if other.session.remembered and other.session.id != session.id
    ]
    if span.remembered:
        lasting.append(span.expires_at)
    changes = {
        "digest": digest(cookie),
        "expires_at": max(flow.browser.expires_at, span.expires_at),
    }
    effects += (
        Update(flow.browser, changes),
        flow.advance(session.id, Reason.LOGIN),
        *verified.effects,
        Emit(
            flow.event(
                "auth.login.success",
                verified.user,
                session.id,
                method=verified.proof.kind.value,
                remembered=span.remembered,
            )
        ),
    )
    return SignIn(
        effects=effects,
        cookie=cookie,
        cookie_expires_at=max(lasting) if lasting else None,
        browser=msgspec.structs.replace(flow.browser, **changes),
        session_ids=tuple({session.id, *(other.session.id for other in flow.live)}),
    )


class _Span(msgspec.Struct, frozen=True, kw_only=True):
    """The life of a session from now on."""

    remembered: bool
    last_seen_at: int
    idle_expires_at: int
    expires_at: int


def _span(flow: Flow, *, remember: bool) -> _Span:
    lifetimes, now = flow.policies.token_lifetimes, flow.now
    idle, absolute = lifetimes.session_idle, lifetimes.session_absolute
    if remember:
        idle, absolute = lifetimes.remembered_idle, lifetimes.remembered_absolute
    return _Span(
        remembered=remember,
        last_seen_at=now,
        idle_expires_at=now + min(idle, absolute),
        expires_at=now + absolute,
    )


def _session(
    flow: Flow, verified: Verified, span: _Span, entropy: Entropy
) -> tuple[Session, Effects]:
    """Return the session that the person goes on with, and the effects that make it so."""
    user = verified.user
    for signed in flow.live:
        if signed.user.id == user.id:
            proofs = _add_proof(signed.session.proofs, verified.proof)
            changes = {"proofs": proofs, **msgspec.structs.asdict(span)}
            return signed.session, (Update(signed.session, changes),)
    session = Session(
        id=new_id(flow.now, entropy),
        browser_id=flow.browser.id,
        user_id=user.id,
        organization_id=user.organization_id,
        proofs=(verified.proof,),
        created_at=flow.now,
        ip=flow.source.ip,
        user_agent=flow.source.user_agent,
        **msgspec.structs.asdict(span),
    )
    ended = [
        RevokeSession(signed.session.id, "replaced", flow.now)
        for signed in flow.stale
        if signed.user.id == user.id
    ]
    created = flow.event("session.created", user, session.id)
    return session, (*ended, Insert(session), Emit(created))


def _add_proof(proofs: tuple[Proof, ...], proof: Proof) -> tuple[Proof, ...]:
    """Add a proof in place of an older one of the same credential."""
    others = (
        old for old in proofs if (old.kind, old.credential_id) != (proof.kind, proof.credential_id)
    )
    return (*others, proof)
