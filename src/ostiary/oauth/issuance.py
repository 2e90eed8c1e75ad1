"""What a token request asks, and what was decided on it."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.model.grant import RefreshFamily
from ostiary.model.organization import Api, Organization
from ostiary.model.policy import Configuration, Policies
from ostiary.oauth.clients.envelope import Envelope
from ostiary.oauth.effects import Effects
from ostiary.oauth.instructions import Extras
from ostiary.oauth.message import Form
from ostiary.oauth.reader import Reader, Standing


def _never(_digest: bytes, _now: int) -> None:
    """Know of no device."""


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token request of an authenticated client, with the configuration that governs it."""

    form: Form
    client: Client
    organization: Organization
    apis: tuple[Api, ...]
    policies: Policies
    configuration: Configuration
    issuer: str
    ring: KeyRing
    now: int
    source: Source
    # Notes that a device code was asked about, and tells when it was before.
    polls: Callable[[bytes, int], int | None] = _never

    def event(self, kind: str, **parts: Any) -> Event:
        """Make an event about this request."""
        return Event(
            type=kind,
            at=self.now,
            actor_id=self.client.client_id,
            client_id=self.client.client_id,
            organization_id=self.client.organization_id,
            ip=self.source.ip,
            user_agent=self.source.user_agent,
            trace_id=self.source.trace_id,
            **parts,
        )

    def failure(self, kind: str, reason: str, **parts: Any) -> Event:
        """Make an event about how this request was refused."""
        return self.event(kind, result=Result.FAILURE, reason=reason, **parts)


class NewFamily(msgspec.Struct, frozen=True):
    """Start a family of refresh tokens."""


class Rotation(msgspec.Struct, frozen=True):
    """Move a family to its next generation."""

    family: RefreshFamily


class Repetition(msgspec.Struct, frozen=True):
    """Give the current generation once more: its first answer may have been lost."""

    family: RefreshFamily


RefreshStep = NewFamily | Rotation | Repetition


class Issuance(msgspec.Struct, frozen=True, kw_only=True):
    """What a client was authorized to get. `standing` is None where no user is involved.

    `subject` is the id of the user, or of the client that acts for itself: what the client
    reads as `sub` is made of it where tokens are.
    """

    subject: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    standing: Standing | None = None
    id_token: bool = False
    nonce: str | None = None
    refresh: RefreshStep | None = None
    # Who acts for the subject (RFC 8693, 4.1), when the access token ends at the latest, and
    # the type that the response names (RFC 8693, 2.2.1).
    act: dict[str, Any] | None = None
    # What claims beyond the person's own are made of.
    extras: Extras = Extras()
    # How an ID token is encrypted, for a client that wants it so.
    envelope: Envelope | None = None
    expires_at: int | None = None
    issued_token_type: str | None = None
    # Preconditions and consumptions that must hold when the tokens are committed.
    effects: Effects = ()


class GrantType(Protocol):
    """A grant: one module of `ostiary.oauth.grants` with these members."""

    grant_type: str

    async def load(self, request: TokenRequest, reader: Reader, /) -> Any:
        """Read the facts to decide on."""
        ...

    def decide(self, request: TokenRequest, facts: Any, /) -> Issuance:
        """Decide, purely.

        Raises:
            OAuthError: the request is refused; it carries the effects of the refusal.
        """
        ...
