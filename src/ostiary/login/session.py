"""Putting a person's session into a browser, once a credential was verified."""

import msgspec

from ostiary.clock import Entropy, new_id
from ostiary.login.factors.password import Verified
from ostiary.login.flow import Flow
from ostiary.model.session import Browser, Proof, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.effects import Effects, Emit, Insert, RevokeSession, Update
from ostiary.oauth.handle import digest, random_text
from ostiary.oauth.reader import SignedIn


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


def sign_in(  # noqa: PLR0913 - what a sign-in brings with it
    flow: Flow,
    verified: Verified,
    entropy: Entropy,
    *,
    remember: bool,
    trusted: Proof | None = None,
    wanted: tuple[Reason, ...] = (),
) -> SignIn:
    """Put a verified person's session into the browser, and give the browser a new cookie.

    Who is signed in there already keeps the session, with fresh proofs and lifetimes: what was
    proven before counts no more. The cookie changes in any case, so that a planted one is
    worth nothing (session fixation). `trusted`: no second factor is asked for on this device.
    `wanted`: what the person asked for besides.
    """
    span = _span(flow, remember=remember and flow.policies.login.remember_me)
    proofs = (verified.proof,) if trusted is None else (verified.proof, trusted)
    session, effects = _session(flow, verified.user, proofs, span, entropy)
    lasting = [span.expires_at] if span.remembered else []
    renewed = renew_cookie(flow, session, lasting, span.expires_at, entropy)
    effects += (
        *renewed.effects,
        flow.advance(session.id, Reason.LOGIN, **_wishes(flow, wanted)),
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
    return msgspec.structs.replace(renewed, effects=effects)


def prove_more(  # noqa: PLR0913 - what a proof brings with it
    flow: Flow,
    signed: SignedIn,
    proof: Proof,
    entropy: Entropy,
    *,
    effects: Effects,
    steps: tuple[Reason, ...] = (Reason.SECOND_FACTOR,),
) -> SignIn:
    """Add a proof to the session of somebody who is signed in, and change the cookie.

    `effects` are those of the factor: that a code is used up, for one. A code that was mailed
    within the flow is good no more.
    """
    session, user = signed.session, signed.user
    others = tuple(old for old in session.proofs if old.kind is not proof.kind)
    lasting = [session.expires_at] if session.remembered else []
    renewed = renew_cookie(flow, session, lasting, session.expires_at, entropy)
    told = flow.event("auth.factor.success", user, session.id, method=proof.kind.value)
    changes = {"proofs": (*others, proof), "last_seen_at": flow.now}
    return msgspec.structs.replace(
        renewed,
        effects=(
            Update(session, changes),
            *renewed.effects,
            flow.advance(session.id, *steps, sent_code=None),
            *effects,
            Emit(told),
        ),
    )


def renew_cookie(
    flow: Flow, session: Session, lasting: list[int], until: int, entropy: Entropy
) -> SignIn:
    """Give the browser a new cookie.

    One that lasts for one of the sessions lasts for all: each has its own end besides.
    """
    cookie = random_text(entropy)
    lasting = lasting + [
        other.session.expires_at
        for other in flow.live
        if other.session.remembered and other.session.id != session.id
    ]
    changes = {"digest": digest(cookie), "expires_at": max(flow.browser.expires_at, until)}
    return SignIn(
        effects=(Update(flow.browser, changes),),
        cookie=cookie,
        cookie_expires_at=max(lasting) if lasting else None,
        browser=msgspec.structs.replace(flow.browser, **changes),
        session_ids=tuple({session.id, *(other.session.id for other in flow.live)}),
    )


def _wishes(flow: Flow, wanted: tuple[Reason, ...]) -> dict[str, tuple[str, ...]]:
    added = tuple(str(one) for one in wanted if one not in flow.interaction.wanted)
    return {"wanted": (*flow.interaction.wanted, *added)} if added else {}


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
    flow: Flow, user: User, proofs: tuple[Proof, ...], span: _Span, entropy: Entropy
) -> tuple[Session, Effects]:
    """Return the session that the person goes on with, and the effects that make it so."""
    for signed in flow.live:
        if signed.user.id == user.id:
            changes = {"proofs": proofs, "grace": False, **msgspec.structs.asdict(span)}
            return signed.session, (Update(signed.session, changes),)
    session = Session(
        id=new_id(flow.now, entropy),
        browser_id=flow.browser.id,
        user_id=user.id,
        organization_id=user.organization_id,
        proofs=proofs,
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
