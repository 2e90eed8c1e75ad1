"""The password grant (RFC 6749, 4.3), for applications that cannot leave it yet (RFC 9700, 2.4).

The person's password goes through the application, so nothing but a password can be asked
for and nobody is asked to agree. Rule: it is checked as on the sign-in page, by the same
counters, and every way in which it can be wrong gets the same answer. What comes of it is a
session without a browser, and a grant like any other.
"""

from typing import Protocol

import msgspec

from ostiary.clock import Entropy, new_id
from ostiary.model.event import Event
from ostiary.model.grant import Consent, Grant
from ostiary.model.session import Proof, Session
from ostiary.model.user import User
from ostiary.oauth import legacy
from ostiary.oauth.authorization.approval import grant_end, session_id_for
from ostiary.oauth.authorization.authentication import authentication_of
from ostiary.oauth.effects import Effects, Emit, Insert
from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.grants.authorization_code import gives_refresh_token
from ostiary.oauth.grants.narrowing import narrow_audience, narrow_scopes
from ostiary.oauth.issuance import Issuance, NewFamily, TokenRequest
from ostiary.oauth.membership import named_organization
from ostiary.oauth.reader import Reader, Standing
from ostiary.oauth.scope import OFFLINE_ACCESS, OPENID

_SECTION = "RFC 6749, 4.3.2"


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose password was right, and who may take part.

    `effects` forgive the failures before, once what follows is committed.
    """

    user: User
    proof: Proof
    effects: Effects


class PasswordProof(Protocol):
    """Checks passwords, and counts the tries."""

    async def prove(
        self, username: str, password: str, request: TokenRequest, only: str | None
    ) -> Proven:
        """Check a user name or e-mail address and a password.

        `only` is the organization whose people alone can sign in.

        Raises:
            InvalidGrant: they are not good; nothing tells why.
            TemporarilyUnavailable: too many passwords are being checked at once.
        """
        ...


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in, what they allowed the client before, and what it asks for."""

    proven: Proven
    consent: Consent | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    # The organization that a scope names: whose people alone can sign in.
    organization_id: str | None = None


class PasswordGrant:
    """The grant, with what checks passwords for it."""

    grant_type = legacy.PASSWORD

    def __init__(self, proof: PasswordProof, entropy: Entropy) -> None:
        self._proof = proof
        self._entropy = entropy

    async def load(self, request: TokenRequest, reader: Reader) -> Facts:
        """Check the password, once everything else about the request is right.

        Raises:
            UnauthorizedClient: the client has not opted in, or its time is over.
            InvalidRequest: user name or password are missing.
            InvalidGrant: they are not good.
            InvalidScope: a scope that the client may not have.
            InvalidTarget: a resource that the scopes do not reach.
        """
        client = request.client
        legacy.require(client, "The grant_type password", "RFC 9700, 2.4", request.now)
        # A token that outlives the session is given to those alone who ask for it.
        usual = " ".join(scope for scope in client.allowed_scopes if scope != OFFLINE_ACCESS)
        scopes = narrow_scopes(request, client.allowed_scopes, default=usual)
        audience = narrow_audience(request, scopes, ())
        username, password = request.form.require("username"), request.form.require("password")
        only = await named_organization(scopes, reader)
        proven = await self._proof.prove(username, password, request, only)
        consent = None
        if client.require_consent:
            consent = await reader.consent(proven.user.id, client.client_id)
        return Facts(
            proven=proven,
            consent=consent,
            scopes=scopes,
            audience=audience,
            organization_id=only,
        )

    def decide(self, request: TokenRequest, facts: Facts) -> Issuance:
        """Give the tokens, and the session and the grant that they rest on.

        Raises:
            InvalidGrant: the client has to ask people, and this one has not agreed.
        """
        client, proven, scopes = request.client, facts.proven, facts.scopes
        if client.require_consent and not _covers(facts.consent, scopes):
            raise InvalidGrant(
                "The person has not allowed this application what it asks for, and there is no "
                "page here to ask them on. Use the code flow.",
                rule="password-consent",
                section=_SECTION,
                effects=proven.effects,
            )
        session = self._session(request, proven, refreshable=gives_refresh_token(client, scopes))
        grant = self._grant(request, session, scopes)
        grant = msgspec.structs.replace(grant, acting_organization_id=facts.organization_id)
        return Issuance(
            subject=proven.user.id,
            scopes=scopes,
            audience=facts.audience,
            standing=Standing(grant=grant, session=session, user=proven.user),
            id_token=OPENID in scopes,
            refresh=NewFamily() if gives_refresh_token(client, scopes) else None,
            effects=(
                *proven.effects,
                Insert(session),
                Insert(grant),
                Emit(_tell("session.created", request, session)),
                Emit(_tell("auth.login.success", request, session)),
            ),
        )

    def _session(self, request: TokenRequest, proven: Proven, *, refreshable: bool) -> Session:
        """Make a session; without a refresh token it lives no longer than its tokens."""
        now, lifetimes = request.now, request.policies.token_lifetimes
        expires_at = now + lifetimes.session_absolute
        if not refreshable:
            expires_at = grant_end(request.client, lifetimes, now, refreshable=False)
        return Session(
            id=new_id(now, self._entropy),
            # No browser's: nobody can come back to it by a cookie.
            browser_id=new_id(now, self._entropy),
            user_id=proven.user.id,
            organization_id=proven.user.organization_id,
            proofs=(proven.proof,),
            created_at=now,
            last_seen_at=now,
            idle_expires_at=expires_at,
            expires_at=expires_at,
            ip=request.source.ip,
            user_agent=request.source.user_agent,
        )

    def _grant(self, request: TokenRequest, session: Session, scopes: tuple[str, ...]) -> Grant:
        client, now = request.client, request.now
        refreshable = gives_refresh_token(client, scopes)
        authentication = authentication_of(session)
        end = grant_end(client, request.policies.token_lifetimes, now, refreshable=refreshable)
        return Grant(
            id=new_id(now, self._entropy),
            client_id=client.client_id,
            user_id=session.user_id,
            organization_id=session.organization_id,
            session_id=session.id,
            sid=session_id_for(client, session, request.ring.mac("sid")[1]),
            scopes=scopes,
            resources=tuple(dict.fromkeys(request.form.all("resource"))),
            auth_time=authentication.auth_time,
            acr=authentication.acr,
            amr=authentication.amr,
            offline=refreshable and OFFLINE_ACCESS in scopes,
            created_at=now,
            expires_at=max(end, session.expires_at),
        )


def _covers(consent: Consent | None, scopes: tuple[str, ...]) -> bool:
    return consent is not None and consent.revoked_at is None and set(scopes) <= set(consent.scopes)


def _tell(kind: str, request: TokenRequest, session: Session) -> Event:
    client, source = request.client, request.source
    return Event(
        type=kind,
        at=request.now,
        actor_type="user",
        actor_id=session.user_id,
        user_id=session.user_id,
        client_id=client.client_id,
        organization_id=session.organization_id,
        session_id=session.id,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
        details={"method": "password", "grant_type": legacy.PASSWORD},
    )
